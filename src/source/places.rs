//! Bytes of samples that are files or members of containers. Knows no format but pyramids
//! and no layout.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::container::{Container, MAX_BYTES};
use super::reader::{Bytes, ReadFailure, Reader, Version};
use crate::sample::{Location, SampleId};
use crate::tiff_directory::Directories;

/// The places of all samples, each folder stored once.
#[derive(Default)]
pub(super) struct Places {
    folders: Vec<PathBuf>,
    containers: Vec<Arc<dyn Container>>,
    places: Vec<Place>,
}

/// Where a sample's bytes lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A file by its folder's index and its name there.
    File { folder: u32, name: Box<OsStr> },
    /// A member by its container's index and its place there.
    Member { container: u32, entry: u64 },
}

impl Place {
    /// The index of its container, if it is no file.
    pub(super) fn container(&self) -> Option<u32> {
        match self {
            Self::File { .. } => None,
            Self::Member { container, .. } => Some(*container),
        }
    }
}

impl Places {
    /// `places[i]` is the place of sample `i`.
    pub(super) fn new(
        folders: Vec<PathBuf>,
        containers: Vec<Arc<dyn Container>>,
        places: Vec<Place>,
    ) -> Self {
        Self {
            folders,
            containers,
            places,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// What a member is in its container, equal for the same bytes.
    pub(super) fn identity(&self, index: usize) -> Option<(u32, u64)> {
        let (container, entry) = self.member(index)?;
        Some((self.places[index].container()?, container.identity(entry)))
    }

    /// The path of sample `index`, if it is a file.
    pub(super) fn path(&self, index: usize) -> Option<PathBuf> {
        match &self.places[index] {
            Place::File { folder, name } => Some(self.folders[*folder as usize].join(&**name)),
            Place::Member { .. } => None,
        }
    }

    fn member(&self, index: usize) -> Option<(&dyn Container, u64)> {
        match self.places[index] {
            Place::File { .. } => None,
            Place::Member { container, entry } => {
                Some((self.containers[container as usize].as_ref(), entry))
            }
        }
    }

    /// What samples of one container share, and their order in it; files keep
    /// the listing's order before all containers.
    fn rank(&self, id: SampleId) -> (Option<u32>, u64) {
        match self.places[id.index()] {
            Place::File { .. } => (None, id.0.into()),
            Place::Member { container, entry } => (Some(container), entry),
        }
    }
}

impl Reader for Places {
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        if let Some(path) = self.path(id.index()) {
            return read_whole(&path);
        }
        let mut read = Err(ReadFailure("the container no longer holds it".to_owned()));
        if let Some((container, entry)) = self.member(id.index()) {
            let _ = container.read_run(&[entry], &mut |_, bytes| {
                read = bytes.map(Cow::into_owned);
                ControlFlow::Continue(())
            });
        }
        read
    }

    fn version(&self, id: SampleId) -> Option<Version> {
        match (self.path(id.index()), self.member(id.index())) {
            (Some(path), _) => Version::of_file(&path),
            (None, Some((container, entry))) => {
                let state = Version::of_file(container.path())?;
                Some(state.of_member(container.method(), container.identity(entry)))
            }
            (None, None) => None,
        }
    }

    fn size(&self, id: SampleId) -> Option<u64> {
        match (self.path(id.index()), self.member(id.index())) {
            (Some(path), _) => Some(std::fs::metadata(path).ok()?.len()),
            (None, Some((container, entry))) => container.size(entry),
            (None, None) => None,
        }
    }

    fn location(&self, id: SampleId) -> Location {
        match (self.path(id.index()), self.member(id.index())) {
            (None, Some((container, entry))) => Location::Member {
                container: container.path().to_owned(),
                entry,
                name: container.name(entry).map(Cow::into_owned),
            },
            (path, _) => Location::File(path.unwrap_or_default()),
        }
    }

    fn runs(&self, count: usize, length: usize) -> Vec<Vec<SampleId>> {
        let mut ids: Vec<SampleId> = (0..count as u32).map(SampleId).collect();
        if !self.containers.is_empty() {
            ids.sort_by_key(|&id| self.rank(id));
        }
        let block = |id: SampleId| {
            let (container, entry) = self.member(id.index())?;
            let block = container.block(entry)?;
            Some((self.rank(id).0, block))
        };
        let mut runs: Vec<Vec<SampleId>> = Vec::with_capacity(count / length.max(1) + 1);
        for id in ids {
            let fits = runs.last().is_some_and(|run| {
                let last = run[run.len() - 1];
                let same_container = self.rank(last).0 == self.rank(id).0;
                let same_block = block(id).is_some() && block(id) == block(last);
                same_container && (run.len() < length || same_block)
            });
            match runs.last_mut() {
                Some(run) if fits => run.push(id),
                _ => runs.push(vec![id]),
            }
        }
        runs
    }

    fn read_run(
        &self,
        run: &[SampleId],
        visit: &mut dyn FnMut(SampleId, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for part in run.chunk_by(|&a, &b| self.rank(a).0 == self.rank(b).0) {
            let container = self.member(part[0].index()).map(|(container, _)| container);
            let Some(container) = container else {
                for &id in part {
                    visit(id, self.read(id).map(Cow::Owned))?;
                }
                continue;
            };
            let entries: Vec<u64> = part.iter().map(|&id| self.rank(id).1).collect();
            container.read_run(&entries, &mut |place, bytes| visit(part[place], bytes))?;
        }
        ControlFlow::Continue(())
    }
}

/// Of a pyramid of images, such as the scan of a slide, the smallest level that suffices:
/// the whole may have a hundred thousand pixels a side.
fn level(file: &File) -> Option<Vec<u8>> {
    let opened = Directories::open(file).ok()??;
    opened.level().ok()?
}

/// One allocation of the file's size, one read: a file that grows meanwhile is
/// read to where it ended, and one of no size, as systems show of themselves,
/// to its end.
pub(super) fn read_whole(path: &Path) -> Result<Vec<u8>, ReadFailure> {
    let failure = |error: std::io::Error| ReadFailure(error.to_string());
    let mut file = File::open(path).map_err(failure)?;
    if let Some(level) = level(&file) {
        return Ok(level);
    }
    file.rewind().map_err(failure)?;
    let metadata = file.metadata().map_err(failure)?;
    if !metadata.is_file() {
        return Err(ReadFailure("not a regular file".to_owned()));
    }
    let size = metadata.len();
    if size > MAX_BYTES {
        return Err(ReadFailure(format!(
            "{size} bytes: files above {MAX_BYTES} bytes are not read"
        )));
    }
    let mut bytes = Vec::new();
    usize::try_from(size)
        .ok()
        .and_then(|size| bytes.try_reserve_exact(size).ok())
        .ok_or_else(|| ReadFailure(format!("{size} bytes do not fit into memory")))?;
    let most = if size == 0 { MAX_BYTES } else { size };
    (file.take(most).read_to_end(&mut bytes)).map_err(failure)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn one_file(bytes: &[u8]) -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join("1.Jpg"), bytes).expect("written");
        let file = Place::File {
            folder: 0,
            name: OsStr::new("1.Jpg").into(),
        };
        let places = Places::new(vec![folder.path().to_owned()], Vec::new(), vec![file]);
        (folder, places)
    }

    #[test]
    fn all_bytes_are_read_into_one_fitting_buffer() {
        let (_folder, places) = one_file(&[7; 100_000]);
        let bytes = places.read(SampleId(0)).expect("readable");
        assert_eq!(bytes, [7; 100_000]);
        assert_eq!(bytes.capacity(), 100_000);
        assert_eq!(
            places.location(SampleId(0)).extension().as_deref(),
            Some("Jpg")
        );
    }

    #[test]
    fn a_file_that_went_away_is_a_failure_in_words() {
        let (folder, places) = one_file(b"one");
        fs::remove_file(folder.path().join("1.Jpg")).expect("removed");
        assert!(!places.read(SampleId(0)).expect_err("gone").0.is_empty());
        assert_eq!(places.version(SampleId(0)), None);
    }

    /// Entries in blocks of ten, each of its own number.
    struct Blocks;

    impl Container for Blocks {
        fn path(&self) -> &Path {
            Path::new("/nowhere")
        }

        fn method(&self) -> &'static str {
            "blocks 1"
        }

        fn name(&self, _: u64) -> Option<Cow<'_, str>> {
            None
        }

        fn block(&self, entry: u64) -> Option<u64> {
            Some(entry / 10)
        }

        fn read_run(
            &self,
            entries: &[u64],
            visit: &mut dyn FnMut(usize, Bytes<'_>) -> ControlFlow<()>,
        ) -> ControlFlow<()> {
            assert!(entries.is_sorted(), "in the container's order");
            for (place, entry) in entries.iter().enumerate() {
                visit(place, Ok(Cow::Owned(vec![*entry as u8])))?;
            }
            ControlFlow::Continue(())
        }
    }

    #[test]
    fn runs_follow_the_container_and_split_no_block() {
        let member = |entry| Place::Member {
            container: 0,
            entry,
        };
        let file = Place::File {
            folder: 0,
            name: OsStr::new("1.jpg").into(),
        };
        let members = (0..25).rev().map(member);
        let places = Places::new(
            vec!["/none".into()],
            vec![Arc::new(Blocks)],
            members.chain([file]).collect(),
        );
        let runs = places.runs(26, 4);
        assert_eq!(
            runs.iter().map(Vec::len).collect::<Vec<_>>(),
            [1, 10, 10, 5]
        );
        let mut seen = Vec::new();
        for run in &runs[1..] {
            let flow = places.read_run(run, &mut |id, bytes| {
                assert_eq!(
                    places.read(id),
                    Ok(bytes.clone().expect("read").into_owned())
                );
                seen.push(bytes.expect("read")[0]);
                ControlFlow::Continue(())
            });
            assert!(flow.is_continue());
        }
        assert_eq!(seen, (0..25).collect::<Vec<u8>>());
    }
}
