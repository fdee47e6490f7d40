//! Which copies to drop so that no group of copies spans two splits. Deletes
//! nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::leaks::of_copies;
use crate::disjoint_sets::DisjointSets;
use crate::finding::{Finding, FindingId};
use crate::sample::{ClassId, Listing, Role, SampleId, SplitId};

/// From which side of a leak a copy is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropSide {
    /// From the splits used earlier (train before val before test), so that
    /// what is measured on stays as it was published.
    #[default]
    Training,
    /// From the splits used later, so that no training data is lost.
    Evaluation,
    /// From all but the split that holds most of a group.
    Cheapest,
}

/// A copy to drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drop {
    /// What to drop.
    pub sample: SampleId,
    /// A sample of another split that stays, of which it is a copy or a copy
    /// of a copy.
    pub because_of: SampleId,
    /// The finding about it and the next copy on the way there.
    pub finding: FindingId,
}

/// What is known of copies.
#[derive(Debug, Clone, Copy)]
pub struct Linked<'a> {
    /// The samples.
    pub listing: &'a Listing,
    /// The findings to end.
    pub findings: &'a [Finding],
    /// The pairs in one split each, found or not by a check: copies of copies.
    pub within: &'a [(SampleId, SampleId)],
}

/// The copies to drop, in listing order, so that every group of copies that a
/// finding leads across splits stays in one split alone. A group is the closure
/// of all pairs, those in one split too: a copy of a copy leaks as much, and
/// pairs are missed more often than groups. Data used before (`--reference`)
/// cannot be dropped, so of a group that reaches into it everything that is
/// measured on is. A group with copies under different labels waits: to drop a
/// side of it would decide which label is right, and that is for a person.
pub fn drops(linked: Linked<'_>, side: DropSide) -> Vec<Drop> {
    let mut drops = Vec::new();
    let shared = linked.listing.shared_classes();
    for group in Group::all(linked) {
        if group.is_in_conflict(linked.listing, &shared) {
            continue;
        }
        let Some(kept) = group.kept(linked.listing, side) else {
            continue;
        };
        drops.extend(group.dropped(linked.listing, kept));
    }
    drops.sort_unstable_by_key(|drop| drop.sample);
    drops
}

/// Samples that belong together: of a finding, or a pair within a split.
struct Link {
    samples: Vec<SampleId>,
    finding: Option<FindingId>,
}

/// A connected group of copies.
struct Group {
    links: Vec<Link>,
    /// The finding for members that only pairs within a split lead to: the
    /// first that leads across.
    across: FindingId,
}

impl Group {
    /// The groups with a finding that spans splits, by their first link.
    fn all(linked: Linked<'_>) -> Vec<Self> {
        let messages = of_copies(linked.findings).map(|finding| Link {
            samples: finding.samples.clone(),
            finding: Some(finding.id),
        });
        let more = linked.within.iter().map(|&(a, b)| Link {
            samples: vec![a, b],
            finding: None,
        });
        let links: Vec<Link> = messages.chain(more).collect();
        let mut sets = DisjointSets::new(linked.listing.samples.len());
        for link in &links {
            for pair in link.samples.windows(2) {
                sets.join(pair[0].0, pair[1].0);
            }
        }
        let spans = |link: &Link| {
            (link.samples.windows(2)).any(|pair| linked.listing.is_leak(pair[0], pair[1]))
        };
        let mut groups: BTreeMap<u32, Self> = BTreeMap::new();
        for link in &links {
            if let (true, Some(across), Some(&first)) =
                (spans(link), link.finding, link.samples.first())
            {
                let links = Vec::new();
                groups
                    .entry(sets.find(first.0))
                    .or_insert(Self { links, across });
            }
        }
        for link in links {
            let root = link.samples.first().map(|&first| sets.find(first.0));
            if let Some(group) = root.and_then(|root| groups.get_mut(&root)) {
                group.links.push(link);
            }
        }
        groups.into_values().collect()
    }

    /// Whether two of its members carry labels that contradict each other.
    fn is_in_conflict(&self, listing: &Listing, shared: &[bool]) -> bool {
        let labels = |id: SampleId| listing.sample(id).labels.classes();
        // Data used before may have a vocabulary of its own.
        let is_compared = |id: &SampleId| {
            let is_known = |class: &ClassId| shared[class.index()];
            listing.role(*id) != Some(Role::Reference) || labels(*id).iter().all(is_known)
        };
        let members = self.links.iter().flat_map(|link| &link.samples).copied();
        let mut labelled = members
            .filter(is_compared)
            .map(labels)
            .filter(|l| !l.is_empty());
        let first = labelled.next();
        labelled.any(|labels| Some(labels) != first)
    }

    /// The split whose members stay.
    fn kept(&self, listing: &Listing, side: DropSide) -> Option<SplitId> {
        let members: BTreeSet<SampleId> = self
            .links
            .iter()
            .flat_map(|link| &link.samples)
            .copied()
            .collect();
        let mut sizes: BTreeMap<SplitId, usize> = BTreeMap::new();
        for split in members.iter().filter_map(|&id| listing.sample(id).split) {
            *sizes.entry(split).or_default() += 1;
        }
        if let Some(&fixed) = sizes.keys().find(|split| is_fixed(listing, **split)) {
            return Some(fixed);
        }
        // Splits are listed in the order they are used in.
        match side {
            DropSide::Training => sizes.keys().next_back().copied(),
            DropSide::Evaluation => sizes.keys().next().copied(),
            // Of equal ones the later stays, as published.
            DropSide::Cheapest => sizes
                .into_iter()
                .max_by_key(|&(split, size)| (size, split))
                .map(|(split, _)| split),
        }
    }

    /// All members outside of `kept`, each with the nearest member that stays
    /// (breadth first from those that stay).
    fn dropped(&self, listing: &Listing, kept: SplitId) -> Vec<Drop> {
        let mut links_of: BTreeMap<SampleId, Vec<usize>> = BTreeMap::new();
        for (index, link) in self.links.iter().enumerate() {
            for &id in &link.samples {
                links_of.entry(id).or_default().push(index);
            }
        }
        // What is trained on may have been used before: nothing is measured.
        let beside_fixed = is_fixed(listing, kept);
        let stays = |id: SampleId| {
            let split = listing.sample(id).split;
            split == Some(kept)
                || split.is_some_and(|split| is_fixed(listing, split))
                || (beside_fixed && listing.role(id) == Some(Role::Train))
        };
        let mut open: VecDeque<(SampleId, SampleId)> = links_of
            .keys()
            .filter(|&&id| stays(id))
            .map(|&id| (id, id))
            .collect();
        let mut reached: BTreeSet<SampleId> = open.iter().map(|&(id, _)| id).collect();
        let mut followed = vec![false; self.links.len()];
        let mut drops = Vec::new();
        while let Some((id, origin)) = open.pop_front() {
            for &index in links_of.get(&id).into_iter().flatten() {
                if std::mem::replace(&mut followed[index], true) {
                    continue;
                }
                let link = &self.links[index];
                for &next in &link.samples {
                    if !reached.insert(next) {
                        continue;
                    }
                    open.push_back((next, origin));
                    // What is in no split, where there are some, is used for
                    // nothing.
                    if listing.sample(next).split.is_some() || listing.is_without_splits() {
                        drops.push(Drop {
                            sample: next,
                            because_of: origin,
                            finding: link.finding.unwrap_or(self.across),
                        });
                    }
                }
            }
        }
        drops
    }
}

fn is_fixed(listing: &Listing, split: SplitId) -> bool {
    listing.splits[split.index()].role == Role::Reference
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::headlines::fixture::{leak, listing};
    use crate::sample::Labels;

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
        let split = |id: u32| listing.sample(SampleId(id)).split;
        let across = pairs.iter().filter(|(a, b)| split(*a) != split(*b));
        let findings: Vec<_> = across.map(|&(a, b)| leak(listing, &[a, b])).collect();
        let within = pairs.iter().filter(|(a, b)| split(*a) == split(*b));
        let within: Vec<_> = within.map(|&(a, b)| (SampleId(a), SampleId(b))).collect();
        let linked = Linked {
            listing,
            findings: &findings,
            within: &within,
        };
        let all = drops(linked, side);
        for drop in &all {
            let kept = listing.sample(drop.because_of).split;
            assert_ne!(kept, listing.sample(drop.sample).split);
            assert!(all.iter().all(|other| other.sample != drop.because_of));
        }
        all.into_iter().map(|drop| drop.sample.0).collect()
    }

    #[test]
    fn side_decides_which_copies_go() {
        let listing = of_sizes(&[2, 1, 1]);
        let pairs = [(0, 3), (1, 3), (2, 3)];
        assert_eq!(dropped(&listing, &pairs, DropSide::Training), [0, 1, 2]);
        assert_eq!(dropped(&listing, &pairs, DropSide::Evaluation), [2, 3]);
        assert_eq!(dropped(&listing, &pairs, DropSide::Cheapest), [2, 3]);
    }

    #[test]
    fn conflict_of_labels_is_not_settled_by_the_side() {
        let mut listing = of_sizes(&[2, 2]);
        listing.classes.push("dog".to_owned());
        listing.samples[0].labels = Labels::One(ClassId(1));
        let pairs = [(0, 2), (1, 3)];
        for side in [DropSide::Training, DropSide::Evaluation, DropSide::Cheapest] {
            assert!(dropped(&listing, &pairs[..1], side).is_empty());
        }
        assert_eq!(dropped(&listing, &pairs, DropSide::Training), [1]);
    }

    #[test]
    fn training_data_that_was_used_before_stays() {
        let mut listing = of_sizes(&[1, 1, 1]);
        listing.splits[2].role = Role::Reference;
        assert!(dropped(&listing, &[(0, 2)], DropSide::Training).is_empty());
        assert_eq!(
            dropped(&listing, &[(0, 1), (0, 2)], DropSide::Training),
            [1]
        );
    }

    #[test]
    fn copy_of_a_copy_goes_too() {
        let listing = of_sizes(&[3, 2]);
        // 1 and 2 were never met across, but are copies of 0.
        let pairs = [(0, 3), (0, 1), (1, 2)];
        assert_eq!(dropped(&listing, &pairs, DropSide::Training), [0, 1, 2]);
        assert_eq!(dropped(&listing, &pairs, DropSide::Evaluation), [3]);
        assert_eq!(
            dropped(&listing, &pairs[1..], DropSide::Training),
            [0u32; 0]
        );
    }

    #[test]
    fn data_used_before_is_never_dropped() {
        let mut listing = of_sizes(&[1, 1, 1]);
        listing.splits[0].role = Role::Reference;
        for side in [DropSide::Training, DropSide::Evaluation, DropSide::Cheapest] {
            assert_eq!(dropped(&listing, &[(0, 1)], side), [1]);
            assert_eq!(dropped(&listing, &[(0, 1), (1, 2)], side), [1, 2]);
        }
    }

    #[test]
    fn each_drop_names_its_reason() {
        let listing = of_sizes(&[2, 1]);
        let findings = [leak(&listing, &[2, 0]), leak(&listing, &[2, 1])];
        let linked = Linked {
            listing: &listing,
            findings: &findings,
            within: &[],
        };
        let all = drops(linked, DropSide::Training);
        assert_eq!(all[1].because_of, SampleId(2));
        assert_eq!(all[1].finding, findings[1].id);
    }

    proptest! {
        #[test]
        fn no_group_of_copies_spans_splits_afterwards_and_none_is_touched_in_vain(
            edges in proptest::collection::btree_set((0u32..12, 0u32..12), 0..14)
        ) {
            let listing = of_sizes(&[4, 4, 4]);
            let pairs: Vec<(u32, u32)> = edges.into_iter().filter(|(a, b)| a != b).collect();
            // The closure by brute force: who reaches whom.
            let mut group: Vec<u32> = (0..12).collect();
            for _ in 0..12 {
                for &(a, b) in &pairs {
                    let lowest = group[a as usize].min(group[b as usize]);
                    group[a as usize] = lowest;
                    group[b as usize] = lowest;
                }
            }
            let members = |name: u32| -> Vec<u32> {
                (0..12).filter(|&id| group[id as usize] == name).collect()
            };
            for side in [DropSide::Training, DropSide::Evaluation, DropSide::Cheapest] {
                let gone = dropped(&listing, &pairs, side);
                for name in 0..12 {
                    let of_group = members(name);
                    let by_split: Vec<usize> = (0..3)
                        .map(|split| of_group.iter().filter(|&&id| id / 4 == split).count())
                        .collect();
                    let spanned = by_split.iter().filter(|&&count| count > 0).count();
                    let wanted = match side {
                        _ if spanned < 2 => 0,
                        DropSide::Cheapest => of_group.len() - by_split.iter().max().unwrap_or(&0),
                        DropSide::Evaluation => {
                            of_group.len() - by_split.iter().find(|&&count| count > 0).unwrap_or(&0)
                        }
                        DropSide::Training => {
                            of_group.len() - by_split.iter().rev().find(|&&count| count > 0).unwrap_or(&0)
                        }
                    };
                    let gone_of_group = gone.iter().filter(|id| of_group.contains(id)).count();
                    prop_assert_eq!(gone_of_group, wanted);
                }
            }
        }
    }
}
