//! Which folders are splits by their names, seen beside their siblings.
//! Touches no disk.

use super::tree::{DirState, Tree};
use crate::sample::{SplitLike, canonical_split};

/// Names the split of every folder whose name says one.
///
/// A usual spelling does (`train`), and with words that say nothing of content
/// (`train2017`, `test_images`). With other words a name does where a sibling
/// has the same words with another split (`seg_train`, `seg_test`), or where
/// they are the words of the folder it lies in (`flowers/flowers_train`): alone,
/// `test_tube` is a class.
pub(super) fn name(tree: &mut Tree) {
    for parent in 0..tree.dirs.len() {
        let siblings: Vec<usize> = (tree.dirs[parent].children.iter().copied())
            .filter(|&dir| tree.dirs[dir].state != DirState::Junk)
            .collect();
        let like: Vec<(usize, SplitLike)> = (siblings.iter())
            .filter_map(|&dir| Some((dir, SplitLike::of(tree.dirs[dir].name.to_str()?)?)))
            .collect();
        let above = tree.dirs[parent].name.to_string_lossy().to_lowercase();
        for (dir, found) in &like {
            let exact = tree.dirs[*dir].name.to_str().and_then(canonical_split);
            let shared = || {
                (like.iter())
                    .any(|(_, other)| other.split != found.split && other.rest == found.rest)
            };
            let named_above =
                || (found.rest.iter()).all(|word| word.len() >= 3 && above.contains(word.as_str()));
            if exact.is_some() || found.is_plain() || shared() || named_above() {
                tree.dirs[*dir].split = Some(found.split);
            }
        }
    }
}

/// Whether all these folders have the words of different splits in names that
/// are otherwise unlike: neither classes nor splits for sure.
pub(super) fn are_doubtful(tree: &Tree, dirs: &[usize]) -> bool {
    let like = dirs
        .iter()
        .map(|&dir| SplitLike::of(tree.dirs[dir].name.to_str()?));
    let splits: Option<Vec<&str>> = like.map(|found| found.map(|found| found.split)).collect();
    splits.is_some_and(|splits| splits.iter().any(|split| *split != splits[0]))
}
