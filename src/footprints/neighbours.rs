//! Which places overlap, touch or lie near each other. Compares each with those of its
//! surroundings only.

use std::collections::HashMap;

use super::geometry::Point;
use super::{Footprint, Footprints, METRES_OF_A_DEGREE, Units, narrowing};
use crate::executor::{Executor, Interrupted};

/// Two places near each other, `a < b`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// One, by its index in [`Footprints::places`].
    pub a: u32,
    /// The other.
    pub b: u32,
    /// The share of the smaller of both that they have in common, 0 to 1; 0 where they
    /// only touch or lie apart.
    pub share: f64,
    /// How far they lie apart, in metres, or in the units of a system without name.
    pub distance: f64,
}

/// A cell of the grid for places of up to its size: system, level, column, row.
type Cell = (u16, i32, i64, i64);

/// Places by the cell of their lower left corner. A place lies in the level whose
/// cells are its size to twice its size, so that whatever it meets of its own level or
/// above begins in one of few cells.
struct Grid {
    cells: HashMap<Cell, Vec<u32>>,
    /// Those in use, by system, ascending.
    levels: Vec<(u16, i32)>,
}

impl Footprints {
    /// All pairs of places that overlap, touch, or lie up to `buffer` apart: metres,
    /// or the units of a system without name. By `a`, then `b`.
    ///
    /// # Errors
    /// When the user asks to stop.
    pub fn near(&self, buffer: f64, executor: &Executor) -> Result<Vec<Near>, Interrupted> {
        let grid = self.grid(buffer);
        let pairs = executor.map(self.places.len(), |index| {
            let mut near = Vec::new();
            self.meet(&grid, index as u32, buffer, &mut near);
            near
        })?;
        let mut pairs = pairs.concat();
        pairs.sort_by_key(|pair| (pair.a, pair.b));
        Ok(pairs)
    }

    fn grid(&self, buffer: f64) -> Grid {
        let mut grid = Grid {
            cells: HashMap::new(),
            levels: Vec::new(),
        };
        for (index, place) in (0..).zip(&self.places) {
            let (bounds, level) = (self.reach(place, buffer), self.level(place, buffer));
            let [column, row] = bounds[0].map(|v| cell(v, level));
            let cell = (place.system, level, column, row);
            grid.cells.entry(cell).or_default().push(index);
            grid.levels.push((place.system, level));
        }
        grid.levels.sort_unstable();
        grid.levels.dedup();
        grid
    }

    /// The bounds of a place, as far as it can meet others.
    fn reach(&self, place: &Footprint, buffer: f64) -> [Point; 2] {
        let [low, high] = place.polygon.bounds();
        let by = self.in_units(place, buffer).map(|by| by + place.pixel);
        [
            [low[0] - by[0], low[1] - by[1]],
            [high[0] + by[0], high[1] + by[1]],
        ]
    }

    fn level(&self, place: &Footprint, buffer: f64) -> i32 {
        let [low, high] = self.reach(place, buffer);
        (high[0] - low[0]).max(high[1] - low[1]).log2().ceil() as i32
    }

    fn meet(&self, grid: &Grid, index: u32, buffer: f64, near: &mut Vec<Near>) {
        let place = &self.places[index as usize];
        let (bounds, own) = (self.reach(place, buffer), self.level(place, buffer));
        let above = grid.levels.iter();
        for &(_, level) in above.filter(|&&(system, level)| system == place.system && level >= own)
        {
            let side = f64::from(level).exp2();
            let columns = cell(bounds[0][0] - side, level)..=cell(bounds[1][0], level);
            for column in columns {
                for row in cell(bounds[0][1] - side, level)..=cell(bounds[1][1], level) {
                    let there = grid.cells.get(&(place.system, level, column, row));
                    for &other in there.into_iter().flatten() {
                        // Of one level, each pair is met twice.
                        let is_new = other != index && (level > own || other > index);
                        let pair = is_new.then(|| self.pair(index, other));
                        near.extend(pair.filter(|pair| pair.distance <= buffer));
                    }
                }
            }
        }
    }

    /// How two places lie to each other. What is nearer than half a pixel touches.
    fn pair(&self, one: u32, other: u32) -> Near {
        let (a, b) = (one.min(other), one.max(other));
        let (of_a, of_b) = (&self.places[a as usize], &self.places[b as usize]);
        let smaller = of_a.polygon.area().min(of_b.polygon.area());
        let half = of_a.pixel.min(of_b.pixel) / 2.0;
        let shared = of_a.polygon.shared_with(&of_b.polygon).area();
        // A strip of half a pixel along a tile is rounding.
        if shared > half * smaller.sqrt() {
            let share = (shared / smaller).min(1.0);
            return Near {
                a,
                b,
                share,
                distance: 0.0,
            };
        }
        let touches = shared > 0.0 || of_a.polygon.distance_to(&of_b.polygon) <= half;
        let distance = match touches {
            true => 0.0,
            false => self.metres_between(of_a, of_b),
        };
        Near {
            a,
            b,
            share: 0.0,
            distance,
        }
    }

    fn metres_between(&self, a: &Footprint, b: &Footprint) -> f64 {
        match self.units(a) {
            Units::Unknown => a.polygon.distance_to(&b.polygon),
            Units::Metres(unit) => a.polygon.distance_to(&b.polygon) * unit,
            Units::Degrees => {
                // Small pieces of ground are flat.
                let [low, high] = a.polygon.bounds();
                let across = METRES_OF_A_DEGREE * narrowing((low[1] + high[1]) / 2.0);
                let by = [across, METRES_OF_A_DEGREE];
                a.polygon.scaled(by).distance_to(&b.polygon.scaled(by))
            }
        }
    }
}

fn cell(coordinate: f64, level: i32) -> i64 {
    // The cast clamps.
    (coordinate / f64::from(level).exp2()).floor() as i64
}
