//! From pictures to verified pairs. Knows nothing of files, hashes, splits or
//! labels.

use std::borrow::Cow;

use super::background::in_view_of_all;
use super::candidates::{Asking, Guess, propose};
use super::groups::Sets;
use super::look::Look;
use super::verify::map::Map;
use super::verify::{Aligned, Answer, Detail, Subject, approach, explained, judge};
use crate::decode::{Plane, Thumbnail};
use crate::executor::{Executor, Interrupted};
use crate::finding::{Relation, Transform};

/// Gives pictures by index.
pub(crate) trait Album: Sync {
    /// Thumbnail, full width and full height of picture `index`; `None` for
    /// pictures that take no part.
    fn thumbnail(&self, index: usize) -> Option<(Thumbnail, u32, u32)>;

    /// Luma of picture `index`, upright, its long side at most `side`; at the
    /// price of a decode.
    fn luma(&self, index: usize, side: u32) -> Option<Plane>;

    /// What each of `looks` is known to give without looking: log odds, or
    /// `Some(None)` where the two share too little. `None` if it is not known.
    fn remembered(&self, looks: &[Look]) -> Vec<Option<Option<f32>>> {
        vec![None; looks.len()]
    }

    /// Is told what a look gave.
    fn remember(&self, _look: &Look, _odds: Option<f32>) {}
}

/// A pair that passed; `first < second`.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    pub(crate) first: u32,
    pub(crate) second: u32,
    /// 0 to 1.
    pub(crate) similarity: f32,
    pub(crate) relation: Relation,
    /// From first to second.
    pub(crate) transform: Transform,
    /// See `Agreement::residual`.
    pub(crate) residual: f32,
}

/// What came out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proof {
    /// Sorted by `(first, second)`.
    pub(crate) pairs: Vec<Proven>,
    /// Candidate pairs with too little in them to say.
    pub(crate) abstained: u64,
    /// How many were left after each stage.
    pub(crate) kept: Vec<(&'static str, u64)>,
}

/// Alignments of one pair that are followed to the end.
const TRIES: usize = 2;

/// Pictures up to which the small ones of all are kept in memory, at about a
/// kilobyte each; beyond, they are made anew for each pair.
const KEPT: usize = 200_000;

/// Pairs judged before the answers are looked through: most are worth
/// forgetting.
const AT_ONCE: usize = 1 << 16;

/// Looks that are remembered together.
const RUN: usize = 256;

/// Finds and verifies pairs among `count` pictures; keeps those of at least
/// `cut` similarity. `hinted` are pairs `(a, b)`, `a < b`, to look at in any
/// case, as pictures of one view.
pub(crate) fn prove(
    count: usize,
    album: &dyn Album,
    hinted: &[(u32, u32)],
    cut: f32,
    executor: &Executor,
) -> Result<Proof, Interrupted> {
    let asking = Asking::new();
    let prepared = executor.map(count, |index| {
        let (thumbnail, width, height) = album.thumbnail(index)?;
        let subject = Subject::new(&thumbnail, width, height)?;
        let asker = asking.of(&thumbnail.luma);
        Some((asker, (count <= KEPT).then_some(subject)))
    })?;
    let (mut ids, mut askers, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (id, prepared) in (0u32..).zip(prepared) {
        if let Some((asker, subject)) = prepared {
            ids.push(id);
            askers.push(asker);
            kept.extend(subject);
        }
    }
    let luma = |picture: usize| {
        let (thumbnail, ..) = album.thumbnail(ids[picture] as usize)?;
        Some(thumbnail.luma)
    };
    let mut guesses = propose(&askers, &luma, executor)?;
    drop(askers);
    guesses.extend(hinted.iter().filter_map(|(a, b)| {
        Some(Guess {
            fixed: ids.binary_search(a).ok()? as u32,
            moving: ids.binary_search(b).ok()? as u32,
            map: Map::IDENTITY,
            score: 1.0,
        })
    }));
    let key = |g: &Guess| (g.fixed.min(g.moving), g.fixed.max(g.moving));
    guesses.sort_by(|a, b| key(a).cmp(&key(b)).then(b.score.total_cmp(&a.score)));
    let candidates: Vec<&[Guess]> = guesses.chunk_by(|a, b| key(a) == key(b)).collect();
    let judges = Judges { ids, kept, album };
    let mut proof = Proof::default();
    let mut near = 0;
    let mut aligned: Vec<Aligned> = Vec::new();
    for chunk in candidates.chunks(AT_ONCE) {
        let answers = executor.map(chunk.len(), |i| judges.answer(chunk[i]))?;
        for (answer, approached) in answers {
            near += u64::from(approached > 0);
            match answer {
                Answer::Aligned(pair) if pair.matters() => aligned.push(*pair),
                Answer::Abstained => proof.abstained += 1,
                _ => {}
            }
        }
    }
    let alone = alone(&aligned, &judges, executor)?;
    let odds = in_view_of_all(judges.ids.len(), &aligned, &alone);
    let least = (cut / (1.0 - cut)).ln();
    let passes = |odds: Option<f32>| odds.is_some_and(|odds| odds >= least);
    let by_itself = alone.iter().filter(|odds| passes(**odds)).count();
    let proven = executor.map(aligned.len(), |i| {
        odds[i]
            .filter(|odds| passes(Some(*odds)))
            .and_then(|odds| judges.proven(&aligned[i], odds))
    })?;
    proof.pairs = proven.into_iter().flatten().collect();
    proof.kept = vec![
        ("pictures", judges.ids.len() as u64),
        ("candidate pairs", candidates.len() as u64),
        ("aligned", near),
        ("likely", aligned.len() as u64),
        ("alike by themselves", by_itself as u64),
        ("verified", proof.pairs.len() as u64),
    ];
    Ok(proof)
}

/// Log odds by thumbnails at which a pair within one proven group needs no
/// closer look: no pair of different photos came near.
const SURE: f32 = 5.0;

/// The same for two pictures that resemble nothing else: of the planted copies
/// three in four are there, of pairs of different photos none came above 2.
/// Where pictures resemble each other, thumbnails say less than they seem to.
const SURE_IF_ALONE: f32 = 7.0;

/// Log odds of each pair by itself. Of many copies of one picture only as many
/// pairs are decoded as hold them together.
fn alone(
    aligned: &[Aligned],
    judges: &Judges<'_>,
    executor: &Executor,
) -> Result<Vec<Option<f32>>, Interrupted> {
    let mut odds = vec![None; aligned.len()];
    let mut partners = vec![0u32; judges.ids.len()];
    for pair in aligned {
        partners[pair.fixed as usize] += 1;
        partners[pair.moving as usize] += 1;
    }
    let (sure, mut order): (Vec<usize>, Vec<usize>) = (0..aligned.len()).partition(|&i| {
        let pair = &aligned[i];
        let alone = |picture: u32| partners[picture as usize] == 1;
        pair.odds >= SURE_IF_ALONE && alone(pair.fixed) && alone(pair.moving)
    });
    for i in sure {
        odds[i] = Some(aligned[i].odds);
    }
    order.sort_by(|&a, &b| aligned[b].odds.total_cmp(&aligned[a].odds).then(a.cmp(&b)));
    let mut tree = Sets::new(judges.ids.len());
    let (first, rest): (Vec<usize>, Vec<usize>) =
        (order.into_iter()).partition(|&i| tree.join(aligned[i].fixed, aligned[i].moving));
    let looked = judges.looked(aligned, &first, executor)?;
    let mut proven = Sets::new(judges.ids.len());
    for (&i, found) in first.iter().zip(looked) {
        odds[i] = found;
        if found.is_some_and(|odds| odds >= SURE) {
            proven.join(aligned[i].fixed, aligned[i].moving);
        }
    }
    let (sure, unsure): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(|&i| {
        let pair = &aligned[i];
        pair.odds >= SURE && proven.find(pair.fixed) == proven.find(pair.moving)
    });
    let looked = judges.looked(aligned, &unsure, executor)?;
    for (i, found) in unsure.into_iter().zip(looked) {
        odds[i] = found;
    }
    for i in sure {
        odds[i] = Some(aligned[i].odds);
    }
    Ok(odds)
}

/// The pictures that take part.
struct Judges<'a> {
    ids: Vec<u32>,
    /// Of all of them or, beyond [`KEPT`], of none.
    kept: Vec<Subject>,
    album: &'a dyn Album,
}

impl Judges<'_> {
    fn thumbnail(&self, picture: u32) -> Option<(Thumbnail, u32, u32)> {
        self.album.thumbnail(self.ids[picture as usize] as usize)
    }

    fn luma(&self, picture: u32, side: u32) -> Option<Plane> {
        self.album.luma(self.ids[picture as usize] as usize, side)
    }

    fn subject(&self, picture: u32) -> Option<Cow<'_, Subject>> {
        if let Some(kept) = self.kept.get(picture as usize) {
            return Some(Cow::Borrowed(kept));
        }
        let (thumbnail, width, height) = self.thumbnail(picture)?;
        Subject::new(&thumbnail, width, height).map(Cow::Owned)
    }

    /// The answer on a pair from all guesses about it, best first, and how
    /// many of them came near.
    fn answer(&self, guesses: &[Guess]) -> (Answer, usize) {
        let (one, other) = (guesses[0].fixed, guesses[0].moving);
        let (Some(first), Some(second)) = (self.subject(one), self.subject(other)) else {
            return (Answer::Different, 0);
        };
        let subject = |picture: u32| if picture == one { &first } else { &second };
        let mut near: Vec<_> = guesses
            .iter()
            .take(2 * TRIES)
            .filter_map(|guess| approach(guess, subject(guess.fixed), subject(guess.moving)))
            .collect();
        near.sort_by(|a, b| b.correlation.total_cmp(&a.correlation));
        let mut best = Answer::Different;
        for coarse in near.iter().take(TRIES) {
            let (Some((a, ..)), Some((b, ..))) =
                (self.thumbnail(coarse.fixed), self.thumbnail(coarse.moving))
            else {
                continue;
            };
            let (fixed, moving) = (subject(coarse.fixed), subject(coarse.moving));
            best = best.or(judge(coarse, (fixed, &a), (moving, &b)));
        }
        (best, near.len())
    }

    /// Log odds that each pair of `which` shows one picture, by all that its
    /// pixels say.
    fn looked(
        &self,
        aligned: &[Aligned],
        which: &[usize],
        executor: &Executor,
    ) -> Result<Vec<Option<f32>>, Interrupted> {
        let mut odds: Vec<_> = which.iter().map(|&i| Some(aligned[i].odds)).collect();
        let finer: Vec<usize> = (0..which.len())
            .filter(|&k| aligned[which[k]].detail != Detail::Thumbnail)
            .collect();
        let pair = |k: usize| &aligned[which[finer[k]]];
        let known = executor.map(finer.len().div_ceil(RUN), |run| {
            let run = run * RUN..((run + 1) * RUN).min(finer.len());
            let looks: Vec<Look> = run.map(|k| self.look(pair(k))).collect();
            self.album.remembered(&looks)
        })?;
        let known: Vec<Option<Option<f32>>> = known.into_iter().flatten().collect();
        let found = executor.map(finer.len(), |k| {
            known[k].unwrap_or_else(|| self.odds(pair(k)))
        })?;
        for (k, found) in finer.into_iter().zip(found) {
            odds[k] = found;
        }
        Ok(odds)
    }

    fn look(&self, pair: &Aligned) -> Look {
        let id = |picture: u32| self.ids[picture as usize] as usize;
        Look::new(pair, id(pair.fixed), id(pair.moving))
    }

    fn odds(&self, pair: &Aligned) -> Option<f32> {
        let fixed = self.luma(pair.fixed, pair.sides.0)?;
        let moving = self.luma(pair.moving, pair.sides.1)?;
        let odds = pair.closer(&fixed, &moving);
        self.album.remember(&self.look(pair), odds);
        odds
    }

    /// The pair with what was done to the picture.
    fn proven(&self, pair: &Aligned, odds: f32) -> Option<Proven> {
        let (fixed, moving) = (pair.fixed, pair.moving);
        let (a, b) = (self.thumbnail(fixed)?, self.thumbnail(moving)?);
        let (relation, transform) = explained(pair, &a, &b)?;
        Some(Proven {
            first: self.ids[fixed.min(moving) as usize],
            second: self.ids[fixed.max(moving) as usize],
            similarity: 1.0 / (1.0 + (-odds).exp()),
            relation,
            transform,
            residual: pair.agreement.residual,
        })
    }
}
