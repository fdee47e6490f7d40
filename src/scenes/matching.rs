//! Which feature of one image is which of another, by descriptor alone. Knows no
//! geometry.

use super::descriptor::{Descriptor, Feature, WORDS, mirrored};

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

/// Half words of a descriptor: as many descriptors fill a vector as it has lanes of 32 bits.
const HALVES: usize = 2 * WORDS;
/// Keys whose least are tracked side by side.
const LANES: usize = 8;
/// Above every distance with an index below it.
const NONE: u32 = u32::MAX;

impl Distances<'_> {
    #[inline(always)]
    fn run(self) {
        let count = self.second.len().next_multiple_of(LANES);
        let half = |descriptor: &Descriptor, i: usize| (descriptor[i / 2] >> (32 * (i % 2))) as u32;
        let mut halves = [const { Vec::new() }; HALVES];
        for (i, halves) in halves.iter_mut().enumerate() {
            halves.extend(self.second.iter().map(|other| half(&other.descriptor, i)));
            halves.resize(count, 0);
        }
        let [h0, h1, h2, h3, h4, h5] = &halves;
        // Distance above, index of a feature below: of the second image, of the first.
        let mut keys = vec![NONE; count];
        let mut back = vec![NONE; count];
        for (i, feature) in (0u32..).zip(self.first) {
            let query: Descriptor = match self.flip {
                true => mirrored(&feature.descriptor),
                false => feature.descriptor,
            };
            let mut q = [0; HALVES];
            for (i, q) in q.iter_mut().enumerate() {
                *q = half(&query, i);
            }
            let used = self.second.len();
            distances(
                &q,
                [h0, h1, h2, h3, h4, h5].map(|h| &h[..used]),
                &mut keys[..used],
            );
            for (back, key) in back.iter_mut().zip(&keys) {
                let here = key & !0xFFFF | i;
                *back = if here < *back { here } else { *back };
            }
            let (mut best, mut next) = ([NONE; LANES], [NONE; LANES]);
            for keys in keys.as_chunks::<LANES>().0 {
                for lane in 0..LANES {
                    let (key, least) = (keys[lane], best[lane]);
                    let worse = if key > least { key } else { least };
                    next[lane] = if worse < next[lane] {
                        worse
                    } else {
                        next[lane]
                    };
                    best[lane] = if key < least { key } else { least };
                }
            }
            let mut two = (NONE, NONE);
            for key in best.into_iter().chain(next) {
                if key < two.0 {
                    two = (key, two.0);
                } else if key < two.1 {
                    two.1 = key;
                }
            }
            self.nearest.push(Nearest {
                best: two.0 >> 16,
                next: two.1 >> 16,
                which: two.0 as u16,
            });
        }
        let parts = |&key: &u32| (key >> 16, key as u16);
        self.back
            .extend(back[..self.second.len()].iter().map(parts));
    }
}

/// Distances of one descriptor to many, with their indices below. Bits are added up before
/// they are counted (Harley and Seal), so that three counts serve six half words.
#[inline(always)]
fn distances(q: &[u32; HALVES], [a, b, c, d, e, f]: [&[u32]; HALVES], keys: &mut [u32]) {
    let n = keys.len();
    let (a, b, c, d, e, f) = (&a[..n], &b[..n], &c[..n], &d[..n], &e[..n], &f[..n]);
    for j in 0..n {
        let (x, y, z) = (q[0] ^ a[j], q[1] ^ b[j], q[2] ^ c[j]);
        let (u, v, w) = (q[3] ^ d[j], q[4] ^ e[j], q[5] ^ f[j]);
        let (one, two) = (x ^ y ^ z, x & y | z & (x ^ y));
        let (other, twos) = (u ^ v ^ w, u & v | w & (u ^ v));
        let (ones, carry) = (one ^ other, one & other);
        let (pairs, fours) = (two ^ twos ^ carry, two & twos | carry & (two ^ twos));
        let count = ones.count_ones() + 2 * pairs.count_ones() + 4 * fours.count_ones();
        keys[j] = count << 16 | j as u32;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nearest_ones_are_those_of_brute_force(
            // Few bits, so that many are as near as others.
            first in prop::collection::vec(prop::array::uniform3(0u64..8), 1..20),
            second in prop::collection::vec(prop::array::uniform3(0u64..8), 1..30),
            flip: bool,
        ) {
            let of = |all: &[Descriptor]| -> Vec<Feature> {
                let feature = |&descriptor: &Descriptor| Feature {
                    x: 0, y: 0, level: 0, turn: 0, descriptor,
                };
                all.iter().map(feature).collect()
            };
            let (mut nearest, mut back) = (Vec::new(), Vec::new());
            pulp::Arch::new().dispatch(Distances {
                first: &of(&first),
                second: &of(&second),
                flip,
                nearest: &mut nearest,
                back: &mut back,
            });
            let gap = |one: &Descriptor, two: &Descriptor| -> u32 {
                let one = if flip { mirrored(one) } else { *one };
                (0..WORDS).map(|word| (one[word] ^ two[word]).count_ones()).sum()
            };
            for (one, found) in first.iter().zip(&nearest) {
                let mut all: Vec<_> = second.iter().zip(0u16..).map(|(two, j)| (gap(one, two), j)).collect();
                all.sort_unstable();
                prop_assert_eq!((found.best, found.which), all[0]);
                prop_assert!(all.get(1).is_none_or(|next| found.next == next.0));
            }
            for (two, found) in second.iter().zip(&back) {
                let all = first.iter().zip(0u16..).map(|(one, i)| (gap(one, two), i));
                prop_assert_eq!(Some(*found), all.min());
            }
        }
    }
}
