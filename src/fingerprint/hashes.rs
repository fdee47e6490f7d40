//! Perceptual hashes of an image, and the judgement that it is too flat to
//! have any. Compares nothing.

use img_hash::{HashAlg, Hasher, HasherConfig};

use super::statistics::Statistics;
use crate::decode::{Plane, Thumbnail, resampled};

/// Two 64-bit perceptual hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashes {
    /// Median of the 8×8 lowest DCT coefficients (Zauner 2010, "pHash").
    pub dct: u64,
    /// Signs of horizontal gradients over 9×8 means (Krawetz 2013, "dHash").
    pub gradient: u64,
}

/// Computes [`Hashes`]; one for each thread, because it keeps tables.
pub(super) struct HashMaker {
    dct: Hasher<[u8; 8]>,
    gradient: Hasher<[u8; 8]>,
}

/// The sizes that the two hashes shrink an image to. Given an image of that
/// size they take it as it is, and what shrinks it here takes a tenth of the
/// time.
const DCT_SIZE: (u32, u32) = (16, 16);
const GRADIENT_SIZE: (u32, u32) = (9, 8);

impl HashMaker {
    /// Prepares the tables.
    pub(super) fn new() -> Self {
        let config = || HasherConfig::with_bytes_type::<[u8; 8]>().hash_size(8, 8);
        Self {
            // Median, because with the mean of DCT coefficients the first one
            // outweighs all others and a single bit is set.
            dct: config().hash_alg(HashAlg::Median).preproc_dct().to_hasher(),
            gradient: config().hash_alg(HashAlg::Gradient).to_hasher(),
        }
    }

    /// The hashes of an image, unless it is too flat.
    pub(super) fn hashes(&self, thumbnail: &Thumbnail, statistics: &Statistics) -> Option<Hashes> {
        if statistics.is_flat() {
            return None;
        }
        let of = |hasher: &Hasher<[u8; 8]>, size| {
            let shrunk = shrunk(&thumbnail.luma, size)?;
            Some(u64::from_le_bytes(hasher.hash_image(&shrunk).into_inner()))
        };
        Some(Hashes {
            dct: of(&self.dct, DCT_SIZE)?,
            gradient: of(&self.gradient, GRADIENT_SIZE)?,
        })
    }
}

fn shrunk(plane: &Plane, (width, height): (u32, u32)) -> Option<image::GrayImage> {
    let whole = [0.0, 0.0, f64::from(plane.width), f64::from(plane.height)];
    let plane = resampled(plane, whole, width, height)?;
    image::GrayImage::from_raw(width, height, plane.samples)
}
