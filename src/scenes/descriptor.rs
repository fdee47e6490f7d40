//! Binary descriptors of corners, and the features of one image. Compares none.
//!
//! A corner's surroundings are turned to its orientation by intensity centroid
//! (Rosin 1999, as in ORB, Rublee et al. 2011), sampled as box means on rings
//! that widen outwards (as in BRISK, Leutenegger et al. 2011) and compared in
//! pairs. Every test has its mirror image beside it, so that the descriptor of a
//! mirrored image is had by swapping neighbouring bits.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::detector::{self, Corner};
use super::pattern::{PATTERN, POINTS, UNIT};
use crate::decode::Plane;

/// 64-bit words of a descriptor.
pub(super) const WORDS: usize = 3;
/// The outcomes of 192 tests.
pub(super) type Descriptor = [u64; WORDS];

/// Steps of a full turn in which orientations are kept.
pub(super) const TURNS: u8 = 128;

/// Features of an image, at most: 11.9 kB with 30 bytes each.
pub(super) const MOST: usize = 396;

/// Samples along the long side of the luma that features are made from.
pub(crate) const SIDE: u32 = 320;

/// One corner, described.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Feature {
    /// Sixty-fourths of a sample of the finest level, from the left edge.
    pub(super) x: u16,
    /// The same, from the upper edge.
    pub(super) y: u16,
    /// Pyramid level.
    pub(super) level: u8,
    /// Orientation, in [`TURNS`].
    pub(super) turn: u8,
    pub(super) descriptor: Descriptor,
}

/// Steps of a sample in which places are kept.
const FINE: f32 = 64.0;

impl Feature {
    /// In samples of the finest level.
    pub(super) fn place(&self) -> (f32, f32) {
        (f32::from(self.x) / FINE, f32::from(self.y) / FINE)
    }
}

/// The features of one image.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Features {
    /// Width of the luma they were made from, in samples.
    pub(super) width: u16,
    /// Its height.
    pub(super) height: u16,
    pub(super) list: Vec<Feature>,
}

/// Half widths of the rows of a disc of radius 13, for the centroid.
const DISC: [usize; 14] = [13, 13, 13, 13, 12, 12, 11, 11, 10, 9, 8, 7, 5, 2];

/// The features of an image, from its upright luma.
pub(crate) fn features(luma: Plane) -> Features {
    let (width, height) = (luma.width as u16, luma.height as u16);
    let levels = detector::pyramid(luma);
    let corners = detector::detect(&levels, MOST);
    let sums: Vec<Sums> = levels.iter().map(Sums::of).collect();
    let mut list = Vec::with_capacity(corners.len());
    let mut turns = Vec::new();
    for corners in corners.chunk_by(|a, b| a.level == b.level) {
        let level = usize::from(corners[0].level);
        turns.clear();
        pulp::Arch::new().dispatch(Orientations {
            level: &levels[level],
            corners,
            turns: &mut turns,
        });
        let described = (corners.iter().zip(&turns)).map(|(corner, &turn)| {
            describe(corner, turn, &levels[level], &sums[level], &levels[0])
        });
        list.extend(described);
    }
    Features {
        width,
        height,
        list,
    }
}

/// The descriptor of the same corner in the mirrored image.
pub(super) fn mirrored(descriptor: &Descriptor) -> Descriptor {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    descriptor.map(|word| (word & EVEN) << 1 | word >> 1 & EVEN)
}

/// The orientation of the same corner in the mirrored image.
pub(super) fn mirrored_turn(turn: u8) -> u8 {
    (TURNS / 2 + TURNS - turn) % TURNS
}

impl Features {
    /// For the cache; read by [`Features::from_bytes`].
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.list.len() * Self::BYTES);
        bytes.extend(self.width.to_le_bytes());
        bytes.extend(self.height.to_le_bytes());
        for feature in &self.list {
            bytes.extend(feature.x.to_le_bytes());
            bytes.extend(feature.y.to_le_bytes());
            bytes.extend([feature.level, feature.turn]);
            bytes.extend(
                feature
                    .descriptor
                    .iter()
                    .flat_map(|word| word.to_le_bytes()),
            );
        }
        bytes
    }

    /// What [`Features::to_bytes`] wrote; `None` for anything else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(4)?;
        let (records, []) = rest.as_chunks::<{ Self::BYTES }>() else {
            return None;
        };
        let number = |at: &[u8]| u16::from_le_bytes([at[0], at[1]]);
        let word = |at: &[u8]| {
            let mut word = [0; 8];
            word.copy_from_slice(&at[..8]);
            u64::from_le_bytes(word)
        };
        let feature = |r: &[u8; Self::BYTES]| Feature {
            x: number(r),
            y: number(&r[2..]),
            level: r[4],
            turn: r[5] % TURNS,
            descriptor: [word(&r[6..]), word(&r[14..]), word(&r[22..])],
        };
        let list: Vec<Feature> = records.iter().map(feature).collect();
        let known = list.len() <= MOST
            && (list.iter()).all(|feature| usize::from(feature.level) < detector::LEVELS);
        known.then_some(Self {
            width: number(head),
            height: number(&head[2..]),
            list,
        })
    }

    /// Bytes of one feature.
    const BYTES: usize = 6 + 8 * WORDS;
    /// Width and height of the luma, in samples.
    pub(super) fn size(&self) -> (f32, f32) {
        (f32::from(self.width), f32::from(self.height))
    }
}

fn describe(corner: &Corner, turn: u8, level: &Plane, sums: &Sums, finest: &Plane) -> Feature {
    let (x, y) = (usize::from(corner.x), usize::from(corner.y));
    let pattern = &*PATTERN;
    let mut means = [0u32; POINTS];
    let points = &pattern.turned[usize::from(turn)];
    for ((mean, &(dx, dy)), &half) in means.iter_mut().zip(points).zip(&pattern.halves) {
        let at = (x.wrapping_add_signed(dx), y.wrapping_add_signed(dy));
        *mean = sums.mean(at, half);
    }
    let mut descriptor = [0; WORDS];
    for (i, &(a, b)) in pattern.tests.iter().enumerate() {
        let less = means[usize::from(a)] < means[usize::from(b)];
        descriptor[i / 64] |= u64::from(less) << (i % 64);
    }
    let place = |at: u16, whole: u32, of: u32| {
        ((f32::from(at) + 0.5) * whole as f32 / of as f32 * FINE + 0.5) as u16
    };
    Feature {
        x: place(corner.x, finest.width, level.width),
        y: place(corner.y, finest.height, level.height),
        level: corner.level,
        turn,
        descriptor,
    }
}

/// Columns of a row of the disc, padded to fill vectors: what lies beyond weighs nothing, and
/// is there, because margins are wider than the disc.
const WIDE: usize = 32;
/// Rows and columns of the disc.
const HIGH: usize = 2 * DISC.len() - 1;

/// For each row of the disc, whether a column lies in it, and how far right of the centre.
static WEIGHTS: LazyLock<[[[i16; WIDE]; 2]; HIGH]> = LazyLock::new(|| {
    let middle = DISC.len() - 1;
    std::array::from_fn(|row| {
        let half = DISC[row.abs_diff(middle)];
        let inside = |column: usize| column.abs_diff(middle) <= half;
        [
            std::array::from_fn(|column| i16::from(inside(column))),
            std::array::from_fn(|column| match inside(column) {
                true => column as i16 - middle as i16,
                false => 0,
            }),
        ]
    })
});

/// The orientations of corners of one level, several columns of a disc at a time.
struct Orientations<'a> {
    level: &'a Plane,
    corners: &'a [Corner],
    turns: &'a mut Vec<u8>,
}

impl pulp::WithSimd for Orientations<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || {
                let weights = &*WEIGHTS;
                for corner in self.corners {
                    let (mx, my) = centroid(self.level, corner, weights);
                    let turns = (my as f32).atan2(mx as f32) / TAU * f32::from(TURNS);
                    let turn = (turns + f32::from(TURNS) + 0.5) as u32 % u32::from(TURNS);
                    self.turns.push(turn as u8);
                }
            },
        );
    }
}

/// Where the luma of the disc around a corner lies, summed: to the right, and down.
#[inline(always)]
fn centroid(plane: &Plane, corner: &Corner, weights: &[[[i16; WIDE]; 2]; HIGH]) -> (i32, i32) {
    let middle = DISC.len() - 1;
    let stride = plane.width as usize;
    let start = (usize::from(corner.y) - middle) * stride + usize::from(corner.x) - middle;
    let (mut mx, mut my) = (0, 0);
    for (row, [inside, right]) in weights.iter().enumerate() {
        let samples = &plane.samples[start + row * stride..][..WIDE];
        let (mut sum, mut across) = (0i32, 0i32);
        for i in 0..WIDE {
            let sample = i32::from(samples[i]);
            sum += sample * i32::from(inside[i]);
            across += sample * i32::from(right[i]);
        }
        mx += across;
        my += sum * (row as i32 - middle as i32);
    }
    (mx, my)
}

/// Sums of all samples above and to the left (Crow 1984).
struct Sums {
    stride: usize,
    sums: Vec<u32>,
}

impl Sums {
    fn of(plane: &Plane) -> Self {
        let stride = plane.width as usize + 1;
        let mut sums = vec![0u32; stride * (plane.height as usize + 1)];
        for (y, row) in plane.samples.chunks_exact(plane.width as usize).enumerate() {
            let (above, below) = sums.split_at_mut((y + 1) * stride);
            let above = &above[y * stride..];
            let mut run = 0;
            for (x, &sample) in row.iter().enumerate() {
                run += u32::from(sample);
                below[x + 1] = above[x + 1] + run;
            }
        }
        Self { stride, sums }
    }

    /// [`UNIT`] times the mean of the box around a sample.
    fn mean(&self, (x, y): (usize, usize), half: usize) -> u32 {
        let (left, right) = (x - half, x + half + 1);
        let (upper, lower) = ((y - half) * self.stride, (y + half + 1) * self.stride);
        let sum = self.sums[lower + right] + self.sums[upper + left]
            - self.sums[lower + left]
            - self.sums[upper + right];
        let side = 2 * half as u32 + 1;
        sum * (UNIT / (side * side))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Smooth noise of several sizes: an image with corners everywhere.
    pub(in crate::scenes) fn textured(width: u32, height: u32, seed: u64) -> Plane {
        use rand_chacha::rand_core::{Rng, SeedableRng};
        let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut sum = vec![0f32; (width * height) as usize];
        for cell in [7.0f32, 13.0, 29.0, 61.0] {
            let columns = (width as f32 / cell) as usize + 2;
            let rows = (height as f32 / cell) as usize + 2;
            let grid: Vec<f32> = (0..columns * rows)
                .map(|_| dice.next_u32() as f32 / u32::MAX as f32 - 0.5)
                .collect();
            for y in 0..height {
                for x in 0..width {
                    let (u, v) = (x as f32 / cell, y as f32 / cell);
                    let (i, j) = (u as usize, v as usize);
                    let (s, t) = (u - i as f32, v - j as f32);
                    let at = |i: usize, j: usize| grid[j * columns + i];
                    sum[(y * width + x) as usize] += (at(i, j) * (1.0 - s) + at(i + 1, j) * s)
                        * (1.0 - t)
                        + (at(i, j + 1) * (1.0 - s) + at(i + 1, j + 1) * s) * t;
                }
            }
        }
        let samples = sum
            .iter()
            .map(|v| (128.0 + 90.0 * v).clamp(0.0, 255.0) as u8);
        Plane {
            width,
            height,
            samples: samples.collect(),
        }
    }

    #[test]
    fn features_written_and_read_are_the_same() {
        let made = features(textured(320, 240, 1));
        assert!(made.list.len() > 300, "{}", made.list.len());
        let bytes = made.to_bytes();
        assert!(bytes.len() <= 12_000);
        assert_eq!(Features::from_bytes(&bytes), Some(made));
        for cut in [0, 3, 5, 33, bytes.len() - 1] {
            assert!(cut == 4 || Features::from_bytes(&bytes[..cut]).is_none());
        }
    }

    #[test]
    fn a_mirrored_image_has_the_mirrored_features() {
        // Only the finest level is the same sample for sample.
        let plane = textured(321, 240, 2);
        let mut flipped = plane.clone();
        for row in flipped.samples.chunks_exact_mut(321) {
            row.reverse();
        }
        let (plain, flipped) = (features(plane), features(flipped));
        let finest = |f: &&Feature| f.level == 0;
        let twins = plain.list.iter().filter(finest).filter(|one| {
            flipped.list.iter().filter(finest).any(|two| {
                let gap: u32 = mirrored(&one.descriptor)
                    .iter()
                    .zip(&two.descriptor)
                    .map(|(a, b)| (a ^ b).count_ones())
                    .sum();
                let (one_at, two_at) = (one.place(), two.place());
                (one_at.0 + two_at.0 - 321.0).abs() < 0.1
                    && (one_at.1 - two_at.1).abs() < 0.1
                    && mirrored_turn(one.turn) == two.turn
                    && gap < 20
            })
        });
        let (found, all) = (twins.count(), plain.list.iter().filter(finest).count());
        assert!(found * 4 > all * 3, "{found} of {all}");
    }
}
