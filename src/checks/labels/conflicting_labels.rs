//! Finds one image under two labels. Judges no label by the image itself.

use std::collections::BTreeSet;

use crate::checks::pairs::{self, Concerned, Place};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::duplicates::Pair;
use crate::finding::{CheckInfo, Colour, Figure, FindingId, Measured, Relation, Severity};
use crate::sample::{ClassId, SampleId};
use crate::statistics::binomial_upper_tail;

declare_check! { pub CONFLICTING_LABELS = {
    code: "LABEL001",
    family: Label,
    counts_as: LabelConflict,
    name: "conflicting-labels",
    summary: "copies of one image have different labels",
    next_step: "decide which label is right and fix or drop the others",
    severity: Severity::Error,
    docs: "conflicting-labels.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CONFLICTING_LABELS
    }

    fn needs(&self) -> Needs {
        Needs {
            duplicates: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.listing.classes.len() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has fewer than two classes".to_owned(),
            ));
        }
        let ours = |pair: &Pair| pairs::place(data, pair) != Place::InReference;
        let colour_is_content = colour_is_content(data);
        let keep = |pair: &Pair| {
            // Windows of one photo may show different things.
            pair.evidence.relation != Relation::Overlap
                && ours(pair)
                && !is_of_objects(data, pair.a, pair.b)
                && !(colour_is_content && is_recoloured(pair))
        };
        pairs::tell(data, out, keep, Concerned::OtherLabels, |pair, samples| {
            let directed = pair.directed(&data.listing);
            format!(
                "{}, but is labelled `{}` and not `{}`",
                pairs::describe(data, pair, samples),
                data.listing.label_text(directed.to),
                data.listing.label_text(directed.from),
            )
        });
        if colour_is_content {
            let left_out: Vec<&Pair> = pairs::believed(data)
                .filter(|pair| is_recoloured(pair) && ours(pair) && disagree(data, pair))
                .filter(|pair| !is_of_objects(data, pair.a, pair.b))
                .collect();
            if !left_out.is_empty() {
                out.push_at(Severity::Advice, left_out_finding(&left_out));
            }
        }
        Ok(Ran::Completed)
    }
}

/// Whether a conflict between two samples is one of single objects, which LABEL007
/// compares: both have some, and one of them of several classes. Objects of one
/// class are a label of the image.
pub(super) fn is_of_objects(data: &CheckContext<'_>, a: SampleId, b: SampleId) -> bool {
    let both = [a, b];
    both.iter()
        .all(|&id| !data.listing.objects_of(id).is_empty())
        && both.iter().any(|&id| labels(data, id).len() > 1)
}

fn labels<'a>(data: &'a CheckContext<'_>, id: SampleId) -> &'a [ClassId] {
    data.listing.sample(id).labels.classes()
}

/// Whether both samples of a pair are labelled, and differently.
fn disagree(data: &CheckContext<'_>, pair: &Pair) -> bool {
    let (a, b) = (labels(data, pair.a), labels(data, pair.b));
    !a.is_empty() && !b.is_empty() && a != b
}

fn is_recoloured(pair: &Pair) -> bool {
    pair.evidence.transform.colour == Colour::Changed
}

/// Level of the test whether more than half of the recoloured pairs disagree:
/// five of five do, and no fewer say so.
const LEVEL: f64 = 0.05;

/// Whether recoloured pairs carry different labels as a rule: more than half of
/// them do (a one-sided binomial test; each sample in one pair at most). Wrong
/// labels are the exception in any set that is of use, so colour is then part
/// of what the labels mean.
fn colour_is_content(data: &CheckContext<'_>) -> bool {
    let mut taken = BTreeSet::new();
    let (mut compared, mut differing) = (0, 0);
    for pair in pairs::believed(data).filter(|pair| is_recoloured(pair)) {
        let both = [pair.a, pair.b];
        let free = |id| !taken.contains(id) && !labels(data, *id).is_empty();
        if both.iter().all(free) {
            taken.extend(both);
            compared += 1;
            differing += u64::from(disagree(data, pair));
        }
    }
    compared > 0 && binomial_upper_tail(differing, compared, 0.5) < LEVEL
}

/// What is said in place of the pairs that differ in colour.
fn left_out_finding(pairs: &[&Pair]) -> NewFinding {
    let mut samples: Vec<SampleId> = pairs.iter().flat_map(|pair| [pair.a, pair.b]).collect();
    samples.sort_unstable();
    samples.dedup();
    NewFinding {
        id: FindingId::of_names(CONFLICTING_LABELS.code, ["colour"]),
        message: format!(
            "copies that differ in colour carry different labels as a rule ({} pairs): colour \
             seems to be part of the label, and these pairs are not reported",
            pairs.len()
        ),
        samples,
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::Figures(vec![Figure {
            name: "pairs",
            value: pairs.len() as f64,
        }]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::DecodeFailure;
    use crate::duplicates::Duplicates;
    use crate::executor::{Executor, StopFlag};
    use crate::finding::{PairEvidence, Transform};
    use crate::fingerprint::{Fingerprint, FingerprintTable};
    use crate::sample::{ContentHash, Labels, Listing, Sample, SampleKey};

    /// What is reported of pairs, each two samples of their own: whether the two are
    /// recoloured, and whether their labels agree.
    fn severities(pairs: &[(bool, bool)]) -> Vec<Severity> {
        let count = 2 * pairs.len() as u32;
        let samples = (0..count).map(|id| Sample {
            id: SampleId(id),
            key: SampleKey::from_path(format!("{id}.png").as_ref()),
            split: None,
            labels: Labels::One(ClassId(match pairs[id as usize / 2].1 {
                true => 0,
                false => id % 2,
            })),
            objects: crate::sample::NO_OBJECTS,
            group: None,
        });
        let listing = Listing {
            classes: vec!["blue".to_owned(), "red".to_owned()],
            samples: samples.collect(),
            ..Listing::default()
        };
        let pairs = (0..).zip(pairs).map(|(i, &(recoloured, _))| Pair {
            a: SampleId(2 * i),
            b: SampleId(2 * i + 1),
            evidence: PairEvidence {
                relation: Relation::Near,
                transform: Transform {
                    colour: match recoloured {
                        true => Colour::Changed,
                        false => Colour::Kept,
                    },
                    ..Transform::default()
                },
                distance: None,
                similarity: 0.99999,
            },
            demoted: false,
        });
        let duplicates = Duplicates {
            pairs: pairs.collect(),
            ..Duplicates::default()
        };
        // Contents of their own.
        let row = |id: u32| Fingerprint {
            content: Some(ContentHash([id as u8; 16])),
            bytes: 1,
            image: Err(DecodeFailure::Empty),
        };
        let evidence = crate::evidence::Evidence {
            listing,
            fingerprints: FingerprintTable::new((0..count).map(|id| Some(row(id))).collect()),
            duplicates,
            ..Default::default()
        };
        let executor = Executor::new(1, StopFlag::default()).expect("a thread");
        let data = CheckContext {
            evidence: &evidence,
            executor: &executor,
        };
        let mut out = Findings::new(&CONFLICTING_LABELS, Severity::Error);
        let ran = ThisCheck
            .run(&data, &mut out)
            .expect("no settings to refuse");
        assert!(matches!(ran, Ran::Completed));
        out.into_vec().iter().map(|found| found.severity).collect()
    }

    #[test]
    fn recoloured_pairs_that_disagree_as_a_rule_are_one_advice_and_others_stay_errors() {
        let disagreeing = (true, false);
        assert_eq!(severities(&[disagreeing; 5]), [Severity::Advice]);
        // Copies that kept their colours are judged as ever.
        let mut pairs = vec![disagreeing; 5];
        pairs.push((false, false));
        assert_eq!(severities(&pairs), [Severity::Error, Severity::Advice]);
    }

    #[test]
    fn recoloured_pairs_that_agree_as_a_rule_make_one_that_does_not_an_error() {
        let mut pairs = vec![(true, true); 9];
        pairs.push((true, false));
        assert_eq!(severities(&pairs), [Severity::Error]);
        // Four of four may be chance.
        assert_eq!(severities(&[(true, false); 4]), [Severity::Error; 4]);
    }
}
