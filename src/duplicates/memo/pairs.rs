//! The bytes of all pairs of a set in the cache.

use serde::{Deserialize, Serialize};

use crate::duplicates::{Duplicates, Pair, groups};
use crate::finding::{Colour, Extent, PairEvidence, Relation, Share, Transform};
use crate::sample::SampleId;

pub(super) fn to_bytes(duplicates: &Duplicates) -> Option<Vec<u8>> {
    let row = Row {
        pairs: duplicates.pairs.iter().map(PairRow::of).collect(),
        pairs_not_listed: duplicates.pairs_not_listed,
        abstained: duplicates.abstained,
    };
    postcard::to_stdvec(&row).ok()
}

/// Reads what [`to_bytes`] wrote of a set of `count` samples; `None` for anything else.
pub(super) fn from_bytes(bytes: &[u8], count: usize) -> Option<Duplicates> {
    let row: Row = postcard::from_bytes(bytes).ok()?;
    let pairs: Option<Vec<Pair>> = row.pairs.into_iter().map(PairRow::into_pair).collect();
    let pairs = pairs?;
    Some(Duplicates {
        groups: groups(count, pairs.iter().map(|pair| (pair.a, pair.b))),
        stages: vec![("pairs known from an earlier scan", pairs.len() as u64)],
        pairs,
        pairs_not_listed: row.pairs_not_listed,
        abstained: row.abstained,
        across_only: false,
        unopened: 0,
    })
}

/// The format on disk: types of its own, so that it changes only on purpose.
#[derive(Serialize, Deserialize)]
struct Row {
    pairs: Vec<PairRow>,
    pairs_not_listed: u64,
    abstained: u64,
}

/// One pair.
#[derive(Serialize, Deserialize)]
pub(crate) struct PairRow {
    a: u32,
    b: u32,
    relation: u8,
    distance: Option<u32>,
    similarity: f64,
    mirrored: bool,
    quarter_turns: u8,
    rotation: f32,
    /// Kind, and its box: x, y, width, height.
    extent: (u8, [f32; 4]),
    scale: f32,
    stretch: f32,
    brightness: f32,
    contrast: f32,
    colour: u8,
    matrix: [f32; 6],
}

const RELATIONS: [Relation; 5] = [
    Relation::Exact,
    Relation::Near,
    Relation::Transformed,
    Relation::Crop,
    Relation::Overlap,
];
const COLOURS: [Colour; 4] = [Colour::Kept, Colour::Lost, Colour::Gained, Colour::Changed];

/// The index of `one` in `all`, which holds every variant.
fn index<T: PartialEq>(all: &[T], one: T) -> u8 {
    let found = all.iter().position(|other| *other == one);
    found.map_or(u8::MAX, |index| index as u8)
}

impl PairRow {
    pub(crate) fn of(pair: &Pair) -> Self {
        let &PairEvidence {
            relation,
            transform,
            distance,
            similarity,
        } = &pair.evidence;
        let Transform {
            mirrored,
            quarter_turns,
            rotation,
            extent,
            scale,
            stretch,
            brightness,
            contrast,
            colour,
            matrix,
        } = transform;
        let (extent, share) = match extent {
            Extent::Same => (0, Share::ALL),
            Extent::Cropped(share) => (1, share),
            Extent::Uncropped(share) => (2, share),
            Extent::Padded(share) => (3, share),
            Extent::Unpadded(share) => (4, share),
            Extent::Shifted(share) => (5, share),
        };
        Self {
            a: pair.a.0,
            b: pair.b.0,
            relation: index(&RELATIONS, relation),
            distance,
            similarity,
            mirrored,
            quarter_turns,
            rotation,
            extent: (extent, [share.x, share.y, share.width, share.height]),
            scale,
            stretch,
            brightness,
            contrast,
            colour: index(&COLOURS, colour),
            matrix,
        }
    }

    /// `None` for numbers that no pair has.
    pub(crate) fn into_pair(self) -> Option<Pair> {
        let (extent, [x, y, width, height]) = self.extent;
        let share = Share {
            x,
            y,
            width,
            height,
        };
        let transform = Transform {
            mirrored: self.mirrored,
            quarter_turns: self.quarter_turns,
            rotation: self.rotation,
            extent: match extent {
                0 => Extent::Same,
                1 => Extent::Cropped(share),
                2 => Extent::Uncropped(share),
                3 => Extent::Padded(share),
                4 => Extent::Unpadded(share),
                5 => Extent::Shifted(share),
                _ => return None,
            },
            scale: self.scale,
            stretch: self.stretch,
            brightness: self.brightness,
            contrast: self.contrast,
            colour: *COLOURS.get(usize::from(self.colour))?,
            matrix: self.matrix,
        };
        Some(Pair {
            a: SampleId(self.a),
            b: SampleId(self.b),
            evidence: PairEvidence {
                relation: *RELATIONS.get(usize::from(self.relation))?,
                transform,
                distance: self.distance,
                similarity: self.similarity,
            },
            demoted: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_as_they_went_in() {
        let share = Share {
            x: 0.1,
            y: 0.2,
            width: 0.3,
            height: 0.4,
        };
        let extents = [
            Extent::Same,
            Extent::Cropped(share),
            Extent::Uncropped(share),
            Extent::Padded(share),
            Extent::Unpadded(share),
            Extent::Shifted(share),
        ];
        let pairs: Vec<Pair> = (0..24u32)
            .map(|i| Pair {
                a: SampleId(i),
                b: SampleId(i + 1),
                evidence: PairEvidence {
                    relation: RELATIONS[i as usize % 4],
                    transform: Transform {
                        mirrored: i % 2 == 0,
                        quarter_turns: (i % 4) as u8,
                        rotation: i as f32,
                        extent: extents[i as usize % 6],
                        colour: COLOURS[i as usize / 6],
                        scale: 0.5,
                        ..Transform::default()
                    },
                    distance: (i % 3 > 0).then_some(i),
                    similarity: 0.25,
                },
                demoted: false,
            })
            .collect();
        let found = Duplicates {
            groups: groups(30, pairs.iter().map(|pair| (pair.a, pair.b))),
            pairs,
            pairs_not_listed: 7,
            abstained: 8,
            across_only: false,
            unopened: 0,
            stages: Vec::new(),
        };
        let bytes = to_bytes(&found).expect("serialised");
        let mut back = from_bytes(&bytes, 30).expect("read");
        back.stages.clear();
        assert_eq!(back, found);
        assert_eq!(from_bytes(&bytes[..bytes.len() / 2], 30), None);
    }
}
