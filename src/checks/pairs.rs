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

/// Tells `out` of the pairs that `keep` keeps. Pairs of the same contents in
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
    for pair in data.duplicates.pairs.iter().filter(|pair| keep(pair)) {
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

/// "`test/7.png` is `train/3.png` mirrored, cropped to 81%".
pub(super) fn describe(data: &CheckContext<'_>, pair: &Pair, samples: &[SampleId]) -> String {
    let (a, b) = (
        &data.listing.sample(pair.a).key,
        &data.listing.sample(pair.b).key,
    );
    let fact = match pair.evidence.relation {
        Relation::Exact => format!("`{b}` is the same picture as `{a}`"),
        _ => format!("`{b}` is `{a}` {}", pair.evidence.transform),
    };
    match samples.len() {
        0..=2 => fact,
        more => format!("{fact} ({more} copies in all)"),
    }
}
