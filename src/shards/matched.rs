//! Files of pairs beside the files of fingerprints that they are about. Searches none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::pairs::{Name, PairRow, PairsFile, PairsHeader, write};
use super::{Merged, Shards};
use crate::error::{Error, Result};
use crate::sample::SplitId;

/// What files of pairs hold together.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// Their pairs.
    pub rows: Vec<PairRow>,
    /// All images were compared with all others.
    pub complete: bool,
}

impl Shards {
    fn pairs_method(&self, search: &str) -> String {
        let fingerprints = self.files.first().map(|file| file.header.method.as_str());
        format!("{}; {search}", fingerprints.unwrap_or_default())
    }

    fn names(&self) -> Vec<Name> {
        let name = |file: &super::ShardFile| (file.header.set.digest.clone(), file.header.part);
        self.files.iter().map(name).collect()
    }

    /// Writes the likely pairs of these files, found by the method `search`, with an image of
    /// the files `against` at least.
    ///
    /// # Errors
    /// [`Error::Output`] when they cannot be written.
    pub fn write_pairs(
        &self,
        path: &Path,
        search: &str,
        against: &[PathBuf],
        rows: &[PairRow],
    ) -> Result<()> {
        let (mut ours, mut others) = (BTreeSet::new(), BTreeSet::new());
        for (file, name) in self.files.iter().zip(self.names()) {
            let side = match against.contains(&file.path) {
                true => &mut ours,
                false => &mut others,
            };
            side.insert(name);
        }
        let header = PairsHeader::new(self.pairs_method(search), ours, others);
        write(path, header, rows)
    }
}

/// The pairs in the files `paths`, which the method `search` found among the files of
/// `merged`.
///
/// # Errors
/// [`Error::Input`] when a file is damaged or of another method, or when two files of
/// fingerprints between which images could leak were not matched.
pub fn matched(
    shards: &Shards,
    merged: &Merged,
    search: &str,
    paths: &[PathBuf],
) -> Result<Matched> {
    let method = shards.pairs_method(search);
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let file = PairsFile::open(path)?;
        if file.header.method != method {
            return Err(Error::Input(format!(
                "`{}` was matched in another way ({}) than the fingerprints and this splitlint \
                 go by ({method}): match anew",
                path.display(),
                file.header.method
            )));
        }
        files.push(file);
    }
    let complete = covered(shards, merged, &files)?;
    let mut rows = Vec::new();
    for file in &files {
        rows.append(&mut file.rows()?);
    }
    Ok(Matched { rows, complete })
}

/// Whether all files of fingerprints were matched with all others.
fn covered(shards: &Shards, merged: &Merged, files: &[PairsFile]) -> Result<bool> {
    let names = shards.names();
    let count = names.len();
    let numbers: BTreeMap<&Name, usize> = names.iter().zip(0..).collect();
    let mut covered = vec![false; count * count];
    for file in files {
        let number = |name: &Name| numbers.get(name).copied();
        let ours: Vec<usize> = file.header.against.iter().filter_map(number).collect();
        let others = file.header.with.iter().filter_map(number);
        let all: Vec<usize> = ours.iter().copied().chain(others).collect();
        for &a in &ours {
            for &b in &all {
                covered[a * count + b] = true;
                covered[b * count + a] = true;
            }
        }
    }
    let listing = &merged.listing;
    let mut splits: Vec<BTreeSet<Option<SplitId>>> = vec![BTreeSet::new(); count];
    for (sample, &file) in listing.samples.iter().zip(&merged.files) {
        splits[file as usize].insert(sample.split);
    }
    let may_leak = |a: usize, b: usize| {
        let pairs = splits[a]
            .iter()
            .flat_map(|&x| splits[b].iter().map(move |&y| (x, y)));
        pairs.into_iter().any(|(x, y)| listing.spoils(x, y))
    };
    let mut complete = true;
    for a in 0..count {
        for b in (a..count).filter(|b| !covered[a * count + b]) {
            complete = false;
            if may_leak(a, b) {
                let path = |file: usize| shards.files[file].path.display();
                return Err(Error::Input(format!(
                    "the images of `{0}` and `{1}` were not compared, and lie in splits between \
                     which they can leak: `splitlint match --against {0} {1} -o FILE`",
                    path(b),
                    path(a)
                )));
            }
        }
    }
    Ok(complete)
}
