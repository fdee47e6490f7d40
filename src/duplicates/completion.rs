//! Completes groups of copies among images that thumbnails hold in full: candidate generation
//! proposes some pairs of many copies only, and the maps of two pairs compose to that of a
//! third. Each completed pair is registered and scored by its own pixels.

use std::collections::{BTreeMap, BTreeSet};

use super::participants::Participants;
use super::registration::affine::Affine;
use super::scoring::context::own_odds;
use super::scoring::logistic::VOUCHED;
use super::scoring::vouching::is_alike;
use super::scoring::{Refined, Registered};
use crate::decode::Matte;
use crate::disjoint_sets::DisjointSets;
use crate::executor::{Executor, Interrupted};

/// Connected images beyond which they are no copies of one image but look-alikes (one camera,
/// one backdrop), which are not completed. The largest group of copies seen in a real set of
/// 60,000 has 86.
const LARGEST: usize = 256;

/// Rounds: each reaches copies twice as far apart.
const ROUNDS: usize = 4;

/// Samples by which the map of a completed pair may differ from the composed one, at most.
/// Farther away it is another registration that nothing vouches for.
const CLOSE: f32 = 1.0;

/// Adds to `pairs`, with the refinement of each, those that complete groups of copies; in the
/// order of the two images.
pub(super) fn complete(
    mut pairs: Vec<Registered>,
    mut refined: Vec<Option<Refined>>,
    participants: &Participants<'_>,
    executor: &Executor,
) -> Result<(Vec<Registered>, Vec<Option<Refined>>), Interrupted> {
    let mut tried = BTreeSet::new();
    for _ in 0..ROUNDS {
        let alike = Alike::of(participants.ids.len(), &pairs, &refined);
        let chains = executor.map(alike.of.len(), |image| alike.chains_from(image as u32))?;
        let chains = chains.into_iter().flatten();
        let new: Vec<Chain> = chains.filter(|chain| tried.insert(chain.ends)).collect();
        let found = executor.map(new.len(), |i| verify(&new[i], participants))?;
        let found: Vec<_> = found.into_iter().flatten().collect();
        if found.is_empty() {
            break;
        }
        // A completed pair takes the place of a weaker registration of its images.
        let better: BTreeSet<_> = found.iter().map(|(pair, _)| images_of(pair)).collect();
        let known = pairs.into_iter().zip(refined);
        let known = known.filter(|(pair, _)| !better.contains(&images_of(pair)));
        let found = found
            .into_iter()
            .map(|(pair, refined)| (pair, Some(refined)));
        let mut all: Vec<_> = known.chain(found).collect();
        all.sort_by_key(|(pair, _)| images_of(pair));
        (pairs, refined) = all.into_iter().unzip();
    }
    Ok((pairs, refined))
}

fn images_of(pair: &Registered) -> (u32, u32) {
    let (a, b) = (pair.fixed, pair.moving);
    (a.min(b), a.max(b))
}

/// Registers and scores the ends of a chain by their own pixels. `None` where these do not
/// prove a copy.
fn verify(chain: &Chain, participants: &Participants<'_>) -> Option<(Registered, Refined)> {
    let pair = participants.register_close(chain.ends, chain.mattes, chain.map)?;
    let side = pair.sides.0.max(pair.sides.1) as f32;
    if pair.map.max_corner_distance(&chain.map) * side > CLOSE
        || !is_alike(&pair, pair.odds + VOUCHED)
    {
        return None;
    }
    let (fixed, moving) = participants.thumbnails(&pair)?;
    let refined = pair.refine_by_thumbnails(&fixed.0, &moving.0);
    (!refined.differ_both_ways()).then_some((pair, refined))
}

/// The images alike to each image, each with the pair that shows it.
struct Alike<'a> {
    of: Vec<Vec<(u32, &'a Registered)>>,
}

/// Two images that are alike to a third.
struct Chain {
    /// The lower number first.
    ends: (u32, u32),
    mattes: (Matte, Matte),
    /// From the first to the second, by way of the third.
    map: Affine,
}

impl<'a> Alike<'a> {
    fn of(count: usize, pairs: &'a [Registered], refined: &[Option<Refined>]) -> Self {
        let mut connected = DisjointSets::new(count);
        let mut of: Vec<Vec<(u32, &Registered)>> = vec![Vec::new(); count];
        for (pair, odds) in pairs.iter().zip(own_odds(count, pairs, refined)) {
            if odds.is_some_and(|odds| is_alike(pair, odds)) {
                of[pair.fixed as usize].push((pair.moving, pair));
                of[pair.moving as usize].push((pair.fixed, pair));
                connected.join(pair.fixed, pair.moving);
            }
        }
        let mut sizes = vec![0; count];
        for image in 0..count as u32 {
            sizes[connected.find(image) as usize] += 1;
        }
        for (image, alike) in (0u32..).zip(&mut of) {
            if sizes[connected.find(image) as usize] > LARGEST {
                alike.clear();
            }
        }
        Self { of }
    }

    /// The chains of two pairs from `first` to images after it that are not alike to it yet,
    /// of each image the strongest.
    fn chains_from(&self, first: u32) -> Vec<Chain> {
        let direct = &self.of[first as usize];
        let known: BTreeSet<u32> = direct.iter().map(|&(image, _)| image).collect();
        let mut ends: BTreeMap<u32, (f32, [&Registered; 2])> = BTreeMap::new();
        for &(middle, one) in direct {
            for &(last, two) in &self.of[middle as usize] {
                if last <= first || known.contains(&last) {
                    continue;
                }
                let odds = one.odds.min(two.odds);
                let best = ends.entry(last).or_insert((odds, [one, two]));
                if odds > best.0 {
                    *best = (odds, [one, two]);
                }
            }
        }
        let chains = ends.into_iter();
        chains
            .filter_map(|(last, (_, [one, two]))| Chain::of((first, last), one, two))
            .collect()
    }
}

impl Chain {
    fn of(ends: (u32, u32), one: &Registered, two: &Registered) -> Option<Self> {
        let (first, to_middle) = from(one, ends.0)?;
        let (last, back) = from(two, ends.1)?;
        Some(Self {
            ends,
            mattes: (first, last),
            map: back.inverse()?.after(&to_middle),
        })
    }
}

/// The matte that `image` was compared before, and the map from it to the other of the pair.
fn from(pair: &Registered, image: u32) -> Option<(Matte, Affine)> {
    if pair.fixed == image {
        Some((pair.mattes.0, pair.map))
    } else {
        Some((pair.mattes.1, pair.map.inverse()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duplicates::scoring::Detail;
    use crate::duplicates::scoring::measurements::Measurements;

    fn pair(fixed: u32, moving: u32, map: Affine) -> Registered {
        Registered {
            fixed,
            moving,
            mattes: (Matte::White, Matte::White),
            map,
            measured: Measurements::default(),
            detail: Detail::Thumbnail,
            sides: (32, 32),
            odds: 1.0,
        }
    }

    #[test]
    fn maps_compose_whichever_image_was_held_fixed() {
        let one = Affine([0.9, 0.1, 0.02, -0.05, 1.1, 0.03]);
        let two = Affine([1.2, 0.0, -0.1, 0.1, 0.95, 0.04]);
        let expected = two.after(&one);
        for flipped in 0..4 {
            let of = |fixed, moving, map: Affine, flip: bool| match flip {
                true => pair(moving, fixed, map.inverse().expect("regular")),
                false => pair(fixed, moving, map),
            };
            let first = of(0, 7, one, flipped & 1 == 1);
            let second = of(7, 3, two, flipped & 2 == 2);
            let chain = Chain::of((0, 3), &first, &second).expect("regular");
            assert!(chain.map.max_corner_distance(&expected) < 1e-4, "{flipped}");
        }
    }
}
