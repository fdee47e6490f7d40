//! Which feature of one image is which of another, by descriptor alone. Knows no
//! geometry.

use super::descriptor::{Descriptor, Feature, mirrored};

/// Features of two images that resemble each other more than any other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    /// Index in the first image.
    pub(super) first: u16,
    /// Index in the second.
    pub(super) second: u16,
    /// Distance over that of the second nearest.
    ratio: f32,
}

/// Bits of 192 by which matched descriptors differ, at most: a third less than
/// two unrelated ones do.
const FARTHEST: u32 = 60;
/// The ratio test's bound (Lowe 2004, section 7.1), a little above the usual 0.8:
/// geometry decides afterwards.
const RATIO: f32 = 0.85;
/// Bits by which the nearest of 400 unrelated descriptors differs: stands for second
/// nearest ones that were passed over.
const UNRELATED: u32 = 64;
/// Samples: a second match as near on both images is the same corner on another
/// level, and counts once.
const SAME_PLACE: f32 = 3.0;

/// Mutual nearest neighbours that pass the ratio test, the most distinct first;
/// one for each place.
pub(super) fn matches(first: &[Feature], second: &[Feature], flip: bool) -> Vec<Match> {
    let mut nearest = Vec::with_capacity(first.len());
    let mut back = Vec::with_capacity(second.len());
    pulp::Arch::new().dispatch(Distances {
        first,
        second,
        flip,
        nearest: &mut nearest,
        back: &mut back,
    });
    let mut all: Vec<Match> = (0u16..)
        .zip(nearest)
        .filter(|(i, n)| n.best <= FARTHEST && back[usize::from(n.which)].1 == *i)
        .map(|(i, n)| Match {
            first: i,
            second: n.which,
            ratio: n.best as f32 / n.next.clamp(1, UNRELATED) as f32,
        })
        .filter(|found| found.ratio <= RATIO)
        .collect();
    all.sort_by(|a, b| a.ratio.total_cmp(&b.ratio).then(a.first.cmp(&b.first)));
    let mut kept: Vec<Match> = Vec::with_capacity(all.len());
    for found in all {
        let near = |a: &Feature, b: &Feature| {
            let (a, b) = (a.place(), b.place());
            (a.0 - b.0).abs().max((a.1 - b.1).abs()) <= SAME_PLACE
        };
        let again = kept.iter().any(|k| {
            near(
                &first[usize::from(k.first)],
                &first[usize::from(found.first)],
            ) && near(
                &second[usize::from(k.second)],
                &second[usize::from(found.second)],
            )
        });
        if !again {
            kept.push(found);
        }
    }
    kept
}

/// The nearest descriptor of the other image.
#[derive(Debug, Clone, Copy)]
struct Nearest {
    best: u32,
    /// Distance of the second nearest.
    next: u32,
    which: u16,
}

/// All distances between two images' descriptors. Without a branch on a single one, so
/// that they are computed several at a time.
struct Distances<'a> {
    first: &'a [Feature],
    second: &'a [Feature],
    flip: bool,
    nearest: &'a mut Vec<Nearest>,
    /// Least distance to each of `second`, and from which of `first`: the first of those
    /// as near.
    back: &'a mut Vec<(u32, u16)>,
}

impl pulp::WithSimd for Distances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || self.run(),
        );
    }
}

impl Distances<'_> {
    #[inline(always)]
    fn run(self) {
        let words = |word: usize| -> Vec<u64> {
            (self.second.iter().map(|other| other.descriptor[word])).collect()
        };
        let [a, b, c] = [words(0), words(1), words(2)];
        let mut distances = vec![0u64; self.second.len()];
        // Distance above, index of the first image's feature below.
        let mut back = vec![u64::MAX; self.second.len()];
        for (i, feature) in (0u64..).zip(self.first) {
            let query: Descriptor = match self.flip {
                true => mirrored(&feature.descriptor),
                false => feature.descriptor,
            };
            let others = a.iter().zip(&b).zip(&c);
            for (distance, ((&a, &b), &c)) in distances.iter_mut().zip(others) {
                *distance = u64::from((query[0] ^ a).count_ones())
                    + u64::from((query[1] ^ b).count_ones())
                    + u64::from((query[2] ^ c).count_ones());
            }
            for (back, &distance) in back.iter_mut().zip(&distances) {
                *back = (*back).min(distance << 16 | i);
            }
            let (mut best, mut next, mut which) = (u64::MAX, u64::MAX, 0);
            for (j, &distance) in (0u16..).zip(&distances) {
                if distance < next {
                    if distance < best {
                        (best, next, which) = (distance, best, j);
                    } else {
                        next = distance;
                    }
                }
            }
            self.nearest.push(Nearest {
                best: u32::try_from(best).unwrap_or(u32::MAX),
                next: u32::try_from(next).unwrap_or(u32::MAX),
                which,
            });
        }
        let parts = |&key: &u64| ((key >> 16) as u32, key as u16);
        self.back.extend(back.iter().map(parts));
    }
}
