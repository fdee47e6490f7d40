//! Which samples must not vouch for each other: copies of one image, and
//! samples of one declared group. Looks at no image.

use std::collections::BTreeMap;

use crate::disjoint_sets::DisjointSets;
use crate::duplicates::Duplicates;
use crate::sample::{GroupId, Listing, SampleId};

/// The group number of each of `ids`, groups joined where they share a sample.
pub(super) fn of(listing: &Listing, duplicates: &Duplicates, ids: &[SampleId]) -> Vec<u32> {
    let mut sets = DisjointSets::new(listing.samples.len());
    for group in &duplicates.groups {
        for pair in group.windows(2) {
            sets.join(pair[0].0, pair[1].0);
        }
    }
    let mut first: BTreeMap<GroupId, u32> = BTreeMap::new();
    for sample in &listing.samples {
        if let Some(group) = sample.group {
            let earlier = *first.entry(group).or_insert(sample.id.0);
            sets.join(earlier, sample.id.0);
        }
    }
    ids.iter().map(|id| sets.find(id.0)).collect()
}
