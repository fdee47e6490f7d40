//! Perceptual hashes of a picture, and the judgement that it is too flat to
//! have any. Compares nothing.

use std::sync::Arc;

use rustdct::{DctPlanner, TransformType2And3};

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
///
/// The hashes are those of the `image_hasher` crate (8 × 8, `Median` with its
/// DCT, and `Gradient`) of a picture of the size that the hash shrinks to.
pub(super) struct HashMaker {
    dct: Arc<dyn TransformType2And3<f32>>,
    scratch: Vec<f32>,
}

/// Side of what the DCT is taken of, twice that of the hash.
const DCT_SIDE: usize = 16;
/// Side of the hash, in bits.
const SIDE: usize = 8;

impl HashMaker {
    /// Prepares the tables.
    pub(super) fn new() -> Self {
        let dct = DctPlanner::new().plan_dct2(DCT_SIDE);
        Self {
            scratch: vec![0.0; dct.get_scratch_len()],
            dct,
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
        let luma = &thumbnail.luma;
        Some(Hashes {
            dct: self.dct(&shrunk(luma, DCT_SIDE, DCT_SIDE)?),
            gradient: gradient(&shrunk(luma, SIDE + 1, SIDE)?),
        })
    }

    /// Which of the lowest coefficients are the median or more. The median,
    /// because with the mean the first coefficient outweighs all others and a
    /// single bit is set.
    fn dct(&mut self, plane: &Plane) -> u64 {
        let mut columns = [[0.0; DCT_SIDE]; DCT_SIDE];
        for (y, samples) in plane.samples.chunks_exact(DCT_SIDE).enumerate() {
            let mut row = [0.0; DCT_SIDE];
            for (value, &sample) in row.iter_mut().zip(samples) {
                *value = f32::from(sample);
            }
            self.dct
                .process_dct2_with_scratch(&mut row, &mut self.scratch);
            for (column, value) in columns.iter_mut().zip(row) {
                column[y] = value;
            }
        }
        let mut lowest = [0.0; SIDE * SIDE];
        for (x, column) in columns.iter_mut().take(SIDE).enumerate() {
            self.dct
                .process_dct2_with_scratch(column, &mut self.scratch);
            for (y, &value) in column.iter().take(SIDE).enumerate() {
                lowest[y * SIDE + x] = value;
            }
        }
        let mut parted = lowest;
        let (lower, &mut upper, _) = parted.select_nth_unstable_by(SIDE * SIDE / 2, f32::total_cmp);
        let lower = lower.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let median = f32::midpoint(lower, upper);
        bits(lowest.iter().map(|&value| value >= median))
    }
}

/// Which means are less than the next to the right.
fn gradient(plane: &Plane) -> u64 {
    let rows = plane.samples.chunks_exact(SIDE + 1);
    bits(rows.flat_map(|row| row.windows(2).map(|pair| pair[0] < pair[1])))
}

fn shrunk(plane: &Plane, width: usize, height: usize) -> Option<Plane> {
    let whole = [0.0, 0.0, f64::from(plane.width), f64::from(plane.height)];
    resampled(plane, whole, width as u32, height as u32)
}

/// The first bit is the lowest.
fn bits(bits: impl Iterator<Item = bool>) -> u64 {
    (0..)
        .zip(bits)
        .fold(0, |hash, (place, bit)| hash | u64::from(bit) << place)
}

#[cfg(test)]
mod tests {
    use img_hash::{HashAlg, HasherConfig};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn hashes_are_those_of_the_library() {
        let config = || HasherConfig::with_bytes_type::<[u8; 8]>().hash_size(8, 8);
        let dct = config().hash_alg(HashAlg::Median).preproc_dct().to_hasher();
        let by_gradient = config().hash_alg(HashAlg::Gradient).to_hasher();
        let theirs = |hash: img_hash::ImageHash<[u8; 8]>| u64::from_le_bytes(hash.into_inner());
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut maker = HashMaker::new();
        for round in 0..500u32 {
            let mut plane = Plane::filled(16 + round % 49, 16 + round % 37, 0);
            random.fill_bytes(&mut plane.samples);
            if round % 2 == 0 {
                // Few values, so that many coefficients and means are equal.
                plane.samples.iter_mut().for_each(|s| *s = *s / 128 * 90);
            }
            let small = shrunk(&plane, 16, 16).expect("a plane");
            let as_image = |p: &Plane| {
                image::GrayImage::from_raw(p.width, p.height, p.samples.clone()).expect("a plane")
            };
            assert_eq!(maker.dct(&small), theirs(dct.hash_image(&as_image(&small))));
            let small = shrunk(&plane, 9, 8).expect("a plane");
            let wanted = theirs(by_gradient.hash_image(&as_image(&small)));
            assert_eq!(gradient(&small), wanted);
        }
    }
}
