//! Demotes weak pairs whose labels agree no more often than by chance: look-alikes, not
//! copies. Looks at no image.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::duplicates::{Duplicates, Pair, WEAK};
use crate::finding::Relation;
use crate::sample::Listing;
use crate::statistics::binomial_upper_tail;

/// Bands of weak similarity, each tested by itself.
const BANDS: [Range<f64>; 3] = [0.0..0.9, 0.9..0.99, 0.99..WEAK];

/// The pairs that are never demoted.
const STRONG: Range<f64> = WEAK..f64::INFINITY;

/// Pairs of a band below which it is not tested: a few copies under wrong labels are no group
/// of look-alikes.
const LEAST_PAIRS: usize = 20;

/// Significance level of the test, and the power it must have: if all pairs agreed, chance
/// would have to produce that less often than this.
const LEVEL: f64 = 0.01;

/// Significance level of the test whether pairs agree less often than by chance, which
/// exempts a whole set: stricter, because there are four bands, and each image takes part
/// once, so that the shares of classes are the pairs' own.
const LEVEL_BELOW: f64 = 0.001;

/// A band of weak pairs that agree no more often than by chance.
#[derive(Debug, Clone, PartialEq)]
pub struct DemotedBand {
    /// The range of similarities.
    pub similarity: Range<f64>,
    /// Its pairs.
    pub pairs: u64,
    /// Those of them that were tested: each image in one pair at most.
    pub compared: u64,
    /// Those of the tested that agree.
    pub agreeing: u64,
    /// How many of the tested would agree by chance.
    pub expected: f64,
}

/// Demotes the pairs of weak bands whose samples share their only label no more often than
/// two samples of the band picked at random (a one-sided binomial test), and removes them
/// from the groups. Exact and strong pairs stay, and so does every band where the test has no
/// power.
///
/// Where the pairs of a band share a label far less often than by chance, copies were made
/// into another class (a mask pasted on, a colour changed): look-alikes never do that. In
/// such a set labels are no evidence against any pair, because a mixture of such copies and
/// of common ones may agree just as often as by chance.
pub fn demote(found: &mut Duplicates, listing: &Listing) -> Vec<DemotedBand> {
    let labels = listing.samples.iter().map(|sample| sample.labels.single());
    let labels: Vec<_> = labels.map(|class| class.map(|class| class.0)).collect();
    demote_by(found, &labels)
}

/// [`demote`], `labels` being those of the things that `found` is about.
pub fn demote_by(found: &mut Duplicates, labels: &[Option<u32>]) -> Vec<DemotedBand> {
    let avoided = |band: &Range<f64>| compared(found, band, labels).is_some_and(|it| it.avoids());
    if BANDS.iter().chain([&STRONG]).any(avoided) {
        return Vec::new();
    }
    let mut demoted = Vec::new();
    for band in BANDS {
        let compared = compared(found, &band, labels);
        let Some(compared) = compared.filter(Compared::is_by_chance) else {
            continue;
        };
        for pair in (found.pairs.iter_mut()).filter(|pair| is_within(pair, &band)) {
            pair.demoted = true;
        }
        demoted.push(compared.demoted(&band));
    }
    if !demoted.is_empty() {
        found.group(labels.len());
    }
    demoted
}

fn compared(found: &Duplicates, band: &Range<f64>, labels: &[Option<u32>]) -> Option<Compared> {
    let pairs = found.pairs.iter().filter(|pair| is_within(pair, band));
    Compared::of(pairs.collect(), labels)
}

fn is_within(pair: &Pair, band: &Range<f64>) -> bool {
    pair.evidence.relation != Relation::Exact && band.contains(&pair.evidence.similarity)
}

/// How often the pairs of a band share a label.
struct Compared {
    /// All of the band.
    pairs: u64,
    /// Those tested: each image in one pair at most.
    compared: u64,
    /// Those that share a label.
    agreeing: u64,
    /// Probability that two random samples of the band share a label.
    chance: f64,
}

impl Compared {
    /// `None` for fewer than [`LEAST_PAIRS`] pairs.
    fn of(mut pairs: Vec<&Pair>, labels: &[Option<u32>]) -> Option<Self> {
        if pairs.len() < LEAST_PAIRS {
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
            let label = |index: u32| labels.get(index as usize).copied().flatten();
            let (Some(a), Some(b)) = (label(pair.a.0), label(pair.b.0)) else {
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

    /// Whether pairs share a label no more often than by chance, where the test has power.
    fn is_by_chance(&self) -> bool {
        let tail = |agreeing| binomial_upper_tail(agreeing, self.compared, self.chance);
        tail(self.compared) < LEVEL && tail(self.agreeing) >= LEVEL
    }

    /// Whether pairs share a label less often than by chance.
    fn avoids(&self) -> bool {
        let differing = self.compared - self.agreeing;
        binomial_upper_tail(differing, self.compared, 1.0 - self.chance) < LEVEL_BELOW
    }

    fn demoted(&self, band: &Range<f64>) -> DemotedBand {
        DemotedBand {
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
    use crate::duplicates::groups;
    use crate::finding::{PairEvidence, Transform};
    use crate::sample::SampleId;

    /// Pairs of samples 0 and 1, 2 and 3, …, each of `similarity`; of every `alike` pairs one
    /// shares a label, among five.
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
            demoted: false,
        };
        let pairs: Vec<Pair> = (0..count).map(pair).collect();
        let found = Duplicates {
            groups: groups(2 * count as usize, pairs.iter().map(|p| (p.a, p.b))),
            pairs,
            ..Duplicates::default()
        };
        let labels = (0..count).flat_map(|i| {
            let other = u32::from(i % alike != 0);
            [Some(i % 5), Some((i + other) % 5)]
        });
        (found, labels.collect())
    }

    fn demoted(count: u32, similarity: f64, alike: u32) -> usize {
        let (mut found, labels) = set(count, similarity, alike);
        demote_by(&mut found, &labels);
        let demoted = found.pairs.iter().filter(|pair| pair.demoted).count();
        assert_eq!(found.groups.len(), count as usize - demoted);
        demoted
    }

    #[test]
    fn many_weak_pairs_of_any_labels_are_demoted() {
        assert_eq!(demoted(60, 0.85, 6), 60);
    }

    #[test]
    fn weak_pairs_that_mostly_agree_are_kept() {
        assert_eq!(demoted(60, 0.85, 2), 0);
    }

    #[test]
    fn strong_pairs_are_kept_whatever_their_labels() {
        assert_eq!(demoted(60, 0.9999, 6), 0);
    }

    #[test]
    fn a_few_weak_pairs_under_other_labels_are_kept() {
        assert_eq!(demoted(12, 0.85, 6), 0);
    }

    #[test]
    fn pairs_without_labels_or_of_one_class_are_kept() {
        for label in [None, Some(3)] {
            let (mut found, labels) = set(60, 0.85, 6);
            let demoted = demote_by(&mut found, &vec![label; labels.len()]);
            assert!(demoted.is_empty(), "{label:?}");
        }
    }

    #[test]
    fn pairs_that_agree_far_less_than_by_chance_are_kept_and_so_are_the_others() {
        // A class made from the other: no pair of the lower band agrees.
        let (mut found, mut labels) = set(60, 0.85, u32::MAX);
        let (more, of_more) = set(60, 0.95, 6);
        found.pairs.extend(more.pairs.into_iter().map(|pair| Pair {
            a: SampleId(pair.a.0 + 120),
            b: SampleId(pair.b.0 + 120),
            ..pair
        }));
        for (i, label) in labels.iter_mut().enumerate() {
            *label = Some((i % 2) as u32);
        }
        labels.extend(of_more);
        assert_eq!(demote_by(&mut found, &labels), []);
        assert!(found.pairs.iter().all(|pair| !pair.demoted));
    }

    #[test]
    fn one_band_is_judged_without_the_others() {
        let (mut found, mut labels) = set(60, 0.85, 6);
        let (more, of_more) = set(60, 0.95, 1);
        found.pairs.extend(more.pairs.into_iter().map(|pair| Pair {
            a: SampleId(pair.a.0 + 120),
            b: SampleId(pair.b.0 + 120),
            ..pair
        }));
        labels.extend(of_more);
        let demoted = demote_by(&mut found, &labels);
        assert_eq!(demoted.len(), 1);
        assert_eq!(demoted[0].pairs, 60);
        assert_eq!(demoted[0].agreeing, 10);
        assert!((demoted[0].expected - 12.0).abs() < 0.5);
    }
}
