//! Which samples must not vouch for each other: copies of one image, samples of one
//! declared group and, for objects, images of one scene. Looks at no image.

use std::collections::BTreeMap;

use crate::disjoint_sets::DisjointSets;
use crate::duplicates::Duplicates;
use crate::sample::{GroupId, Listing, SampleId};

/// The group number of each of `ids`, groups joined where they share a sample.
pub(super) fn of(listing: &Listing, duplicates: &Duplicates, ids: &[SampleId]) -> Vec<u32> {
    of_scenes(listing, duplicates, &[], ids)
}

/// [`of`], where the two images of each of `scenes` are of one group, too.
pub(super) fn of_scenes(
    listing: &Listing,
    duplicates: &Duplicates,
    scenes: &[(SampleId, SampleId)],
    ids: &[SampleId],
) -> Vec<u32> {
    let mut sets = DisjointSets::new(listing.samples.len());
    for (a, b) in scenes {
        sets.join(a.0, b.0);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Labels, Sample, SampleKey};

    #[test]
    fn images_of_one_scene_are_one_group_for_their_objects() {
        let sample = |i: u32| Sample {
            id: SampleId(i),
            key: SampleKey::from_path(format!("{i}.png").as_ref()),
            split: None,
            labels: Labels::None,
            objects: crate::sample::NO_OBJECTS,
            group: (i > 2).then_some(GroupId(0)),
        };
        let listing = Listing {
            samples: (0..6).map(sample).collect(),
            ..Listing::default()
        };
        let duplicates = Duplicates {
            groups: vec![vec![SampleId(1), SampleId(2)]],
            ..Duplicates::default()
        };
        let ids: Vec<SampleId> = (0..6).map(SampleId).collect();
        let scenes = [(SampleId(2), SampleId(4))];
        let apart = of(&listing, &duplicates, &ids);
        let joined = of_scenes(&listing, &duplicates, &scenes, &ids);
        let same = |groups: &[u32], a: usize, b: usize| groups[a] == groups[b];
        assert!(same(&apart, 1, 2) && same(&apart, 3, 5) && !same(&apart, 2, 3));
        assert!(same(&joined, 1, 5) && !same(&joined, 0, 1));
    }
}
