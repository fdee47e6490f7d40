//! Which images share descriptors with which: votes from an inverted index.
//! Looks at no place of a feature.
//!
//! Descriptors are split into stretches (multi-index hashing, Norouzi et al.
//! 2012); each stretch is the key of a table. A collision in a bucket of `n`
//! features is a vote of `1/√n`, so that texture that occurs everywhere weighs
//! little. Exact: every collision is counted, but those in buckets beyond
//! [`CROWDED`].

use super::descriptor::{Descriptor, Feature, Features, WORDS, mirrored};
use crate::executor::{Executor, Interrupted};

/// Tables, one for each stretch of a descriptor.
const TABLES: usize = 8;
/// Bits between the starts of two stretches.
const STRETCH: usize = 64 * WORDS / TABLES;
/// Bits of a key: with as many buckets as descriptors or more, a true partner
/// outweighs chance best; above 22 the tables' heads outgrow what they save.
const LEAST_BITS: u32 = 12;
const MOST_BITS: u32 = 22;
/// Features of a bucket above which it says nothing of any one image.
const CROWDED: usize = 4096;
/// What a vote in a bucket of its own weighs.
const VOTE: f32 = 65_536.0;

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
    images: Vec<u32>,
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

    /// The `most` images with the most votes of image `query`, plain or mirrored.
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
            votes.drain(|image, weight| {
                if image != query {
                    best.push((weight, image, flip));
                }
            });
        }
        let order = |a: &(u32, u32, bool), b: &(u32, u32, bool)| {
            b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2)))
        };
        if best.len() > most {
            best.select_nth_unstable_by(most, order);
            best.truncate(most);
        }
        let candidate = |&(_, image, flip): &(u32, u32, bool)| Candidate {
            first: query.min(image),
            second: query.max(image),
            mirrored: flip,
        };
        best.iter().map(candidate).collect()
    }

    fn vote(&self, features: &[Feature], flip: bool, votes: &mut Votes) {
        votes.weights.resize(self.images, 0);
        for feature in features {
            let descriptor = match flip {
                true => mirrored(&feature.descriptor),
                false => feature.descriptor,
            };
            for (number, table) in self.tables.iter().enumerate() {
                let key = key(&descriptor, number, self.bits);
                let bucket = table.starts[key] as usize..table.starts[key + 1] as usize;
                if bucket.len() > CROWDED {
                    continue;
                }
                let weight = (VOTE / (bucket.len() as f32).sqrt()) as u32;
                for &image in &table.images[bucket] {
                    votes.add(image, weight);
                }
            }
        }
    }
}

/// Votes for each image, kept by a thread from query to query.
#[derive(Default)]
pub(super) struct Votes {
    weights: Vec<u32>,
    touched: Vec<u32>,
}

impl Votes {
    fn add(&mut self, image: u32, weight: u32) {
        let sum = &mut self.weights[image as usize];
        if *sum == 0 {
            self.touched.push(image);
        }
        *sum = sum.saturating_add(weight);
    }

    fn drain(&mut self, mut each: impl FnMut(u32, u32)) {
        for image in self.touched.drain(..) {
            each(image, std::mem::take(&mut self.weights[image as usize]));
        }
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
        let mut images = vec![0; *starts.last().unwrap_or(&0) as usize];
        for (image, features) in (0u32..).zip(all) {
            for key in keys(features) {
                images[next[key] as usize] = image;
                next[key] += 1;
            }
        }
        Self { starts, images }
    }
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

    fn image(descriptors: &[Descriptor]) -> Features {
        let feature = |&descriptor| Feature {
            x: 0,
            y: 0,
            level: 0,
            turn: 0,
            descriptor,
        };
        Features {
            width: 1,
            height: 1,
            list: descriptors.iter().map(feature).collect(),
        }
    }

    proptest! {
        #[test]
        fn candidates_are_those_of_brute_force(
            images in prop::collection::vec(
                prop::collection::vec(prop::array::uniform3(0u64..4), 1..6), 2..8),
            most in 1usize..9,
        ) {
            // Values below 4 differ in the first stretch only, so the others always collide.
            let all: Vec<Features> = images.iter().map(|list| image(list)).collect();
            let executor = Executor::new(2, StopFlag::default()).expect("threads");
            let index = Index::new(&all, &executor).expect("not stopped");
            let weight = |flip: bool, partner: usize| {
                let mut sum = 0u32;
                for one in &images[0] {
                    let one = if flip { mirrored(one) } else { *one };
                    for table in 0..TABLES {
                        let key = |d: &Descriptor| key(d, table, index.bits);
                        let bucket = images.iter().flatten().filter(|d| key(d) == key(&one)).count();
                        let here = images[partner].iter().filter(|d| key(d) == key(&one)).count();
                        sum += here as u32 * (VOTE / (bucket as f32).sqrt()) as u32;
                    }
                }
                sum
            };
            let mut plain: Vec<_> = (1..images.len())
                .flat_map(|partner| [false, true].map(|flip| (weight(flip, partner), partner, flip)))
                .filter(|found| found.0 > 0)
                .collect();
            plain.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
            plain.truncate(most);
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
