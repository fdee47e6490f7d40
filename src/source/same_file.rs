//! Samples that are one file on disk, by links of either kind. Compares no
//! contents.

use std::fs::Metadata;

use walkdir::DirEntry;

use super::places::Places;

/// What a walk can tell for nothing about which file on disk it met: equal
/// for equal files, and most often different for different ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hint(u64);

#[cfg(unix)]
impl Hint {
    /// Of a plain file as its folder lists it.
    pub(super) fn of_entry(entry: &DirEntry, _linked: bool) -> Self {
        Self(walkdir::DirEntryExt::ino(entry))
    }

    /// Of a file that was asked for its metadata, its links followed.
    pub(super) fn of_file(metadata: &Metadata) -> Self {
        Self(std::os::unix::fs::MetadataExt::ino(metadata))
    }
}

#[cfg(not(unix))]
impl Hint {
    /// Of a plain file as its folder lists it; `linked`: below a folder that
    /// was reached by a link.
    pub(super) fn of_entry(_: &DirEntry, linked: bool) -> Self {
        Self(u64::from(linked))
    }

    /// Of a file that may be a link.
    pub(super) fn of_file(_: &Metadata) -> Self {
        Self(1)
    }
}

/// Samples that are the same file as an earlier one, as (later, first), in
/// order of the later.
///
/// Inode numbers as folders list them make the candidates; only these are
/// asked for device and inode, so that a set without links costs no call.
#[cfg(unix)]
pub(super) fn repeats(places: &Places, hints: &[Hint]) -> Vec<(usize, usize)> {
    use super::reader::inode;

    let mut order: Vec<u32> = (0..places.len() as u32).collect();
    order.sort_unstable_by_key(|&i| (hints[i as usize], i));
    let mut repeats = members(places);
    for run in order.chunk_by(|&a, &b| hints[a as usize] == hints[b as usize]) {
        if run.len() == 1 {
            continue;
        }
        let mut known: Vec<_> = run
            .iter()
            .filter_map(|&i| {
                let metadata = std::fs::metadata(places.path(i as usize)?).ok()?;
                Some((inode(&metadata)?, i as usize))
            })
            .collect();
        known.sort_unstable();
        for same in known.chunk_by(|a, b| a.0 == b.0) {
            repeats.extend(same[1..].iter().map(|later| (later.1, same[0].1)));
        }
    }
    repeats.sort_unstable();
    repeats
}

/// Samples that are the same file as an earlier one, as (later, first), in
/// order of the later.
///
/// Without inodes only symbolic links are noticed, by the path they lead to;
/// hard links are still found, like any copy, by their content. A hint other
/// than zero says that a link was followed.
#[cfg(not(unix))]
pub(super) fn repeats(places: &Places, hints: &[Hint]) -> Vec<(usize, usize)> {
    let mut repeats = members(places);
    if hints.iter().all(|hint| hint.0 == 0) {
        return repeats;
    }
    let mut known: Vec<_> = (0..places.len())
        .filter_map(|i| Some((std::fs::canonicalize(places.path(i)?).ok()?, i)))
        .collect();
    known.sort_unstable();
    let same = known.chunk_by(|a, b| a.0 == b.0);
    repeats.extend(same.flat_map(|same| same[1..].iter().map(|later| (later.1, same[0].1))));
    repeats.sort_unstable();
    repeats
}

/// Members that are the bytes of an earlier one: hard links in an archive.
fn members(places: &Places) -> Vec<(usize, usize)> {
    let identity = |i| Some((places.identity(i)?, i));
    let mut known: Vec<_> = (0..places.len()).filter_map(identity).collect();
    known.sort_unstable();
    let same = known.chunk_by(|a, b| a.0 == b.0);
    same.flat_map(|same| same[1..].iter().map(|later| (later.1, same[0].1)))
        .collect()
}
