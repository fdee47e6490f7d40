//! Which copies to drop to end every leak. Deletes nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::leaks::{copies, leaked_pairs};
use crate::finding::{Finding, FindingId};
use crate::sample::{Listing, Role, SampleId};

/// From which side of a leak a copy is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropSide {
    /// From the split used earlier (train before val before test), so that
    /// what is measured on stays as it was published.
    #[default]
    Training,
    /// From the split used later, so that no training data is lost.
    Evaluation,
    /// From whichever side loses fewer samples.
    Cheapest,
}

/// A copy to drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drop {
    /// What to drop.
    pub sample: SampleId,
    /// A copy of it in another split, which stays where any does.
    pub because_of: SampleId,
    /// The finding that tells of the two.
    pub finding: FindingId,
}

/// The copies to drop so that no two splits share a picture any more, in
/// listing order. Data used before (`--reference`) cannot be dropped, so there
/// the other side is, whatever `side` says.
pub fn drops(listing: &Listing, findings: &[Finding], side: DropSide) -> Vec<Drop> {
    let copies = copies(listing, findings);
    let dropped: BTreeSet<SampleId> = match side {
        DropSide::Training | DropSide::Evaluation => by_side(listing, &copies, side),
        DropSide::Cheapest => cheapest(listing, &copies),
    };
    let mut told: BTreeMap<(SampleId, SampleId), FindingId> = BTreeMap::new();
    for (a, b, finding) in leaked_pairs(listing, findings) {
        told.entry((a, b)).or_insert(finding.id);
    }
    dropped
        .iter()
        .filter_map(|&sample| {
            let of_sample = copies.get(&sample)?;
            let because_of = *of_sample
                .iter()
                .find(|copy| !dropped.contains(copy))
                .or_else(|| of_sample.first())?;
            let pair = (sample.min(because_of), sample.max(because_of));
            Some(Drop {
                sample,
                because_of,
                finding: *told.get(&pair)?,
            })
        })
        .collect()
}

type Copies = BTreeMap<SampleId, BTreeSet<SampleId>>;

fn is_fixed(listing: &Listing, id: SampleId) -> bool {
    listing
        .sample(id)
        .split
        .is_some_and(|split| listing.splits[split.index()].role == Role::Reference)
}

fn by_side(listing: &Listing, copies: &Copies, side: DropSide) -> BTreeSet<SampleId> {
    let mut dropped = BTreeSet::new();
    for (&a, others) in copies {
        for &b in others.iter().filter(|&&b| b > a) {
            // Splits are listed in the order they are used in.
            let (early, late) = if listing.sample(a).split < listing.sample(b).split {
                (a, b)
            } else {
                (b, a)
            };
            let (wanted, other) = match side {
                DropSide::Evaluation => (late, early),
                _ => (early, late),
            };
            dropped.insert(if is_fixed(listing, wanted) {
                other
            } else {
                wanted
            });
        }
    }
    dropped
}

/// A smallest set that touches every pair where each connected part spans two
/// splits (by König's theorem, from a greatest matching); where a part spans
/// more, a set from which nothing can be left out.
fn cheapest(listing: &Listing, copies: &Copies) -> BTreeSet<SampleId> {
    let mut dropped = BTreeSet::new();
    let mut rest: Copies = BTreeMap::new();
    // What stays in any case decides about its neighbours.
    for (&a, others) in copies {
        if others.iter().any(|&b| is_fixed(listing, b)) {
            dropped.insert(a);
        }
    }
    for (&a, others) in copies {
        let open: BTreeSet<SampleId> = others.difference(&dropped).copied().collect();
        if !dropped.contains(&a) && !is_fixed(listing, a) && !open.is_empty() {
            rest.insert(a, open);
        }
    }
    for part in parts(&rest) {
        let splits: BTreeSet<_> = part.iter().map(|&id| listing.sample(id).split).collect();
        if splits.len() == 2 {
            let first = splits.first().copied().flatten();
            let (left, right): (Vec<_>, Vec<_>) =
                (part.iter().copied()).partition(|&id| listing.sample(id).split == first);
            dropped.extend(koenig(&left, &right, &rest));
        } else {
            dropped.extend(without_need(&part, &rest));
        }
    }
    dropped
}

/// The connected parts, each sorted, sorted by first member.
fn parts(copies: &Copies) -> Vec<Vec<SampleId>> {
    let mut seen = BTreeSet::new();
    let mut parts = Vec::new();
    for &start in copies.keys() {
        if !seen.insert(start) {
            continue;
        }
        let (mut part, mut open) = (Vec::new(), vec![start]);
        while let Some(id) = open.pop() {
            part.push(id);
            for &next in copies.get(&id).into_iter().flatten() {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        part.sort_unstable();
        parts.push(part);
    }
    parts
}

/// Who is matched with whom, seen from both sides.
#[derive(Default)]
struct Matching {
    of_left: BTreeMap<SampleId, SampleId>,
    of_right: BTreeMap<SampleId, SampleId>,
}

/// A smallest vertex cover of a two-sided graph.
fn koenig(left: &[SampleId], right: &[SampleId], copies: &Copies) -> Vec<SampleId> {
    let mut matching = Matching::default();
    for &start in left {
        augment(start, copies, &mut matching);
    }
    let mut open: Vec<SampleId> = (left.iter().copied())
        .filter(|id| !matching.of_left.contains_key(id))
        .collect();
    let mut reached: BTreeSet<SampleId> = open.iter().copied().collect();
    while let Some(id) = open.pop() {
        for &other in copies.get(&id).into_iter().flatten() {
            if reached.insert(other)
                && let Some(&back) = matching.of_right.get(&other)
                && reached.insert(back)
            {
                open.push(back);
            }
        }
    }
    let kept_out = left.iter().filter(|id| !reached.contains(id));
    let drawn_in = right.iter().filter(|id| reached.contains(id));
    kept_out.chain(drawn_in).copied().collect()
}

/// Looks for a path that matches `start` too, breadth first so that a long
/// chain of copies needs no deep stack.
fn augment(start: SampleId, copies: &Copies, matching: &mut Matching) {
    // Each right sample and the left one it was reached from.
    let mut came_from: BTreeMap<SampleId, SampleId> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(id) = open.pop_front() {
        for &other in copies.get(&id).into_iter().flatten() {
            if came_from.contains_key(&other) {
                continue;
            }
            came_from.insert(other, id);
            if let Some(&back) = matching.of_right.get(&other) {
                open.push_back(back);
                continue;
            }
            let mut free = other;
            while let Some(&from) = came_from.get(&free) {
                matching.of_right.insert(free, from);
                match matching.of_left.insert(from, free) {
                    Some(next) => free = next,
                    None => return,
                }
            }
            return;
        }
    }
}

/// A cover from which nothing can be left out: most copies first.
fn without_need(part: &[SampleId], copies: &Copies) -> Vec<SampleId> {
    let degree = |id: SampleId| copies.get(&id).map_or(0, BTreeSet::len);
    let mut order: Vec<SampleId> = part.to_vec();
    // What has few copies is left out first, later splits before earlier.
    order.sort_by_key(|&id| (degree(id), std::cmp::Reverse(id)));
    let mut cover: BTreeSet<SampleId> = part.iter().copied().collect();
    for id in order {
        if copies
            .get(&id)
            .is_some_and(|others| others.iter().all(|other| cover.contains(other)))
        {
            cover.remove(&id);
        }
    }
    cover.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::headlines::fixture::{leak, listing};

    /// `train` samples 0.., then `val`, then `test`, as many as asked for.
    fn of_sizes(sizes: &[u32]) -> Listing {
        let names = ["train", "val", "test"];
        let mut keys = Vec::new();
        for (split, &size) in sizes.iter().enumerate() {
            keys.extend((0..size).map(|i| (format!("{}/{i:03}", names[split]), split as u16)));
        }
        let samples: Vec<_> = keys
            .iter()
            .map(|(key, split)| (key.as_str(), Some(*split), Some(0)))
            .collect();
        listing(&names[..sizes.len()], &["cat"], &samples)
    }

    fn dropped(listing: &Listing, pairs: &[(u32, u32)], side: DropSide) -> Vec<u32> {
        let findings: Vec<_> = pairs.iter().map(|&(a, b)| leak(listing, &[a, b])).collect();
        drops(listing, &findings, side)
            .into_iter()
            .map(|drop| drop.sample.0)
            .collect()
    }

    #[test]
    fn side_decides_which_copy_goes() {
        let listing = of_sizes(&[2, 1, 1]);
        let pairs = [(0, 3), (1, 3), (2, 3)];
        assert_eq!(dropped(&listing, &pairs, DropSide::Training), [0, 1, 2]);
        assert_eq!(dropped(&listing, &pairs, DropSide::Evaluation), [3]);
        assert_eq!(dropped(&listing, &pairs, DropSide::Cheapest), [3]);
    }

    #[test]
    fn data_used_before_is_never_dropped() {
        let mut listing = of_sizes(&[1, 1]);
        listing.splits[0].role = Role::Reference;
        for side in [DropSide::Training, DropSide::Evaluation, DropSide::Cheapest] {
            assert_eq!(dropped(&listing, &[(0, 1)], side), [1]);
        }
    }

    #[test]
    fn each_drop_names_its_reason() {
        let listing = of_sizes(&[2, 1]);
        let findings = [leak(&listing, &[2, 0]), leak(&listing, &[2, 1])];
        let all = drops(&listing, &findings, DropSide::Training);
        assert_eq!(all[1].because_of, SampleId(2));
        assert_eq!(all[1].finding, findings[1].id);
    }

    proptest! {
        #[test]
        fn no_leak_is_left_and_between_two_splits_none_is_dropped_in_vain(
            edges in proptest::collection::btree_set((0u32..6, 6u32..12), 0..14)
        ) {
            let listing = of_sizes(&[6, 6]);
            let pairs: Vec<(u32, u32)> = edges.into_iter().collect();
            for side in [DropSide::Training, DropSide::Evaluation, DropSide::Cheapest] {
                let gone = dropped(&listing, &pairs, side);
                prop_assert!(pairs.iter().all(|(a, b)| gone.contains(a) || gone.contains(b)));
            }
            // Brute force over all subsets of twelve samples.
            let least = (0u32..1 << 12)
                .filter(|set| pairs.iter().all(|(a, b)| set >> a & 1 == 1 || set >> b & 1 == 1))
                .map(u32::count_ones)
                .min();
            let ours = dropped(&listing, &pairs, DropSide::Cheapest).len() as u32;
            prop_assert_eq!(Some(ours), least);
        }

        #[test]
        fn no_leak_is_left_among_three_splits(
            edges in proptest::collection::btree_set((0u32..12, 0u32..12), 0..20)
        ) {
            let listing = of_sizes(&[4, 4, 4]);
            let pairs: Vec<(u32, u32)> = edges.into_iter().filter(|(a, b)| a / 4 != b / 4).collect();
            for side in [DropSide::Training, DropSide::Evaluation, DropSide::Cheapest] {
                let gone = dropped(&listing, &pairs, side);
                prop_assert!(pairs.iter().all(|(a, b)| gone.contains(a) || gone.contains(b)));
            }
        }
    }
}
