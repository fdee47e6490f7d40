//! Facts of one image, computed from its bytes once. Compares nothing.

pub mod cache;
mod compute;
mod contents;
mod hashes;
mod images;
mod restore;
mod spool;
mod statistics;

pub(crate) use compute::hashes_of;
pub use compute::{Earlier, Fingerprinted, compute};
pub use contents::{contents, of_alike_splits};
pub use hashes::Hashes;
pub use images::{ImageAccess, Images, Memo, ThumbnailStore};
pub use restore::{Restored, Restoring};
pub(crate) use spool::{Batch, Slot, Spool};
pub use statistics::Statistics;

use std::collections::BTreeMap;

use crate::decode::{DecodeFailure, Header};
use crate::sample::{ContentHash, SampleId};

/// Facts computed from one sample's bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Fingerprint {
    /// `None` where the bytes could not be read, so that two unreadable files
    /// can never be equal.
    pub content: Option<ContentHash>,
    /// The file's length; 0 where it could not be read.
    pub bytes: u64,
    /// What the image says, or why it could not be decoded.
    pub image: Result<ImageFacts, DecodeFailure>,
}

/// Facts of an image that could be decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageFacts {
    /// What the file's header says.
    pub header: Header,
    /// Plain statistics of the pixels.
    pub statistics: Statistics,
    /// Withheld from images with too little in them to be distinguished.
    pub hashes: Option<Hashes>,
    /// It is transparent in part, and looks otherwise before other mattes.
    pub mattes: bool,
}

/// The fingerprints of all samples of a listing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FingerprintTable {
    rows: Vec<Option<Fingerprint>>,
    /// Content hashes of files that were read and not decoded.
    contents: BTreeMap<SampleId, ContentHash>,
}

impl FingerprintTable {
    /// One row a sample, in listing order; `None` for one not reached. No row at
    /// all where no image was to be opened.
    pub fn new(rows: Vec<Option<Fingerprint>>) -> Self {
        Self {
            rows,
            contents: BTreeMap::new(),
        }
    }

    /// No rows, but these content hashes.
    pub(crate) fn of_contents(contents: BTreeMap<SampleId, ContentHash>) -> Self {
        Self {
            rows: Vec::new(),
            contents,
        }
    }

    /// A sample's content hash, if its file was read.
    pub fn content(&self, id: SampleId) -> Option<ContentHash> {
        match self.get(id) {
            Some(row) => row.content,
            None => self.contents.get(&id).copied(),
        }
    }

    /// A sample's fingerprint; `None` if the scan stopped before it.
    pub fn get(&self, id: SampleId) -> Option<&Fingerprint> {
        self.rows.get(id.index())?.as_ref()
    }

    /// A sample's image, if it was reached and decoded.
    pub fn facts(&self, id: SampleId) -> Option<&ImageFacts> {
        self.get(id)?.image.as_ref().ok()
    }

    /// All rows with their samples, in listing order, those reached only.
    pub fn iter(&self) -> impl Iterator<Item = (SampleId, &Fingerprint)> {
        (0..)
            .map(SampleId)
            .zip(&self.rows)
            .filter_map(|(id, row)| Some((id, row.as_ref()?)))
    }

    /// Rows, reached or not.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row at all.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
