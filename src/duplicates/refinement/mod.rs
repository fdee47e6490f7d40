//! Refinement: which registered pairs are decoded and compared at more detail, and in which
//! order. The comparison itself is `scoring`'s.

mod batches;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::memo::refinements::{Recalled, RefinementKey};
use super::participants::Participants;
use super::scoring::refine::SIDE;
use super::scoring::{Detail, Refined, Registered};
use crate::decode::{CloseUp, Plane};
use crate::disjoint_sets::DisjointSets;
use crate::executor::{Executor, Interrupted};
use batches::{ImageView, batches};

/// Log odds from thumbnails at which a pair within one verified group needs no refinement:
/// no pair of different photos came near.
const CERTAIN: f32 = 5.0;

/// The same for two images that resemble no other: three in four of the planted copies are
/// there, and of pairs of different photos none came above 2. Where images resemble each
/// other, thumbnails are weaker evidence than their odds.
const CERTAIN_IF_ISOLATED: f32 = 7.0;

/// Refinements that are recalled together.
const RECALLED_AT_ONCE: usize = 256;

/// The refinement of each pair; `None` where the two have too little in common. Of many
/// copies of one image only as many pairs are decoded as connect them.
pub(super) fn refine_pairs(
    pairs: &[Registered],
    participants: &Participants<'_>,
    executor: &Executor,
) -> Result<Vec<Option<Refined>>, Interrupted> {
    let refiner = Refiner {
        pairs,
        participants,
        executor,
    };
    let mut refined = vec![None; pairs.len()];
    let (certain, uncertain) = refiner.isolated_and_certain();
    for (i, found) in refiner.refine_certain(certain)? {
        refined[i] = Some(found);
    }
    // A spanning forest of the most likely pairs.
    let images = participants.ids.len();
    let mut forest = DisjointSets::new(images);
    let (tree_pairs, others): (Vec<usize>, Vec<usize>) =
        (uncertain.into_iter()).partition(|&i| forest.join(pairs[i].fixed, pairs[i].moving));
    let of_trees = refiner.refine(&tree_pairs)?;
    let mut verified = DisjointSets::new(images);
    // Trees with a pair that differs both ways hold look-alikes before one view, whose
    // thumbnails are weaker evidence than their odds.
    let mut disputed = vec![false; images];
    for (&i, found) in tree_pairs.iter().zip(of_trees) {
        refined[i] = found;
        if found.is_some_and(|found| found.differ_both_ways()) {
            disputed[forest.find(pairs[i].fixed) as usize] = true;
        }
        if found.is_some_and(|found| found.odds >= CERTAIN && !found.differ_both_ways()) {
            verified.join(pairs[i].fixed, pairs[i].moving);
        }
    }
    let (certain, uncertain): (Vec<usize>, Vec<usize>) = others.into_iter().partition(|&i| {
        let pair = &pairs[i];
        pair.odds >= CERTAIN
            && !disputed[forest.find(pair.fixed) as usize]
            && verified.find(pair.fixed) == verified.find(pair.moving)
    });
    let of_uncertain = refiner.refine(&uncertain)?;
    for (i, found) in uncertain.into_iter().zip(of_uncertain) {
        refined[i] = found;
    }
    for (i, found) in refiner.refine_certain(certain)? {
        refined[i] = Some(found);
    }
    Ok(refined)
}

struct Refiner<'a> {
    pairs: &'a [Registered],
    participants: &'a Participants<'a>,
    executor: &'a Executor,
}

impl Refiner<'_> {
    /// The pairs of two images that resemble no other and whose thumbnails are certain; then
    /// all others, the most likely first.
    fn isolated_and_certain(&self) -> (Vec<usize>, Vec<usize>) {
        let mut partners = vec![0u32; self.participants.ids.len()];
        for pair in self.pairs {
            partners[pair.fixed as usize] += 1;
            partners[pair.moving as usize] += 1;
        }
        let isolated = |image: u32| partners[image as usize] == 1;
        let (certain, mut others): (Vec<usize>, Vec<usize>) =
            (0..self.pairs.len()).partition(|&i| {
                let pair = &self.pairs[i];
                pair.odds >= CERTAIN_IF_ISOLATED && isolated(pair.fixed) && isolated(pair.moving)
            });
        let odds = |i: usize| self.pairs[i].odds;
        others.sort_by(|&a, &b| odds(b).total_cmp(&odds(a)).then(a.cmp(&b)));
        (certain, others)
    }

    /// The refinement of pairs whose thumbnails are certain: decoded only where thumbnails
    /// differ, and without an effect on the odds.
    fn refine_certain(&self, which: Vec<usize>) -> Result<Vec<(usize, Refined)>, Interrupted> {
        let by_thumbnails = (self.executor).map(which.len(), |k| self.by_thumbnails(which[k]))?;
        let same =
            |found: &Option<Refined>| (found.as_ref()).is_none_or(Refined::is_without_difference);
        let unclear: Vec<usize> = (0..which.len())
            .filter(|&k| !same(&by_thumbnails[k]))
            .collect();
        let pairs: Vec<usize> = unclear.iter().map(|&k| which[k]).collect();
        let refined = self.refine(&pairs)?;
        let mut out: Vec<_> = (which.into_iter())
            .map(|i| (i, Refined::without_differences(self.pairs[i].odds)))
            .collect();
        for (k, found) in unclear.into_iter().zip(refined) {
            out[k].1.differences = found.and_then(|found| found.differences);
        }
        Ok(out)
    }

    /// The refinement of the pairs `which`, at all the detail that their images hold.
    fn refine(&self, which: &[usize]) -> Result<Vec<Option<Refined>>, Interrupted> {
        let mut refined = self.executor.map(which.len(), |k| {
            let i = which[k];
            match self.pairs[i].detail {
                Detail::Thumbnail => self.by_thumbnails(i),
                Detail::Double | Detail::Full => self.refuted_by_thumbnails(i),
            }
        })?;
        let finer: Vec<usize> = (0..which.len())
            .filter(|&k| refined[k].is_none() && self.pairs[which[k]].detail != Detail::Thumbnail)
            .collect();
        let pairs: Vec<&Registered> = finer.iter().map(|&k| &self.pairs[which[k]]).collect();
        let found = self.recall_or_decode(&pairs)?;
        for (k, found) in finer.into_iter().zip(found) {
            refined[k] = found;
        }
        Ok(refined)
    }

    /// The refinement of `pairs` as an earlier scan kept it, or from decoded images.
    fn recall_or_decode(&self, pairs: &[&Registered]) -> Result<Vec<Option<Refined>>, Interrupted> {
        let recalled = (self.executor).map(pairs.len().div_ceil(RECALLED_AT_ONCE), |run| {
            let run = run * RECALLED_AT_ONCE..((run + 1) * RECALLED_AT_ONCE).min(pairs.len());
            let keys: Vec<RefinementKey> = pairs[run].iter().map(|pair| self.key(pair)).collect();
            self.participants.source.recall(&keys)
        })?;
        let mut refined = vec![None; pairs.len()];
        let mut unknown = Vec::new();
        for (k, recalled) in recalled.into_iter().flatten().enumerate() {
            match recalled {
                Recalled::Known(known) => refined[k] = known,
                Recalled::Unknown => unknown.push(k),
            }
        }
        let missing: Vec<&Registered> = unknown.iter().map(|&k| pairs[k]).collect();
        for (k, found) in unknown.into_iter().zip(self.decode_and_refine(&missing)?) {
            refined[k] = found;
        }
        Ok(refined)
    }

    fn decode_and_refine(
        &self,
        pairs: &[&Registered],
    ) -> Result<Vec<Option<Refined>>, Interrupted> {
        let views: Vec<[ImageView; 2]> = (pairs.iter())
            .map(|pair| [(pair.fixed, pair.mattes.0), (pair.moving, pair.mattes.1)])
            .collect();
        // A decoded image has up to twice the side that is compared.
        let bytes = |image: u32| self.participants.samples(image, SIDE as f32 * 2.0);
        let mut refined = vec![None; pairs.len()];
        // Images that this batch shares with the one before are decoded once.
        let mut decoded: BTreeMap<ImageView, Option<CloseUp>> = BTreeMap::new();
        for batch in batches(&views, bytes) {
            let wanted: BTreeSet<ImageView> = batch.iter().flat_map(|&i| views[i]).collect();
            decoded.retain(|view, _| wanted.contains(view));
            let missing: Vec<ImageView> = (wanted.into_iter())
                .filter(|view| !decoded.contains_key(view))
                .collect();
            let new = self.executor.map(missing.len(), |i| {
                let (image, matte) = missing[i];
                let id = self.participants.id(image);
                self.participants.source.decode(id, matte)
            })?;
            decoded.extend(missing.into_iter().zip(new));
            let reduced = self.reduce(&batch, pairs, &views, &decoded)?;
            let found = self.executor.map(batch.len(), |i| {
                let pair = pairs[batch[i]];
                let [fixed, moving] = views[batch[i]];
                let luma = |view: ImageView, side: u32| match reduced.get(&view) {
                    Some((shared, luma)) if *shared == side => luma.as_ref().map(Cow::Borrowed),
                    _ => decoded.get(&view)?.as_ref()?.luma(side).map(Cow::Owned),
                };
                let (fixed, moving) = (luma(fixed, pair.sides.0)?, luma(moving, pair.sides.1)?);
                self.refine_decoded(pair, &fixed, &moving)
            })?;
            for (&i, found) in batch.iter().zip(found) {
                refined[i] = found;
            }
        }
        Ok(refined)
    }

    /// The luma of each view of a batch at the side, in samples, that most of its pairs need,
    /// if several do: among look-alikes that is nearly all, and one luma for each image takes
    /// a quarter of what is decoded.
    fn reduce(
        &self,
        batch: &[usize],
        pairs: &[&Registered],
        views: &[[ImageView; 2]],
        decoded: &BTreeMap<ImageView, Option<CloseUp>>,
    ) -> Result<BTreeMap<ImageView, (u32, Option<Plane>)>, Interrupted> {
        let mut needed: BTreeMap<(ImageView, u32), u32> = BTreeMap::new();
        for &i in batch {
            let [fixed, moving] = views[i];
            *needed.entry((fixed, pairs[i].sides.0)).or_default() += 1;
            *needed.entry((moving, pairs[i].sides.1)).or_default() += 1;
        }
        let mut shared: BTreeMap<ImageView, (u32, u32)> = BTreeMap::new();
        for ((view, side), count) in needed.into_iter().filter(|&(_, count)| count > 1) {
            let most = shared.entry(view).or_default();
            *most = (*most).max((count, side));
        }
        let shared: Vec<(ImageView, (u32, u32))> = shared.into_iter().collect();
        let lumas = self.executor.map(shared.len(), |i| {
            let (view, (_, side)) = shared[i];
            decoded.get(&view)?.as_ref()?.luma(side)
        })?;
        let lumas = shared.into_iter().zip(lumas);
        Ok(lumas
            .map(|((view, (_, side)), luma)| (view, (side, luma)))
            .collect())
    }

    fn refine_decoded(&self, pair: &Registered, fixed: &Plane, moving: &Plane) -> Option<Refined> {
        let refined = pair.refine(fixed, moving);
        self.participants.source.keep(&self.key(pair), refined);
        refined
    }

    fn by_thumbnails(&self, pair: usize) -> Option<Refined> {
        let pair = &self.pairs[pair];
        let (fixed, moving) = self.participants.thumbnails(pair)?;
        Some(pair.refine_by_thumbnails(&fixed.0, &moving.0))
    }

    fn refuted_by_thumbnails(&self, pair: usize) -> Option<Refined> {
        let pair = &self.pairs[pair];
        let (fixed, moving) = self.participants.thumbnails(pair)?;
        pair.refuted_by_thumbnails(&fixed.0, &moving.0)
    }

    fn key(&self, pair: &Registered) -> RefinementKey {
        let id = |image: u32| self.participants.id(image);
        RefinementKey::new(pair, id(pair.fixed), id(pair.moving))
    }
}
