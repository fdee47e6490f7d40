//! Likely pairs on their way from the process that registered them to the one that judges
//! them. Registers and judges none.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::contents;
use super::participants::{Participants, Registrations};
use super::registration::affine::Affine;
use super::scoring::measurements::Measurements;
use super::scoring::{Detail, Registered};
use crate::decode::Matte;
use crate::fingerprint::FingerprintTable;
use crate::sample::ContentHash;

/// Side of a decoded image that a refinement may ask for, at most.
const LARGEST: u32 = 4096;

/// Two contents that may show one image.
#[derive(Debug, Clone, PartialEq)]
pub struct LikelyPair {
    /// One.
    pub a: ContentHash,
    /// The other.
    pub b: ContentHash,
    /// 0 to 1, from thumbnails alone; `None` where these have too little texture.
    pub similarity: Option<f32>,
    /// Whether thumbnails do not show all that the two hold.
    pub closer_look: bool,
    /// The registration, for the process that judges; empty where there is none.
    pub record: Vec<u8>,
}

/// A [`Registered`] pair without its images: of this format only.
#[derive(Serialize, Deserialize)]
struct Record {
    /// The fixed image is `a`.
    a_is_fixed: bool,
    mattes: (u8, u8),
    map: [f32; 6],
    measured: [f32; 15],
    detail: u8,
    sides: (u32, u32),
    odds: f32,
}

const DETAILS: [Detail; 3] = [Detail::Thumbnail, Detail::Double, Detail::Full];

/// What was registered among the images of `table`, by content.
pub(super) fn likely(
    registered: &Registrations,
    participants: &Participants<'_>,
    content: impl Fn(u32) -> Option<ContentHash>,
) -> Vec<LikelyPair> {
    let of_pair = |pair: &Registered| {
        let (first, second) = participants.ids_of(pair.fixed, pair.moving);
        let record = Record::of(pair, pair.fixed < pair.moving);
        Some(LikelyPair {
            a: content(first)?,
            b: content(second)?,
            similarity: Some(1.0 / (1.0 + (-pair.odds).exp())),
            closer_look: pair.detail != Detail::Thumbnail,
            record: postcard::to_stdvec(&record).ok()?,
        })
    };
    let of_abstained = |&(a, b): &(u32, u32)| {
        Some(LikelyPair {
            a: content(a)?,
            b: content(b)?,
            similarity: None,
            closer_look: false,
            record: Vec::new(),
        })
    };
    let pairs = registered.pairs.iter().filter_map(of_pair);
    let abstained = registered.abstained.iter().filter_map(of_abstained);
    pairs.chain(abstained).collect()
}

/// The registrations that `given` are, among the images of `table`; those of other images
/// are left out, as are those that are not sound, and of several for one pair the most likely
/// counts.
pub(super) fn registrations(
    table: &FingerprintTable,
    participants: &Participants<'_>,
    given: &[LikelyPair],
) -> Registrations {
    let contents = contents::distinct(table);
    let number: HashMap<ContentHash, u32> = (0..)
        .zip(&contents)
        .filter_map(|(index, samples)| Some((table.get(*samples.first()?)?.content?, index)))
        .collect();
    let image = |id: u32| Some(participants.ids.binary_search(&id).ok()? as u32);
    let mut pairs: BTreeMap<(u32, u32), Registered> = BTreeMap::new();
    let mut abstained = Vec::new();
    for pair in given {
        let (Some(&a), Some(&b)) = (number.get(&pair.a), number.get(&pair.b)) else {
            continue;
        };
        if pair.record.is_empty() {
            abstained.push((a.min(b), a.max(b)));
            continue;
        }
        let record = postcard::from_bytes::<Record>(&pair.record).ok();
        let registered = (record.zip(image(a).zip(image(b))))
            .and_then(|(record, (a, b))| record.registered(a, b));
        let Some(registered) = registered else {
            continue;
        };
        let (a, b) = (registered.fixed, registered.moving);
        let known = pairs.entry((a.min(b), a.max(b)));
        let known = known.or_insert_with(|| registered.clone());
        if registered.odds > known.odds {
            *known = registered;
        }
    }
    abstained.sort_unstable();
    abstained.dedup();
    Registrations {
        candidates: (pairs.len() + abstained.len()) as u64,
        at_half_size: pairs.len() as u64,
        pairs: pairs.into_values().collect(),
        abstained,
    }
}

/// Whether a pair may have come from [`super::likely`].
pub fn is_sound(pair: &LikelyPair) -> bool {
    let is_registration = || {
        let record = postcard::from_bytes::<Record>(&pair.record).ok();
        record.is_some_and(|record| record.registered(0, 1).is_some())
    };
    pair.a != pair.b && (pair.record.is_empty() || is_registration())
}

impl Record {
    fn of(pair: &Registered, a_is_fixed: bool) -> Self {
        let Measurements {
            pooled,
            mean,
            median,
            trimmed,
            quartile,
            texture,
            correlation,
            overlap,
            covered,
            residual,
            hue,
            gain,
            offset,
            contrast,
            skew,
        } = pair.measured;
        let matte = |matte: Matte| Matte::ALL.iter().position(|one| *one == matte);
        let matte = |one: Matte| matte(one).unwrap_or_default() as u8;
        Self {
            a_is_fixed,
            mattes: (matte(pair.mattes.0), matte(pair.mattes.1)),
            map: pair.map.0,
            measured: [
                pooled,
                mean,
                median,
                trimmed,
                quartile,
                texture,
                correlation,
                overlap,
                covered,
                residual,
                hue,
                gain,
                offset,
                contrast,
                skew,
            ],
            detail: DETAILS
                .iter()
                .position(|one| *one == pair.detail)
                .unwrap_or_default() as u8,
            sides: pair.sides,
            odds: pair.odds,
        }
    }

    /// `None` for numbers that no registration has.
    fn registered(&self, a: u32, b: u32) -> Option<Registered> {
        let (fixed, moving) = match self.a_is_fixed {
            true => (a, b),
            false => (b, a),
        };
        let numbers = self.map.iter().chain(&self.measured).chain([&self.odds]);
        let sides = [self.sides.0, self.sides.1];
        let is_sound = numbers.copied().all(f32::is_finite)
            && sides.iter().all(|side| (1..=LARGEST).contains(side));
        if !is_sound {
            return None;
        }
        let matte = |index: u8| Matte::ALL.get(usize::from(index)).copied();
        let [
            pooled,
            mean,
            median,
            trimmed,
            quartile,
            texture,
            correlation,
            overlap,
            covered,
            residual,
            hue,
            gain,
            offset,
            contrast,
            skew,
        ] = self.measured;
        Some(Registered {
            fixed,
            moving,
            mattes: (matte(self.mattes.0)?, matte(self.mattes.1)?),
            map: Affine(self.map),
            measured: Measurements {
                pooled,
                mean,
                median,
                trimmed,
                quartile,
                texture,
                correlation,
                overlap,
                covered,
                residual,
                hue,
                gain,
                offset,
                contrast,
                skew,
            },
            detail: *DETAILS.get(usize::from(self.detail))?,
            sides: self.sides,
            odds: self.odds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrations_come_back_and_numbers_that_none_has_are_refused() {
        let pair = Registered {
            fixed: 7,
            moving: 3,
            mattes: (Matte::Black, Matte::Dropped),
            map: Affine([1.0, 0.5, -3.0, 0.25, 2.0, 9.0]),
            measured: Measurements {
                pooled: 0.5,
                skew: 0.125,
                gain: 1.5,
                ..Measurements::default()
            },
            detail: Detail::Double,
            sides: (256, 100),
            odds: 3.5,
        };
        let record = Record::of(&pair, false);
        let back = record.registered(3, 7).expect("a registration");
        assert_eq!(format!("{back:?}"), format!("{pair:?}"));
        for change in [
            |record: &mut Record| record.odds = f32::NAN,
            |record: &mut Record| record.map[3] = f32::INFINITY,
            |record: &mut Record| record.sides.1 = 0,
            |record: &mut Record| record.sides.0 = u32::MAX,
            |record: &mut Record| record.mattes.0 = 3,
            |record: &mut Record| record.detail = 9,
        ] {
            let mut record = Record::of(&pair, false);
            change(&mut record);
            assert!(record.registered(3, 7).is_none());
        }
    }
}
