//! A second look at a picture for stages that compare. Compares nothing.

use std::sync::Arc;

use super::spool::{Slot, Spool};
use crate::decode::{self, Limits, Thumbnail};
use crate::sample::{ContentHash, SampleId};
use crate::source::Reader;

/// Gives thumbnails and, at the price of a decode, whole pictures.
pub struct Pictures {
    spool: Spool,
    slots: Vec<Option<Slot>>,
    reader: Arc<dyn Reader>,
    limits: Limits,
}

impl Pictures {
    pub(super) fn new(
        spool: Spool,
        slots: Vec<Option<Slot>>,
        reader: Arc<dyn Reader>,
        limits: Limits,
    ) -> Self {
        Self {
            spool,
            slots,
            reader,
            limits,
        }
    }

    /// A sample's thumbnail, if its picture was decoded.
    pub fn thumbnail(&self, id: SampleId) -> Option<Thumbnail> {
        let slot = (*self.slots.get(id.index())?)?;
        self.spool.get(slot).ok()
    }

    /// A hash of the decoded pixels and their shape, so that a picture stored
    /// anew without loss is known again. Reads and decodes the whole picture.
    pub fn pixel_hash(&self, id: SampleId) -> Option<ContentHash> {
        let bytes = self.reader.read(id).ok()?;
        let extension = self.reader.extension(id);
        decode::pixel_hash(&bytes, extension.as_deref(), &self.limits).ok()
    }

    /// The picture for people: 8-bit RGB, long side at most `side` pixels.
    pub fn preview(&self, id: SampleId, side: u32) -> Option<image::RgbImage> {
        let bytes = self.reader.read(id).ok()?;
        let extension = self.reader.extension(id);
        decode::preview(&bytes, extension.as_deref(), &self.limits, side).ok()
    }
}
