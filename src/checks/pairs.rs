//! Verified pairs as findings: chosen by a check, folded where several pairs
//! are one fact. Chooses nothing itself.

use std::collections::BTreeMap;

use super::{CheckContext, Findings};
use crate::duplicates::Pair;
use crate::finding::{Evidence, Relation};
use crate::sample::{Role, SampleId};

/// Where the two samples of a pair lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In two splits, or one of them in the data used before.
    AcrossSplits,
    /// In one split, or in a data set without splits.
    WithinSplit,
    /// Both in the data used before, which is not ours to judge.
    InReference,
}

/// Where the samples of `pair` lie.
pub(super) fn place(data: &CheckContext<'_>, pair: &Pair) -> Place {
    let split = |id| data.listing.sample(id).split;
    if split(pair.a) != split(pair.b) {
        Place::AcrossSplits
    } else if role(data, pair.a) == Some(Role::Reference) {
        Place::InReference
    } else {
        Place::WithinSplit
    }
}

fn role(data: &CheckContext<'_>, id: SampleId) -> Option<Role> {
    let split = data.listing.sample(id).split?;
    Some(data.listing.splits[split.index()].role)
}

/// Tells `out` of the pairs that `keep` keeps and nobody doubts. Pairs of the same contents in
/// the same splits are one fact, and one finding that lists all copies.
///
/// The samples of evaluation splits come first: they are what a copy spoils.
pub(super) fn tell(
    data: &CheckContext<'_>,
    out: &mut Findings,
    keep: impl Fn(&Pair) -> bool,
    sentence: impl Fn(&Pair, &[SampleId]) -> String,
) {
    let code = out.code();
    let mut order = Vec::new();
    let mut facts: BTreeMap<_, (&Pair, Vec<SampleId>)> = BTreeMap::new();
    let believed = data.duplicates.pairs.iter().filter(|pair| !pair.doubtful);
    for pair in believed.filter(|pair| keep(pair)) {
        let id = data.id_of(code, &[pair.a, pair.b]);
        let (_, samples) = facts.entry(id).or_insert_with(|| {
            order.push(id);
            (pair, Vec::new())
        });
        samples.extend([pair.a, pair.b]);
    }
    for id in order {
        let Some((pair, mut samples)) = facts.remove(&id) else {
            continue;
        };
        samples.sort_unstable_by_key(|&id| (role(data, id) != Some(Role::Evaluation), id));
        samples.dedup();
        let message = sentence(pair, &samples);
        let similarity = Some(pair.evidence.similarity);
        let evidence = Evidence::Pair(pair.evidence.clone());
        out.push_about(data, samples, message, similarity, evidence);
    }
}

/// "`test/7.png` is `train/3.png` mirrored, cropped to 81%": the sample of an
/// evaluation split is told as made from the other; else the smaller view as
/// made from the larger.
pub(super) fn describe(data: &CheckContext<'_>, pair: &Pair, samples: &[SampleId]) -> String {
    let evaluated = |id| role(data, id) == Some(Role::Evaluation);
    let transform = &pair.evidence.transform;
    let backwards = match (evaluated(pair.a), evaluated(pair.b)) {
        (true, false) => true,
        (false, true) => false,
        _ => transform.shows_more(),
    };
    let (from, to, transform) = if backwards {
        (pair.b, pair.a, transform.reversed())
    } else {
        (pair.a, pair.b, *transform)
    };
    let (from, to) = (&data.listing.sample(from).key, &data.listing.sample(to).key);
    let fact = match pair.evidence.relation {
        Relation::Exact => format!("`{to}` is the same picture as `{from}`"),
        _ if transform.is_same_view() => {
            format!("`{to}` shows the same view as `{from}`, encoded anew")
        }
        _ => format!("`{to}` is `{from}` {transform}"),
    };
    match samples.len() {
        0..=2 => fact,
        more => format!("{fact} ({more} copies in all)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::DecodeFailure;
    use crate::duplicates::Duplicates;
    use crate::executor::{Executor, StopFlag};
    use crate::finding::{CheckInfo, Finding, PairEvidence, Severity, Transform};
    use crate::fingerprint::{Fingerprint, FingerprintTable};
    use crate::sample::{ContentHash, Labels, Listing, Sample, SampleKey, Split, SplitId};

    static CHECK: CheckInfo = CheckInfo {
        code: "LEAK999",
        name: "test",
        summary: "",
        next_step: "",
        severity: Severity::Error,
        docs: "",
    };

    /// Samples by split and content; every two of different splits a pair.
    fn findings(samples: &[(u16, u8)]) -> Vec<Finding> {
        let reference = Split {
            name: "reference".to_owned(),
            role: Role::Reference,
        };
        let listing = Listing {
            splits: vec![Split::named("train"), Split::named("test"), reference],
            samples: (0..)
                .zip(samples)
                .map(|(i, &(split, _))| Sample {
                    id: SampleId(i),
                    key: SampleKey::from_path(format!("{i}.png").as_ref()),
                    split: Some(SplitId(split)),
                    labels: Labels::None,
                    group: None,
                })
                .collect(),
            ..Listing::default()
        };
        let row = |content| Fingerprint {
            content: Some(ContentHash([content; 16])),
            bytes: 1,
            image: Err(DecodeFailure::Empty),
        };
        let fingerprints =
            FingerprintTable::new(samples.iter().map(|&(_, c)| Some(row(c))).collect());
        let pair = |a, b| Pair {
            a: SampleId(a),
            b: SampleId(b),
            evidence: PairEvidence {
                relation: Relation::Exact,
                transform: Transform::default(),
                distance: Some(0),
                similarity: 1.0,
            },
            doubtful: false,
        };
        let count = samples.len() as u32;
        let duplicates = Duplicates {
            pairs: (0..count)
                .flat_map(|a| (a + 1..count).map(move |b| pair(a, b)))
                .collect(),
            ..Duplicates::default()
        };
        let executor = Executor::new(1, StopFlag::default()).expect("a thread");
        let data = CheckContext {
            listing: &listing,
            fingerprints: &fingerprints,
            duplicates: &duplicates,
            classes: &crate::distribution::count(&listing),
            drift: &[],
            quality: &crate::quality::QualityTable::default(),
            labelling: None,
            executor: &executor,
        };
        let mut out = Findings::new(&CHECK, Severity::Error);
        let across = |pair: &Pair| place(&data, pair) == Place::AcrossSplits;
        tell(&data, &mut out, across, |pair, all| {
            describe(&data, pair, all)
        });
        out.into_vec()
    }

    #[test]
    fn evaluation_sample_comes_first() {
        let found = findings(&[(0, 7), (1, 7)]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].samples, [SampleId(1), SampleId(0)]);
        assert_eq!(found[0].message, "`1.png` is the same picture as `0.png`");
    }

    #[test]
    fn copies_of_one_content_are_one_finding_that_lists_them_all() {
        let found = findings(&[(0, 7), (0, 7), (1, 7), (1, 8)]);
        assert_eq!(found.len(), 2, "one a content of the test split");
        assert_eq!(found[0].samples, [2, 0, 1].map(SampleId));
        assert_eq!(found[1].samples, [3, 0, 1].map(SampleId));
        assert_ne!(found[0].id, found[1].id);
    }

    #[test]
    fn copies_inside_the_reference_are_not_ours_to_judge() {
        let listing_only = findings(&[(2, 7), (2, 7)]);
        assert!(listing_only.is_empty());
        assert_eq!(findings(&[(2, 7), (2, 7), (0, 7)]).len(), 1);
    }
}
