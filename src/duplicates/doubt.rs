//! Sets aside weak pairs that have no more in common than any two images.
//! Knows nothing of what they have in common but a number for each sample.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Duplicates, Pair, groups};
use crate::finding::Relation;
use crate::statistics::binomial_upper_tail;

/// Similarity from which a pair is beyond doubt: log odds of 8, which nearly
/// all re-encoded copies and half of the planted crops reach, and no pair of
/// different photos came near (docs/accuracy.md, "Pairs").
pub const WEAK: f64 = 0.9997;

/// Bands of weak similarity that are judged each by itself.
const BANDS: [Range<f64>; 3] = [0.0..0.9, 0.9..0.99, 0.99..WEAK];

/// The pairs that are never doubted by themselves.
const STRONG: Range<f64> = WEAK..f64::INFINITY;

/// Pairs of a band below which nothing is said of it: doubt is for crowds of
/// look-alikes and not for a few copies under wrong labels.
const MANY: usize = 20;

/// Level of the test, and the power it must have: were all pairs alike, chance
/// would have to give that less often than this.
const LEVEL: f64 = 0.01;

/// Level of the test whether pairs agree less often than by chance, which frees
/// a whole set of doubt: stricter, for there are four bands, and each image
/// takes part once, so that the shares of classes are the pairs' own.
const FAR_BELOW: f64 = 0.001;

/// What was said of a band of weak pairs that agree no more than by chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// The band.
    pub similarity: Range<f64>,
    /// Its pairs.
    pub pairs: u64,
    /// Those of them that were compared: each image in one pair at most.
    pub compared: u64,
    /// Those of the compared that agree.
    pub agreeing: u64,
    /// How many of the compared would agree by chance.
    pub expected: f64,
}

impl Duplicates {
    /// Marks the pairs of weak bands as doubtful where they are of one kind no
    /// more often than two images picked from the band are (a one-sided
    /// binomial test), and takes them out of the groups. `kinds` holds a number
    /// for each sample of which one is known. Exact and strong pairs stay, and
    /// so does everything where the test could not tell.
    ///
    /// Where the pairs of a band are of one kind far less often than chance
    /// gives, copies were made into another class (a mask pasted on, a colour
    /// changed): no look-alikes do that. In such a set kinds are no witness
    /// against any pair, for a mixture of such copies and of common ones may
    /// agree just as often as chance does.
    pub fn set_aside(&mut self, kinds: &[Option<u32>]) {
        let avoided = |band: &Range<f64>| self.compared(band, kinds).is_some_and(|it| it.avoids());
        if BANDS.iter().chain([&STRONG]).any(avoided) {
            return;
        }
        for band in BANDS {
            let compared = self.compared(&band, kinds);
            let Some(compared) = compared.filter(Compared::is_by_chance) else {
                continue;
            };
            let doubt = compared.doubt(&band);
            for pair in self.pairs.iter_mut().filter(|pair| is_within(pair, &band)) {
                pair.doubtful = true;
            }
            self.doubts.push(doubt);
        }
        if !self.doubts.is_empty() {
            let believed = self.pairs.iter().filter(|pair| !pair.doubtful);
            self.groups = groups(kinds.len(), believed.map(|pair| (pair.a, pair.b)));
        }
    }

    fn compared(&self, band: &Range<f64>, kinds: &[Option<u32>]) -> Option<Compared> {
        let pairs = self.pairs.iter().filter(|pair| is_within(pair, band));
        Compared::of(pairs.collect(), kinds)
    }
}

fn is_within(pair: &Pair, band: &Range<f64>) -> bool {
    pair.evidence.relation != Relation::Exact && band.contains(&pair.evidence.similarity)
}

/// How often the pairs of a band are of one kind.
struct Compared {
    /// All of the band.
    pairs: u64,
    /// Those compared: each image in one pair at most.
    compared: u64,
    /// Of one kind.
    agreeing: u64,
    /// Share of one kind among any two images of the band.
    chance: f64,
}

impl Compared {
    /// `None` for fewer than [`MANY`] pairs.
    fn of(mut pairs: Vec<&Pair>, kinds: &[Option<u32>]) -> Option<Self> {
        if pairs.len() < MANY {
            return None;
        }
        // Independent pairs, the most similar first: each image takes part once.
        pairs.sort_by(|x, y| {
            let similarity = y.evidence.similarity.total_cmp(&x.evidence.similarity);
            similarity.then((x.a, x.b).cmp(&(y.a, y.b)))
        });
        let mut taken = BTreeSet::new();
        let mut shares: BTreeMap<u32, u64> = BTreeMap::new();
        let (mut compared, mut agreeing) = (0u64, 0u64);
        for pair in &pairs {
            let kind = |index: u32| kinds.get(index as usize).copied().flatten();
            let (Some(a), Some(b)) = (kind(pair.a.0), kind(pair.b.0)) else {
                continue;
            };
            if taken.contains(&pair.a) || taken.contains(&pair.b) {
                continue;
            }
            taken.extend([pair.a, pair.b]);
            compared += 1;
            agreeing += u64::from(a == b);
            *shares.entry(a).or_default() += 1;
            *shares.entry(b).or_default() += 1;
        }
        let images = (2 * compared) as f64;
        let chance = (shares.values())
            .map(|&n| (n as f64 / images).powi(2))
            .sum();
        Some(Self {
            pairs: pairs.len() as u64,
            compared,
            agreeing,
            chance,
        })
    }

    /// Whether pairs are of one kind no more often than chance gives, where the
    /// test could tell.
    fn is_by_chance(&self) -> bool {
        let tail = |agreeing| binomial_upper_tail(agreeing, self.compared, self.chance);
        tail(self.compared) < LEVEL && tail(self.agreeing) >= LEVEL
    }

    /// Whether pairs are of one kind less often than chance gives.
    fn avoids(&self) -> bool {
        let differing = self.compared - self.agreeing;
        binomial_upper_tail(differing, self.compared, 1.0 - self.chance) < FAR_BELOW
    }

    fn doubt(&self, band: &Range<f64>) -> Doubt {
        Doubt {
            similarity: band.clone(),
            pairs: self.pairs,
            compared: self.compared,
            agreeing: self.agreeing,
            expected: self.chance * self.compared as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{PairEvidence, Transform};
    use crate::sample::SampleId;

    /// Pairs of samples 0 and 1, 2 and 3, …, each of `similarity`; of every
    /// `alike` pairs one is of one kind, among five.
    fn set(count: u32, similarity: f64, alike: u32) -> (Duplicates, Vec<Option<u32>>) {
        let pair = |i: u32| Pair {
            a: SampleId(2 * i),
            b: SampleId(2 * i + 1),
            evidence: PairEvidence {
                relation: Relation::Near,
                transform: Transform::default(),
                distance: None,
                similarity,
            },
            doubtful: false,
        };
        let pairs: Vec<Pair> = (0..count).map(pair).collect();
        let found = Duplicates {
            groups: groups(2 * count as usize, pairs.iter().map(|p| (p.a, p.b))),
            pairs,
            ..Duplicates::default()
        };
        let kinds = (0..count).flat_map(|i| {
            let other = u32::from(i % alike != 0);
            [Some(i % 5), Some((i + other) % 5)]
        });
        (found, kinds.collect())
    }

    fn doubtful(count: u32, similarity: f64, alike: u32) -> usize {
        let (mut found, kinds) = set(count, similarity, alike);
        found.set_aside(&kinds);
        let doubtful = found.pairs.iter().filter(|pair| pair.doubtful).count();
        assert_eq!(found.groups.len(), count as usize - doubtful);
        doubtful
    }

    #[test]
    fn many_weak_pairs_of_any_labels_are_doubtful() {
        assert_eq!(doubtful(60, 0.85, 6), 60);
    }

    #[test]
    fn weak_pairs_that_mostly_agree_are_believed() {
        assert_eq!(doubtful(60, 0.85, 2), 0);
    }

    #[test]
    fn strong_pairs_are_believed_whatever_their_labels() {
        assert_eq!(doubtful(60, 0.9999, 6), 0);
    }

    #[test]
    fn a_few_weak_pairs_under_other_labels_are_believed() {
        assert_eq!(doubtful(12, 0.85, 6), 0);
    }

    #[test]
    fn pairs_without_labels_or_of_one_class_are_believed() {
        for kind in [None, Some(3)] {
            let (mut found, kinds) = set(60, 0.85, 6);
            found.set_aside(&vec![kind; kinds.len()]);
            assert!(found.doubts.is_empty(), "{kind:?}");
        }
    }

    #[test]
    fn pairs_that_agree_far_less_than_by_chance_are_believed_and_so_are_the_others() {
        // A class made from the other: no pair of the lower band agrees.
        let (mut found, mut kinds) = set(60, 0.85, u32::MAX);
        let (more, of_more) = set(60, 0.95, 6);
        found.pairs.extend(more.pairs.into_iter().map(|pair| Pair {
            a: SampleId(pair.a.0 + 120),
            b: SampleId(pair.b.0 + 120),
            ..pair
        }));
        for (i, kind) in kinds.iter_mut().enumerate() {
            *kind = Some((i % 2) as u32);
        }
        kinds.extend(of_more);
        found.set_aside(&kinds);
        assert!(found.doubts.is_empty(), "{:?}", found.doubts);
        assert!(found.pairs.iter().all(|pair| !pair.doubtful));
    }

    #[test]
    fn one_band_is_judged_without_the_others() {
        let (mut found, mut kinds) = set(60, 0.85, 6);
        let (more, of_more) = set(60, 0.95, 1);
        found.pairs.extend(more.pairs.into_iter().map(|pair| Pair {
            a: SampleId(pair.a.0 + 120),
            b: SampleId(pair.b.0 + 120),
            ..pair
        }));
        kinds.extend(of_more);
        found.set_aside(&kinds);
        assert_eq!(found.doubts.len(), 1);
        assert_eq!(found.doubts[0].pairs, 60);
        assert_eq!(found.doubts[0].agreeing, 10);
        assert!((found.doubts[0].expected - 12.0).abs() < 0.5);
    }
}
