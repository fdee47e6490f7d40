//! The content hash of every file of a listing, and nothing else of it. Decodes
//! nothing, keeps nothing.

use crate::error::Result;
use crate::executor::Executor;
use crate::progress::{Progress, Stage};
use crate::sample::{ContentHash, Listing, SampleId};
use crate::source::Reader;

/// Reads every file of `listing`; `None` for one that cannot be read.
///
/// # Errors
/// [`crate::Error::Interrupted`] when the user asked to stop.
pub fn contents(
    listing: &Listing,
    reader: &dyn Reader,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Vec<Option<ContentHash>>> {
    let count = listing.samples.len();
    progress.begin(Stage::Fingerprint, Some(count as u64));
    let hashes = executor.map(count, |index| {
        let bytes = reader.read(SampleId(index as u32));
        progress.advance(1);
        bytes.ok().map(|bytes| ContentHash::of(&bytes))
    })?;
    progress.end(Stage::Fingerprint, &format!("{count} files read"));
    Ok(hashes)
}
