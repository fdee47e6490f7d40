//! Ways to store a labelled image set. Lists samples and hands out bytes;
//! reads no pixels.

mod folder;

use std::path::PathBuf;

use thiserror::Error;

use crate::error::Result;
use crate::executor::StopFlag;
use crate::progress::Progress;
use crate::sample::{Listing, SampleId};

/// What the user asked to scan.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The data set's folder or manifest file.
    pub root: Option<PathBuf>,
    /// `--split NAME=PATH`, in the order given; used instead of `root`.
    pub splits: Vec<(String, PathBuf)>,
    /// `--reference PATH`: data used before, listed as a split of its own.
    pub reference: Option<PathBuf>,
    /// Globs over keys: only what matches one is scanned. Empty: everything.
    pub include: Vec<String>,
    /// Globs over keys: what matches one is not scanned.
    pub exclude: Vec<String>,
    /// Folders never entered, because we write there.
    pub never_enter: Vec<PathBuf>,
    /// Names of a manifest's columns, where not the usual ones.
    pub columns: Columns,
    /// What in a key names the sample's group: the first capture, or the whole
    /// match where the pattern captures nothing.
    pub group_regex: Option<regex::Regex>,
}

/// Names of a manifest's columns; `None` means guess from the usual names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// The picture's path.
    pub path: Option<String>,
    /// Its class or classes.
    pub label: Option<String>,
    /// Its split.
    pub split: Option<String>,
    /// Its group.
    pub group: Option<String>,
}

/// A data set as listed, and the way to its bytes.
pub struct Listed {
    /// The samples.
    pub listing: Listing,
    /// Reads them.
    pub reader: Box<dyn Reader>,
}

/// A sample's bytes could not be read; what the system said.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ReadFailure(pub String);

/// What tells without reading whether a file has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The absolute path, as the system has it.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: i128,
    /// Device and inode, where there are such.
    pub inode: Option<(u64, u64)>,
}

/// Reads the bytes of listed samples, from any thread.
pub trait Reader: Send + Sync {
    /// All bytes of a sample.
    ///
    /// # Errors
    /// When the file cannot be opened or read.
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure>;

    /// The file extension as written, which TGA needs to be recognised.
    fn extension(&self, id: SampleId) -> Option<String>;

    /// What tells whether the file has changed; `None` where nothing can.
    fn stamp(&self, id: SampleId) -> Option<Stamp>;
}

/// Lists the data set that `request` names.
///
/// # Errors
/// [`crate::Error::Input`] when it is not there or looks like nothing known;
/// [`crate::Error::Interrupted`] when `stop` was raised.
pub fn list(request: &Request, stop: &StopFlag, progress: &dyn Progress) -> Result<Listed> {
    stop.check()?;
    folder::list(request, progress)
}
