//! How much of each evaluation split a model has seen before, read off the
//! findings. Compares no image.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{ClassLeak, Finding, LeakFigures, Measured};
use crate::sample::{ClassId, Listing, Role, SampleId, SplitId};

/// The figures of every evaluation split; `None` with fewer than two splits. A
/// data set without splits is measured on, held against the data used before.
pub(super) fn figures(listing: &Listing, findings: &[Finding]) -> Option<Vec<LeakFigures>> {
    if listing.places() < 2 {
        return None;
    }
    let copies = copies(listing, findings);
    let shared = listing.shared_classes();
    let evaluated = (0..)
        .map(SplitId)
        .zip(&listing.splits)
        .filter(|(_, split)| split.role == Role::Evaluation)
        .map(|(id, _)| Some(id));
    Some(
        evaluated
            .chain(listing.is_without_splits().then_some(None))
            .map(|split| of_split(listing, &copies, &shared, split))
            .collect(),
    )
}

/// Samples that are trained on and have a copy in the data used before.
pub(super) fn trained_before(listing: &Listing, findings: &[Finding]) -> u64 {
    let of_role = |id: &SampleId, role| listing.role(*id) == Some(role);
    let mut trained: BTreeSet<SampleId> = BTreeSet::new();
    for finding in of_copies(findings) {
        let samples = &finding.samples;
        if samples.iter().any(|id| of_role(id, Role::Reference)) {
            trained.extend(samples.iter().filter(|id| of_role(id, Role::Train)));
        }
    }
    trained.len() as u64
}

/// The findings that call samples copies of each other. Those in one split are
/// of LEAK003 and LEAK004; in a finding that spans splits, every two samples of
/// different splits are a pair.
pub(super) fn of_copies(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    (findings.iter())
        .filter(|f| f.check.is_about_copies() && matches!(f.measured, Measured::Pair(_)))
}

/// How many copies carry which classes, by split.
type Votes<'a> = BTreeMap<Option<SplitId>, BTreeMap<&'a [ClassId], u64>>;

/// What is known of the copies of each sample that has one in another split, where
/// that spoils a measurement.
/// Adds up over findings and never over pairs, whose number grows with the
/// square of the copies: no two findings are about the same pair.
fn copies<'a>(listing: &'a Listing, findings: &[Finding]) -> BTreeMap<SampleId, Votes<'a>> {
    let mut copies: BTreeMap<SampleId, Votes<'a>> = BTreeMap::new();
    for finding in of_copies(findings) {
        let mut votes: Votes<'a> = BTreeMap::new();
        for &id in &finding.samples {
            let sample = listing.sample(id);
            let of_split = votes.entry(sample.split).or_default();
            *of_split.entry(sample.labels.classes()).or_default() += 1;
        }
        if votes.len() < 2 {
            continue;
        }
        for &id in &finding.samples {
            let place = listing.sample(id).split;
            for (&split, of_split) in &votes {
                if !listing.spoils(place, split) {
                    continue;
                }
                let own = copies.entry(id).or_default();
                let all = own.entry(split).or_default();
                for (classes, count) in of_split {
                    *all.entry(classes).or_default() += count;
                }
            }
        }
    }
    copies
}

fn of_split(
    listing: &Listing,
    copies: &BTreeMap<SampleId, Votes<'_>>,
    shared: &[bool],
    split: Option<SplitId>,
) -> LeakFigures {
    let seen_before = seen_before(listing, split);
    let mut figures = LeakFigures {
        split,
        samples: 0,
        leaked: 0,
        same_label: 0,
        memorised: None,
        sources: Vec::new(),
        classes: Vec::new(),
    };
    let mut by_source: BTreeMap<SplitId, u64> = BTreeMap::new();
    let mut by_class: BTreeMap<ClassId, (u64, u64)> = BTreeMap::new();
    let (mut labelled, mut right) = (0u64, 0.0);
    let none = Votes::new();
    for sample in listing.samples.iter().filter(|s| s.split == split) {
        figures.samples += 1;
        let of_sample = copies.get(&sample.id).unwrap_or(&none);
        for &source in of_sample.keys().flatten() {
            *by_source.entry(source).or_default() += 1;
        }
        let mut sources = of_sample.keys().flatten();
        let leaked = sources.any(|source| seen_before.contains(source));
        for &class in sample.labels.classes() {
            let (all, of_them) = by_class.entry(class).or_default();
            *all += 1;
            *of_them += u64::from(leaked);
        }
        if !leaked {
            continue;
        }
        figures.leaked += 1;
        let mut teachers: BTreeMap<&[ClassId], u64> = BTreeMap::new();
        let own = sample.labels.classes();
        for (source, votes) in of_sample {
            let Some(source) = source.filter(|split| seen_before.contains(split)) else {
                continue;
            };
            // Data used before may have a vocabulary of its own.
            let is_reference = listing.splits[source.index()].role == Role::Reference;
            let is_known = |classes: &[ClassId]| classes.iter().all(|class| shared[class.index()]);
            for (&classes, count) in votes {
                if !is_reference || (is_known(classes) && is_known(own)) {
                    *teachers.entry(classes).or_default() += count;
                }
            }
        }
        // An unlabelled copy teaches nothing, neither right nor wrong.
        let is_taught = teachers.keys().any(|classes| !classes.is_empty());
        if !own.is_empty() && is_taught {
            figures.same_label += u64::from(teachers.contains_key(own));
            labelled += 1;
            right += memorized(&teachers, own);
        }
    }
    figures.memorised = (labelled > 0).then(|| right / labelled as f64);
    figures.sources = by_source.into_iter().collect();
    figures.classes = by_class
        .into_iter()
        .filter(|&(_, (_, leaked))| leaked > 0)
        .map(|(class, (samples, leaked))| ClassLeak {
            class,
            samples,
            leaked,
        })
        .collect();
    figures
}

/// The splits whose images a model has seen when `split` is measured: those
/// trained on or used before, or all others where there is no such split.
fn seen_before(listing: &Listing, split: Option<SplitId>) -> BTreeSet<SplitId> {
    let others = |wanted: fn(Role) -> bool| -> BTreeSet<SplitId> {
        (0..)
            .map(SplitId)
            .zip(&listing.splits)
            .filter(|(id, other)| Some(*id) != split && wanted(other.role))
            .map(|(id, _)| id)
            .collect()
    };
    let used = others(|role| role != Role::Evaluation);
    if used.is_empty() {
        others(|_| true)
    } else {
        used
    }
}

/// The chance that the classes most of `teachers` carry are `own`; a tie is
/// shared out. Unlabelled teachers teach nothing.
fn memorized(teachers: &BTreeMap<&[ClassId], u64>, own: &[ClassId]) -> f64 {
    let votes: BTreeMap<&[ClassId], u64> = (teachers.iter())
        .filter(|(classes, _)| !classes.is_empty())
        .map(|(&classes, &count)| (classes, count))
        .collect();
    let most = votes.values().copied().max().unwrap_or(0);
    let winners = votes.values().filter(|&&count| count == most).count();
    if most > 0 && votes.get(own) == Some(&most) {
        1.0 / winners as f64
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headlines::fixture::{leak, listing};

    const SAMPLES: &[(&str, Option<u16>, Option<u32>)] = &[
        ("train/cat/1", Some(0), Some(0)),
        ("train/cat/2", Some(0), Some(0)),
        ("train/dog/3", Some(0), Some(1)),
        ("val/cat/4", Some(1), Some(0)),
        ("test/cat/5", Some(2), Some(0)),
        ("test/cat/6", Some(2), Some(0)),
        ("test/dog/7", Some(2), Some(1)),
        ("test/8", Some(2), None),
    ];

    #[test]
    fn test_images_that_are_copies_of_training_images_are_counted_once() {
        let listing = listing(&["train", "val", "test"], &["cat", "dog"], SAMPLES);
        let findings = [
            leak(&listing, &[4, 0]),
            leak(&listing, &[4, 1]),
            leak(&listing, &[5, 2]),
            leak(&listing, &[7, 2]),
            leak(&listing, &[6, 3]),
        ];
        let all = figures(&listing, &findings).expect("two splits");
        let test = &all[1];
        assert_eq!((test.samples, test.leaked, test.same_label), (4, 3, 1));
        assert_eq!(test.memorised, Some(0.5));
        assert_eq!(test.sources, [(SplitId(0), 3), (SplitId(1), 1)]);
        assert_eq!(
            test.classes,
            [ClassLeak {
                class: ClassId(0),
                samples: 2,
                leaked: 2
            }]
        );
        let val = &all[0];
        assert_eq!((val.leaked, val.memorised), (0, None));
        assert_eq!(val.sources, [(SplitId(2), 1)]);
    }

    /// A training sample, a test sample, and their copies in data used before:
    /// one without a label, one with a class of its own vocabulary.
    fn beside_reference(role: Option<u16>) -> (Listing, Vec<Finding>) {
        let mut listing = listing(
            &["train", "test", "reference"],
            &["cat", "n0123"],
            &[
                ("train/1", Some(0), Some(0)),
                ("x/2", role, Some(0)),
                ("reference/3", Some(2), None),
                ("reference/4", Some(2), Some(1)),
            ],
        );
        listing.splits[2].role = Role::Reference;
        let pairs = [[0, 2], [1, 2], [1, 3]].map(|pair| leak(&listing, &pair));
        (listing, pairs.into())
    }

    #[test]
    fn copy_in_data_used_before_leaks_into_test_and_not_into_training() {
        let (listing, findings) = beside_reference(Some(1));
        let test = &figures(&listing, &findings).expect("splits")[0];
        assert_eq!((test.samples, test.leaked), (1, 1));
        assert_eq!(
            (test.same_label, test.memorised),
            (0, None),
            "nothing is taught"
        );
        assert_eq!(trained_before(&listing, &findings), 1);
    }

    #[test]
    fn data_set_without_splits_is_held_against_data_used_before() {
        let mut data = listing(
            &["reference"],
            &["cat"],
            &[
                ("1", None, Some(0)),
                ("2", None, Some(0)),
                ("reference/3", Some(0), Some(0)),
            ],
        );
        data.splits[0].role = Role::Reference;
        let all = figures(&data, &[leak(&data, &[0, 2])]).expect("two places");
        assert_eq!((all[0].split, all[0].samples, all[0].leaked), (None, 2, 1));
        assert_eq!(all[0].memorised, Some(1.0));
    }

    #[test]
    fn tie_among_teachers_is_shared_out() {
        let (cat, dog): (&[ClassId], &[ClassId]) = (&[ClassId(0)], &[ClassId(1)]);
        let among = |teachers: &[(&'static [ClassId], u64)]| {
            memorized(&teachers.iter().copied().collect(), cat)
        };
        assert_eq!(among(&[(&[ClassId(0)], 1), (&[ClassId(1)], 1)]), 0.5);
        assert_eq!(among(&[(&[ClassId(0)], 1), (&[ClassId(1)], 2)]), 0.0);
        assert_eq!(among(&[(&[], 5), (&[ClassId(0)], 1)]), 1.0);
        assert_eq!(among(&[(&[], 1)]), 0.0);
        assert_eq!(memorized(&[(dog, 1)].into_iter().collect(), dog), 1.0);
    }

    #[test]
    fn without_a_training_split_every_other_split_counts() {
        let listing = listing(
            &["a", "b"],
            &["cat"],
            &[("a/1", Some(0), Some(0)), ("b/1", Some(1), Some(0))],
        );
        let all = figures(&listing, &[leak(&listing, &[1, 0])]).expect("two splits");
        assert_eq!((all[0].leaked, all[1].leaked), (1, 1));
    }

    #[test]
    fn single_split_has_no_leak_figures() {
        let listing = listing(&["train"], &["cat"], &[("train/1", Some(0), Some(0))]);
        assert_eq!(figures(&listing, &[]), None);
    }
}
