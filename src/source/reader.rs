//! The way from a sample to its bytes, whatever holds them. Lists nothing.

use std::borrow::Cow;
use std::fs::{self, Metadata};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::sample::{Location, SampleId};

/// A sample's bytes could not be read; what the system said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReadFailure(pub String);

/// Bytes that stand for one state of a sample: equal only where nothing has
/// changed since, as far as size and time tell without reading it. No two
/// samples share one, unless they are the same bytes of the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(Box<[u8]>);

impl Version {
    /// The state that `parts` describe together. Each goes in with its
    /// length, so that no two lists run together.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        Self(bytes.into_boxed_slice())
    }

    /// The state of the file at `path`: its path, size, time and inode. `None`
    /// where the system does not tell.
    pub fn of_file(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let (device, inode) = inode(&metadata).unwrap_or_default();
        Some(Self::of(&[
            path.as_os_str().as_encoded_bytes(),
            &metadata.len().to_le_bytes(),
            &modified(&metadata)?.to_le_bytes(),
            &device.to_le_bytes(),
            &inode.to_le_bytes(),
        ]))
    }

    /// The state of `entry`, of a container in this state, as `method` (a name
    /// and version) makes an image of it.
    pub fn of_member(&self, method: &str, entry: u64) -> Self {
        Self::of(&[b"member", &self.0, method.as_bytes(), &entry.to_le_bytes()])
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a visitor of [`Reader::read_run`] gets of each sample.
pub type Bytes<'a> = Result<Cow<'a, [u8]>, ReadFailure>;

/// Reads the bytes of listed samples, from any thread.
pub trait Reader: Send + Sync {
    /// All bytes of one sample.
    ///
    /// # Errors
    /// When they cannot be had.
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure>;

    /// By what a change of the sample is noticed; `None` where nothing can.
    fn version(&self, id: SampleId) -> Option<Version>;

    /// Bytes of one sample, where they are known without reading it.
    fn size(&self, _id: SampleId) -> Option<u64> {
        None
    }

    /// Where its bytes live.
    fn location(&self, id: SampleId) -> Location;

    /// All of `count` samples, dealt into runs of about `length` in the order in
    /// which they are read best: no block that can only be had as a whole is in
    /// two runs.
    fn runs(&self, count: usize, length: usize) -> Vec<Vec<SampleId>> {
        let ids: Vec<SampleId> = (0..count as u32).map(SampleId).collect();
        ids.chunks(length.max(1)).map(<[_]>::to_vec).collect()
    }

    /// Visits the samples of a run, or some of them in its order, each
    /// container opened once. Holds one sample at a time, or one block that can
    /// only be had as a whole.
    fn read_run(
        &self,
        run: &[SampleId],
        visit: &mut dyn FnMut(SampleId, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for &id in run {
            visit(id, self.read(id).map(Cow::Owned))?;
        }
        ControlFlow::Continue(())
    }
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

    #[test]
    fn version_changes_with_the_file_and_goes_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("1.jpg");
        fs::write(&path, b"one").expect("written");
        let before = Version::of_file(&path).expect("a version");
        assert_eq!(Version::of_file(&path), Some(before.clone()));
        fs::write(&path, b"other").expect("written");
        assert_ne!(Version::of_file(&path), Some(before));
        fs::remove_file(&path).expect("removed");
        assert_eq!(Version::of_file(&path), None);
    }

    #[test]
    fn members_of_one_container_never_share_a_version() {
        let container = Version::of(&[b"set.tar", b"1"]);
        let versions = [
            container.clone(),
            container.of_member("tar 1", 0),
            container.of_member("tar 1", 1),
            container.of_member("tar 2", 0),
            Version::of(&[b"set.tar", b"2"]).of_member("tar 1", 0),
        ];
        for (index, one) in versions.iter().enumerate() {
            assert!(!versions[index + 1..].contains(one), "{index}");
        }
    }
}
