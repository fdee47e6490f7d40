//! Which pairs of look-alikes (a fixed camera, one board, an object that turns) are decoded.
//! Decides by thumbnails; decodes nothing.

use std::collections::BTreeMap;

use super::Refiner;
use crate::disjoint_sets::DisjointSets;
use crate::duplicates::scoring::context::LOOK_ALIKES;
use crate::duplicates::scoring::{Detail, Refined, Registered};
use crate::executor::Interrupted;

/// Share of the most likely pairs of connected images that differ visibly, at least, for the
/// images to be look-alikes. Of the copies of one image hardly any pair differs.
const DIFFERENT: f32 = 0.5;

/// Pairs of an image that are compared closer although thumbnails show a difference: those
/// that differ least, and as many of those that are most likely. A copy among look-alikes is
/// one of the first.
const CLOSEST: usize = 1;

/// The pairs of look-alikes.
#[derive(Default)]
pub(super) struct LookAlikes {
    /// Those that thumbnails refute, each with its result.
    pub(super) refuted: Vec<(usize, Refined)>,
    /// Those that need more detail.
    pub(super) closer: Vec<usize>,
    /// Of each pair, whether it is one of these.
    pub(super) holds: Vec<bool>,
}

impl LookAlikes {
    /// Of `all` pairs, the most likely first.
    pub(super) fn of(refiner: &Refiner<'_>, all: &[usize]) -> Result<Self, Interrupted> {
        let pairs = refiner.pairs;
        let mut out = Self {
            holds: vec![false; pairs.len()],
            ..Self::default()
        };
        let finer = all.iter().copied();
        let finer: Vec<usize> = finer
            .filter(|&i| pairs[i].detail != Detail::Thumbnail)
            .collect();
        let images = refiner.participants.ids.len();
        let mut connected = DisjointSets::new(images);
        let is_of_tree: Vec<bool> = (finer.iter())
            .map(|&i| connected.join(pairs[i].fixed, pairs[i].moving))
            .collect();
        let mut of_group: BTreeMap<u32, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (&i, is_of_tree) in finer.iter().zip(is_of_tree) {
            let (tree, others) = of_group.entry(connected.find(pairs[i].fixed)).or_default();
            if is_of_tree { tree } else { others }.push(i);
        }
        // A tree of n pairs connects n + 1 images.
        of_group.retain(|_, (tree, _)| tree.len() >= LOOK_ALIKES);
        for (tree, others) in of_group.into_values() {
            let differing = refiner.by_thumbnails_all(&tree)?;
            let visible = differing.iter().filter(|found| is_visible(**found)).count();
            if (visible as f32) < DIFFERENT * tree.len() as f32 {
                continue;
            }
            let found = (tree.into_iter().zip(differing)).chain(
                others
                    .iter()
                    .copied()
                    .zip(refiner.by_thumbnails_all(&others)?),
            );
            out.add(pairs, found.collect());
        }
        Ok(out)
    }

    /// Adds the pairs of one group, with what their thumbnails show.
    fn add(&mut self, pairs: &[Registered], found: Vec<(usize, Option<Refined>)>) {
        let mut left = Vec::new();
        for (i, found) in found {
            self.holds[i] = true;
            match found {
                Some(found) if found.differs_visibly() => {
                    if pairs[i].is_refuted_by(&found) {
                        self.refuted.push((i, found));
                    } else {
                        left.push((i, found));
                    }
                }
                _ => self.closer.push(i),
            }
        }
        let mut times: BTreeMap<u32, usize> = BTreeMap::new();
        let mut is_close = vec![false; left.len()];
        let mut order: Vec<usize> = (0..left.len()).collect();
        let odds = |k: &usize| pairs[left[*k].0].odds;
        let share = |k: &usize| left[*k].1.share_of_differences();
        let mut mark = |order: &[usize]| {
            times.clear();
            for &k in order {
                let pair = &pairs[left[k].0];
                for image in [pair.fixed, pair.moving] {
                    let times = times.entry(image).or_default();
                    is_close[k] |= *times < CLOSEST;
                    *times += 1;
                }
            }
        };
        order.sort_by(|a, b| {
            odds(b)
                .total_cmp(&odds(a))
                .then(left[*a].0.cmp(&left[*b].0))
        });
        mark(&order);
        order.sort_by(|a, b| share(a).total_cmp(&share(b)));
        mark(&order);
        for ((i, found), is_close) in left.into_iter().zip(is_close) {
            if is_close {
                self.closer.push(i);
            } else {
                self.refuted.push((i, found.refuted()));
            }
        }
    }
}

/// Whether thumbnails show a difference.
fn is_visible(found: Option<Refined>) -> bool {
    found.is_some_and(|found| found.differs_visibly())
}
