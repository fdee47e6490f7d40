//! Groups of samples connected by pairs. Knows nothing of how the pairs were
//! found.

use crate::disjoint_sets::DisjointSets;
use crate::sample::SampleId;

/// The connected groups of two samples or more, each sorted, sorted by first
/// member. `count` is the number of samples; pairs beyond it are passed over.
pub fn groups(
    count: usize,
    pairs: impl IntoIterator<Item = (SampleId, SampleId)>,
) -> Vec<Vec<SampleId>> {
    let mut sets = DisjointSets::new(count);
    for (a, b) in pairs {
        if a.index() < count && b.index() < count {
            sets.join(a.0, b.0);
        }
    }
    let mut members: Vec<(u32, SampleId)> = (0..count as u32)
        .map(|id| (sets.find(id), SampleId(id)))
        .collect();
    members.sort_unstable();
    members
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|&(_, id)| id).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// Spreads the lowest member's name along pairs until nothing changes.
    fn closure(count: usize, pairs: &[(SampleId, SampleId)]) -> Vec<Vec<SampleId>> {
        let mut names: Vec<u32> = (0..count as u32).collect();
        loop {
            let before = names.clone();
            for &(a, b) in pairs {
                let lowest = names[a.index()].min(names[b.index()]);
                names[a.index()] = lowest;
                names[b.index()] = lowest;
            }
            if names == before {
                break;
            }
        }
        let mut groups: BTreeMap<u32, BTreeSet<SampleId>> = BTreeMap::new();
        for (id, name) in (0..).zip(names) {
            groups.entry(name).or_default().insert(SampleId(id));
        }
        let groups = groups.into_values().filter(|group| group.len() > 1);
        groups.map(|group| group.into_iter().collect()).collect()
    }

    proptest! {
        #[test]
        fn groups_are_the_closure_of_pairs(
            pairs in prop::collection::vec((0u32..40, 0u32..40), 0..60)
        ) {
            let pairs: Vec<_> = pairs.into_iter().map(|(a, b)| (SampleId(a), SampleId(b))).collect();
            prop_assert_eq!(groups(40, pairs.iter().copied()), closure(40, &pairs));
        }
    }

    #[test]
    fn long_chain_is_one_group() {
        let chain = (1..100_000).rev().map(|i| (SampleId(i - 1), SampleId(i)));
        let found = groups(100_000, chain);
        assert_eq!((found.len(), found[0].len()), (1, 100_000));
    }

    #[test]
    fn no_pairs_no_groups() {
        assert!(groups(0, []).is_empty());
        assert!(groups(3, [(SampleId(1), SampleId(1)), (SampleId(1), SampleId(9))]).is_empty());
    }
}
