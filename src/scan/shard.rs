//! The first half of a scan on part of a data set: from images to a file of fingerprints.
//! Compares nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::Kept;
use crate::config::Settings;
use crate::error::Result;
use crate::executor::Executor;
use crate::fingerprint;
use crate::progress::Progress;
use crate::shards::{Part, Wanted};
use crate::source::{self, Listed, Request};

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its samples.
    pub samples: usize,
    /// Its file was there already.
    pub was_there: bool,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Writes the fingerprints of a part of the data set that `settings` name to `file`, unless
/// that is there and no image was written to since. `source` is where a later process may
/// look for the images, and `now` the time.
///
/// # Errors
/// When the data set cannot be listed, the file cannot be written, or the user asked to stop.
pub fn fingerprint(
    settings: &Settings,
    (part, file): (Part, &Path),
    (source, now): (Option<&Request>, SystemTime),
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Written> {
    let kept = Kept::new(settings);
    let Listed {
        listing, reader, ..
    } = executor
        .install(|| source::list_again(&settings.request, executor.stop(), progress, &kept))?;
    let wanted = Wanted::new(listing, Arc::from(reader), part, settings.limits, source);
    let samples = wanted.samples();
    let mut written = Written {
        samples: samples.samples.len(),
        was_there: !settings.check_content && wanted.is_done(file)?,
        notes: Vec::new(),
    };
    if written.was_there {
        return Ok(written);
    }
    let earlier = kept.earlier(&mut written.notes);
    let (reader, limits) = (wanted.reader(), settings.limits);
    let made = fingerprint::compute(&samples, reader, limits, earlier, executor, progress)?;
    wanted.write(file, &made, now)?;
    written.notes.extend(made.images.memo.notes());
    Ok(written)
}
