//! Which samples must not vouch for each other: copies of one picture, and
//! samples of one declared group. Looks at no picture.

use std::collections::BTreeMap;

use crate::duplicates::Duplicates;
use crate::sample::{GroupId, Listing, SampleId};

/// The group number of each of `ids`, groups joined where they share a sample.
pub(super) fn of(listing: &Listing, duplicates: &Duplicates, ids: &[SampleId]) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..listing.samples.len() as u32).collect();
    for group in &duplicates.groups {
        for pair in group.windows(2) {
            join(&mut parent, pair[0].0, pair[1].0);
        }
    }
    let mut first: BTreeMap<GroupId, u32> = BTreeMap::new();
    for sample in &listing.samples {
        if let Some(group) = sample.group {
            let earlier = *first.entry(group).or_insert(sample.id.0);
            join(&mut parent, earlier, sample.id.0);
        }
    }
    ids.iter().map(|id| root(&mut parent, id.0)).collect()
}

fn root(parent: &mut [u32], mut at: u32) -> u32 {
    while parent[at as usize] != at {
        parent[at as usize] = parent[parent[at as usize] as usize];
        at = parent[at as usize];
    }
    at
}

fn join(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b) as usize] = a.min(b);
}
