//! An order of pairs in which each image is needed for a short while only.
//! Decodes nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::decode::Matte;

/// An image before one matte.
pub(crate) type Place = (u32, Matte);

/// Bytes of decoded images that one run of pairs needs, at most: two runs in
/// memory, and of the largest images 480 in each.
const ROOM: usize = 128 << 20;

/// Splits `pairs` into runs whose images take [`ROOM`] at most, by `bytes` of
/// each image, and gives their places in `pairs`. Images that are compared
/// with each other come together: in the order of a breadth-first search, as
/// Cuthill and McKee (1969) number the rows of a sparse matrix.
pub(crate) fn runs(pairs: &[[Place; 2]], bytes: impl Fn(u32) -> usize) -> Vec<Vec<usize>> {
    let ranks = ranks(pairs);
    let key = |pair: &[Place; 2]| {
        let ranks = pair.map(|place| ranks.get(&place).copied().unwrap_or(0));
        (ranks[0].max(ranks[1]), ranks[0].min(ranks[1]))
    };
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|&i| (key(&pairs[i]), i));
    let mut runs = Vec::new();
    let (mut run, mut there, mut room) = (Vec::new(), BTreeSet::new(), ROOM);
    for i in order {
        let new: BTreeSet<Place> = (pairs[i].into_iter())
            .filter(|place| !there.contains(place))
            .collect();
        let needed: usize = new.iter().map(|&(image, _)| bytes(image)).sum();
        if needed > room && !run.is_empty() {
            runs.push(std::mem::take(&mut run));
            there = BTreeSet::from(pairs[i]);
            let needed: usize = there.iter().map(|&(image, _)| bytes(image)).sum();
            room = ROOM.saturating_sub(needed);
        } else {
            there.extend(new);
            room = room.saturating_sub(needed);
        }
        run.push(i);
    }
    runs.extend((!run.is_empty()).then_some(run));
    runs
}

/// When a breadth-first search from the first image of each connected group
/// comes to each image.
fn ranks(pairs: &[[Place; 2]]) -> BTreeMap<Place, usize> {
    let mut beside: BTreeMap<Place, BTreeSet<Place>> = BTreeMap::new();
    for &[a, b] in pairs {
        beside.entry(a).or_default().insert(b);
        beside.entry(b).or_default().insert(a);
    }
    let mut ranks = BTreeMap::new();
    let mut next = VecDeque::new();
    for &first in beside.keys() {
        next.push_back(first);
        while let Some(place) = next.pop_front() {
            let rank = ranks.len();
            if let std::collections::btree_map::Entry::Vacant(vacant) = ranks.entry(place) {
                vacant.insert(rank);
                let others = beside.get(&place).into_iter().flatten();
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
        fn every_pair_is_in_one_run_and_no_run_takes_more_room_than_there_is(
            pairs in prop::collection::vec((0u32..60, 0u32..60), 0..200),
            share in 1usize..40,
        ) {
            let pairs: Vec<[Place; 2]> = pairs
                .into_iter()
                .map(|(a, b)| [(a, Matte::White), (b, Matte::White)])
                .collect();
            let bytes = |_| ROOM / share;
            let runs = runs(&pairs, bytes);
            let mut all: Vec<usize> = runs.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..pairs.len()).collect::<Vec<_>>());
            for run in runs {
                let places: BTreeSet<Place> = run.iter().flat_map(|&i| pairs[i]).collect();
                prop_assert!(places.len() <= share.max(2));
            }
        }
    }

    #[test]
    fn images_of_two_interleaved_groups_are_needed_in_one_run_each() {
        // Even numbers resemble each other, and odd ones.
        let of = |first: u32| {
            let all = (0..30).map(move |i| first + 2 * i);
            all.clone().flat_map(move |a| {
                let later = all.clone().filter(move |&b| b > a);
                later.map(move |b| [(a, Matte::White), (b, Matte::White)])
            })
        };
        let pairs: Vec<_> = of(0).chain(of(1)).collect();
        let runs = runs(&pairs, |_| ROOM / 30);
        assert_eq!(runs.len(), 2);
    }
}
