//! Proposes pairs of pictures, with a first guess of the map between them.
//! Proposes generously: judging is for `verify`.

use std::ops::Range;

use super::descriptor::{Basis, Descriptor, GRID, Span, Windows, turned};
use super::join::{Cells, Database, Hit, Queries, Reach, join};
use super::verify::map::Map;
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
const PLACES: [Span; 12] = [
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
/// A flip or quarter turn: transpose, then flip x, then flip y.
type Flip = (bool, bool, bool);
/// No flip, and the mirror.
const SEEN: [Flip; 2] = [(false, false, false), (false, true, false)];
/// The other flips and turns.
const OTHERS: [Flip; 6] = [
    (false, false, true),
    (false, true, true),
    (true, false, false),
    (true, true, false),
    (true, false, true),
    (true, true, true),
];

fn window_map(index: usize) -> Map {
    let (x, w) = PLACES[index % PLACES.len()];
    let (y, h) = PLACES[index / PLACES.len()];
    Map([w, 0.0, x + w / 2.0 - 0.5, 0.0, h, y + h / 2.0 - 0.5])
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

fn flip_map((transpose, flip_x, flip_y): Flip) -> Map {
    let x = if flip_x { -1.0 } else { 1.0 };
    let y = if flip_y { -1.0 } else { 1.0 };
    if transpose {
        Map([0.0, x, 0.0, y, 0.0, 0.0])
    } else {
        Map([x, 0.0, 0.0, 0.0, y, 0.0])
    }
}

/// Spans of the windows that look for others: the whole, the middle, and what a
/// banner over the bottom or the top leaves.
const ASKING: [Span; 4] = [
    (0.0, 1.0),
    ((1.0 - MIDDLE) / 2.0, MIDDLE),
    (0.0, 0.8),
    (0.2, 0.8),
];
/// Which windows of these are asked for.
const FULL: usize = 0;
const CENTRE: usize = ASKING.len() + 1;
const PARTS: [usize; 2] = [2 * ASKING.len(), 3 * ASKING.len()];

/// What is kept of every picture: the descriptors that look for others.
pub(crate) struct Asker {
    full: Descriptor,
    middle: Descriptor,
    parts: [Descriptor; PARTS.len()],
    /// Width over height.
    aspect: f32,
}

/// Makes [`Asker`]s.
pub(crate) struct Asking(Windows);

impl Asking {
    pub(crate) fn new() -> Self {
        Self(Windows::new(&ASKING))
    }

    pub(crate) fn of(&self, luma: &Plane) -> Asker {
        let windows = self.0.describe(luma);
        Asker {
            full: windows[FULL],
            middle: windows[CENTRE],
            parts: PARTS.map(|part| windows[part]),
            aspect: luma.width as f32 / luma.height.max(1) as f32,
        }
    }
}

/// The lumas of pictures, by number.
pub(crate) type Lumas<'a> = dyn Fn(usize) -> Option<Plane> + Sync + 'a;

/// Pictures whose windows are in memory at once: 14 kB each.
const RUN: usize = 8192;

/// The descriptors that are found in a run of pictures, by what `describe`
/// makes of the luma of one.
fn found<D: IntoIterator<Item = Descriptor> + Send>(
    pictures: Range<usize>,
    lumas: &Lumas<'_>,
    executor: &Executor,
    describe: impl Fn(&Plane) -> D + Sync,
) -> Result<Vec<Descriptor>, Interrupted> {
    let described = executor.map(pictures.len(), |i| {
        // None if it is gone since it was first looked at: like nothing else.
        describe(&lumas(pictures.start + i).unwrap_or_default())
    })?;
    Ok(described.into_iter().flatten().collect())
}

/// The grid over the middle part turned by `degrees`, from 2 × 2 samples a cell.
fn turned_grid(luma: &Plane, degrees: f32, scale: f32) -> [[f32; GRID]; GRID] {
    let (w, h) = (luma.width as f32, luma.height as f32);
    let map = turn_map(degrees, scale * MIDDLE, w, h);
    let steps = 2 * GRID;
    let mut grid = [[0.0; GRID]; GRID];
    if luma.samples.is_empty() {
        return grid;
    }
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
    /// Of all pictures, once for each way to look at them.
    queries: Queries<'a>,
    pictures: usize,
    per: usize,
    reach: Reach,
    hits: Vec<Vec<Hit>>,
}

impl<'a> Search<'a> {
    /// `queries` are those of `pictures`, all of them once or several times;
    /// each has `per` descriptors to be found.
    fn new(
        queries: Vec<Descriptor>,
        pictures: usize,
        per: usize,
        reach: Reach,
        (cells, executor): (&'a Cells, &Executor),
    ) -> Result<Self, Interrupted> {
        Ok(Self {
            hits: vec![Vec::new(); queries.len()],
            queries: Queries::new(queries, pictures, per, cells, executor)?,
            pictures,
            per,
            reach,
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

    /// The guesses that `map` makes of `(way, moving, part)`.
    fn guesses(self, map: impl Fn(usize, u32, usize) -> Map) -> Vec<Guess> {
        let numbered = self.hits.iter().enumerate();
        let hits = numbered.flat_map(|(query, hits)| hits.iter().map(move |hit| (query, hit)));
        hits.map(|(query, hit)| {
            let moving = hit.entry / self.per as u32;
            let part = hit.entry as usize % self.per;
            Guess {
                fixed: (query % self.pictures) as u32,
                moving,
                map: map(query / self.pictures, moving, part),
                score: hit.score,
            }
        })
        .collect()
    }
}

/// Guesses between any two of the pictures asking, at most about 20 each.
/// Memory: 600 bytes and the guesses of each, and one run of windows.
pub(crate) fn propose(
    askers: &[Asker],
    lumas: &Lumas<'_>,
    executor: &Executor,
) -> Result<Vec<Guess>, Interrupted> {
    let count = askers.len();
    let basis = Basis::new();
    let windows = Windows::new(&PLACES);
    let cells = learn(count, &windows, lumas, executor)?;
    let seen = |flips: &[Flip]| -> Vec<Descriptor> {
        let flips = flips.iter();
        let all = flips.flat_map(|flip| askers.iter().map(|asker| turned(&asker.full, *flip)));
        all.collect()
    };
    let search = |queries, per, reach| Search::new(queries, count, per, reach, (&cells, executor));
    let runs = || {
        (0..count)
            .step_by(RUN)
            .map(|first| first..(first + RUN).min(count))
    };
    // Full pictures, and their mirror images, against all windows.
    let mut full = search(seen(&SEEN), WINDOWS, WINDOW_REACH)?;
    for run in runs() {
        let first = run.start;
        let all = found(run, lumas, executor, |luma| windows.describe(luma))?;
        full.through(&all, first, executor)?;
    }
    let mut guesses = full.guesses(|way, _, part| window_map(part).after(&flip_map(SEEN[way])));
    // The middle against small turns of it.
    let middles = askers.iter().map(|a| a.middle).collect();
    let mut middle = search(middles, TURNS.len(), TURN_REACH)?;
    for run in runs() {
        let first = run.start;
        let turned = |luma: &Plane| {
            TURNS.map(|(degrees, scale)| basis.describe(&turned_grid(luma, degrees, scale)))
        };
        let all = found(run, lumas, executor, turned)?;
        middle.through(&all, first, executor)?;
    }
    guesses.extend(middle.guesses(|_, moving, part| {
        let (degrees, scale) = TURNS[part];
        turn_map(degrees, scale, askers[moving as usize].aspect, 1.0)
    }));
    // The other flips and turns of the full picture.
    let mut others = search(seen(&OTHERS), 1, FLIP_REACH)?;
    others.through(&seen(&SEEN[..1]), 0, executor)?;
    guesses.extend(others.guesses(|way, _, _| flip_map(OTHERS[way])));
    // What a banner leaves.
    for part in 0..PARTS.len() {
        let entries: Vec<Descriptor> = askers.iter().map(|a| a.parts[part]).collect();
        let mut rest = search(entries.clone(), 1, PART_REACH)?;
        rest.through(&entries, 0, executor)?;
        guesses.extend(rest.guesses(|_, _, _| Map::IDENTITY));
    }
    stand_out(&mut guesses);
    Ok(guesses)
}

/// Pictures that may stand before another without taking anything from it:
/// other copies.
const AHEAD: usize = 3;
/// How far a guess may fall behind the last of these, in cosine. Of two
/// thousand planted copies three did in both directions, and three in five of
/// the other guesses.
const BEHIND: f32 = 0.012;

/// Keeps the guesses about each picture that stand out among all about it.
fn stand_out(guesses: &mut Vec<Guess>) {
    let order = |a: &Guess, b: &Guess| {
        (a.fixed.cmp(&b.fixed))
            .then(b.score.total_cmp(&a.score))
            .then(a.moving.cmp(&b.moving))
    };
    guesses.sort_by(order);
    let (mut fixed, mut least) = (None, 0.0);
    let mut ahead: Vec<u32> = Vec::with_capacity(AHEAD);
    guesses.retain(|guess| {
        if fixed != Some(guess.fixed) {
            fixed = Some(guess.fixed);
            ahead.clear();
        }
        if ahead.len() < AHEAD && !ahead.contains(&guess.moving) {
            ahead.push(guess.moving);
            least = guess.score - BEHIND;
        }
        guess.score >= least
    });
}

/// Windows looked at in a picture that cells are learnt from.
const LEARNT: usize = 4;

/// Cells from evenly spread windows, a third of the square root of their
/// number: cells and their members then cost about the same to go through.
fn learn(
    pictures: usize,
    windows: &Windows,
    lumas: &Lumas<'_>,
    executor: &Executor,
) -> Result<Cells, Interrupted> {
    let count = (((pictures * WINDOWS) as f32).sqrt() / 3.0) as usize;
    let looked_at = (count * 24 / LEARNT).min(pictures);
    let sample = executor.map(looked_at, |i| {
        let luma = lumas(i * pictures / looked_at)?;
        let all = windows.describe(&luma);
        // 37 has no divisor in common with their number: all get their turn.
        Some((0..LEARNT).map(move |k| all[(i + k * WINDOWS / LEARNT) * 37 % WINDOWS]))
    })?;
    let sample: Vec<Descriptor> = sample.into_iter().flatten().flatten().collect();
    Cells::learn(&sample, count, executor)
}
