//! What "close" means in this set: how alike each picture's other candidates
//! are. Looks at no pixels.

use super::groups;
use super::verify::similarity::{NOTHING, among_small, in_a_crowd};
use super::verify::{Aligned, Detail};
use crate::sample::SampleId;

/// The place, best first, of the candidate that speaks for all others: a
/// picture may have two more copies before they count against each other.
const RANK: usize = 3;

/// Pictures that hang together by pairs beyond which they are a crowd of
/// look-alikes (a fixed camera, one backdrop) and not the copies of one.
const CROWD: usize = 24;

/// The best odds of a picture, best first.
type Best = [f32; RANK + 1];

/// Turns the odds of each pair by itself (`None`: not the same) into those in
/// view of the whole set of `count` pictures.
pub(super) fn in_view_of_all(
    count: usize,
    pairs: &[Aligned],
    alone: &[Option<f32>],
) -> Vec<Option<f32>> {
    let mut best: Vec<Best> = vec![[NOTHING; RANK + 1]; count];
    for (pair, odds) in pairs.iter().zip(alone) {
        let Some(odds) = *odds else { continue };
        for picture in [pair.fixed, pair.moving] {
            if let Some(best) = best.get_mut(picture as usize)
                && odds > best[RANK]
            {
                best[RANK] = odds;
                best.sort_by(|a, b| b.total_cmp(a));
            }
        }
    }
    let crowded = crowded(count, pairs, alone);
    let others = |pair: &Aligned, odds: f32| {
        let of = |picture: u32| {
            let best = best.get(picture as usize).unwrap_or(&[NOTHING; RANK + 1]);
            // The pair itself stands among the best.
            best[if odds >= best[RANK - 1] {
                RANK
            } else {
                RANK - 1
            }]
        };
        of(pair.fixed).max(of(pair.moving))
    };
    let judged = pairs.iter().zip(alone).map(|(pair, odds)| {
        let odds = (*odds)?;
        Some(match pair.detail {
            Detail::Thumbnail => among_small(odds, others(pair, odds)),
            _ if crowded[pair.fixed as usize] => in_a_crowd(odds, others(pair, odds)),
            _ => odds,
        })
    });
    judged.collect()
}

/// Which pictures are of a crowd, by pairs that are likely by themselves.
fn crowded(count: usize, pairs: &[Aligned], alone: &[Option<f32>]) -> Vec<bool> {
    let likely = pairs.iter().zip(alone).filter(|(pair, odds)| {
        pair.detail != Detail::Thumbnail && odds.is_some_and(|odds| odds > 0.0)
    });
    let linked = likely.map(|(pair, _)| (SampleId(pair.fixed), SampleId(pair.moving)));
    let mut crowded = vec![false; count];
    for group in groups(count, linked) {
        if group.len() > CROWD {
            for SampleId(picture) in group {
                crowded[picture as usize] = true;
            }
        }
    }
    crowded
}
