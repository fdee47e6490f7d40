//! Proposes pairs of pictures, with a first guess of the map between them.
//! Proposes generously: judging is for `verify`.

use super::descriptor::{Basis, Descriptor, GRID, Integral, Window, turned};
use super::join::{Cells, Hit, Reach, Side, join};
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

/// All descriptors of one picture.
pub(crate) struct Described {
    windows: Vec<Descriptor>,
    middle: Descriptor,
    turns: [Descriptor; TURNS.len()],
    parts: [Descriptor; PARTS.len()],
    /// Width over height.
    aspect: f32,
}

pub(crate) fn describe(basis: &Basis, luma: &Plane) -> Described {
    let integral = Integral::new(luma);
    let at = |w: Window| basis.describe(&integral.grid(w));
    let middle = Window {
        x: (1.0 - MIDDLE) / 2.0,
        y: (1.0 - MIDDLE) / 2.0,
        w: MIDDLE,
        h: MIDDLE,
    };
    Described {
        windows: (0..WINDOWS).map(|i| at(window(i))).collect(),
        middle: at(middle),
        turns: TURNS.map(|(degrees, scale)| basis.describe(&turned_grid(luma, degrees, scale))),
        parts: PARTS.map(at),
        aspect: luma.width as f32 / luma.height.max(1) as f32,
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
const TURN_REACH: Reach = Reach { cut: 0.8, keep: 3 };
const PART_REACH: Reach = Reach { cut: 0.9, keep: 2 };

/// Guesses between any two of the described pictures, at most about 20 each.
pub(crate) fn propose(
    described: &[Described],
    executor: &Executor,
) -> Result<Vec<Guess>, Interrupted> {
    let windows: Vec<Descriptor> = described
        .iter()
        .flat_map(|d| d.windows.iter().copied())
        .collect();
    let full: Vec<Descriptor> = described.iter().map(|d| d.windows[0]).collect();
    let cells = learn(&windows, executor)?;
    let mut guesses = Vec::new();
    // Full pictures, and their mirror images, against all windows.
    for mirrored in [false, true] {
        let flip = (false, mirrored, false);
        let queries: Vec<Descriptor> = full
            .iter()
            .map(|d| turned(d, flip.0, flip.1, flip.2))
            .collect();
        let hits = join(
            side(&queries, 1),
            side(&windows, WINDOWS),
            WINDOW_REACH,
            &cells,
            executor,
        )?;
        for (fixed, hit) in numbered(&hits) {
            let map = window_map(window(hit.entry as usize % WINDOWS)).after(&flip_map(flip));
            guesses.push(Guess {
                fixed,
                moving: hit.entry / WINDOWS as u32,
                map,
                score: hit.score,
            });
        }
    }
    // The other flips and turns of the full picture.
    for flip in OTHERS {
        let queries: Vec<Descriptor> = full
            .iter()
            .map(|d| turned(d, flip.0, flip.1, flip.2))
            .collect();
        let hits = join(
            side(&queries, 1),
            side(&full, 1),
            FLIP_REACH,
            &cells,
            executor,
        )?;
        for (fixed, hit) in numbered(&hits) {
            guesses.push(Guess {
                fixed,
                moving: hit.entry,
                map: flip_map(flip),
                score: hit.score,
            });
        }
    }
    // Small turns of the middle.
    let queries: Vec<Descriptor> = described.iter().map(|d| d.middle).collect();
    let entries: Vec<Descriptor> = described.iter().flat_map(|d| d.turns).collect();
    let hits = join(
        side(&queries, 1),
        side(&entries, TURNS.len()),
        TURN_REACH,
        &cells,
        executor,
    )?;
    for (fixed, hit) in numbered(&hits) {
        let moving = hit.entry / TURNS.len() as u32;
        let (degrees, scale) = TURNS[hit.entry as usize % TURNS.len()];
        let aspect = described[moving as usize].aspect;
        guesses.push(Guess {
            fixed,
            moving,
            map: turn_map(degrees, scale, aspect, 1.0),
            score: hit.score,
        });
    }
    // What a banner leaves.
    for part in 0..PARTS.len() {
        let entries: Vec<Descriptor> = described.iter().map(|d| d.parts[part]).collect();
        let hits = join(
            side(&entries, 1),
            side(&entries, 1),
            PART_REACH,
            &cells,
            executor,
        )?;
        for (fixed, hit) in numbered(&hits) {
            guesses.push(Guess {
                fixed,
                moving: hit.entry,
                map: Map::IDENTITY,
                score: hit.score,
            });
        }
    }
    Ok(guesses)
}

fn numbered(hits: &[Vec<Hit>]) -> impl Iterator<Item = (u32, &Hit)> {
    (0..)
        .zip(hits)
        .flat_map(|(query, hits)| hits.iter().map(move |hit| (query, hit)))
}

/// Cells from evenly spread windows, a third of the square root of their
/// number: cells and their members then cost about the same to go through.
fn learn(windows: &[Descriptor], executor: &Executor) -> Result<Cells, Interrupted> {
    let count = ((windows.len() as f32).sqrt() / 3.0) as usize;
    let wanted = count * 24;
    let sample: Vec<Descriptor> = (0..wanted)
        .map(|i| windows[i * windows.len() / wanted])
        .collect();
    Cells::learn(&sample, count, executor)
}

fn side(all: &[Descriptor], per: usize) -> Side<'_> {
    Side { all, per, first: 0 }
}
