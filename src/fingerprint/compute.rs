//! Fingerprints a whole listing, each file read once. Compares nothing.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::cache::{self, Cache, Key, Shelf};
use super::hashes::HashMaker;
use super::images::{Images, Place, THUMBNAIL};
use super::spool::{Batch, Spool};
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

/// Samples looked up in the cache at once, because a transaction costs as much
/// as a few rows.
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
    let outcome = executor.map(count.div_ceil(RUN), |run| -> io::Result<()> {
        let samples = run * RUN..((run + 1) * RUN).min(count);
        work.run(samples, executor, progress)
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

fn spool_error(error: io::Error) -> Error {
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
        samples: Range<usize>,
        executor: &Executor,
        progress: &dyn Progress,
    ) -> io::Result<()> {
        let key = |index| {
            let stamp = self.reader.stamp(SampleId(index as u32))?;
            Some(Key::of_file(&stamp, self.limits))
        };
        let keys: Vec<Option<Key>> = match self.earlier {
            Some(_) => samples.clone().map(key).collect(),
            None => vec![None; samples.len()],
        };
        let kept = self.earlier.map_or_else(Vec::new, |earlier| {
            earlier.cache.get_many(Shelf::Fingerprints, &keys)
        });
        let mut kept = kept.into_iter();
        let (mut batch, mut rows) = (Batch::default(), Vec::with_capacity(samples.len()));
        for (index, key) in samples.zip(keys) {
            if executor.stop().is_raised() {
                break;
            }
            let kept = kept.next().flatten();
            let row = match kept.and_then(|bytes| self.known(index, &bytes)) {
                Some(fingerprint) => {
                    let place = Place {
                        slot: None,
                        key,
                        decoded: fingerprint.image.is_ok(),
                    };
                    (fingerprint, place)
                }
                None => self.anew(SampleId(index as u32), key, &mut batch),
            };
            rows.push((index, row));
            progress.advance(1);
        }
        let start = self.spool.push(&batch)?;
        for (index, (fingerprint, mut place)) in rows {
            place.slot = place.slot.map(|slot| slot.shifted(start));
            // Each index is visited once, so the cell is empty.
            let _ = self.rows[index].set((fingerprint, place));
        }
        Ok(())
    }

    /// An earlier fingerprint, if it still holds.
    fn known(&self, index: usize, bytes: &[u8]) -> Option<Fingerprint> {
        let fingerprint = cache::from_bytes(bytes)?;
        if self.earlier?.check_content {
            let bytes = self.reader.read(SampleId(index as u32)).ok()?;
            if fingerprint.content != Some(ContentHash::of(&bytes)) {
                return None;
            }
        }
        Some(fingerprint)
    }

    fn anew(&self, id: SampleId, key: Option<Key>, batch: &mut Batch) -> (Fingerprint, Place) {
        let (fingerprint, thumbnail) = of_sample(id, self.reader, &self.limits);
        let added = thumbnail.map(|(usual, mattes)| batch.add(&usual, mattes.as_deref()));
        let (slot, bytes) = added.unzip();
        // A file written to while it was read is not the file of its stamp.
        let key = key.filter(|key| {
            let stamp = self.reader.stamp(id);
            fingerprint.content.is_some()
                && stamp.is_some_and(|stamp| Key::of_file(&stamp, self.limits) == *key)
        });
        if let (Some(earlier), Some(key)) = (self.earlier, key)
            && let Some(row) = cache::to_bytes(&fingerprint)
        {
            // The picture first: a fingerprint found later promises one.
            if let Some(bytes) = bytes {
                let name = key.derived(THUMBNAIL);
                earlier.cache.put(Shelf::Pictures, name, bytes.to_vec());
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

fn of_sample(id: SampleId, reader: &dyn Reader, limits: &Limits) -> (Fingerprint, Option<Made>) {
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

fn with_hash_maker<R>(work: impl FnOnce(&HashMaker) -> R) -> R {
    thread_local! {
        static MAKER: RefCell<Option<HashMaker>> = const { RefCell::new(None) };
    }
    MAKER.with_borrow_mut(|maker| work(maker.get_or_insert_with(HashMaker::new)))
}
