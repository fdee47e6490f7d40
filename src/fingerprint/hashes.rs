//! Perceptual hashes of a picture, and the judgement that it is too flat to
//! have any. Compares nothing.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
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
    resizer: Resizer,
}

/// The sizes that the two hashes shrink a picture to. Given a picture of that
/// size they take it as it is, and what shrinks it here takes a tenth of the
/// time.
const DCT_SIZE: (u32, u32) = (16, 16);
const GRADIENT_SIZE: (u32, u32) = (9, 8);

impl HashMaker {
    /// Prepares the tables.
    pub(super) fn new() -> Self {
        let config = || HasherConfig::with_bytes_type::<Box<[u8]>>().hash_size(8, 8);
        Self {
            // Median, because with the mean of DCT coefficients the first one
            // outweighs all others and a single bit is set.
            dct: config().hash_alg(HashAlg::Median).preproc_dct().to_hasher(),
            gradient: config().hash_alg(HashAlg::Gradient).to_hasher(),
            resizer: Resizer::new(),
        }
    }

    /// The hashes of a picture, unless it is too flat.
    pub(super) fn hashes(
        &mut self,
        thumbnail: &Thumbnail,
        statistics: &Statistics,
    ) -> Option<Hashes> {
        if statistics.is_flat() {
            return None;
        }
        let dct = self.shrunk(&thumbnail.luma, DCT_SIZE)?;
        let gradient = self.shrunk(&thumbnail.luma, GRADIENT_SIZE)?;
        Some(Hashes {
            dct: as_u64(self.dct.hash_image(&dct).as_bytes()),
            gradient: as_u64(self.gradient.hash_image(&gradient).as_bytes()),
        })
    }

    fn shrunk(&mut self, plane: &Plane, (width, height): (u32, u32)) -> Option<image::GrayImage> {
        let source =
            ImageRef::new(plane.width, plane.height, &plane.samples, PixelType::U8).ok()?;
        let mut target = Image::new(width, height, PixelType::U8);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .use_alpha(false);
        self.resizer.resize(&source, &mut target, &options).ok()?;
        image::GrayImage::from_raw(width, height, target.into_vec())
    }
}

fn as_u64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .enumerate()
        .fold(0, |hash, (i, &byte)| hash | u64::from(byte) << (8 * i))
}
