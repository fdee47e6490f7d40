//! Answers what a person asks first, from findings and counts. Finds nothing
//! itself and prints nothing.

mod drops;
mod leaks;

use std::cmp::Reverse;
use std::collections::BTreeMap;

pub use drops::{Drop, DropSide, Linked, drops};

use crate::evidence::Evidence;
use crate::finding::{Finding, Headlines, LabelFlag, SplitFigures, SuspectFigures};
use crate::labelling::Labelling;
use crate::sample::{ClassId, Listing, Role, SplitId};

/// The headline figures. `findings` are all there are, accepted ones too;
/// `copies_searched` says that copies across splits were searched for to the
/// end.
pub fn headlines(evidence: &Evidence, findings: &[Finding], copies_searched: bool) -> Headlines {
    Headlines {
        splits: split_figures(evidence),
        leaks: copies_searched
            .then(|| leaks::figures(&evidence.listing, findings))
            .flatten(),
        trained_before: leaks::trained_before(&evidence.listing, findings),
        suspects: suspect_figures(evidence),
        belief: evidence.labelling.as_ref().and_then(Labelling::belief),
    }
}

/// Every split; one without a name where the data set has none, which there may
/// be data used before beside.
fn split_ids(listing: &Listing) -> Vec<Option<SplitId>> {
    let is_whole = (listing.splits.iter()).all(|split| split.role == Role::Reference);
    let named = (0..).map(SplitId).zip(&listing.splits);
    (is_whole.then_some(None).into_iter())
        .chain(named.map(|(id, _)| Some(id)))
        .collect()
}

fn split_figures(evidence: &Evidence) -> Vec<SplitFigures> {
    let listing = &evidence.listing;
    let opened = !evidence.fingerprints.is_empty();
    let labelled = (listing.samples.iter()).any(|sample| !sample.labels.classes().is_empty());
    split_ids(listing)
        .into_iter()
        .map(|split| {
            let mut figures = SplitFigures {
                split,
                ..SplitFigures::default()
            };
            let mut classes: BTreeMap<ClassId, u64> = if labelled {
                (0..listing.classes.len())
                    .map(|index| (ClassId(index as u32), 0))
                    .collect()
            } else {
                BTreeMap::new()
            };
            let mut any_label = false;
            for sample in listing.samples.iter().filter(|s| s.split == split) {
                figures.samples += 1;
                let row = evidence.fingerprints.get(sample.id);
                let unseen = opened && row.is_none_or(|row| row.image.is_err());
                figures.unseen += u64::from(unseen);
                let facts = evidence.fingerprints.facts(sample.id);
                figures.compared += u64::from(facts.is_some_and(|facts| facts.hashes.is_some()));
                figures.labelled += u64::from(!sample.labels.classes().is_empty());
                for class in sample.labels.classes() {
                    any_label = true;
                    *classes.entry(*class).or_default() += 1;
                }
            }
            // A split of images without labels has neither.
            if any_label {
                let sizes = || classes.iter().map(|(&class, &n)| (class, n));
                figures.smallest_class = sizes().min_by_key(|&(class, n)| (n, class));
                figures.largest_class = sizes().max_by_key(|&(class, n)| (n, Reverse(class)));
            }
            figures
        })
        .collect()
}

fn suspect_figures(evidence: &Evidence) -> Option<Vec<SuspectFigures>> {
    let (listing, opinions) = (&evidence.listing, evidence.usable_opinions());
    if opinions.iter().all(|label| label.score.is_none()) {
        return None;
    }
    let figures = split_ids(listing).into_iter().map(|split| {
        let mut figures = SuspectFigures {
            split,
            judged: 0,
            suspects: 0,
            strong: 0,
        };
        for (sample, label) in listing.samples.iter().zip(opinions) {
            if sample.split == split {
                figures.judged += u64::from(label.score.is_some());
                figures.suspects += u64::from(label.flag >= LabelFlag::Likely);
                figures.strong += u64::from(label.flag == LabelFlag::Strong);
            }
        }
        figures
    });
    Some(figures.collect())
}

#[cfg(test)]
pub(crate) mod fixture {
    //! A small data set with findings, made by hand.

    use crate::finding::{
        CheckInfo, CountsAs, Family, Finding, FindingId, Measured, PairEvidence, Relation,
        Severity, Transform,
    };
    use crate::sample::{ClassId, Labels, Listing, Sample, SampleId, SampleKey, Split, SplitId};

    pub(crate) static LEAK: CheckInfo = CheckInfo {
        code: "LEAK001",
        family: Family::Leak,
        counts_as: CountsAs::Leak,
        name: "exact-duplicate-across-splits",
        summary: "an image of one split is an image of another",
        next_step: "drop the copies listed in `drop.csv`",
        severity: Severity::Error,
        docs: "# exact-duplicate-across-splits (LEAK001)\n",
    };

    /// A listing of `(key, split, class)`; splits in the order given.
    pub(crate) fn listing(
        splits: &[&str],
        classes: &[&str],
        samples: &[(&str, Option<u16>, Option<u32>)],
    ) -> Listing {
        let samples = samples
            .iter()
            .enumerate()
            .map(|(index, &(key, split, class))| Sample {
                id: SampleId(index as u32),
                key: SampleKey::from_path(std::path::Path::new(key)),
                split: split.map(SplitId),
                labels: Labels::from_classes(class.map(ClassId).into_iter().collect()),
                objects: crate::sample::NO_OBJECTS,
                group: None,
            })
            .collect();
        Listing {
            splits: splits.iter().map(|name| Split::named(name)).collect(),
            classes: classes.iter().map(|&name| name.to_owned()).collect(),
            samples,
            ..Listing::default()
        }
    }

    /// A leak between two samples.
    pub(crate) fn leak(listing: &Listing, samples: &[u32]) -> Finding {
        let samples: Vec<SampleId> = samples.iter().map(|&id| SampleId(id)).collect();
        let keys: Vec<&str> = samples
            .iter()
            .map(|&id| listing.sample(id).key.as_str())
            .collect();
        Finding {
            id: FindingId::of_names("LEAK001", keys.iter().copied()),
            check: &LEAK,
            severity: Severity::Error,
            message: format!("`{}` is the same image as `{}`", keys[0], keys[1]),
            splits: samples
                .iter()
                .filter_map(|&id| listing.sample(id).split)
                .collect(),
            labels: Vec::new(),
            samples,
            score: Some(1.0),
            objects: Vec::new(),
            measured: Measured::Pair(PairEvidence {
                relation: Relation::Exact,
                transform: Transform::default(),
                distance: Some(0),
                similarity: 1.0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::listing;
    use super::*;
    use crate::finding::LabelOpinion;
    use crate::fingerprint::FingerprintTable;
    use crate::label_model::ManyJudgement;
    use crate::labelling::Said;

    #[test]
    fn smallest_class_counts_absent_classes_and_needs_a_label() {
        let listing = listing(
            &["train", "test"],
            &["cat", "dog"],
            &[
                ("train/cat/1", Some(0), Some(0)),
                ("train/cat/2", Some(0), Some(0)),
                ("test/1", Some(1), None),
            ],
        );
        let evidence = Evidence {
            fingerprints: FingerprintTable::new(vec![None; listing.samples.len()]),
            listing,
            ..Evidence::default()
        };
        let figures = headlines(&evidence, &[], false);
        assert_eq!(figures.splits[0].smallest_class, Some((ClassId(1), 0)));
        assert_eq!(
            figures.splits[0].largest_class.map(|(class, _)| class),
            Some(ClassId(0))
        );
        assert_eq!(figures.splits[1].smallest_class, None);
        assert_eq!(figures.splits[0].unseen, 2);
        assert_eq!((figures.leaks, figures.suspects), (None, None));
    }

    #[test]
    fn image_that_was_not_to_be_opened_is_not_unreadable() {
        let evidence = Evidence {
            listing: listing(&["train"], &[], &[("train/1", Some(0), None)]),
            ..Evidence::default()
        };
        assert_eq!(headlines(&evidence, &[], false).splits[0].unseen, 0);
    }

    fn opinion(flag: LabelFlag) -> LabelOpinion {
        LabelOpinion {
            score: Some(0.5),
            flag,
            ..LabelOpinion::default()
        }
    }

    #[test]
    fn suspects_are_counted_by_split() {
        let listing = listing(
            &["train", "test"],
            &["cat"],
            &[
                ("train/cat/1", Some(0), Some(0)),
                ("train/cat/2", Some(0), Some(0)),
                ("test/cat/1", Some(1), Some(0)),
            ],
        );
        let opinions = [LabelFlag::None, LabelFlag::Likely, LabelFlag::Strong].map(opinion);
        let usable = Said::Many(ManyJudgement {
            samples: Vec::new(),
            aurocs: Vec::new(),
            unusable: None,
        });
        let evidence = Evidence {
            listing,
            labelling: Some(Labelling {
                ids: Vec::new(),
                said: usable,
                features: String::new(),
                external: false,
                notes: Vec::new(),
                opinions: opinions.to_vec(),
            }),
            ..Evidence::default()
        };
        let figures = headlines(&evidence, &[], false);
        let suspects = figures.suspects.expect("judged");
        assert_eq!((suspects[0].judged, suspects[0].suspects), (2, 1));
        assert_eq!((suspects[1].strong, suspects[1].share()), (1, 1.0));
    }
}
