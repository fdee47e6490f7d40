//! Fingerprints a whole listing, each file read once. Compares nothing.

use std::cell::RefCell;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use super::cache::{self, Cache, Key, Shelf};
use super::hashes::{HashMaker, Hashes};
use super::images::{Images, Place, THUMBNAIL};
use super::spool::{Batch, Spool};
use super::{Fingerprint, FingerprintTable, ImageFacts, Statistics};
use crate::decode::{self, DecodeFailure, Limits, Thumbnail};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::progress::{Progress, Stage};
use crate::sample::{ContentHash, Listing, SampleId};
use crate::source::{Bytes, Reader};

/// What fingerprinting gives to later stages.
pub struct Fingerprinted {
    /// One row a sample.
    pub table: FingerprintTable,
    /// The images, for later stages.
    pub images: Images,
    /// The user asked to stop before the last sample.
    pub interrupted: bool,
}

impl Fingerprinted {
    /// What a scan has to go on whose checks need no image: no row at all, and
    /// images that are opened only where one is asked for.
    pub fn unopened(reader: Arc<dyn Reader>, limits: Limits) -> Self {
        Self {
            table: FingerprintTable::default(),
            images: Images::unopened(reader, limits),
            interrupted: false,
        }
    }
}

/// What earlier scans found out, and how far it is trusted.
#[derive(Clone)]
pub struct Earlier {
    /// Where it is kept.
    pub cache: Arc<Cache>,
    /// Read every file and go by its content, not by size and time.
    pub check_content: bool,
}

/// Samples looked up in the cache and read at once, because a transaction costs
/// as much as a few rows and a container is opened once for all of them.
const RUN: usize = 64;

/// Reads, hashes and decodes every sample of `listing` that no earlier scan
/// has.
///
/// # Errors
/// When thumbnails cannot be kept on disk. A sample that cannot be read or
/// decoded is no error: its row says so.
pub fn compute(
    listing: &Listing,
    reader: Arc<dyn Reader>,
    limits: Limits,
    earlier: Option<Earlier>,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Fingerprinted> {
    let count = listing.samples.len();
    progress.begin(Stage::Fingerprint, Some(count as u64));
    let work = Work {
        reader: reader.as_ref(),
        limits,
        earlier: earlier.as_ref(),
        spool: Spool::new().map_err(spool_error)?,
        rows: (0..count).map(|_| OnceLock::new()).collect(),
    };
    let runs = reader.runs(count, RUN);
    let outcome = executor.map(runs.len(), |run| -> io::Result<()> {
        work.run(&runs[run], executor, progress)
    });
    let interrupted = executor.stop().is_raised() || outcome.is_err();
    if let Some(earlier) = &earlier {
        earlier.cache.flush();
    }
    (outcome.unwrap_or_default().into_iter())
        .collect::<io::Result<()>>()
        .map_err(spool_error)?;
    let Work { spool, rows, .. } = work;
    let (table, places): (Vec<_>, Vec<_>) = (rows.into_iter())
        .map(|cell| cell.into_inner().unzip())
        .map(|(row, place)| (row, place.unwrap_or_default()))
        .unzip();
    let table = FingerprintTable::new(table);
    let decoded = places.iter().filter(|place| place.decoded).count();
    let known = places
        .iter()
        .filter(|place| place.decoded && place.slot.is_none())
        .count();
    progress.end(
        Stage::Fingerprint,
        &if known == 0 {
            format!("{decoded} of {count} images decoded")
        } else {
            format!("{decoded} of {count} images, {known} of them known from earlier scans")
        },
    );
    Ok(Fingerprinted {
        images: Images::new(spool, places, earlier.map(|e| e.cache), reader, limits),
        table,
        interrupted,
    })
}

pub(super) fn spool_error(error: io::Error) -> Error {
    Error::output(
        "the folder for temporary files",
        format!("no room for thumbnails there: {error}; point TMPDIR to a larger disk"),
    )
}

struct Work<'a> {
    reader: &'a dyn Reader,
    limits: Limits,
    earlier: Option<&'a Earlier>,
    spool: Spool,
    /// Each set once.
    rows: Vec<OnceLock<(Fingerprint, Place)>>,
}

impl Work<'_> {
    fn run(
        &self,
        run: &[SampleId],
        executor: &Executor,
        progress: &dyn Progress,
    ) -> io::Result<()> {
        let key = |&id: &SampleId| {
            let version = self.reader.version(id)?;
            Some(Key::of_sample(&version, self.limits))
        };
        let keys: Vec<Option<Key>> = match self.earlier {
            Some(_) => run.iter().map(key).collect(),
            None => vec![None; run.len()],
        };
        let kept = self.earlier.map_or_else(Vec::new, |earlier| {
            earlier.cache.get_many(Shelf::Fingerprints, &keys)
        });
        let mut kept = kept.into_iter();
        let (mut left, mut left_keys) = (Vec::new(), Vec::new());
        for (&id, key) in run.iter().zip(keys) {
            if executor.stop().is_raised() {
                return Ok(());
            }
            let kept = kept.next().flatten();
            let Some(fingerprint) = kept.and_then(|bytes| self.known(id, &bytes)) else {
                left.push(id);
                left_keys.push(key);
                continue;
            };
            let place = Place {
                slot: None,
                key,
                decoded: fingerprint.image.is_ok(),
            };
            self.set(id, fingerprint, place);
            progress.advance(1);
        }
        let (mut batch, mut rows) = (Batch::default(), Vec::with_capacity(left.len()));
        let mut left_keys = left_keys.into_iter();
        // Whether all were visited is known by the rows.
        let _ = self.reader.read_run(&left, &mut |id, bytes| {
            let key = left_keys.next().flatten();
            let (fingerprint, place) = self.anew(id, bytes, key, &mut batch);
            rows.push((id, fingerprint, place));
            progress.advance(1);
            match executor.stop().is_raised() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        let start = self.spool.push(&batch)?;
        for (id, fingerprint, mut place) in rows {
            place.slot = place.slot.map(|slot| slot.shifted(start));
            self.set(id, fingerprint, place);
        }
        Ok(())
    }

    /// Each sample is in one run, so its cell is empty.
    fn set(&self, id: SampleId, fingerprint: Fingerprint, place: Place) {
        let _ = self.rows[id.index()].set((fingerprint, place));
    }

    /// An earlier fingerprint, if it still holds.
    fn known(&self, id: SampleId, bytes: &[u8]) -> Option<Fingerprint> {
        let fingerprint = cache::from_bytes(bytes)?;
        if self.earlier?.check_content {
            let bytes = self.reader.read(id).ok()?;
            if fingerprint.content != Some(ContentHash::of(&bytes)) {
                return None;
            }
        }
        Some(fingerprint)
    }

    fn anew(
        &self,
        id: SampleId,
        bytes: Bytes<'_>,
        key: Option<Key>,
        batch: &mut Batch,
    ) -> (Fingerprint, Place) {
        let extension = || self.reader.location(id).extension();
        let (fingerprint, thumbnail) = of_bytes(bytes, extension, &self.limits);
        let added = thumbnail.map(|(usual, mattes)| batch.add(&usual, mattes.as_deref()));
        let (slot, bytes) = added.unzip();
        // A file written to while it was read is not the file of its version.
        let key = key.filter(|key| {
            let version = self.reader.version(id);
            fingerprint.content.is_some()
                && version.is_some_and(|version| Key::of_sample(&version, self.limits) == *key)
        });
        if let (Some(earlier), Some(key)) = (self.earlier, key)
            && let Some(row) = cache::to_bytes(&fingerprint)
        {
            // The image first: a fingerprint found later promises one.
            if let Some(bytes) = bytes {
                let name = key.derived(THUMBNAIL);
                earlier.cache.put(Shelf::Derived, name, bytes.to_vec());
            }
            earlier.cache.put(Shelf::Fingerprints, key, row);
        }
        let place = Place {
            slot,
            key,
            decoded: slot.is_some(),
        };
        (fingerprint, place)
    }
}

/// A thumbnail, and those before other mattes.
type Made = (Thumbnail, Option<Box<[Thumbnail; 2]>>);

fn of_bytes(
    bytes: Bytes<'_>,
    extension: impl FnOnce() -> Option<String>,
    limits: &Limits,
) -> (Fingerprint, Option<Made>) {
    let bytes = match bytes {
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
    let extension = extension();
    let (image, thumbnail) = match decode::decode(&bytes, extension.as_deref(), limits) {
        Ok(decoded) => {
            let statistics = Statistics::of(&decoded.thumbnail);
            let others = decoded.mattes.iter().flat_map(|mattes| mattes.iter());
            // Of a white drawing on nothing the paper hides all there is.
            let hashes = with_hash_maker(|maker| {
                let usual = maker.hashes(&decoded.thumbnail, &statistics);
                usual.or_else(|| {
                    let mut others = others.map(|other| (other, Statistics::of(other)));
                    others.find_map(|(other, statistics)| maker.hashes(other, &statistics))
                })
            });
            let facts = ImageFacts {
                header: decoded.header,
                statistics,
                hashes,
                mattes: decoded.mattes.is_some(),
            };
            (Ok(facts), Some((decoded.thumbnail, decoded.mattes)))
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

/// The hashes of a thumbnail, unless it is too flat.
pub(crate) fn hashes_of(thumbnail: &Thumbnail) -> Option<Hashes> {
    with_hash_maker(|maker| maker.hashes(thumbnail, &Statistics::of(thumbnail)))
}

fn with_hash_maker<R>(work: impl FnOnce(&HashMaker) -> R) -> R {
    thread_local! {
        static MAKER: RefCell<Option<HashMaker>> = const { RefCell::new(None) };
    }
    MAKER.with_borrow_mut(|maker| work(maker.get_or_insert_with(HashMaker::new)))
}
