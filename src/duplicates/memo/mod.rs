//! The memo: what earlier scans concluded about the very same images. Finds nothing itself.

pub(super) mod pairs;
pub(crate) mod refinements;

use super::Duplicates;
use crate::fingerprint::cache::Key;
use crate::fingerprint::{FingerprintTable, Images};

/// Names what is kept, of the whole set and of each pair. The number counts changes to how
/// pairs are found or scored: raise it with every such change.
pub(crate) const METHOD: &str = "duplicates 11";

/// All pairs of this set that an earlier scan kept, or else those that `search` finds, which
/// are kept for later scans.
///
/// # Errors
/// Those of `search`.
pub(super) fn known_or<E>(
    table: &FingerprintTable,
    images: &Images,
    search: impl FnOnce() -> Result<Duplicates, E>,
) -> Result<Duplicates, E> {
    let key = images
        .memo
        .is_kept()
        .then(|| Key::of_table(METHOD, table))
        .flatten();
    let known = key
        .and_then(|key| images.memo.verdict(key))
        .and_then(|bytes| pairs::from_bytes(&bytes, table.len()));
    if let Some(known) = known {
        return Ok(known);
    }
    let found = search()?;
    // What could not be opened now may be there next time.
    let is_whole = images.access.unopened().is_empty();
    if let (Some(key), Some(bytes)) = (key.filter(|_| is_whole), pairs::to_bytes(&found)) {
        images.memo.keep_verdict(key, bytes);
    }
    Ok(found)
}
