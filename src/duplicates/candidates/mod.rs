//! Proposes pairs of images, with a first guess of the map between them.
//! Proposes generously: judging is for `verify`.

use std::ops::Range;

mod descriptor;
pub mod hash;
mod ivf;
mod quantized;
mod search;

use super::registration::affine::Map;
use crate::decode::Plane;
use crate::executor::{Executor, Interrupted};
use descriptor::{Basis, Descriptor, GRID, Span, Windows, turned};
use ivf::Cells;
use search::{Database, Hit, Queries, Reach, join};

/// A guess that `map` lays image `fixed` over image `moving`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    pub(crate) fixed: u32,
    pub(crate) moving: u32,
    pub(crate) map: Map,
    pub(crate) score: f32,
}

/// Where windows begin and how long they are along one side. Lengths are 16%
/// apart and starts an eighth of an image at most, which is what the
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
/// enlarge the canvas to hold the turned image.
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

/// Spans of the windows that look for others: the whole, the middle, what a banner
/// over the bottom or the top leaves, and what a sticker in the middle leaves.
const ASKING: [Span; 6] = [
    (0.0, 1.0),
    ((1.0 - MIDDLE) / 2.0, MIDDLE),
    (0.0, 0.8),
    (0.2, 0.8),
    (0.0, STRIP),
    (1.0 - STRIP, STRIP),
];
/// A third of an image, and a little: a sticker of a third of its sides leaves one
/// free at least.
const STRIP: f32 = 0.35;
/// Which windows of these are asked for.
const FULL: usize = 0;
const CENTRE: usize = ASKING.len() + 1;
const PARTS: [usize; 2] = [2 * ASKING.len(), 3 * ASKING.len()];
/// Above, below, left and right of a sticker.
const STRIPS: [usize; 4] = [4 * ASKING.len(), 5 * ASKING.len(), 4, 5];

/// What is kept of every image: the descriptors that look for others.
pub(crate) struct Asker {
    full: Descriptor,
    middle: Descriptor,
    parts: [Descriptor; PARTS.len()],
    strips: [Descriptor; STRIPS.len()],
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
            strips: STRIPS.map(|strip| windows[strip]),
            aspect: luma.width as f32 / luma.height.max(1) as f32,
        }
    }
}

/// The lumas of images, by number.
pub(crate) type Lumas<'a> = dyn Fn(usize) -> Option<Plane> + Sync + 'a;

/// Images whose windows are in memory at once, at 7 kB each: every run costs
/// as much beside its products as these for 300 entries a cell.
const RUN: usize = 32_768;

/// Images described by one piece of work.
const PIECE: usize = 32;

/// The descriptors that are found in a run of images, by what `describe`
/// makes of the luma of one.
fn found<D: IntoIterator<Item = Descriptor>>(
    images: Range<usize>,
    lumas: &Lumas<'_>,
    executor: &Executor,
    describe: impl Fn(&Plane) -> D + Sync,
) -> Result<Vec<Descriptor>, Interrupted> {
    let pieces = executor.map(images.len().div_ceil(PIECE), |piece| {
        let start = images.start + piece * PIECE;
        let numbers = start..(start + PIECE).min(images.end);
        // None if it is gone since it was first looked at: like nothing else.
        let described = numbers.map(|number| describe(&lumas(number).unwrap_or_default()));
        described.flatten().collect::<Vec<_>>()
    })?;
    // One piece gone after the other, so that they are not all there twice.
    let mut all = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
    for piece in pieces {
        all.extend_from_slice(&piece);
    }
    Ok(all)
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

/// Guesses kept for an image from each source, and the least cosine. Planted
/// copies stood among the first four of their kind, at 0.81 and above.
const WINDOW_REACH: Reach = Reach { cut: 0.8, keep: 5 };
const FLIP_REACH: Reach = Reach { cut: 0.9, keep: 1 };
const TURN_REACH: Reach = Reach { cut: 0.8, keep: 2 };
const PART_REACH: Reach = Reach { cut: 0.9, keep: 1 };
/// What a sticker leaves is as it was, and says less by itself.
const STRIP_REACH: Reach = Reach { cut: 0.97, keep: 1 };

/// One search, run of images by run of images.
struct Search<'a> {
    /// Of all images, once for each way to look at them.
    queries: Queries<'a>,
    per: usize,
    reach: Reach,
    best: Vec<Hit>,
}

impl<'a> Search<'a> {
    /// `queries` are those of `images`, all of them once or several times;
    /// each has `per` descriptors to be found.
    fn new(
        queries: Vec<Descriptor>,
        images: usize,
        per: usize,
        reach: Reach,
        (cells, executor): (&'a Cells, &Executor),
    ) -> Result<Self, Interrupted> {
        Ok(Self {
            best: vec![Hit::NONE; queries.len() * reach.keep],
            queries: Queries::new(queries, images, per, cells, executor)?,
            per,
            reach,
        })
    }

    /// Looks through the descriptors of the images from `first` on.
    fn through(
        &mut self,
        all: &[Descriptor],
        first: usize,
        executor: &Executor,
    ) -> Result<(), Interrupted> {
        let per = self.per;
        let database = Database { all, per, first };
        join(
            &self.queries,
            database,
            self.reach,
            &mut self.best,
            executor,
        )
    }

    /// What was found, and the map for each `(way, moving, part)`.
    fn end<'m>(self, map: impl Fn(usize, u32, usize) -> Map + Sync + 'm) -> Found<'m> {
        Found {
            best: self.best,
            keep: self.reach.keep,
            per: self.per,
            map: Box::new(map),
        }
    }
}

/// The map from an image, looked at in one way, to one part of another.
type MapOf<'m> = dyn Fn(usize, u32, usize) -> Map + Sync + 'm;

/// What one search found.
struct Found<'m> {
    /// `keep` for each image and way, way by way.
    best: Vec<Hit>,
    keep: usize,
    per: usize,
    map: Box<MapOf<'m>>,
}

impl Found<'_> {
    /// The hits of image number `fixed` of `images`, each with its way.
    fn of(&self, fixed: usize, images: usize) -> impl Iterator<Item = (usize, Hit)> {
        let ways = (self.best.chunks(images.max(1) * self.keep)).enumerate();
        ways.flat_map(move |(way, best)| {
            let best = &best[fixed * self.keep..(fixed + 1) * self.keep];
            let hits = best.iter().take_while(|hit| **hit != Hit::NONE);
            hits.map(move |&hit| (way, hit))
        })
    }
}

/// Guesses between any two of the images asking, at most about 20 each.
/// Memory: 1,100 bytes and the guesses of each, and one run of windows.
pub(crate) fn propose(
    askers: &[&Asker],
    lumas: &Lumas<'_>,
    executor: &Executor,
) -> Result<Vec<Guess>, Interrupted> {
    let count = askers.len();
    let basis = Basis::new();
    let windows = Windows::new(&PLACES);
    let cells = learn(count, &windows, lumas, executor)?;
    let seen = |flip: Flip| askers.iter().map(move |asker| turned(&asker.full, flip));
    let search = |queries, per, reach| Search::new(queries, count, per, reach, (&cells, executor));
    let runs = || {
        (0..count)
            .step_by(RUN)
            .map(|first| first..(first + RUN).min(count))
    };
    let mut sources: Vec<Found<'_>> = Vec::new();
    // Full images, and their mirror images, against all windows.
    let mut full = search(
        SEEN.into_iter().flat_map(seen).collect(),
        WINDOWS,
        WINDOW_REACH,
    )?;
    for run in runs() {
        let first = run.start;
        let all = found(run, lumas, executor, |luma| windows.describe(luma))?;
        full.through(&all, first, executor)?;
    }
    sources.push(full.end(|way, _, part| window_map(part).after(&flip_map(SEEN[way]))));
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
    sources.push(middle.end(|_, moving, part| {
        let (degrees, scale) = TURNS[part];
        turn_map(degrees, scale, askers[moving as usize].aspect, 1.0)
    }));
    // The other flips and turns of the full image, one after the other.
    let upright: Vec<Descriptor> = seen(SEEN[0]).collect();
    for flip in OTHERS {
        let mut other = search(seen(flip).collect(), 1, FLIP_REACH)?;
        other.through(&upright, 0, executor)?;
        sources.push(other.end(move |_, _, _| flip_map(flip)));
    }
    drop(upright);
    // What a banner leaves.
    for part in 0..PARTS.len() {
        let entries: Vec<Descriptor> = askers.iter().map(|a| a.parts[part]).collect();
        let mut rest = search(entries.clone(), 1, PART_REACH)?;
        rest.through(&entries, 0, executor)?;
        sources.push(rest.end(|_, _, _| Map::IDENTITY));
    }
    // What a sticker leaves: apart, so that plain grounds crowd out nothing.
    let mut beside: Vec<Found<'_>> = Vec::new();
    for strip in 0..STRIPS.len() {
        let entries: Vec<Descriptor> = askers.iter().map(|a| a.strips[strip]).collect();
        let mut rest = search(entries.clone(), 1, STRIP_REACH)?;
        rest.through(&entries, 0, executor)?;
        beside.push(rest.end(|_, _, _| Map::IDENTITY));
    }
    let pieces = executor.map(count.div_ceil(PIECE), |piece| {
        let images = piece * PIECE..((piece + 1) * PIECE).min(count);
        images
            .flat_map(|fixed| {
                let mut all = standing_out(fixed, count, &sources);
                let known: Vec<u32> = all.iter().map(|guess| guess.moving).collect();
                let more = standing_out(fixed, count, &beside).into_iter();
                all.extend(more.filter(|guess| !known.contains(&guess.moving)));
                all
            })
            .collect::<Vec<_>>()
    })?;
    Ok(pieces.concat())
}

/// Images that may stand before another without taking anything from it:
/// other copies.
const AHEAD: usize = 3;
/// How far a guess may fall behind the last of these, in cosine. Of two
/// thousand planted copies three did in both directions, and three in five of
/// the other guesses.
const BEHIND: f32 = 0.012;

/// The guesses about one image of `count` that stand out among all about it,
/// best first.
fn standing_out(fixed: usize, count: usize, sources: &[Found<'_>]) -> Vec<Guess> {
    let of_source = |source| Found::of(source, fixed, count).map(move |hit| (source, hit));
    let mut hits: Vec<(&Found<'_>, (usize, Hit))> = sources.iter().flat_map(of_source).collect();
    let moving = |source: &Found<'_>, hit: &Hit| hit.entry / source.per as u32;
    hits.sort_by(|(s, (_, a)), (t, (_, b))| {
        (b.score.total_cmp(&a.score)).then(moving(s, a).cmp(&moving(t, b)))
    });
    let mut ahead: Vec<u32> = Vec::with_capacity(AHEAD);
    let mut least = 0.0;
    hits.retain(|(source, (_, hit))| {
        let moving = moving(source, hit);
        if ahead.len() < AHEAD && !ahead.contains(&moving) {
            ahead.push(moving);
            least = hit.score - BEHIND;
        }
        hit.score >= least
    });
    let guesses = hits.into_iter().map(|(source, (way, hit))| Guess {
        fixed: fixed as u32,
        moving: moving(source, &hit),
        map: (source.map)(way, moving(source, &hit), hit.entry as usize % source.per),
        score: hit.score,
    });
    guesses.collect()
}

/// Windows looked at in an image that cells are learnt from.
const LEARNT: usize = 4;

/// Cells from evenly spread windows, a third of the square root of their
/// number: cells and their members then cost about the same to go through.
fn learn(
    images: usize,
    windows: &Windows,
    lumas: &Lumas<'_>,
    executor: &Executor,
) -> Result<Cells, Interrupted> {
    let count = (((images * WINDOWS) as f32).sqrt() / 3.0) as usize;
    let looked_at = (count * 24 / LEARNT).min(images);
    let sample = executor.map(looked_at, |i| {
        let luma = lumas(i * images / looked_at)?;
        let all = windows.describe(&luma);
        // 37 has no divisor in common with their number: all get their turn.
        Some((0..LEARNT).map(move |k| all[(i + k * WINDOWS / LEARNT) * 37 % WINDOWS]))
    })?;
    let sample: Vec<Descriptor> = sample.into_iter().flatten().flatten().collect();
    Cells::learn(&sample, count, executor)
}
