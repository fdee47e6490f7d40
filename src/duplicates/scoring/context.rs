//! What "close" means in this set: how alike each image's other candidates
//! are. Looks at no pixels.

use super::logistic::{NOTHING, STRONG, among_small, in_a_crowd};
use super::shared_view::of_one_view;
use super::{Aligned, Closer, Detail};
use crate::duplicates::groups;
use crate::duplicates::registration::affine::Map;
use crate::sample::SampleId;

/// The place, best first, of the candidate that speaks for all others: an
/// image may have two more copies before they count against each other.
const RANK: usize = 3;

/// Images that hang together by pairs beyond which they are a crowd of
/// look-alikes (a fixed camera, one backdrop) and not the copies of one.
const CROWD: usize = 24;

/// Odds (log) from which three pairs of small images may be of one image.
const LIKELY: f32 = 1.0;

/// Samples by which the way round three images may miss: registrations of copies
/// agree with each other, those of look-alikes are each a compromise.
const CLOSED: f32 = 0.3;

/// Rivals of a pair that are asked whether they are copies, at most: the best.
const ASKED: usize = 32;

/// Turns what was seen of each pair by itself (`None`: not the same) into log odds
/// in view of the whole set of `count` images.
pub(crate) fn in_view_of_all(
    count: usize,
    pairs: &[Aligned],
    seen: &[Option<Closer>],
) -> Vec<Option<f32>> {
    let alone = unrefuted(count, pairs, seen);
    let rivals = Rivals::of(count, pairs, &alone);
    let crowds = crowds(count, pairs, &alone);
    let others = |index: usize| rivals.best_beside(index);
    let judged = pairs
        .iter()
        .zip(&alone)
        .enumerate()
        .map(|(i, (pair, odds))| {
            let odds = (*odds)?;
            Some(match pair.detail {
                Detail::Thumbnail => among_small(odds, others(i)),
                _ => match crowds[pair.fixed as usize] {
                    Some(level) => in_a_crowd(odds, others(i).max(level)),
                    None => odds,
                },
            })
        });
    judged.collect()
}

/// The pairs of each image, best first.
struct Rivals<'a> {
    pairs: &'a [Aligned],
    odds: &'a [Option<f32>],
    /// Of each image: the other of a pair, and the pair.
    of: Vec<Vec<(u32, usize)>>,
}

impl<'a> Rivals<'a> {
    fn of(count: usize, pairs: &'a [Aligned], odds: &'a [Option<f32>]) -> Self {
        let mut of = vec![Vec::new(); count];
        for (i, pair) in pairs.iter().enumerate() {
            if odds[i].is_some() {
                of[pair.fixed as usize].push((pair.moving, i));
                of[pair.moving as usize].push((pair.fixed, i));
            }
        }
        let mut all = Self {
            pairs,
            odds,
            of: Vec::new(),
        };
        for of in &mut of {
            of.sort_by(|a, b| all.odds(b.1).total_cmp(&all.odds(a.1)).then(a.cmp(b)));
        }
        all.of = of;
        all
    }

    fn odds(&self, pair: usize) -> f32 {
        self.odds[pair].unwrap_or(NOTHING)
    }

    /// The odds of the [`RANK`]th best rival of either image of a pair. What is a
    /// copy of both by maps that agree is no rival: many copies of one image
    /// speak for each other.
    fn best_beside(&self, index: usize) -> f32 {
        let pair = &self.pairs[index];
        let small = pair.detail == Detail::Thumbnail;
        let of = |image: u32, other: u32| {
            let rivals = self.of[image as usize].iter().enumerate();
            rivals
                .filter(|(_, (rival, _))| *rival != other)
                .filter(|(rank, (rival, with_image))| {
                    !(small && *rank < ASKED && self.is_kin(index, image, *rival, *with_image))
                })
                .nth(RANK - 1)
                .map_or(NOTHING, |(_, (_, rival))| self.odds(*rival))
        };
        of(pair.fixed, pair.moving).max(of(pair.moving, pair.fixed))
    }

    /// Whether `rival` is a copy of both images of the pair `index`, or of `image`
    /// and of one that is: not all pairs of many copies are proposed.
    fn is_kin(&self, index: usize, image: u32, rival: u32, with_image: usize) -> bool {
        let mut between = self.of[image as usize].iter().take(ASKED);
        self.is_copy(index, image, rival, with_image)
            || between.any(|&(third, with_third)| {
                third != rival
                    && with_third != index
                    && self.is_copy(index, image, third, with_third)
                    && self.is_copy(with_third, image, rival, with_image)
            })
    }

    /// Whether `rival`, by its pair with `image`, is a copy of both images of the
    /// pair `index`.
    fn is_copy(&self, index: usize, image: u32, rival: u32, with_image: usize) -> bool {
        let pair = &self.pairs[index];
        let other = if pair.fixed == image {
            pair.moving
        } else {
            pair.fixed
        };
        let mut with_other = self.of[other as usize].iter();
        let Some(&(_, with_other)) = with_other.find(|(third, _)| *third == rival) else {
            return false;
        };
        let all = [index, with_image, with_other];
        if all.iter().any(|&pair| self.odds(pair) < LIKELY) {
            return false;
        }
        let (Some(there), Some(on), Some(straight)) = (
            self.map(index, image),
            self.map(with_other, other),
            self.map(with_image, image),
        ) else {
            return false;
        };
        let round = on.after(&there);
        let (fixed, moving) = self.pairs[with_image].sides;
        let side = fixed.max(moving) as f32;
        let misses = [(-0.35, -0.35), (0.35, -0.35), (-0.35, 0.35), (0.35, 0.35)].map(|(x, y)| {
            let (a, b) = (round.apply(x, y), straight.apply(x, y));
            (a.0 - b.0).hypot(a.1 - b.1) * side
        });
        misses.into_iter().all(|miss| miss < CLOSED)
    }

    /// From `image` to the other of a pair.
    fn map(&self, pair: usize, image: u32) -> Option<Map> {
        let pair = &self.pairs[pair];
        if pair.fixed == image {
            Some(pair.map)
        } else {
            pair.map.inverse()
        }
    }
}

/// The log odds of each pair, but [`NOTHING`] at most where each of the two shows
/// what the other lacks.
fn unrefuted(count: usize, pairs: &[Aligned], seen: &[Option<Closer>]) -> Vec<Option<f32>> {
    let of_one_view = of_one_view(count, pairs, seen);
    (seen.iter().zip(of_one_view))
        .map(|(seen, of_one_view)| {
            let seen = (*seen)?;
            let refuted = of_one_view || seen.shows_two_things();
            Some(if refuted {
                seen.odds.min(NOTHING)
            } else {
                seen.odds
            })
        })
        .collect()
}

/// For each image of a crowd what two of that crowd that are not the same may
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
        for image in group {
            crowd[image.index()] = Some(number);
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
