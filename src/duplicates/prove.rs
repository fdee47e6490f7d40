//! From pictures to verified pairs. Knows nothing of files, hashes, splits or
//! labels.

use super::candidates::{Described, Guess, describe, propose};
use super::descriptor::Basis;
use super::verify::align::Map;
use super::verify::{Alike, Answer, Subject, approach, judge, pyramid::Small};
use crate::decode::Thumbnail;
use crate::executor::{Executor, Interrupted};

/// Gives thumbnails by index.
pub(crate) trait Thumbnails: Sync {
    /// Thumbnail, full width and full height of picture `index`; `None` for
    /// pictures that take no part.
    fn get(&self, index: usize) -> Option<(Thumbnail, u32, u32)>;
}

/// A pair that passed; `first < second`.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    pub(crate) first: u32,
    pub(crate) second: u32,
    pub(crate) alike: Alike,
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

/// Finds and verifies pairs among `count` pictures; keeps those of at least
/// `cut` similarity. `hinted` are pairs `(a, b)`, `a < b`, to look at in any
/// case, as pictures of one view.
pub(crate) fn prove(
    count: usize,
    thumbnails: &dyn Thumbnails,
    hinted: &[(u32, u32)],
    cut: f32,
    executor: &Executor,
) -> Result<Proof, Interrupted> {
    let basis = Basis::new();
    let prepared = executor.map(count, |index| {
        let (thumbnail, width, height) = thumbnails.get(index)?;
        let small = Small::new(&thumbnail.luma)?;
        Some((
            describe(&basis, &thumbnail.luma),
            Subject {
                small,
                width,
                height,
            },
        ))
    })?;
    let mut ids: Vec<u32> = Vec::new();
    let mut described: Vec<Described> = Vec::new();
    let mut subjects: Vec<Subject> = Vec::new();
    for (id, prepared) in (0..).zip(prepared) {
        if let Some((description, subject)) = prepared {
            ids.push(id);
            described.push(description);
            subjects.push(subject);
        }
    }
    let mut guesses = propose(&described, executor)?;
    drop(described);
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
    let pairs: Vec<&[Guess]> = guesses.chunk_by(|a, b| key(a) == key(b)).collect();
    let answers = executor.map(pairs.len(), |i| {
        let mut near: Vec<_> = pairs[i]
            .iter()
            .take(2 * TRIES)
            .filter_map(|guess| {
                approach(
                    guess,
                    &subjects[guess.fixed as usize],
                    &subjects[guess.moving as usize],
                )
            })
            .collect();
        near.sort_by(|a, b| b.fit.correlation.total_cmp(&a.fit.correlation));
        let mut best = (Answer::Different, near.len());
        for coarse in near.iter().take(TRIES) {
            let (f, m) = (coarse.fixed as usize, coarse.moving as usize);
            let (Some((a, ..)), Some((b, ..))) = (
                thumbnails.get(ids[f] as usize),
                thumbnails.get(ids[m] as usize),
            ) else {
                continue;
            };
            let answer = judge(coarse, (&subjects[f], &a), (&subjects[m], &b));
            best.0 = better(best.0, answer);
        }
        best
    })?;
    let mut proof = Proof::default();
    let aligned = answers.iter().filter(|(_, near)| *near > 0).count() as u64;
    for (pair, (answer, _)) in pairs.iter().zip(answers) {
        let (first, second) = key(&pair[0]);
        match answer {
            Answer::Alike(alike) if alike.similarity >= cut => {
                proof.pairs.push(Proven {
                    first: ids[first as usize],
                    second: ids[second as usize],
                    alike,
                });
            }
            Answer::Abstained => proof.abstained += 1,
            _ => {}
        }
    }
    proof.kept = vec![
        ("pictures", ids.len() as u64),
        ("candidate pairs", pairs.len() as u64),
        ("aligned", aligned),
        ("verified", proof.pairs.len() as u64),
    ];
    Ok(proof)
}

fn better(a: Answer, b: Answer) -> Answer {
    match (&a, &b) {
        (Answer::Alike(x), Answer::Alike(y)) if y.similarity > x.similarity => b,
        (Answer::Alike(_), _) => a,
        (_, Answer::Alike(_)) | (Answer::Different, _) => b,
        _ => a,
    }
}
