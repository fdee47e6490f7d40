//! Fingerprints a whole listing, each file read once. Compares nothing.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, OnceLock};

use super::hashes::HashMaker;
use super::pictures::Pictures;
use super::spool::{Slot, Spool};
use super::{Fingerprint, FingerprintTable, ImageFacts, Statistics};
use crate::decode::{self, DecodeFailure, Limits, Thumbnail};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::progress::{Progress, Stage};
use crate::sample::{ContentHash, Listing, SampleId};
use crate::source::Reader;

/// What fingerprinting gives to later stages.
pub struct Fingerprinted {
    /// One row a sample.
    pub table: FingerprintTable,
    /// A second look at the pictures.
    pub pictures: Pictures,
    /// The user asked to stop before the last sample.
    pub interrupted: bool,
}

/// Reads, hashes and decodes every sample of `listing`.
///
/// # Errors
/// When thumbnails cannot be kept on disk. A sample that cannot be read or
/// decoded is no error: its row says so.
pub fn compute(
    listing: &Listing,
    reader: Arc<dyn Reader>,
    limits: Limits,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Fingerprinted> {
    let count = listing.samples.len();
    progress.begin(Stage::Fingerprint, Some(count as u64));
    let spool = Spool::new().map_err(spool_error)?;
    let rows: Vec<OnceLock<(Fingerprint, Option<Slot>)>> =
        (0..count).map(|_| OnceLock::new()).collect();
    let outcome = executor.map(count, |index| -> io::Result<()> {
        let (fingerprint, thumbnail) = of_sample(SampleId(index as u32), reader.as_ref(), &limits);
        let slot = thumbnail.map(|t| spool.push(&t)).transpose()?;
        // Each index is visited once, so the cell is empty.
        let _ = rows[index].set((fingerprint, slot));
        progress.advance(1);
        Ok(())
    });
    let interrupted = match outcome {
        Ok(written) => {
            written
                .into_iter()
                .collect::<io::Result<()>>()
                .map_err(spool_error)?;
            false
        }
        Err(_) => true,
    };
    let (table, slots): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .map(|cell| match cell.into_inner() {
            Some((fingerprint, slot)) => (Some(fingerprint), slot),
            None => (None, None),
        })
        .unzip();
    let table = FingerprintTable::new(table);
    let decoded = table.iter().filter(|(_, row)| row.image.is_ok()).count();
    progress.end(
        Stage::Fingerprint,
        &format!("{decoded} of {count} images decoded"),
    );
    Ok(Fingerprinted {
        pictures: Pictures::new(spool, slots, reader, limits),
        table,
        interrupted,
    })
}

fn spool_error(error: io::Error) -> Error {
    Error::output(
        "the folder for temporary files",
        format!("no room for thumbnails there: {error}; point TMPDIR to a larger disk"),
    )
}

fn of_sample(
    id: SampleId,
    reader: &dyn Reader,
    limits: &Limits,
) -> (Fingerprint, Option<Thumbnail>) {
    let bytes = match reader.read(id) {
        Ok(bytes) => bytes,
        Err(failure) => {
            let unreadable = Fingerprint {
                content: None,
                bytes: 0,
                image: Err(DecodeFailure::Unreadable(failure.to_string())),
            };
            return (unreadable, None);
        }
    };
    let extension = reader.extension(id);
    let (image, thumbnail) = match decode::decode(&bytes, extension.as_deref(), limits) {
        Ok(decoded) => {
            let statistics = Statistics::of(&decoded.thumbnail);
            let hashes = with_hash_maker(|maker| maker.hashes(&decoded.thumbnail, &statistics));
            let facts = ImageFacts {
                header: decoded.header,
                statistics,
                hashes,
            };
            (Ok(facts), Some(decoded.thumbnail))
        }
        Err(failure) => (Err(failure), None),
    };
    let fingerprint = Fingerprint {
        content: Some(ContentHash::of(&bytes)),
        bytes: bytes.len() as u64,
        image,
    };
    (fingerprint, thumbnail)
}

fn with_hash_maker<R>(work: impl FnOnce(&HashMaker) -> R) -> R {
    thread_local! {
        static MAKER: RefCell<Option<HashMaker>> = const { RefCell::new(None) };
    }
    MAKER.with_borrow_mut(|maker| work(maker.get_or_insert_with(HashMaker::new)))
}
