//! The images behind fingerprints, where they can still be reached: each is taken for its
//! sample only if it has the content that was fingerprinted. Lists nothing.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::sample::{ContentHash, Location, SampleId};
use crate::source::{ReadFailure, Reader, Version};

/// A data set as it is found now.
pub struct Found {
    /// Reads it.
    pub reader: Arc<dyn Reader>,
    /// Its keys, sorted, as in its listing.
    pub keys: Vec<String>,
}

/// Reads images by the content of their fingerprints.
pub(super) struct ShardImages {
    /// Of each sample its content, and where it lay.
    pub(super) samples: Vec<(Option<ContentHash>, Location)>,
    /// Of each sample the data set that has it now, and its place there.
    pub(super) now: Vec<Option<(u32, SampleId)>>,
    pub(super) found: Vec<Arc<dyn Reader>>,
    /// A folder of images named by their content.
    pub(super) originals: Option<PathBuf>,
}

impl ShardImages {
    fn content(&self, id: SampleId) -> Result<ContentHash, ReadFailure> {
        let content = self.samples.get(id.index()).and_then(|sample| sample.0);
        content.ok_or_else(|| ReadFailure("it was not readable when fingerprinted".to_owned()))
    }

    fn now(&self, id: SampleId) -> Option<(&dyn Reader, SampleId)> {
        let (set, id) = (*self.now.get(id.index())?)?;
        Some((self.found.get(set as usize)?.as_ref(), id))
    }
}

impl Reader for ShardImages {
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        let content = self.content(id)?;
        let is_same = |bytes: &Vec<u8>| ContentHash::of(bytes) == content;
        let mut failure = ReadFailure("its data set is not at hand".to_owned());
        if let Some((reader, id)) = self.now(id) {
            match reader.read(id) {
                Ok(bytes) if is_same(&bytes) => return Ok(bytes),
                Ok(_) => failure = ReadFailure("it has changed since".to_owned()),
                Err(why) => failure = why,
            }
        }
        let original = (self.originals.as_ref())
            .and_then(|folder| fs::read(folder.join(content.to_string())).ok());
        original.filter(is_same).ok_or(failure)
    }

    /// Its content, so that what is kept of an image holds wherever it lies.
    fn version(&self, id: SampleId) -> Option<Version> {
        let content = self.content(id).ok()?;
        let extension = self.location(id).extension().unwrap_or_default();
        Some(Version::of(&[b"content", &content.0, extension.as_bytes()]))
    }

    fn location(&self, id: SampleId) -> Location {
        match (self.now(id), self.samples.get(id.index())) {
            (Some((reader, id)), _) => reader.location(id),
            (None, Some((_, location))) => location.clone(),
            (None, None) => Location::File(PathBuf::new()),
        }
    }
}
