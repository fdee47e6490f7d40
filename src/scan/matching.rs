//! The search for copies on part of a data set: from files of fingerprints to a file of
//! likely pairs. Judges none.

use std::path::{Path, PathBuf};

use crate::duplicates::{self, LikelyPair};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::progress::{Progress, Stage};
use crate::shards::{self, Matched, Merged, PairRow, Shards};

/// What became of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Likely pairs.
    pub pairs: usize,
    /// Those of them that need a closer look.
    pub unclear: usize,
}

/// Writes to `file` all likely pairs with an image of `against` at least, whose other image
/// is of `against` or of `with`.
///
/// # Errors
/// When a file is damaged or does not fit the others, or the pairs cannot be written.
pub fn match_files(
    against: &[PathBuf],
    with: &[PathBuf],
    file: &Path,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Found> {
    let all: Vec<PathBuf> = against.iter().chain(with).cloned().collect();
    let shards = Shards::open_some(&all)?;
    progress.begin(Stage::Fingerprint, None);
    let merged = shards.restore(Vec::new(), None, None, executor)?;
    let Merged {
        fingerprinted,
        files,
        ..
    } = &merged;
    let count = files.len();
    progress.end(
        Stage::Fingerprint,
        &format!("{count} fingerprints from files"),
    );
    let is_against: Vec<bool> = (shards.paths())
        .map(|path| against.iter().any(|one| one == path))
        .collect();
    let of_sample = |id: crate::sample::SampleId| is_against[files[id.index()] as usize];
    progress.begin(Stage::Duplicates, None);
    let (table, images) = (&fingerprinted.table, &fingerprinted.images);
    let pairs = duplicates::likely(table, images, of_sample, executor)?;
    progress.end(Stage::Duplicates, &format!("{} likely pairs", pairs.len()));
    let found = Found {
        pairs: pairs.len(),
        unclear: pairs.iter().filter(|pair| pair.closer_look).count(),
    };
    let rows: Vec<PairRow> = pairs.into_iter().map(row).collect();
    shards.write_pairs(file, duplicates::METHOD, against, &rows)?;
    Ok(found)
}

/// The likely pairs in `files`, which have to be of the fingerprints in `merged`.
///
/// # Errors
/// When a file is damaged, of another method, or two files that could leak were not matched.
pub(super) fn given(shards: &Shards, merged: &Merged, files: &[PathBuf]) -> Result<Given> {
    let Matched { rows, complete } = shards::matched(shards, merged, duplicates::METHOD, files)?;
    let pairs: Vec<LikelyPair> = rows.into_iter().map(pair).collect();
    if !pairs.iter().all(duplicates::is_sound) {
        return Err(Error::Input(
            "a file of pairs holds one that no `splitlint match` has written: match anew"
                .to_owned(),
        ));
    }
    Ok(Given { pairs, complete })
}

/// Likely pairs that other processes found.
pub struct Given {
    pub(super) pairs: Vec<LikelyPair>,
    /// All images were compared with all others.
    pub(super) complete: bool,
}

fn row(pair: LikelyPair) -> PairRow {
    let LikelyPair {
        a,
        b,
        similarity,
        closer_look,
        record,
    } = pair;
    PairRow {
        a,
        b,
        similarity,
        closer_look,
        record,
    }
}

fn pair(row: PairRow) -> LikelyPair {
    let PairRow {
        a,
        b,
        similarity,
        closer_look,
        record,
    } = row;
    LikelyPair {
        a,
        b,
        similarity,
        closer_look,
        record,
    }
}
