//! The join against brute force.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::executor::StopFlag;

fn executor(jobs: usize) -> Executor {
    Executor::new(jobs, StopFlag::default()).expect("threads")
}

/// The definition in the documentation of `pairs_within`, by comparing all pairs.
fn naive_pairs<H: HashBits>(hashes: &[Option<H>], radius: u32, cap: usize) -> Joined {
    let of_all = naive_queries(hashes, hashes, radius, usize::MAX);
    let mut listed = BTreeSet::new();
    for run in of_all.pairs.chunk_by(|x, y| x.0 == y.0) {
        let mut others: Vec<_> = run.iter().filter(|(a, b, _)| a != b).collect();
        others.sort_by_key(|(_, b, distance)| (*distance, *b));
        let nearest = others.into_iter().take(cap);
        listed.extend(nearest.map(|&(a, b, distance)| (a.min(b), a.max(b), distance)));
    }
    let total = of_all.pairs.iter().filter(|(a, b, _)| a < b).count();
    Joined {
        not_listed: (total - listed.len()) as u64,
        pairs: listed.into_iter().collect(),
    }
}

fn naive_queries<H: HashBits>(
    queries: &[Option<H>],
    table: &[Option<H>],
    radius: u32,
    cap: usize,
) -> Joined {
    let (mut pairs, mut total) = (Vec::new(), 0);
    for (q, query) in (0u32..).zip(queries) {
        let mut near = Vec::new();
        for (t, hash) in (0u32..).zip(table) {
            if let (Some(query), Some(hash)) = (query, hash)
                && query.distance(hash) <= radius
            {
                near.push((query.distance(hash).min(255) as u8, t));
            }
        }
        total += near.len();
        near.sort_unstable();
        near.truncate(cap);
        pairs.extend(near.iter().map(|&(distance, t)| (q, t, distance)));
    }
    pairs.sort_unstable();
    Joined {
        not_listed: (total - pairs.len()) as u64,
        pairs,
    }
}

/// Few centres with few bits changed: equal, near and far hashes, and `None`.
fn clustered() -> impl Strategy<Value = Vec<Option<u64>>> {
    let centres = prop::collection::vec(any::<u64>(), 1..6);
    let picks = prop::collection::vec((0usize..6, prop::collection::vec(0u32..64, 0..7)), 0..120);
    (centres, picks).prop_map(|(centres, picks)| {
        picks
            .into_iter()
            .map(|(pick, bits)| {
                let centre = centres.get(pick)?;
                Some(bits.iter().fold(*centre, |hash, bit| hash ^ (1 << bit)))
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn pairs_are_those_of_brute_force(
        hashes in clustered(), radius in 0u32..40, cap in 1usize..200, jobs in 1usize..4,
    ) {
        let found = pairs_within(&hashes, radius, cap, &executor(jobs)).expect("not stopped");
        prop_assert_eq!(found, naive_pairs(&hashes, radius, cap));
    }

    #[test]
    fn every_plan_finds_the_same(
        hashes in clustered(), radius in 0u32..12, cap in 1usize..40, count in 1u32..6,
    ) {
        let distinct: Vec<u64> = hashes.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let sizes = vec![1; distinct.len()];
        let side = Side { hashes: &distinct, sizes: &sizes };
        let bands = join::tests::even_bands(64, count.min(radius + 1), radius);
        let banded = join::tests::join_on(&bands, &side, radius, cap, &executor(2));
        let wrapped: Vec<_> = distinct.iter().copied().map(Some).collect();
        let naive = naive_queries(&wrapped, &wrapped, radius, cap);
        let mut pairs: Vec<_> = banded.nearest.iter().map(|h| (h.row, h.other, h.distance as u8)).collect();
        pairs.sort_unstable();
        prop_assert_eq!(banded.total, naive.not_listed + naive.pairs.len() as u64);
        prop_assert_eq!(pairs, naive.pairs);
    }

    #[test]
    fn queries_are_those_of_brute_force(
        queries in clustered(), table in clustered(), radius in 0u32..40, cap in 1usize..200,
    ) {
        let mixed: Vec<_> = queries.iter().chain(&table[..table.len() / 2]).copied().collect();
        let found = queries_within(&mixed, &table, radius, cap, &executor(2)).expect("not stopped");
        prop_assert_eq!(found, naive_queries(&mixed, &table, radius, cap));
    }

    #[test]
    fn long_hashes_are_joined_alike(
        words in prop::collection::vec(any::<[u64; 4]>(), 1..4),
        picks in prop::collection::vec((0usize..4, prop::collection::vec(0usize..256, 0..40)), 0..60),
        radius in 0u32..80,
    ) {
        let hashes: Vec<Option<[u64; 4]>> = picks.into_iter().map(|(pick, bits)| {
            let mut hash = *words.get(pick)?;
            for bit in bits { hash[bit / 64] ^= 1 << (bit % 64); }
            Some(hash)
        }).collect();
        let found = pairs_within(&hashes, radius, 10, &executor(2)).expect("not stopped");
        prop_assert_eq!(found, naive_pairs(&hashes, radius, 10));
    }
}

fn scrambled(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[test]
fn bands_find_in_thousands_what_brute_force_finds() {
    // 3,000 hashes in clusters of three, so that the planner picks bands.
    let hashes: Vec<Option<u64>> = (0..3000u64)
        .map(|i| Some(scrambled(i / 3) ^ (1 << (scrambled(i) % 64)) ^ (1 << (i % 64))))
        .collect();
    let plan = plan::plan(
        3000,
        &hashes.iter().flatten().copied().collect::<Vec<_>>(),
        6,
    );
    assert!(plan[0].width > 0, "{plan:?}");
    let found = pairs_within(&hashes, 6, 50, &executor(2)).expect("not stopped");
    assert_eq!(found, naive_pairs(&hashes, 6, 50));
    assert!(found.pairs.len() >= 3000);
}

#[test]
fn group_of_fifty_thousand_equal_hashes_is_connected_and_counted() {
    let hashes = vec![Some(7u64); 50_000];
    let found = pairs_within(&hashes, 8, 4, &executor(2)).expect("not stopped");
    assert!(found.pairs.len() <= 4 * 50_000);
    assert_eq!(
        found.pairs.len() as u64 + found.not_listed,
        50_000 * 49_999 / 2
    );
    assert!((1..50_000).all(|i| found.pairs.binary_search(&(0, i, 0)).is_ok()));
}

#[test]
fn outcome_does_not_depend_on_the_number_of_threads() {
    let hashes: Vec<Option<u64>> = (0..4000).map(|i| Some(scrambled(i) & 0xF_FFFF)).collect();
    let one = pairs_within(&hashes, 3, 5, &executor(1)).expect("not stopped");
    let four = pairs_within(&hashes, 3, 5, &executor(4)).expect("not stopped");
    assert!(one.not_listed > 0);
    assert_eq!(one, four);
}

#[test]
fn stop_is_heeded() {
    let stop = StopFlag::default();
    let executor = Executor::new(1, stop.clone()).expect("threads");
    stop.raise();
    assert_eq!(
        pairs_within(&[Some(1u64), Some(1)], 1, 1, &executor),
        Err(Interrupted)
    );
}
