//! Which images share descriptors with which: votes from an inverted index.
//! Looks at no place of a feature.
//!
//! Descriptors are split into stretches (multi-index hashing, Norouzi et al.
//! 2012); each stretch is the key of a table. A collision in a bucket of `n`
//! features is a vote of `1/√n`, so that texture that occurs everywhere weighs
//! little; buckets beyond [`CROWDED`] are passed over. Votes count together only
//! where they agree on how one image is turned against the other (weak geometric
//! consistency: Jégou, Douze & Schmid 2008, "Hamming embedding and weak geometric
//! consistency for large scale image search"): chance collisions agree on nothing.

use std::sync::LazyLock;

use super::descriptor::{Descriptor, Feature, Features, TURNS, WORDS, mirrored, mirrored_turn};
use crate::executor::{Executor, Interrupted};

/// Tables, one for each stretch of a descriptor.
const TABLES: usize = 8;
/// Bits between the starts of two stretches.
const STRETCH: usize = 64 * WORDS / TABLES;
/// Bits of a key: with as many buckets as descriptors or more, a true partner
/// outweighs chance best; above 22 the tables' heads outgrow what they save.
const LEAST_BITS: u32 = 12;
const MOST_BITS: u32 = 22;
/// Features of a bucket above which it says nothing of any one image. Of 660 planted
/// pairs among 1,500 other photos, 583 are proven with 128, 582 with 512, 577 with
/// 4,096, and the search takes a fifth less; it also bounds the cost of an image, which
/// else grows with the set.
const CROWDED: usize = 128;
/// Steps of a full turn in which votes are kept; two neighbours count together, so that
/// orientations may disagree by 22° and more.
const BINS: usize = 16;
/// Partners that are proposed whatever their votes: of planted pairs .91 have the true
/// one among them on one side.
const ALWAYS: usize = 2;
/// Rank of a partner by chance, and how much more votes a further one has to have: an
/// image with many true partners keeps them, and others cost no matching.
const USUAL: usize = 20;
const STANDS_OUT: f64 = 1.5;
/// What a vote in a bucket of its own weighs; in the fullest it still weighs 4, and those of
/// all features in all tables stay below what 16 bits hold.
const VOTE: f32 = 40.0;
/// One of so many features of a level asks: the strongest. Two images ask for each other, so
/// for half the cost .923 of 1,040 planted pairs among 1,500 photos are found, and .931 where
/// all ask.
const ASKING: usize = 2;

/// A proposed partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// Of the query or, if higher, of the partner: pairs sort and repeat.
    pub(super) first: u32,
    pub(super) second: u32,
    /// The query was mirrored.
    pub(super) mirrored: bool,
}

/// Tables over all descriptors.
pub(super) struct Index {
    bits: u32,
    images: usize,
    tables: Vec<Table>,
}

struct Table {
    /// Where each bucket starts in `images`, and the end.
    starts: Vec<u32>,
    /// Image and turn of each feature.
    postings: Vec<Posting>,
}

impl Index {
    /// Memory: 32 bytes a feature, and at most 128 MiB.
    pub(super) fn new(all: &[Features], executor: &Executor) -> Result<Self, Interrupted> {
        let count: usize = all.iter().map(|features| features.list.len()).sum();
        let bits = (count.max(1).ilog2() + 2).clamp(LEAST_BITS, MOST_BITS);
        let tables = executor.map(TABLES, |table| Table::new(all, table, bits))?;
        Ok(Self {
            bits,
            images: all.len(),
            tables,
        })
    }

    /// The images with the most votes of image `query`, plain or mirrored: two, and of
    /// the others up to `most` those that stand out from what chance gives.
    pub(super) fn candidates(
        &self,
        query: u32,
        features: &Features,
        votes: &mut Votes,
        most: usize,
    ) -> Vec<Candidate> {
        let mut best = Vec::new();
        for flip in [false, true] {
            self.vote(&features.list, flip, votes);
            let others = votes.drain().iter().filter(|found| found.1 != query);
            best.extend(others.map(|&(weight, image)| (weight, image, flip)));
        }
        let order = |a: &(u16, u32, bool), b: &(u16, u32, bool)| {
            b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2)))
        };
        let sorted = best.len().min(USUAL.max(most) + 1);
        if sorted < best.len() {
            best.select_nth_unstable_by(sorted, order);
            best.truncate(sorted);
        }
        best.sort_unstable_by(order);
        let usual = best.get(USUAL).map_or(0, |&(weight, ..)| weight);
        let stands_out = |weight: u16| f64::from(weight) >= STANDS_OUT * f64::from(usual);
        let outstanding = best.iter().take_while(|found| stands_out(found.0)).count();
        best.truncate(outstanding.clamp(most.min(ALWAYS), most));
        let candidate = |&(_, image, flip): &(u16, u32, bool)| Candidate {
            first: query.min(image),
            second: query.max(image),
            mirrored: flip,
        };
        best.iter().map(candidate).collect()
    }

    fn vote(&self, features: &[Feature], flip: bool, votes: &mut Votes) {
        votes.weights.resize(self.images, [0; BINS]);
        votes.asking.clear();
        votes
            .asking
            .extend(asking(features).map(|feature| match flip {
                true => (
                    mirrored(&feature.descriptor),
                    bin(mirrored_turn(feature.turn)),
                ),
                false => (feature.descriptor, bin(feature.turn)),
            }));
        for (number, table) in self.tables.iter().enumerate() {
            votes.buckets.clear();
            for (descriptor, turn) in &votes.asking {
                let key = key(descriptor, number, self.bits);
                let (start, end) = (table.starts[key] as usize, table.starts[key + 1] as usize);
                if (1..=CROWDED).contains(&(end - start)) {
                    votes.buckets.push(Bucket {
                        start,
                        end,
                        turn: *turn,
                        first: Posting(0),
                    });
                }
            }
            for bucket in &mut votes.buckets {
                bucket.first = table.postings[bucket.start];
            }
            for i in 0..votes.buckets.len() {
                let Bucket {
                    start,
                    end,
                    turn,
                    first,
                } = votes.buckets[i];
                let weight = WEIGHTS[end - start];
                votes.add(first, turn, weight);
                for &posting in &table.postings[start + 1..end] {
                    votes.add(posting, turn, weight);
                }
            }
        }
    }
}

/// The strongest features of each level.
fn asking(features: &[Feature]) -> impl Iterator<Item = &Feature> {
    let levels = features.chunk_by(|a, b| a.level == b.level);
    levels.flat_map(|level| &level[..level.len().div_ceil(ASKING)])
}

/// What a vote weighs in a bucket of so many features.
static WEIGHTS: LazyLock<[u16; CROWDED + 1]> = LazyLock::new(|| {
    std::array::from_fn(|count| (VOTE / (count.max(1) as f32).sqrt()).round() as u16)
});

/// A feature of the database: its image, and its turn in [`BINS`].
#[derive(Clone, Copy)]
struct Posting(u32);

impl Posting {
    fn new(image: u32, feature: &Feature) -> Self {
        Self(image * BINS as u32 + u32::from(bin(feature.turn)))
    }

    fn parts(self) -> (u32, u8) {
        (self.0 / BINS as u32, (self.0 % BINS as u32) as u8)
    }
}

/// Votes for each image, kept by a thread from query to query. Memory: 32 bytes an image.
#[derive(Default)]
pub(super) struct Votes {
    /// By the turn from the query to the image.
    weights: Vec<[u16; BINS]>,
    touched: Vec<u32>,
    /// Descriptors that ask, and their turns.
    asking: Vec<(Descriptor, u8)>,
    /// Of one table: all of them are read before the first is visited, so that their cache
    /// misses overlap.
    buckets: Vec<Bucket>,
    /// The images touched, and the most votes that agree.
    best: Vec<(u16, u32)>,
}

/// A bucket that is not empty.
struct Bucket {
    start: usize,
    end: usize,
    /// Of the feature that asks.
    turn: u8,
    first: Posting,
}

impl Votes {
    #[inline(always)]
    fn add(&mut self, posting: Posting, turn: u8, weight: u16) {
        let (image, other) = posting.parts();
        let sum = &mut self.weights[image as usize][usize::from(other.wrapping_sub(turn)) % BINS];
        if *sum == 0 {
            self.touched.push(image);
        }
        *sum = sum.saturating_add(weight);
    }

    /// Each image that has votes, with those that agree best.
    fn drain(&mut self) -> &[(u16, u32)] {
        self.best.clear();
        pulp::Arch::new().dispatch(Drain {
            weights: &mut self.weights,
            touched: &self.touched,
            best: &mut self.best,
        });
        self.touched.clear();
        &self.best
    }
}

/// Takes the votes of the images touched, all turns of one at a time.
struct Drain<'a> {
    weights: &'a mut [[u16; BINS]],
    touched: &'a [u32],
    best: &'a mut Vec<(u16, u32)>,
}

impl pulp::WithSimd for Drain<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || {
                for &image in self.touched {
                    let sums = std::mem::take(&mut self.weights[image as usize]);
                    let mut round = [0; BINS + 1];
                    round[..BINS].copy_from_slice(&sums);
                    round[BINS] = sums[0];
                    let mut best = 0;
                    for turn in 0..BINS {
                        let both = round[turn].saturating_add(round[turn + 1]);
                        best = if both > best { both } else { best };
                    }
                    // An image is touched once for each turn, and drained the first time.
                    if best > 0 {
                        self.best.push((best, image));
                    }
                }
            },
        );
    }
}

impl Table {
    /// By counting sort.
    fn new(all: &[Features], table: usize, bits: u32) -> Self {
        let mut starts = vec![0u32; (1 << bits) + 1];
        let keys = |features: &Features| -> Vec<usize> {
            let keys = features
                .list
                .iter()
                .map(|f| key(&f.descriptor, table, bits));
            keys.collect()
        };
        for features in all {
            for key in keys(features) {
                starts[key + 1] += 1;
            }
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut postings = vec![Posting(0); *starts.last().unwrap_or(&0) as usize];
        for (image, features) in (0u32..).zip(all) {
            for (key, feature) in keys(features).into_iter().zip(&features.list) {
                postings[next[key] as usize] = Posting::new(image, feature);
                next[key] += 1;
            }
        }
        Self { starts, postings }
    }
}

/// The step of an orientation.
fn bin(turn: u8) -> u8 {
    (usize::from(turn) * BINS / usize::from(TURNS)) as u8
}

/// The first `bits` of a descriptor's stretch.
fn key(descriptor: &Descriptor, table: usize, bits: u32) -> usize {
    let (word, shift) = (table * STRETCH / 64, table * STRETCH % 64);
    let mut stretch = descriptor[word] >> shift;
    if shift + bits as usize > 64 && word + 1 < WORDS {
        stretch |= descriptor[word + 1] << (64 - shift);
    }
    (stretch & ((1 << bits) - 1)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::executor::StopFlag;

    fn image(features: &[(Descriptor, u8)]) -> Features {
        let feature = |&(descriptor, turn)| Feature {
            x: 0,
            y: 0,
            level: 0,
            turn,
            descriptor,
        };
        Features {
            width: 1,
            height: 1,
            list: features.iter().map(feature).collect(),
        }
    }

    proptest! {
        #[test]
        fn candidates_are_those_of_brute_force(
            images in prop::collection::vec(
                prop::collection::vec((prop::array::uniform3(0u64..4), 0..TURNS), 1..6), 2..30),
            most in 1usize..9,
        ) {
            // Values below 4 differ in the first stretch only, so the others always collide.
            let all: Vec<Features> = images.iter().map(|list| image(list)).collect();
            let executor = Executor::new(2, StopFlag::default()).expect("threads");
            let index = Index::new(&all, &executor).expect("not stopped");
            let weight = |flip: bool, partner: usize| {
                let mut sums = [0u16; BINS];
                for &(one, turn) in &images[0][..images[0].len().div_ceil(ASKING)] {
                    let (one, turn) = match flip {
                        true => (mirrored(&one), mirrored_turn(turn)),
                        false => (one, turn),
                    };
                    for table in 0..TABLES {
                        let same = |d: &Descriptor| key(d, table, index.bits) == key(&one, table, index.bits);
                        let bucket = images.iter().flatten().filter(|(d, _)| same(d)).count();
                        for &(_, other) in images[partner].iter().filter(|(d, _)| same(d)) {
                            let step = (16 + other / 8 - turn / 8) % 16;
                            sums[usize::from(step)] += (VOTE / (bucket as f32).sqrt()).round() as u16;
                        }
                    }
                }
                (0..BINS).map(|step| sums[step] + sums[(step + 1) % BINS]).max().expect("bins")
            };
            let mut plain: Vec<_> = (1..images.len())
                .flat_map(|partner| [false, true].map(|flip| (weight(flip, partner), partner, flip)))
                .filter(|found| found.0 > 0)
                .collect();
            plain.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
            let usual = plain.get(USUAL).map_or(0, |found| found.0);
            let kept = (plain.iter().enumerate().take(most))
                .take_while(|(rank, found)| *rank < ALWAYS || found.0 as f64 >= 1.5 * usual as f64)
                .count();
            plain.truncate(kept);
            let mut plain: Vec<_> = plain.iter().map(|&(_, partner, mirrored)| Candidate {
                first: 0, second: partner as u32, mirrored,
            }).collect();
            let mut found = index.candidates(0, &all[0], &mut Votes::default(), most);
            plain.sort();
            found.sort();
            prop_assert_eq!(found, plain);
        }
    }
}
