//! Bytes of samples that are files. Knows nothing of layouts.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{ReadFailure, Reader, Stamp};
use crate::sample::SampleId;

/// No file above this is read: an uncompressed picture of 512 megapixels, the
/// most that is decoded unless asked, takes 2 GiB at 8-bit RGBA, and a disk
/// image that was named `.jpg` must not fill the memory.
const MAX_FILE_BYTES: u64 = (2 << 30) + (1 << 20);

/// The paths of all samples, each folder stored once.
#[derive(Debug, Default)]
pub(super) struct Files {
    folders: Vec<PathBuf>,
    files: Vec<FilePath>,
}

/// A file by its folder's index and its name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePath {
    pub(super) folder: u32,
    pub(super) name: Box<OsStr>,
}

impl Files {
    /// `files[i]` is the place of sample `i`; its folder an index in `folders`.
    pub(super) fn new(folders: Vec<PathBuf>, files: Vec<FilePath>) -> Self {
        Self { folders, files }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// The path of sample `index`.
    pub(super) fn path(&self, index: usize) -> PathBuf {
        let file = &self.files[index];
        self.folders[file.folder as usize].join(&*file.name)
    }
}

impl Reader for Files {
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        read_whole(&self.path(id.index()))
    }

    fn extension(&self, id: SampleId) -> Option<String> {
        let extension = Path::new(&*self.files[id.index()].name).extension()?;
        Some(extension.to_string_lossy().into_owned())
    }

    fn stamp(&self, id: SampleId) -> Option<Stamp> {
        let path = self.path(id.index());
        let metadata = fs::metadata(&path).ok()?;
        Some(Stamp {
            size: metadata.len(),
            modified: modified(&metadata)?,
            inode: inode(&metadata),
            path,
        })
    }
}

/// One allocation of the file's size, one read: a file that grows meanwhile is
/// read to where it ended, and one of no size, as systems show of themselves,
/// to its end.
fn read_whole(path: &Path) -> Result<Vec<u8>, ReadFailure> {
    let failure = |error: std::io::Error| ReadFailure(error.to_string());
    let file = File::open(path).map_err(failure)?;
    let metadata = file.metadata().map_err(failure)?;
    if !metadata.is_file() {
        return Err(ReadFailure("not a regular file".to_owned()));
    }
    let size = metadata.len();
    if size > MAX_FILE_BYTES {
        return Err(ReadFailure(format!(
            "{size} bytes: files above {MAX_FILE_BYTES} bytes are not read"
        )));
    }
    let mut bytes = Vec::new();
    usize::try_from(size)
        .ok()
        .and_then(|size| bytes.try_reserve_exact(size).ok())
        .ok_or_else(|| ReadFailure(format!("{size} bytes do not fit into memory")))?;
    let most = if size == 0 { MAX_FILE_BYTES } else { size };
    (file.take(most).read_to_end(&mut bytes)).map_err(failure)?;
    Ok(bytes)
}

/// Nanoseconds since 1970, negative before.
fn modified(metadata: &Metadata) -> Option<i128> {
    let time = metadata.modified().ok()?;
    let nanoseconds = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i128::try_from(after.as_nanos()).ok()?,
        Err(before) => -i128::try_from(before.duration().as_nanos()).ok()?,
    };
    Some(nanoseconds)
}

/// Device and inode, where the system has such.
#[cfg(unix)]
pub(super) fn inode(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

/// Device and inode, where the system has such.
#[cfg(not(unix))]
pub(super) fn inode(_: &Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_file(bytes: &[u8]) -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join("1.Jpg"), bytes).expect("written");
        let file = FilePath {
            folder: 0,
            name: OsStr::new("1.Jpg").into(),
        };
        let files = Files::new(vec![folder.path().to_owned()], vec![file]);
        (folder, files)
    }

    #[test]
    fn all_bytes_are_read_into_one_fitting_buffer() {
        let (_folder, files) = one_file(&[7; 100_000]);
        let bytes = files.read(SampleId(0)).expect("readable");
        assert_eq!(bytes, [7; 100_000]);
        assert_eq!(bytes.capacity(), 100_000);
        assert_eq!(files.extension(SampleId(0)).as_deref(), Some("Jpg"));
    }

    #[test]
    fn a_stamp_tells_size_and_time_and_changes_with_the_file() {
        let (folder, files) = one_file(b"one");
        let before = files.stamp(SampleId(0)).expect("a stamp");
        assert_eq!(before.size, 3);
        assert!(before.modified > 0);
        assert_eq!(before.inode.is_some(), cfg!(unix));
        fs::write(folder.path().join("1.Jpg"), b"other").expect("written");
        assert_ne!(files.stamp(SampleId(0)), Some(before));
    }

    #[test]
    fn a_file_that_went_away_is_a_failure_in_words() {
        let (folder, files) = one_file(b"one");
        fs::remove_file(folder.path().join("1.Jpg")).expect("removed");
        assert!(!files.read(SampleId(0)).expect_err("gone").0.is_empty());
        assert_eq!(files.stamp(SampleId(0)), None);
    }
}
