//! Proposes pairs of pictures, with a first guess of the map between them.
//! Proposes generously: judging is for `verify`.

use super::descriptor::{Basis, DIM, Descriptor, GRID, Integral, Window, turned};
use super::join::{Cells, Database, Hit, Queries, Reach, join};
use super::verify::align::Map;
use crate::decode::Plane;
use crate::executor::{Executor, Interrupted};

/// A guess that `map` lays picture `fixed` over picture `moving`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    pub(crate) fixed: u32,
    pub(crate) moving: u32,
    pub(crate) map: Map,
    pub(crate) score: f32,
}

/// Where windows begin and how long they are along one side. Lengths are 16%
/// apart and starts an eighth of a picture at most, which is what the
/// descriptor bears.
const PLACES: [(f32, f32); 12] = [
    (0.0, 1.0),
    (0.0, 0.86),
    (0.07, 0.86),
    (0.14, 0.86),
    (0.0, 0.74),
    (0.13, 0.74),
    (0.26, 0.74),
    (0.0, 0.62),
    (0.095, 0.62),
    (0.19, 0.62),
    (0.285, 0.62),
    (0.38, 0.62),
];
const WINDOWS: usize = PLACES.len() * PLACES.len();
/// The middle part that a turn by 15° leaves free of empty corners.
const MIDDLE: f32 = 0.72;
/// Small turns (degrees) and the scale that goes with them: 1.2 for tools that
/// enlarge the canvas to hold the turned picture.
const TURNS: [(f32, f32); 6] = [
    (-13.5, 1.0),
    (-6.0, 1.0),
    (6.0, 1.0),
    (13.5, 1.0),
    (-13.5, 1.2),
    (13.5, 1.2),
];
/// What a banner over the top or the bottom leaves.
const PARTS: [Window; 2] = [
    Window {
        x: 0.0,
        y: 0.0,
        w: 1.0,
        h: 0.8,
    },
    Window {
        x: 0.0,
        y: 0.2,
        w: 1.0,
        h: 0.8,
    },
];
/// No flip, and the mirror: transpose, flip x, flip y.
const PLAIN: (bool, bool, bool) = (false, false, false);
const MIRRORED: (bool, bool, bool) = (false, true, false);
/// The flips and turns other than none and the mirror: transpose, flip x, flip y.
const OTHERS: [(bool, bool, bool); 6] = [
    (false, false, true),
    (false, true, true),
    (true, false, false),
    (true, true, false),
    (true, false, true),
    (true, true, true),
];

fn window(index: usize) -> Window {
    let (x, w) = PLACES[index % PLACES.len()];
    let (y, h) = PLACES[index / PLACES.len()];
    Window { x, y, w, h }
}

fn window_map(w: Window) -> Map {
    Map([
        w.w,
        0.0,
        w.x + w.w / 2.0 - 0.5,
        0.0,
        w.h,
        w.y + w.h / 2.0 - 0.5,
    ])
}

fn turn_map(degrees: f32, scale: f32, width: f32, height: f32) -> Map {
    let (sin, cos) = degrees.to_radians().sin_cos();
    Map([
        scale * cos,
        -scale * sin * height / width,
        0.0,
        scale * sin * width / height,
        scale * cos,
        0.0,
    ])
}

fn flip_map((transpose, flip_x, flip_y): (bool, bool, bool)) -> Map {
    let x = if flip_x { -1.0 } else { 1.0 };
    let y = if flip_y { -1.0 } else { 1.0 };
    if transpose {
        Map([0.0, x, 0.0, y, 0.0, 0.0])
    } else {
        Map([x, 0.0, 0.0, 0.0, y, 0.0])
    }
}

/// What is kept of every picture: the descriptors that look for others.
pub(crate) struct Asker {
    full: Descriptor,
    middle: Descriptor,
    parts: [Descriptor; PARTS.len()],
    /// Width over height.
    aspect: f32,
}

impl Asker {
    pub(crate) fn new(basis: &Basis, luma: &Plane) -> Self {
        let integral = Integral::new(luma);
        let at = |w: Window| basis.describe(&integral.grid(w));
        let middle = Window {
            x: (1.0 - MIDDLE) / 2.0,
            y: (1.0 - MIDDLE) / 2.0,
            w: MIDDLE,
            h: MIDDLE,
        };
        Self {
            full: at(window(0)),
            middle: at(middle),
            parts: PARTS.map(at),
            aspect: luma.width as f32 / luma.height.max(1) as f32,
        }
    }
}

/// The lumas of pictures, by number.
pub(crate) type Lumas<'a> = dyn Fn(usize) -> Option<Plane> + Sync + 'a;

/// Pictures whose windows are in memory at once: 14 kB each.
const RUN: usize = 8192;

/// The descriptors that are found: windows and turns of a run of pictures.
struct Found {
    windows: Vec<Descriptor>,
    turns: Vec<Descriptor>,
}

impl Found {
    fn of(
        pictures: std::ops::Range<usize>,
        basis: &Basis,
        lumas: &Lumas<'_>,
        executor: &Executor,
    ) -> Result<Self, Interrupted> {
        // In one place from the start: two copies of a run would be the most
        // memory that a search takes.
        let described = executor.map(pictures.len(), |i| {
            let luma = lumas(pictures.start + i).unwrap_or_default();
            if luma.samples.is_empty() {
                // Gone since it was first looked at: like nothing else.
                return ([[0.0; DIM]; WINDOWS], [[0.0; DIM]; TURNS.len()]);
            }
            let integral = Integral::new(&luma);
            let windows = std::array::from_fn(|i| basis.describe(&integral.grid(window(i))));
            let turns =
                TURNS.map(|(degrees, scale)| basis.describe(&turned_grid(&luma, degrees, scale)));
            (windows, turns)
        })?;
        let turns = described.iter().flat_map(|(_, turns)| *turns).collect();
        let windows = described.into_iter().flat_map(|(windows, _)| windows);
        Ok(Self {
            windows: windows.collect(),
            turns,
        })
    }
}

/// The grid over the middle part turned by `degrees`, from 2 × 2 samples a cell.
fn turned_grid(luma: &Plane, degrees: f32, scale: f32) -> [[f32; GRID]; GRID] {
    let (w, h) = (luma.width as f32, luma.height as f32);
    let map = turn_map(degrees, scale * MIDDLE, w, h);
    let steps = 2 * GRID;
    let mut grid = [[0.0; GRID]; GRID];
    for row in 0..steps {
        for column in 0..steps {
            let x = (column as f32 + 0.5) / steps as f32 - 0.5;
            let y = (row as f32 + 0.5) / steps as f32 - 0.5;
            let (u, v) = map.apply(x, y);
            let px = ((u + 0.5) * w).clamp(0.0, w - 1.0) as usize;
            let py = ((v + 0.5) * h).clamp(0.0, h - 1.0) as usize;
            grid[row / 2][column / 2] +=
                f32::from(luma.samples[py * luma.width as usize + px]) * 0.25;
        }
    }
    grid
}

/// Guesses kept for a picture from each source, and the least cosine. Planted
/// copies stood among the first four of their kind, at 0.81 and above.
const WINDOW_REACH: Reach = Reach { cut: 0.8, keep: 5 };
const FLIP_REACH: Reach = Reach { cut: 0.9, keep: 1 };
const TURN_REACH: Reach = Reach { cut: 0.8, keep: 2 };
const PART_REACH: Reach = Reach { cut: 0.9, keep: 1 };

/// One search, run of pictures by run of pictures.
struct Search<'a> {
    queries: Queries<'a>,
    per: usize,
    reach: Reach,
    hits: Vec<Vec<Hit>>,
}

impl<'a> Search<'a> {
    fn new(
        queries: Vec<Descriptor>,
        per: usize,
        reach: Reach,
        cells: &'a Cells,
        executor: &Executor,
    ) -> Result<Self, Interrupted> {
        let pictures = queries.len();
        Ok(Self {
            queries: Queries::new(queries, pictures * per, cells, executor)?,
            per,
            reach,
            hits: vec![Vec::new(); pictures],
        })
    }

    /// Looks through the descriptors of the pictures from `first` on.
    fn through(
        &mut self,
        all: &[Descriptor],
        first: usize,
        executor: &Executor,
    ) -> Result<(), Interrupted> {
        let per = self.per;
        let database = Database { all, per, first };
        let found = join(&self.queries, database, self.reach, executor)?;
        for (hits, found) in self.hits.iter_mut().zip(found) {
            hits.extend(found.into_iter().map(|hit| Hit {
                entry: hit.entry + (first * per) as u32,
                ..hit
            }));
            // Each run has pictures of its own, so none comes twice.
            hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry)));
            hits.truncate(self.reach.keep);
            hits.shrink_to_fit();
        }
        Ok(())
    }

    /// The guesses that `map` makes of `(query, moving, part)`.
    fn guesses(&self, map: impl Fn(u32, u32, usize) -> Map) -> Vec<Guess> {
        let numbered = (0..).zip(&self.hits);
        let hits = numbered.flat_map(|(query, hits)| hits.iter().map(move |hit| (query, hit)));
        hits.map(|(fixed, hit)| {
            let moving = hit.entry / self.per as u32;
            Guess {
                fixed,
                moving,
                map: map(fixed, moving, hit.entry as usize % self.per),
                score: hit.score,
            }
        })
        .collect()
    }
}

/// Guesses between any two of the pictures asking, at most about 20 each.
/// Memory: 400 bytes and the guesses of each, and one run of windows.
pub(crate) fn propose(
    askers: &[Asker],
    basis: &Basis,
    lumas: &Lumas<'_>,
    executor: &Executor,
) -> Result<Vec<Guess>, Interrupted> {
    let count = askers.len();
    let cells = learn(count, basis, lumas, executor)?;
    let full = |(transpose, flip_x, flip_y): (bool, bool, bool)| -> Vec<Descriptor> {
        let all = askers.iter();
        all.map(|a| turned(&a.full, transpose, flip_x, flip_y))
            .collect()
    };
    let search = |queries, per, reach| Search::new(queries, per, reach, &cells, executor);
    // Full pictures, and their mirror images, against all windows; the middle
    // against small turns of it.
    let mut plain = search(full(PLAIN), WINDOWS, WINDOW_REACH)?;
    let mut mirrored = search(full(MIRRORED), WINDOWS, WINDOW_REACH)?;
    let middles = askers.iter().map(|a| a.middle).collect();
    let mut middle = search(middles, TURNS.len(), TURN_REACH)?;
    for first in (0..count).step_by(RUN) {
        let found = Found::of(first..(first + RUN).min(count), basis, lumas, executor)?;
        plain.through(&found.windows, first, executor)?;
        mirrored.through(&found.windows, first, executor)?;
        middle.through(&found.turns, first, executor)?;
    }
    let mut guesses = plain.guesses(|_, _, part| window_map(window(part)));
    drop(plain);
    guesses
        .extend(mirrored.guesses(|_, _, part| window_map(window(part)).after(&flip_map(MIRRORED))));
    drop(mirrored);
    // The other flips and turns of the full picture.
    let upright = full(PLAIN);
    for flip in OTHERS {
        let mut other = search(full(flip), 1, FLIP_REACH)?;
        other.through(&upright, 0, executor)?;
        guesses.extend(other.guesses(|_, _, _| flip_map(flip)));
    }
    guesses.extend(middle.guesses(|_, moving, part| {
        let (degrees, scale) = TURNS[part];
        turn_map(degrees, scale, askers[moving as usize].aspect, 1.0)
    }));
    drop(middle);
    // What a banner leaves.
    for part in 0..PARTS.len() {
        let entries: Vec<Descriptor> = askers.iter().map(|a| a.parts[part]).collect();
        let mut rest = search(entries.clone(), 1, PART_REACH)?;
        rest.through(&entries, 0, executor)?;
        guesses.extend(rest.guesses(|_, _, _| Map::IDENTITY));
    }
    Ok(guesses)
}

/// Cells from evenly spread windows, a third of the square root of their
/// number: cells and their members then cost about the same to go through.
fn learn(
    pictures: usize,
    basis: &Basis,
    lumas: &Lumas<'_>,
    executor: &Executor,
) -> Result<Cells, Interrupted> {
    let windows = pictures * WINDOWS;
    let count = ((windows as f32).sqrt() / 3.0) as usize;
    let wanted = count * 24;
    let sample = executor.map(wanted, |i| {
        let entry = (i as u64 * windows as u64 / wanted as u64) as usize;
        let luma = lumas(entry / WINDOWS).filter(|luma| !luma.samples.is_empty())?;
        Some(basis.describe(&Integral::new(&luma).grid(window(entry % WINDOWS))))
    })?;
    let sample: Vec<Descriptor> = sample.into_iter().flatten().collect();
    Cells::learn(&sample, count, executor)
}
