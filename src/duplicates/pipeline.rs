//! The stages of the search for copies, in order of cost: each leaves fewer pairs to the
//! next. See the module's own page for what each does.

use super::given::{self, LikelyPair};
use super::images::{ContentImages, ImageSource};
use super::participants::{Participants, Registrations};
use super::refinement::refine_pairs;
use super::same_pixels::{UNTOUCHED, same_pixels};
use super::scoring::Registered;
use super::scoring::context::rescore;
use super::scoring::logistic::least_odds;
use super::{Duplicates, candidates, completion, contents, memo, transform};
use crate::executor::{Executor, Interrupted};
use crate::finding::{Relation, Transform};
use crate::fingerprint::{FingerprintTable, Images};
use crate::sample::SampleId;

/// Finds all pairs of samples that show the same image, or recalls them from a scan of the
/// very same set.
///
/// # Errors
/// [`Interrupted`] when the user asked to stop.
pub fn find(
    table: &FingerprintTable,
    images: &Images,
    executor: &Executor,
) -> Result<Duplicates, Interrupted> {
    memo::known_or(table, images, || {
        search(table, images, memo::METHOD, executor)
    })
}

/// [`find`] without the pairs of an earlier scan; refinements are kept under `method`.
pub(super) fn search(
    table: &FingerprintTable,
    images: &Images,
    method: &str,
    executor: &Executor,
) -> Result<Duplicates, Interrupted> {
    executor.stop().check()?;
    let contents = contents::distinct(table);
    let source = ContentImages {
        table,
        images,
        contents: &contents,
        method,
    };
    let hashes = contents::hashes(table, &contents);
    let by_hash = candidates::by_hashes(&hashes, executor)?;
    let verified = verify(contents.len(), &source, &by_hash, executor)?;
    let same = same_pixels(&verified, &source, executor)?;
    Ok(contents::list_pairs(table, &contents, &verified, same))
}

/// The first half of [`find`] for the pairs with an image of which `is_against` is true at
/// least: candidate generation and registration.
///
/// # Errors
/// [`Interrupted`] when the user asked to stop.
pub fn likely(
    table: &FingerprintTable,
    images: &Images,
    is_against: impl Fn(SampleId) -> bool,
    executor: &Executor,
) -> Result<Vec<LikelyPair>, Interrupted> {
    let contents = contents::distinct(table);
    let source = ContentImages {
        table,
        images,
        contents: &contents,
        method: memo::METHOD,
    };
    let against: Vec<bool> = (contents.iter())
        .map(|samples| samples.iter().any(|&id| is_against(id)))
        .collect();
    let wanted = |a: u32, b: u32| against[a as usize] || against[b as usize];
    let hashes = contents::hashes(table, &contents);
    let mut by_hash = candidates::by_hashes(&hashes, executor)?;
    by_hash.retain(|&(a, b)| wanted(a, b));
    let (participants, queries) = Participants::prepare(contents.len(), &source, executor)?;
    let mut candidates = participants.candidates(queries, &by_hash, executor)?;
    candidates.retain(|candidate| {
        let (a, b) = participants.ids_of_candidate(candidate);
        wanted(a, b)
    });
    let registered = participants.register(&candidates, executor)?;
    let content = |index: u32| table.get(*contents[index as usize].first()?)?.content;
    Ok(given::likely(&registered, &participants, content))
}

/// The second half of [`find`], on pairs that [`likely`] found.
///
/// # Errors
/// [`Interrupted`] when the user asked to stop.
pub fn find_given(
    table: &FingerprintTable,
    images: &Images,
    given: &[LikelyPair],
    executor: &Executor,
) -> Result<Duplicates, Interrupted> {
    executor.stop().check()?;
    let contents = contents::distinct(table);
    let source = ContentImages {
        table,
        images,
        contents: &contents,
        method: memo::METHOD,
    };
    let (participants, _) = Participants::prepare(contents.len(), &source, executor)?;
    let registered = given::registrations(table, &participants, given);
    let verified = judge(&participants, registered, executor)?;
    let same = same_pixels(&verified, &source, executor)?;
    Ok(contents::list_pairs(table, &contents, &verified, same))
}

/// Finds the copies among the first `count` images of `source`; `by_hash` are candidate
/// pairs `(a, b)`, `a < b`, beside those of descriptors.
pub(crate) fn verify(
    count: usize,
    source: &dyn ImageSource,
    by_hash: &[(u32, u32)],
    executor: &Executor,
) -> Result<Verified, Interrupted> {
    // Candidate generation.
    let (participants, queries) = Participants::prepare(count, source, executor)?;
    let candidates = participants.candidates(queries, by_hash, executor)?;
    // Registration, with a first score at each size.
    let registered = participants.register(&candidates, executor)?;
    judge(&participants, registered, executor)
}

/// What [`verify`] makes of registered pairs.
fn judge(
    participants: &Participants<'_>,
    registered: Registrations,
    executor: &Executor,
) -> Result<Verified, Interrupted> {
    let likely = registered.pairs.len() as u64;
    // Scoring: refined by itself, then among all pairs.
    let refined = refine_pairs(&registered.pairs, participants, executor)?;
    let (pairs, refined) = completion::complete(registered.pairs, refined, participants, executor)?;
    let pairs = &pairs;
    let odds = rescore(participants.ids.len(), pairs, &refined);
    let least = least_odds();
    let passes = |odds: &f32| *odds >= least;
    // What was done to the image.
    let verified = executor.map(pairs.len(), |i| {
        let odds = odds[i].filter(passes)?;
        VerifiedPair::of(&pairs[i], odds, participants)
    })?;
    let rejected = (pairs.iter().zip(&verified))
        .filter(|(pair, verified)| verified.is_none() && pair.measured.residual < UNTOUCHED)
        .map(|(pair, _)| participants.ids_of(pair.fixed, pair.moving));
    let mut out = Verified {
        abstained: registered.abstained.len() as u64,
        unresolved: registered
            .abstained
            .iter()
            .copied()
            .chain(rejected)
            .collect(),
        ..Verified::default()
    };
    out.pairs = verified.into_iter().flatten().collect();
    let by_themselves = refined.iter().flatten().map(|refined| &refined.odds);
    out.stages = vec![
        ("images", participants.ids.len() as u64),
        ("candidate pairs", registered.candidates),
        ("registered at half size", registered.at_half_size),
        ("likely by thumbnails", likely),
        ("with those that groups complete", pairs.len() as u64),
        (
            "likely after refinement",
            by_themselves.filter(|odds| passes(odds)).count() as u64,
        ),
        (
            "verified, byte-identical ones apart",
            out.pairs.len() as u64,
        ),
    ];
    Ok(out)
}

/// A pair that passed all stages; `first < second`.
#[derive(Debug, Clone)]
pub(crate) struct VerifiedPair {
    pub(crate) first: u32,
    pub(crate) second: u32,
    /// 0 to 1.
    pub(crate) similarity: f32,
    pub(crate) relation: Relation,
    /// From first to second.
    pub(crate) transform: Transform,
    /// See `Measurements::residual`.
    pub(crate) residual: f32,
}

impl VerifiedPair {
    fn of(pair: &Registered, odds: f32, participants: &Participants<'_>) -> Option<Self> {
        let (fixed, moving) = participants.thumbnails(pair)?;
        let (relation, transform) = transform::of_registered(pair, &fixed, &moving)?;
        let (first, second) = participants.ids_of(pair.fixed, pair.moving);
        Some(Self {
            first,
            second,
            similarity: 1.0 / (1.0 + (-odds).exp()),
            relation,
            transform,
            residual: pair.measured.residual,
        })
    }
}

/// The result of [`verify`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Verified {
    /// Sorted by `(first, second)`.
    pub(crate) pairs: Vec<VerifiedPair>,
    /// Candidate pairs with too little texture to score.
    pub(crate) abstained: u64,
    /// Pairs that were rejected without a residual, or not scored: they may still be equal
    /// pixel by pixel.
    pub(crate) unresolved: Vec<(u32, u32)>,
    /// Number of pairs after each stage.
    pub(crate) stages: Vec<(&'static str, u64)>,
}
