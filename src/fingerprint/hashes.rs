//! Perceptual hashes of a picture, and the judgement that it is too flat to
//! have any. Compares nothing.

use img_hash::{HashAlg, Hasher, HasherConfig};

use super::statistics::Statistics;
use crate::decode::{Plane, Thumbnail};

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
    dct: Hasher<Box<[u8]>>,
    gradient: Hasher<Box<[u8]>>,
}

impl HashMaker {
    /// Prepares the tables.
    pub(super) fn new() -> Self {
        let config = || HasherConfig::with_bytes_type::<Box<[u8]>>().hash_size(8, 8);
        Self {
            // Median, because with the mean of DCT coefficients the first one
            // outweighs all others and a single bit is set.
            dct: config().hash_alg(HashAlg::Median).preproc_dct().to_hasher(),
            gradient: config().hash_alg(HashAlg::Gradient).to_hasher(),
        }
    }

    /// The hashes of a picture, unless it is too flat.
    pub(super) fn hashes(&self, thumbnail: &Thumbnail, statistics: &Statistics) -> Option<Hashes> {
        if statistics.is_flat() {
            return None;
        }
        let picture = as_image(&thumbnail.luma)?;
        Some(Hashes {
            dct: as_u64(self.dct.hash_image(&picture).as_bytes()),
            gradient: as_u64(self.gradient.hash_image(&picture).as_bytes()),
        })
    }
}

fn as_image(plane: &Plane) -> Option<image::GrayImage> {
    image::GrayImage::from_raw(plane.width, plane.height, plane.samples.clone())
}

fn as_u64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .enumerate()
        .fold(0, |hash, (i, &byte)| hash | u64::from(byte) << (8 * i))
}
