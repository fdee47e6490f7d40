//! Verified pairs as findings: chosen by a check, folded where several pairs
//! are one fact. Chooses nothing itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{CheckContext, Findings};
use crate::duplicates::{Pair, WEAK, groups};
use crate::finding::{Measured, PairEvidence, Relation, Severity};
use crate::sample::{ContentHash, Role, SampleId, SplitId};

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
    data.listing.role(id)
}

/// Which samples of two contents a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concerned {
    /// All of them.
    All,
    /// Those with a copy under other labels.
    OtherLabels,
}

/// Reports the pairs that `keep` keeps and that are not demoted. Pairs of the same
/// contents in the same splits are one fact, and one finding that lists all
/// copies, however few of the pairs are listed one by one. `keep` is asked of
/// one pair of each fact, and so must not depend on what differs inside it:
/// keys and labels.
///
/// The first two samples of a finding are those that its sentence and evidence
/// are about, the one that is described as made from the other first; of the
/// rest, samples of evaluation splits come first, because they are what a copy
/// spoils. Where nothing is measured on any of them (data trained on that was used
/// before), the finding is advice.
pub(super) fn tell(
    data: &CheckContext<'_>,
    out: &mut Findings,
    keep: impl Fn(&Pair) -> bool,
    concerned: Concerned,
    sentence: impl Fn(&Pair, &[SampleId]) -> String,
) {
    for fact in facts(data, keep, concerned) {
        push(data, out, fact, &sentence);
    }
}

/// As [`tell`], but facts that share a sample are one finding: an image with
/// twenty altered copies is one group and not 190 pairs.
pub(super) fn tell_groups(
    data: &CheckContext<'_>,
    out: &mut Findings,
    keep: impl Fn(&Pair) -> bool,
    sentence: impl Fn(&Pair, &[SampleId]) -> String,
) {
    let mut facts = facts(data, keep, Concerned::All);
    let links = (facts.iter())
        .flat_map(|fact| fact.samples.windows(2))
        .map(|pair| (pair[0], pair[1]));
    let mut group_of = BTreeMap::new();
    let groups = groups(data.listing.samples.len(), links);
    for (index, group) in groups.iter().enumerate() {
        group_of.extend(group.iter().map(|&id| (id, index)));
    }
    // The first fact of each group stands for it.
    let mut met = vec![false; groups.len()];
    facts.retain(|fact| {
        let first = group_of.get(&fact.pair.a).map(|&index| &mut met[index]);
        first.is_some_and(|met| !std::mem::replace(met, true))
    });
    for fact in facts {
        let samples = group_of
            .get(&fact.pair.a)
            .map(|&index| groups[index].clone());
        let samples = samples.unwrap_or_default();
        push(data, out, Fact { samples, ..fact }, &sentence);
    }
}

/// Pairs of the same contents in the same splits.
struct Fact {
    /// The first of them in listing order.
    pair: Pair,
    /// All samples they are of.
    samples: Vec<SampleId>,
}

fn push(
    data: &CheckContext<'_>,
    out: &mut Findings,
    fact: Fact,
    sentence: impl Fn(&Pair, &[SampleId]) -> String,
) {
    let Fact { pair, mut samples } = fact;
    let directed = pair.directed(&data.listing);
    let rank = |id| match id {
        _ if id == directed.to => 0,
        _ if id == directed.from => 1,
        _ => 2,
    };
    samples.sort_unstable_by_key(|&id| (rank(id), role(data, id) != Some(Role::Evaluation), id));
    samples.dedup();
    let mut message = sentence(&pair, &samples);
    let across = place(data, &pair) == Place::AcrossSplits;
    let severity = match across && !data.listing.is_leak(pair.a, pair.b) {
        true => {
            message.push_str("; neither is used for evaluation, so no figure is affected");
            Severity::Advice
        }
        false => Severity::Error,
    };
    let similarity = Some(pair.evidence.similarity);
    let measured = Measured::Pair(directed.evidence);
    out.push_about(data, severity, samples, message, similarity, measured);
}

/// The facts that `keep` keeps, in the order of their first pairs. Takes time
/// in proportion to the samples concerned and not to their pairs.
fn facts(data: &CheckContext<'_>, keep: impl Fn(&Pair) -> bool, concerned: Concerned) -> Vec<Fact> {
    let contents = Contents::of(data);
    let mut met = BTreeSet::new();
    let mut facts = Vec::new();
    for pair in believed(data) {
        let (Some(g), Some(h)) = (contents.index(pair.a), contents.index(pair.b)) else {
            continue;
        };
        if !met.insert((g.min(h), g.max(h))) {
            continue;
        }
        for (x, of_x) in &contents.members[g] {
            for (y, of_y) in &contents.members[h] {
                // Of one content, each two splits are met once.
                if g == h && x > y {
                    continue;
                }
                let is_one = g == h && x == y;
                let (first, samples) = match concerned {
                    Concerned::All => all(of_x, of_y, is_one),
                    Concerned::OtherLabels => other_labels(data, of_x, of_y),
                };
                let Some((a, b)) = first else { continue };
                let evidence = if a < b {
                    pair.evidence.clone()
                } else {
                    PairEvidence {
                        transform: pair.evidence.transform.reversed(),
                        ..pair.evidence.clone()
                    }
                };
                let pair = Pair {
                    a: a.min(b),
                    b: a.max(b),
                    evidence,
                    demoted: false,
                };
                if keep(&pair) {
                    facts.push(Fact { pair, samples });
                }
            }
        }
    }
    facts.sort_by_key(|fact| (fact.pair.a, fact.pair.b));
    facts
}

/// The pairs that are not demoted.
pub(super) fn believed<'a>(data: &CheckContext<'a>) -> impl Iterator<Item = &'a Pair> + use<'a> {
    let pairs = data.evidence.duplicates.pairs.iter();
    pairs.filter(|pair| !pair.demoted)
}

type Concerning = (Option<(SampleId, SampleId)>, Vec<SampleId>);

/// All samples of two contents in a split each, and a first pair of them.
fn all(of_x: &[SampleId], of_y: &[SampleId], is_one: bool) -> Concerning {
    if is_one {
        let first = of_x.first().copied().zip(of_x.get(1).copied());
        return (first, of_x.to_vec());
    }
    let first = of_x.first().copied().zip(of_y.first().copied());
    (first, [of_x, of_y].concat())
}

/// Those of them that have a partner with other labels, and a first such pair.
fn other_labels(data: &CheckContext<'_>, of_x: &[SampleId], of_y: &[SampleId]) -> Concerning {
    let shared = data.listing.shared_classes();
    let labels = |id: SampleId| data.listing.sample(id).labels.classes();
    let labelled = |ids: &[SampleId]| -> Vec<SampleId> {
        let ids = ids.iter().copied();
        ids.filter(|&id| !labels(id).is_empty()).collect()
    };
    let (of_x, of_y) = (labelled(of_x), labelled(of_y));
    // Data used before may have a vocabulary of its own.
    let compared = |ids: &[SampleId], other: &[SampleId]| -> Vec<SampleId> {
        let Some(&other) = other.first() else {
            return Vec::new();
        };
        let is_reference = |id| role(data, id) == Some(Role::Reference);
        let known = |id: SampleId| labels(id).iter().all(|class| shared[class.index()]);
        let ids = ids.iter().copied();
        ids.filter(|&id| is_reference(id) == is_reference(other) || known(id))
            .collect()
    };
    let (of_x, of_y) = (compared(&of_x, &of_y), compared(&of_y, &of_x));
    // One of any labels and one of other labels than that: whoever has neither
    // as a partner has none.
    let partner = |id: SampleId, others: &[SampleId], other: Option<SampleId>| {
        let any = others.first().copied()?;
        [Some(any), other]
            .into_iter()
            .flatten()
            .find(|&one| labels(one) != labels(id))
    };
    let other = |ids: &[SampleId]| {
        let first = labels(*ids.first()?);
        ids.iter().copied().find(|&id| labels(id) != first)
    };
    let (other_x, other_y) = (other(&of_x), other(&of_y));
    let paired_x = of_x
        .iter()
        .filter_map(|&id| Some((id, partner(id, &of_y, other_y)?)));
    let paired_x: Vec<(SampleId, SampleId)> = paired_x.collect();
    let paired_y = of_y
        .iter()
        .filter(|&&id| partner(id, &of_x, other_x).is_some());
    let mut samples: Vec<SampleId> = paired_x
        .iter()
        .map(|&(id, _)| id)
        .chain(paired_y.copied())
        .collect();
    samples.sort_unstable();
    samples.dedup();
    (paired_x.first().copied(), samples)
}

/// The samples of every content that a believed pair is of, by split.
struct Contents {
    members: Vec<BTreeMap<Option<SplitId>, Vec<SampleId>>>,
    /// By sample: its place in `members`, or [`Contents::NONE`].
    places: Vec<u32>,
}

impl Contents {
    const NONE: u32 = u32::MAX;

    fn of(data: &CheckContext<'_>) -> Self {
        let content = |id: SampleId| data.fingerprints.get(id).and_then(|row| row.content);
        // Only looked up, so that its order reaches nothing.
        let mut index: HashMap<ContentHash, u32> = HashMap::new();
        for pair in believed(data) {
            for content in [pair.a, pair.b].into_iter().filter_map(content) {
                let next = index.len() as u32;
                index.entry(content).or_insert(next);
            }
        }
        let mut contents = Self {
            members: vec![BTreeMap::new(); index.len()],
            places: vec![Self::NONE; data.listing.samples.len()],
        };
        for sample in &data.listing.samples {
            let place = content(sample.id).and_then(|content| index.get(&content));
            if let Some(&place) = place {
                contents.places[sample.id.index()] = place;
                let of_split = contents.members[place as usize].entry(sample.split);
                of_split.or_default().push(sample.id);
            }
        }
        contents
    }

    fn index(&self, id: SampleId) -> Option<usize> {
        let place = *self.places.get(id.index())?;
        (place != Self::NONE).then_some(place as usize)
    }
}

/// "`test/7.png` is `train/3.png` mirrored, cropped to 81%": in the one
/// direction in which the pair is described everywhere.
pub(super) fn describe(data: &CheckContext<'_>, pair: &Pair, samples: &[SampleId]) -> String {
    let directed = pair.directed(&data.listing);
    let key = |id| &data.listing.sample(id).key;
    let (from, to) = (key(directed.from), key(directed.to));
    let transform = &directed.evidence.transform;
    let fact = match pair.evidence.relation {
        Relation::Exact => format!("`{to}` is the same image as `{from}`"),
        // Slices of one volume and frames of one film come near a copy, and no pair of
        // other images does.
        _ if transform.is_same_view() && pair.evidence.similarity < WEAK => format!(
            "`{to}` shows nearly the same view as `{from}`: a neighbouring slice or frame, \
             or a re-encoded copy"
        ),
        _ if transform.is_same_view() => {
            format!("`{to}` shows the same view as `{from}`, re-encoded")
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
    use crate::finding::{CheckInfo, CountsAs, Family, Finding, PairEvidence, Transform};
    use crate::fingerprint::{Fingerprint, FingerprintTable};
    use crate::sample::{ContentHash, Labels, Listing, Sample, SampleKey, Split, SplitId};

    static CHECK: CheckInfo = CheckInfo {
        code: "LEAK999",
        family: Family::Leak,
        counts_as: CountsAs::Leak,
        name: "test",
        summary: "",
        next_step: "",
        severity: Severity::Error,
        docs: "",
    };

    /// Samples by split and content; every two of different splits a pair.
    fn findings(samples: &[(u16, u8)]) -> Vec<Finding> {
        findings_of(samples, Relation::Exact, 1.0)
    }

    fn findings_of(samples: &[(u16, u8)], relation: Relation, similarity: f64) -> Vec<Finding> {
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
                    objects: crate::sample::NO_OBJECTS,
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
                relation,
                transform: Transform::default(),
                distance: Some(0),
                similarity,
            },
            demoted: false,
        };
        let count = samples.len() as u32;
        let duplicates = Duplicates {
            pairs: (0..count)
                .flat_map(|a| (a + 1..count).map(move |b| pair(a, b)))
                .collect(),
            ..Duplicates::default()
        };
        let executor = Executor::new(1, StopFlag::default()).expect("a thread");
        let evidence = crate::evidence::Evidence {
            listing,
            fingerprints,
            duplicates,
            ..Default::default()
        };
        let data = CheckContext {
            evidence: &evidence,
            executor: &executor,
        };
        let mut out = Findings::new(&CHECK, Severity::Error);
        let across = |pair: &Pair| place(&data, pair) == Place::AcrossSplits;
        tell(&data, &mut out, across, Concerned::All, |pair, all| {
            describe(&data, pair, all)
        });
        out.into_vec()
    }

    #[test]
    fn evaluation_sample_comes_first() {
        let found = findings(&[(0, 7), (1, 7)]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].samples, [SampleId(1), SampleId(0)]);
        assert_eq!(found[0].message, "`1.png` is the same image as `0.png`");
    }

    #[test]
    fn weak_pair_of_one_view_may_be_neighbouring_slices_and_a_strong_one_is_a_copy() {
        let said = |similarity| {
            let found = findings_of(&[(0, 7), (1, 8)], Relation::Near, similarity);
            found[0].message.clone()
        };
        let weak = said(0.97);
        assert!(weak.contains("a neighbouring slice or frame"), "{weak}");
        assert_eq!(
            said(0.99999),
            "`1.png` shows the same view as `0.png`, re-encoded"
        );
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
    fn copy_used_before_harms_what_is_measured_and_not_what_is_trained_on() {
        let found = findings(&[(2, 7), (0, 7), (1, 8)]);
        let severities: Vec<_> = (found.iter())
            .map(|f| (f.samples.clone(), f.severity))
            .collect();
        assert_eq!(
            severities,
            [
                (vec![SampleId(1), SampleId(0)], Severity::Advice),
                (vec![SampleId(2), SampleId(0)], Severity::Error),
                (vec![SampleId(2), SampleId(1)], Severity::Error),
            ]
        );
        let unaffected = |f: &Finding| f.message.contains("so no figure is affected");
        assert_eq!(
            found.iter().map(unaffected).collect::<Vec<_>>(),
            [true, false, false]
        );
    }

    #[test]
    fn copies_inside_the_reference_are_not_ours_to_judge() {
        let listing_only = findings(&[(2, 7), (2, 7)]);
        assert!(listing_only.is_empty());
        assert_eq!(findings(&[(2, 7), (2, 7), (0, 7)]).len(), 1);
    }
}
