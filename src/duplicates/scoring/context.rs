//! Context rescoring: scores each pair among all pairs of the set, because look-alikes
//! reach by chance what copies reach elsewhere. Reads no pixels.

use super::logistic::{NONE, STRONG, VOUCHED, among_look_alikes, given_rival};
use super::shared_view::share_only_the_view;
use super::vouching::Vouching;
use super::{Detail, Refined, Registered};
use crate::duplicates::groups;
use crate::sample::SampleId;

/// Rank, best first, of the rival that a pair of small images is compared with: an image
/// may have two more copies before they count against each other.
const RANK: usize = 3;

/// Connected images beyond which they are a group of look-alikes (a fixed camera, one
/// backdrop) and not the copies of one image.
const LOOK_ALIKES: usize = 24;

/// The log odds of each pair among all pairs of a set of `count` images, from its own
/// refinement (`None`: not a copy).
pub(crate) fn rescore(
    count: usize,
    pairs: &[Registered],
    refined: &[Option<Refined>],
) -> Vec<Option<f32>> {
    let own = own_odds(count, pairs, refined);
    let rivals = Rivals::of(count, pairs, &own);
    let vouching = Vouching::of(count, pairs, &own);
    let levels = look_alike_levels(count, pairs, &own);
    let rescored = pairs.iter().zip(&own).enumerate().map(|(i, (pair, odds))| {
        let odds = (*odds)?;
        Some(match pair.detail {
            Detail::Thumbnail if vouching.supports(pair, odds) => {
                given_rival(odds + VOUCHED, rivals.best_outside(i, &vouching))
            }
            Detail::Thumbnail => given_rival(odds, rivals.best_beside(i)),
            _ => match levels[pair.fixed as usize] {
                Some(level) => among_look_alikes(odds, rivals.best_beside(i).max(level)),
                None => odds,
            },
        })
    });
    rescored.collect()
}

/// The pairs of each image, best first.
struct Rivals<'a> {
    pairs: &'a [Registered],
    odds: &'a [Option<f32>],
    /// For each image: the other image of a pair, and the pair.
    of: Vec<Vec<(u32, usize)>>,
}

impl<'a> Rivals<'a> {
    fn of(count: usize, pairs: &'a [Registered], odds: &'a [Option<f32>]) -> Self {
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
        self.odds[pair].unwrap_or(NONE)
    }

    /// The log odds of the [`RANK`]th best rival of either image of a pair.
    fn best_beside(&self, index: usize) -> f32 {
        self.best(index, |_, _| true)
    }

    /// The same where the two are of one group of copies: others of the group are no rivals,
    /// many copies of one image support each other.
    fn best_outside(&self, index: usize, vouching: &Vouching) -> f32 {
        self.best(index, |image, rival| {
            !vouching.are_of_one_group(image, rival)
        })
    }

    fn best(&self, index: usize, counts: impl Fn(u32, u32) -> bool) -> f32 {
        let pair = &self.pairs[index];
        let of = |image: u32, other: u32| {
            let rivals = self.of[image as usize].iter();
            rivals
                .filter(|&&(rival, _)| rival != other && counts(image, rival))
                .nth(RANK - 1)
                .map_or(NONE, |&(_, rival)| self.odds(rival))
        };
        of(pair.fixed, pair.moving).max(of(pair.moving, pair.fixed))
    }
}

/// The log odds of each pair by itself, but [`NONE`] at most where each of the two shows a
/// region that the other lacks.
pub(crate) fn own_odds(
    count: usize,
    pairs: &[Registered],
    refined: &[Option<Refined>],
) -> Vec<Option<f32>> {
    let only_the_view = share_only_the_view(count, pairs, refined);
    (refined.iter().zip(only_the_view))
        .map(|(refined, only_the_view)| {
            let refined = (*refined)?;
            let refuted = only_the_view || refined.differ_both_ways();
            Some(if refuted {
                refined.odds.min(NONE)
            } else {
                refined.odds
            })
        })
        .collect()
}

/// For each image in a group of look-alikes the log odds that two of the group reach by
/// chance. Every refined pair connects a group.
fn look_alike_levels(count: usize, pairs: &[Registered], own: &[Option<f32>]) -> Vec<Option<f32>> {
    let refined = || {
        let all = pairs.iter().zip(own);
        all.filter(|(pair, odds)| pair.detail != Detail::Thumbnail && odds.is_some())
    };
    let linked = refined().map(|(pair, _)| pair);
    let linked = linked.map(|pair| (SampleId(pair.fixed), SampleId(pair.moving)));
    let groups: Vec<_> = (groups(count, linked).into_iter())
        .filter(|group| group.len() > LOOK_ALIKES)
        .collect();
    let mut group_of = vec![None; count];
    for (number, group) in groups.iter().enumerate() {
        for image in group {
            group_of[image.index()] = Some(number);
        }
    }
    let mut reached = vec![Vec::new(); groups.len()];
    for (pair, odds) in refined() {
        if let (Some(number), Some(odds)) = (group_of[pair.fixed as usize], *odds)
            && (0.0..STRONG).contains(&odds)
        {
            reached[number].push(odds);
        }
    }
    let levels: Vec<f32> = reached.into_iter().map(level).collect();
    let level_of = |group: Option<usize>| group.map(|number| levels[number]);
    group_of.into_iter().map(level_of).collect()
}

/// The greatest of these log odds to expect if all pairs were look-alikes only: from the
/// median and the ninth decile of an exponential upper half (Gumbel 1958, section 4.1).
/// Copies among them are few.
fn level(mut odds: Vec<f32>) -> f32 {
    odds.sort_by(f32::total_cmp);
    let quantile = |share: f32| odds.get((odds.len() as f32 * share) as usize).copied();
    let (Some(median), Some(high)) = (quantile(0.5), quantile(0.9)) else {
        return 0.0;
    };
    let half = odds.len() as f32 / 2.0;
    // Four in five of the upper half lie between the median and the ninth decile.
    median + (high - median) / 5f32.ln() * half.max(1.0).ln()
}
