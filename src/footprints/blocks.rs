//! Blocks of ground: squares of one size, so that what lies in one can stay together.
//! Assigns nothing to splits.

use std::collections::BTreeMap;

use super::{Footprints, METRES_OF_A_DEGREE, Units, narrowing};
use crate::sample::SampleId;

/// Blocks that the side is chosen for, where a person names none: enough to balance
/// three splits.
const USUAL_BLOCKS: f64 = 64.0;

/// Tiles along a block at least: in smaller ones most tiles lie at a border.
const FEWEST_TILES: f64 = 4.0;

impl Footprints {
    /// The samples of each block of `side` (metres, or the units of a system without
    /// name) with two samples or more, by the middle of their ground.
    pub fn blocks(&self, side: f64) -> Vec<Vec<SampleId>> {
        let mut blocks: BTreeMap<(u16, i64, i64), Vec<SampleId>> = BTreeMap::new();
        for (place, samples) in self.places.iter().zip(self.samples()) {
            let [low, high] = place.polygon.bounds();
            let middle = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
            let cell = |value: f64, side: f64| (value / side).floor() as i64;
            let (column, row) = match self.units(place) {
                Units::Unknown => (cell(middle[0], side), cell(middle[1], side)),
                Units::Metres(unit) => (cell(middle[0], side / unit), cell(middle[1], side / unit)),
                Units::Degrees => {
                    let degrees = side / METRES_OF_A_DEGREE;
                    let row = cell(middle[1], degrees);
                    // All of a row are equally wide, so that blocks do not overlap.
                    let across = degrees / narrowing((row as f64 + 0.5) * degrees);
                    (cell(middle[0], across), row)
                }
            };
            let block = blocks.entry((place.system, column, row)).or_default();
            block.extend(samples);
        }
        let mut blocks: Vec<Vec<SampleId>> = blocks.into_values().collect();
        for block in &mut blocks {
            block.sort_unstable();
        }
        blocks.retain(|block| block.len() > 1);
        blocks.sort_unstable();
        blocks
    }
}

/// The side of a block, in metres or the units of a system without name, of which some
/// [`USUAL_BLOCKS`] cover all ground; `None` where no sample has any.
pub fn usual_side(footprints: &Footprints) -> Option<f64> {
    let mut sides: Vec<f64> = (footprints.places.iter())
        .map(|place| {
            let metres = match footprints.units(place) {
                Units::Unknown => 1.0,
                Units::Metres(unit) => unit,
                Units::Degrees => METRES_OF_A_DEGREE,
            };
            let narrow = match footprints.units(place) {
                Units::Degrees => narrowing(place.polygon.bounds()[0][1]).sqrt(),
                _ => 1.0,
            };
            place.polygon.area().sqrt() * metres * narrow
        })
        .collect();
    sides.sort_by(f64::total_cmp);
    let middle = *sides.get(sides.len() / 2)?;
    let all: f64 = sides.iter().map(|side| side * side).sum();
    Some((all / USUAL_BLOCKS).sqrt().max(FEWEST_TILES * middle))
}
