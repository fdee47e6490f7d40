//! An order of pairs in which each image is in memory for a short while only. Decodes
//! nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::decode::Matte;

/// An image before one matte.
pub(super) type ImageView = (u32, Matte);

/// Bytes of decoded images that one batch of pairs needs, at most: two batches in memory,
/// and 480 of the largest images in each.
const BATCH_BYTES: usize = 128 << 20;

/// Splits `pairs` into batches whose images take [`BATCH_BYTES`] at most, by `bytes` of each
/// image, and returns their indices in `pairs`. Images that are compared with each other come
/// together: in the order of a breadth-first search, as Cuthill & McKee (1969) number the
/// rows of a sparse matrix.
pub(super) fn batches(pairs: &[[ImageView; 2]], bytes: impl Fn(u32) -> usize) -> Vec<Vec<usize>> {
    let ranks = ranks(pairs);
    let key = |pair: &[ImageView; 2]| {
        let ranks = pair.map(|view| ranks.get(&view).copied().unwrap_or(0));
        (ranks[0].max(ranks[1]), ranks[0].min(ranks[1]))
    };
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|&i| (key(&pairs[i]), i));
    let mut batches = Vec::new();
    let (mut batch, mut views, mut free) = (Vec::new(), BTreeSet::new(), BATCH_BYTES);
    for i in order {
        let new: BTreeSet<ImageView> = (pairs[i].into_iter())
            .filter(|view| !views.contains(view))
            .collect();
        let needed: usize = new.iter().map(|&(image, _)| bytes(image)).sum();
        if needed > free && !batch.is_empty() {
            batches.push(std::mem::take(&mut batch));
            views = BTreeSet::from(pairs[i]);
            let needed: usize = views.iter().map(|&(image, _)| bytes(image)).sum();
            free = BATCH_BYTES.saturating_sub(needed);
        } else {
            views.extend(new);
            free = free.saturating_sub(needed);
        }
        batch.push(i);
    }
    batches.extend((!batch.is_empty()).then_some(batch));
    batches
}

/// The rank of each image in a breadth-first search from the first image of each connected
/// group.
fn ranks(pairs: &[[ImageView; 2]]) -> BTreeMap<ImageView, usize> {
    let mut beside: BTreeMap<ImageView, BTreeSet<ImageView>> = BTreeMap::new();
    for &[a, b] in pairs {
        beside.entry(a).or_default().insert(b);
        beside.entry(b).or_default().insert(a);
    }
    let mut ranks = BTreeMap::new();
    let mut next = VecDeque::new();
    for &first in beside.keys() {
        next.push_back(first);
        while let Some(view) = next.pop_front() {
            let rank = ranks.len();
            if let std::collections::btree_map::Entry::Vacant(vacant) = ranks.entry(view) {
                vacant.insert(rank);
                let others = beside.get(&view).into_iter().flatten();
                next.extend(others.filter(|other| !ranks.contains_key(other)));
            }
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_pair_is_in_one_batch_and_no_batch_is_larger_than_allowed(
            pairs in prop::collection::vec((0u32..60, 0u32..60), 0..200),
            share in 1usize..40,
        ) {
            let pairs: Vec<[ImageView; 2]> = pairs
                .into_iter()
                .map(|(a, b)| [(a, Matte::White), (b, Matte::White)])
                .collect();
            let bytes = |_| BATCH_BYTES / share;
            let batches = batches(&pairs, bytes);
            let mut all: Vec<usize> = batches.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..pairs.len()).collect::<Vec<_>>());
            for batch in batches {
                let views: BTreeSet<ImageView> = batch.iter().flat_map(|&i| pairs[i]).collect();
                prop_assert!(views.len() <= share.max(2));
            }
        }
    }

    #[test]
    fn images_of_two_interleaved_groups_are_in_one_batch_each() {
        // Even numbers resemble each other, and odd ones.
        let of = |first: u32| {
            let all = (0..30).map(move |i| first + 2 * i);
            all.clone().flat_map(move |a| {
                let later = all.clone().filter(move |&b| b > a);
                later.map(move |b| [(a, Matte::White), (b, Matte::White)])
            })
        };
        let pairs: Vec<_> = of(0).chain(of(1)).collect();
        let batches = batches(&pairs, |_| BATCH_BYTES / 30);
        assert_eq!(batches.len(), 2);
    }
}
