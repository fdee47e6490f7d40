//! The second half of a scan, of fingerprints that other processes computed. Opens an
//! image only where fingerprints are not enough.

use std::path::PathBuf;
use std::sync::Arc;

use super::matching::given;
use super::{Kept, Prepared, Scan, examine, external, needs};
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::footprints;
use crate::progress::{Progress, Stage};
use crate::shards::{Found, Merged, Shards};
use crate::source::{self, Listed, Request};

/// Where the images of fingerprints may be looked for.
#[derive(Debug, Clone, Default)]
pub struct Reachable {
    /// Each data set, in the order of [`Shards::requests`].
    pub sets: Vec<Option<Request>>,
    /// A folder of images named by their content.
    pub originals: Option<PathBuf>,
}

/// Judges the data set whose fingerprints `shards` are, by the likely pairs in the files
/// `pairs`, or, where there is none, by those that it searches itself.
///
/// # Errors
/// When a file is damaged, thumbnails cannot be kept, or the user asked to stop before all
/// was read.
pub fn merge(
    settings: &Settings,
    (shards, pairs): (&Shards, &[PathBuf]),
    reachable: Reachable,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Scan> {
    let kept = Kept::new(settings);
    let mut notes = Vec::new();
    let mut found = Vec::with_capacity(reachable.sets.len());
    for request in &reachable.sets {
        found.push(match request {
            Some(request) => find(request, &kept, executor, progress, &mut notes)?,
            None => None,
        });
    }
    let all_found = found.iter().all(Option::is_some);
    progress.begin(Stage::Fingerprint, None);
    let cache = kept.earlier(&mut notes).map(|earlier| earlier.cache);
    let merged = shards.restore(found, reachable.originals, cache, executor)?;
    let given = match pairs.is_empty() {
        true => None,
        false => Some(given(shards, &merged, pairs)?),
    };
    let Merged {
        listing,
        fingerprinted,
        ..
    } = merged;
    let count = listing.samples.len();
    progress.end(
        Stage::Fingerprint,
        &format!("{count} fingerprints from files"),
    );
    let unknown = settings.policy.thresholds.unknown_splits(&listing);
    if !unknown.is_empty() {
        return Err(Error::Config(unknown));
    }
    let external = external(settings, &listing)?;
    notes.extend(external.notes().iter().cloned());
    let reader = fingerprinted.images.access.reader();
    let footprints = (needs(settings).footprints && all_found)
        .then(|| footprints::find(&listing, reader, executor, progress))
        .and_then(Result::ok);
    let prepared = Prepared {
        listing,
        fingerprinted,
        footprints,
        external,
        given,
        notes,
    };
    Ok(examine(settings, prepared, executor, progress))
}

/// The data set of `request` as it is now; none, and a note, where it cannot be listed.
fn find(
    request: &Request,
    kept: &Kept<'_>,
    executor: &Executor,
    progress: &dyn Progress,
    notes: &mut Vec<String>,
) -> Result<Option<Found>> {
    let list = || source::list_again(request, executor.stop(), progress, kept);
    match executor.install(list) {
        Ok(Listed {
            listing, reader, ..
        }) => {
            let keys = listing.samples.iter().map(|sample| sample.key.to_string());
            Ok(Some(Found {
                keys: keys.collect(),
                reader: Arc::from(reader),
            }))
        }
        Err(Error::Interrupted) => Err(Error::Interrupted),
        Err(error) => {
            notes.push(format!(
                "the images are not at hand ({error}): pairs are judged by fingerprints alone; \
                 `--data` names the place of a data set that has moved"
            ));
            Ok(None)
        }
    }
}
