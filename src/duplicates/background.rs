//! What "close" means in this set: how alike each picture's other candidates
//! are. Looks at no pixels.

use super::groups;
use super::verify::similarity::{NOTHING, STRONG, among_small, in_a_crowd};
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
    let crowds = crowds(count, pairs, alone);
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
            _ => match crowds[pair.fixed as usize] {
                Some(level) => in_a_crowd(odds, others(pair, odds).max(level)),
                None => odds,
            },
        })
    });
    judged.collect()
}

/// For each picture of a crowd what two of that crowd that are not the same may
/// be expected to reach. Every pair looked at closer holds a crowd together.
fn crowds(count: usize, pairs: &[Aligned], alone: &[Option<f32>]) -> Vec<Option<f32>> {
    let looked_at = || {
        let all = pairs.iter().zip(alone);
        all.filter(|(pair, odds)| pair.detail != Detail::Thumbnail && odds.is_some())
    };
    let linked = looked_at().map(|(pair, _)| pair);
    let linked = linked.map(|pair| (SampleId(pair.fixed), SampleId(pair.moving)));
    let groups: Vec<_> = (groups(count, linked).into_iter())
        .filter(|group| group.len() > CROWD)
        .collect();
    let mut crowd = vec![None; count];
    for (number, group) in groups.iter().enumerate() {
        for picture in group {
            crowd[picture.index()] = Some(number);
        }
    }
    let mut reached = vec![Vec::new(); groups.len()];
    for (pair, odds) in looked_at() {
        if let (Some(number), Some(odds)) = (crowd[pair.fixed as usize], *odds)
            && (0.0..STRONG).contains(&odds)
        {
            reached[number].push(odds);
        }
    }
    let levels: Vec<f32> = reached.into_iter().map(level).collect();
    let level_of = |crowd: Option<usize>| crowd.map(|number| levels[number]);
    crowd.into_iter().map(level_of).collect()
}

/// The greatest of these odds to expect were all of pairs that only resemble
/// each other: of the upper half, which falls off exponentially, by its median
/// and its ninth decile (Gumbel 1958, section 4.1). Copies among them are few.
fn level(mut odds: Vec<f32>) -> f32 {
    odds.sort_by(f32::total_cmp);
    let quantile = |share: f32| odds.get((odds.len() as f32 * share) as usize).copied();
    let (Some(median), Some(high)) = (quantile(0.5), quantile(0.9)) else {
        return 0.0;
    };
    let half = odds.len() as f32 / 2.0;
    // From the median to the ninth decile four in five of the upper half go.
    median + (high - median) / 5f32.ln() * half.max(1.0).ln()
}
