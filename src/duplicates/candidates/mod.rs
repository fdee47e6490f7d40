//! Candidate generation: proposes pairs of images, each with an approximate map between the
//! two. Proposes generously and scores none.

mod descriptor;
pub mod hash;
mod ivf;
mod quantized;
mod search;
mod windows;

use std::ops::Range;

use descriptor::{Basis, Descriptor, Windows, flipped};
use ivf::CoarseQuantizer;
use search::{Database, Hit, Queries, SearchParameters, search};
use windows::{
    Flip, OTHER_FLIPS, ROTATIONS, UPRIGHT_AND_MIRRORED, WINDOWS, database_windows, flip_map,
    rotated, rotation_map, window_map,
};
pub(crate) use windows::{QueryDescriptors, QueryWindows};

use super::registration::affine::Affine;
use crate::decode::Plane;
use crate::executor::{Executor, Interrupted};

/// A pair that may be a copy, where `map` leads from image `fixed` to image `moving`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) fixed: u32,
    pub(crate) moving: u32,
    pub(crate) map: Affine,
    /// Cosine of the descriptors.
    pub(crate) score: f32,
}

/// Bits, of 64, within which hashes propose a pair whatever the descriptors: re-encoded and
/// resized copies differ in 6 at most (docs/design.md, "Decisions"), and pixels decide
/// afterwards.
const RADIUS: u32 = 8;

/// Partners that one image may have by its hash alone; a set of look-alikes would otherwise
/// propose all its pairs.
const NEAREST: usize = 16;

/// Pairs `(a, b)`, `a < b`, of perceptual hashes within [`RADIUS`].
pub(crate) fn by_hashes(
    hashes: &[Option<u64>],
    executor: &Executor,
) -> Result<Vec<(u32, u32)>, Interrupted> {
    let joined = hash::pairs_within(hashes, RADIUS, NEAREST, executor)?;
    Ok(joined.pairs.into_iter().map(|(a, b, _)| (a, b)).collect())
}

/// The lumas of images by number.
pub(crate) type Lumas<'a> = dyn Fn(usize) -> Option<Plane> + Sync + 'a;

/// Images whose windows are in memory at once, at 7 kB each: beside its products each run
/// costs as much as products with 300 entries a list.
const RUN: usize = 32_768;

/// Images described by one piece of work.
const PIECE: usize = 32;

/// Entries kept for an image from each search, and the least cosine. Planted copies stood
/// among the first four of their kind, at 0.81 and above.
const IN_WINDOWS: SearchParameters = SearchParameters {
    least: 0.8,
    keep: 5,
};
const IN_FLIPS: SearchParameters = SearchParameters {
    least: 0.9,
    keep: 1,
};
const IN_ROTATIONS: SearchParameters = SearchParameters {
    least: 0.8,
    keep: 2,
};
const BESIDE_BANNER: SearchParameters = SearchParameters {
    least: 0.9,
    keep: 1,
};
/// What a sticker leaves is unchanged, and a strip is weaker evidence by itself.
const BESIDE_STICKER: SearchParameters = SearchParameters {
    least: 0.97,
    keep: 1,
};

/// Candidates between any two of the images that `queries` describe, at most about 20 for
/// each image. Memory: 1,100 bytes and the candidates of each, and one run of windows.
pub(crate) fn by_descriptors(
    queries: &[&QueryDescriptors],
    lumas: &Lumas<'_>,
    executor: &Executor,
) -> Result<Vec<Candidate>, Interrupted> {
    let count = queries.len();
    let basis = Basis::new();
    let windows = database_windows();
    let quantizer = train(count, &windows, lumas, executor)?;
    let whole = |flip: Flip| (queries.iter()).map(move |query| flipped(&query.whole, flip));
    let start = |queries, per, parameters| {
        Search::new(queries, count, per, parameters, (&quantizer, executor))
    };
    let runs = || {
        (0..count)
            .step_by(RUN)
            .map(|first| first..(first + RUN).min(count))
    };
    let mut sources: Vec<Found<'_>> = Vec::new();
    // Whole images, and their mirror images, in all windows.
    let mut full = start(
        UPRIGHT_AND_MIRRORED.into_iter().flat_map(whole).collect(),
        WINDOWS,
        IN_WINDOWS,
    )?;
    for run in runs() {
        let first = run.start;
        let all = describe_all(run, lumas, executor, |luma| windows.describe(luma))?;
        full.scan(&all, first, executor)?;
    }
    sources.push(full.finish(|variant, _, part| {
        window_map(part).after(&flip_map(UPRIGHT_AND_MIRRORED[variant]))
    }));
    // Central windows in small rotations of them.
    let central = queries.iter().map(|query| query.central).collect();
    let mut turned = start(central, ROTATIONS.len(), IN_ROTATIONS)?;
    for run in runs() {
        let first = run.start;
        let all = describe_all(run, lumas, executor, |luma| rotated(&basis, luma))?;
        turned.scan(&all, first, executor)?;
    }
    sources.push(turned.finish(|_, moving, part| {
        let (degrees, scale) = ROTATIONS[part];
        rotation_map(degrees, scale, queries[moving as usize].aspect, 1.0)
    }));
    // The other flips and quarter turns of the whole image, one after the other.
    let upright: Vec<Descriptor> = whole(UPRIGHT_AND_MIRRORED[0]).collect();
    for flip in OTHER_FLIPS {
        let mut other = start(whole(flip).collect(), 1, IN_FLIPS)?;
        other.scan(&upright, 0, executor)?;
        sources.push(other.finish(move |_, _, _| flip_map(flip)));
    }
    drop(upright);
    let unmoved = |of: &dyn Fn(&QueryDescriptors) -> Descriptor, parameters| {
        let entries: Vec<Descriptor> = queries.iter().map(|query| of(query)).collect();
        let mut rest = start(entries.clone(), 1, parameters)?;
        rest.scan(&entries, 0, executor)?;
        Ok(rest.finish(|_, _, _| Affine::IDENTITY))
    };
    // What a banner leaves.
    for part in 0..QueryDescriptors::BESIDE.0 {
        sources.push(unmoved(&|query| query.beside_banner[part], BESIDE_BANNER)?);
    }
    // What a sticker leaves: ranked apart, so that plain backgrounds displace nothing.
    let mut beside: Vec<Found<'_>> = Vec::new();
    for strip in 0..QueryDescriptors::BESIDE.1 {
        beside.push(unmoved(
            &|query| query.beside_sticker[strip],
            BESIDE_STICKER,
        )?);
    }
    let pieces = executor.map(count.div_ceil(PIECE), |piece| {
        let images = piece * PIECE..((piece + 1) * PIECE).min(count);
        images
            .flat_map(|fixed| {
                let mut all = distinctive(fixed, count, &sources);
                let known: Vec<u32> = all.iter().map(|candidate| candidate.moving).collect();
                let more = distinctive(fixed, count, &beside).into_iter();
                all.extend(more.filter(|candidate| !known.contains(&candidate.moving)));
                all
            })
            .collect::<Vec<_>>()
    })?;
    Ok(pieces.concat())
}

/// The database descriptors of a run of images, by `describe` from the luma of each.
fn describe_all<D: IntoIterator<Item = Descriptor>>(
    images: Range<usize>,
    lumas: &Lumas<'_>,
    executor: &Executor,
    describe: impl Fn(&Plane) -> D + Sync,
) -> Result<Vec<Descriptor>, Interrupted> {
    let pieces = executor.map(images.len().div_ceil(PIECE), |piece| {
        let start = images.start + piece * PIECE;
        let numbers = start..(start + PIECE).min(images.end);
        // An image that has disappeared meanwhile resembles nothing.
        let described = numbers.map(|number| describe(&lumas(number).unwrap_or_default()));
        described.flatten().collect::<Vec<_>>()
    })?;
    // One piece freed after the other, so that they are not in memory twice.
    let mut all = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
    for piece in pieces {
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

/// One search, run of images by run of images.
struct Search<'a> {
    /// Of all images, once for each variant (flip) of them.
    queries: Queries<'a>,
    per: usize,
    parameters: SearchParameters,
    best: Vec<Hit>,
}

impl<'a> Search<'a> {
    /// `queries` are those of `images`, all of them once or several times; the database
    /// holds `per` descriptors of each.
    fn new(
        queries: Vec<Descriptor>,
        images: usize,
        per: usize,
        parameters: SearchParameters,
        (quantizer, executor): (&'a CoarseQuantizer, &Executor),
    ) -> Result<Self, Interrupted> {
        Ok(Self {
            best: vec![Hit::NONE; queries.len() * parameters.keep],
            queries: Queries::new(queries, images, per, quantizer, executor)?,
            per,
            parameters,
        })
    }

    /// Searches the descriptors of the images from `first` on.
    fn scan(
        &mut self,
        all: &[Descriptor],
        first: usize,
        executor: &Executor,
    ) -> Result<(), Interrupted> {
        let per = self.per;
        let database = Database { all, per, first };
        let (queries, parameters) = (&self.queries, self.parameters);
        search(queries, database, parameters, &mut self.best, executor)
    }

    /// The hits, and the map for each `(variant, moving, part)`.
    fn finish<'m>(self, map: impl Fn(usize, u32, usize) -> Affine + Sync + 'm) -> Found<'m> {
        Found {
            best: self.best,
            keep: self.parameters.keep,
            per: self.per,
            map: Box::new(map),
        }
    }
}

/// The map from a variant of an image to one part of another.
type MapOf<'m> = dyn Fn(usize, u32, usize) -> Affine + Sync + 'm;

/// The hits of one search.
struct Found<'m> {
    /// `keep` for each image and variant, variant by variant.
    best: Vec<Hit>,
    keep: usize,
    per: usize,
    map: Box<MapOf<'m>>,
}

impl Found<'_> {
    /// The hits of image number `fixed` of `images`, each with its variant.
    fn of(&self, fixed: usize, images: usize) -> impl Iterator<Item = (usize, Hit)> {
        let variants = (self.best.chunks(images.max(1) * self.keep)).enumerate();
        variants.flat_map(move |(variant, best)| {
            let best = &best[fixed * self.keep..(fixed + 1) * self.keep];
            let hits = best.iter().take_while(|hit| **hit != Hit::NONE);
            hits.map(move |&hit| (variant, hit))
        })
    }
}

/// Images that may rank before another without excluding it: other copies.
const AHEAD: usize = 3;
/// How far a candidate may fall behind the last of these, in cosine. Of two thousand
/// planted copies three did in both directions, and three in five of the other candidates.
const BEHIND: f32 = 0.012;

/// The candidates of one image of `count` that are distinctive among all of it, best first.
fn distinctive(fixed: usize, count: usize, sources: &[Found<'_>]) -> Vec<Candidate> {
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
    let candidates = hits.into_iter().map(|(source, (variant, hit))| Candidate {
        fixed: fixed as u32,
        moving: moving(source, &hit),
        map: (source.map)(
            variant,
            moving(source, &hit),
            hit.entry as usize % source.per,
        ),
        score: hit.score,
    });
    candidates.collect()
}

/// Windows of an image that the quantizer is trained on.
const TRAINING_WINDOWS: usize = 4;

/// A quantizer from evenly spread windows, with a third of the square root of their number
/// as centroids: centroids and inverted lists then cost about the same to scan.
fn train(
    images: usize,
    windows: &Windows,
    lumas: &Lumas<'_>,
    executor: &Executor,
) -> Result<CoarseQuantizer, Interrupted> {
    let count = (((images * WINDOWS) as f32).sqrt() / 3.0) as usize;
    let sampled = (count * 24 / TRAINING_WINDOWS).min(images);
    let sample = executor.map(sampled, |i| {
        let luma = lumas(i * images / sampled)?;
        let all = windows.describe(&luma);
        // 37 has no divisor in common with their number: every window is used.
        Some(
            (0..TRAINING_WINDOWS)
                .map(move |k| all[(i + k * WINDOWS / TRAINING_WINDOWS) * 37 % WINDOWS]),
        )
    })?;
    let sample: Vec<Descriptor> = sample.into_iter().flatten().flatten().collect();
    CoarseQuantizer::train(&sample, count, executor)
}
