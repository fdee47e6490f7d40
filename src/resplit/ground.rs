//! Keeps ground together: links of tiles that overlap or lie in one block, and what is
//! left out between splits. Finds no neighbour itself.

use std::collections::BTreeSet;

use super::atoms::{Link, Why};
use super::plan::{Plan, Reason};
use crate::footprints::{Footprints, Near};
use crate::sample::{Role, SampleId, SplitId};

/// Links between samples of one place and of places near each other.
pub fn ground_links(footprints: &Footprints, near: &[Near]) -> Vec<Link> {
    let samples = footprints.samples();
    let mut links = Vec::new();
    for here in &samples {
        links.extend(here.windows(2).map(|two| Link {
            a: two[0],
            b: two[1],
            why: Why::Ground { share: 1.0 },
        }));
    }
    for pair in near {
        let ends = [pair.a, pair.b].map(|place| samples[place as usize].first());
        if let [Some(&a), Some(&b)] = ends {
            let why = Why::Ground { share: pair.share };
            links.push(Link { a, b, why });
        }
    }
    links
}

/// Links within blocks of ground.
pub fn block_links(blocks: &[Vec<SampleId>]) -> Vec<Link> {
    let pairs = blocks.iter().flat_map(|block| block.windows(2));
    pairs
        .map(|two| Link {
            a: two[0],
            b: two[1],
            why: Why::Block,
        })
        .collect()
}

impl Plan {
    /// Takes out samples until none is near one of another split: training samples
    /// first, because what is measured on is scarcer, then those of the earlier split.
    /// What is kept stays.
    pub fn leave_margin(&mut self, footprints: &Footprints, near: &[Near]) {
        let samples = footprints.samples();
        let places = (0..samples.len() as u32).map(|place| (place, place));
        let pairs = places.chain(near.iter().map(|pair| (pair.a, pair.b)));
        for (a, b) in pairs {
            loop {
                let there: BTreeSet<(SplitId, SampleId)> = [a, b]
                    .into_iter()
                    .flat_map(|place| &samples[place as usize])
                    .filter_map(|&id| Some((self.new[id.index()]?, id)))
                    .collect();
                let splits: BTreeSet<SplitId> = there.iter().map(|&(split, _)| split).collect();
                let is_kept = |id: SampleId| self.reasons[id.index()] == Reason::Kept;
                let rank = |split: SplitId| {
                    let role = self.splits[split.index()].role;
                    (role != Role::Train, split)
                };
                let loose = there.iter().filter(|&&(_, id)| !is_kept(id));
                let first = loose
                    .map(|&(split, _)| split)
                    .min_by_key(|&split| rank(split));
                let Some(first) = first.filter(|_| splits.len() > 1) else {
                    break;
                };
                let stays = there
                    .iter()
                    .find(|&&(split, _)| split != first)
                    .map(|&(_, id)| id);
                let goes: Vec<SampleId> = (there.iter())
                    .filter(|&&(split, id)| split == first && !is_kept(id))
                    .map(|&(_, id)| id)
                    .collect();
                for id in goes {
                    self.new[id.index()] = None;
                    self.reasons[id.index()] = Reason::NearGround(stays.unwrap_or(id));
                }
            }
        }
    }
}
