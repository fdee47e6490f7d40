//! Fingerprints and thumbnails that were computed elsewhere, as a scan's own. Computes
//! none and believes no bytes.

use std::sync::{Arc, Mutex, PoisonError};

use super::cache::{Cache, Key};
use super::compute::spool_error;
use super::images::{Images, Place};
use super::spool::{Batch, Slot, Spool};
use super::{Fingerprint, FingerprintTable, Fingerprinted};
use crate::decode::Limits;
use crate::error::Result;
use crate::sample::SampleId;
use crate::source::Reader;

/// A fingerprint table that is being filled, from any thread.
pub struct Restoring {
    spool: Spool,
    /// By sample.
    rows: Mutex<Vec<Option<Row>>>,
}

/// A fingerprint, and where its thumbnails lie.
type Row = (Fingerprint, Option<Slot>);

/// What was computed of one sample.
pub struct Restored {
    /// The sample.
    pub id: SampleId,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Its thumbnails, as `ThumbnailStore::bytes` gives them; of an image that could not be
    /// decoded, none.
    pub thumbnail: Option<Vec<u8>>,
}

impl Restoring {
    /// Room for `count` samples.
    ///
    /// # Errors
    /// When thumbnails cannot be kept on disk.
    pub fn new(count: usize) -> Result<Self> {
        Ok(Self {
            spool: Spool::new().map_err(spool_error)?,
            rows: Mutex::new((0..count).map(|_| None).collect()),
        })
    }

    /// Adds samples; the first whose thumbnail is none, or is not there, is given back, and
    /// then nothing was added.
    ///
    /// # Errors
    /// When thumbnails cannot be kept on disk.
    pub fn add(&self, samples: Vec<Restored>) -> Result<Option<SampleId>> {
        let mut batch = Batch::default();
        let mut slots = Vec::with_capacity(samples.len());
        for sample in &samples {
            let slot = match (&sample.fingerprint.image, &sample.thumbnail) {
                (Err(_), None) => None,
                (Ok(_), Some(bytes)) => match batch.add_bytes(bytes) {
                    Some(slot) => Some(slot),
                    None => return Ok(Some(sample.id)),
                },
                _ => return Ok(Some(sample.id)),
            };
            slots.push(slot);
        }
        let start = self.spool.push(&batch).map_err(spool_error)?;
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for (sample, slot) in samples.into_iter().zip(slots) {
            if let Some(row) = rows.get_mut(sample.id.index()) {
                let slot = slot.map(|slot| slot.shifted(start));
                *row = Some((sample.fingerprint, slot));
            }
        }
        Ok(None)
    }

    /// The table and its images, whose bytes `reader` gives where they are to be had; what
    /// is made of them is kept in `cache`.
    pub fn finish(
        self,
        reader: Arc<dyn Reader>,
        limits: Limits,
        cache: Option<Arc<Cache>>,
    ) -> Fingerprinted {
        let rows = self.rows.into_inner();
        let rows = rows.unwrap_or_else(PoisonError::into_inner);
        let (mut table, mut places) = (Vec::new(), Vec::new());
        for (id, row) in (0..).map(SampleId).zip(rows) {
            let (fingerprint, slot) = row.unzip();
            let version = cache.as_ref().and_then(|_| reader.version(id));
            places.push(Place {
                slot: slot.flatten(),
                key: version.map(|version| Key::of_sample(&version, limits)),
                decoded: slot.flatten().is_some(),
            });
            table.push(fingerprint);
        }
        Fingerprinted {
            table: FingerprintTable::new(table),
            images: Images::new(self.spool, places, cache, reader, limits),
            interrupted: false,
        }
    }
}
