//! Decodes an image again, for what its thumbnail does not show. Compares
//! nothing.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use image::{ImageFormat, RgbImage};

use super::Memo;
use super::thumbnails::Make;
use crate::decode::{self, CloseUp, DecodeFailure, Limits, Matte, Plane};
use crate::fingerprint::cache::Key;
use crate::sample::{ContentHash, Location, SampleId};
use crate::source::{ReadFailure, Reader};

/// Blocks do not show yet at this quality; a step up costs a third more bytes.
const JPEG_QUALITY: u8 = 75;

/// Gives images at the price of reading and decoding a file each.
pub struct ImageAccess {
    origin: Origin,
    memo: Memo,
    reader: Arc<dyn Reader>,
    limits: Limits,
    /// Samples whose bytes were asked for and could not be read.
    unopened: Mutex<BTreeSet<SampleId>>,
}

/// What fingerprinting found out of a sample's file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// Name in the cache, if there is one and the file has not changed.
    pub(super) key: Option<Key>,
    /// Whether the image could be decoded.
    pub(super) decoded: bool,
}

pub(super) enum Origin {
    /// Files, by sample.
    Files(Vec<Seen>),
    /// Files that were not fingerprinted.
    Unopened,
    /// Made as needed; see [`super::Images::made`].
    Made(Arc<Make>),
}

impl ImageAccess {
    /// Where a sample's file lies, if it is one.
    pub fn place(&self, id: SampleId) -> Option<PathBuf> {
        match self.reader.location(id) {
            Location::File(path) => Some(path),
            Location::Member { .. } => None,
        }
    }

    pub(super) fn new(origin: Origin, memo: Memo, reader: Arc<dyn Reader>, limits: Limits) -> Self {
        Self {
            origin,
            memo,
            reader,
            limits,
            unopened: Mutex::default(),
        }
    }

    /// What reads the samples' files.
    pub fn reader(&self) -> &dyn Reader {
        self.reader.as_ref()
    }

    /// The samples that could be decoded once and whose bytes were asked for again in vain,
    /// in listing order: what a stage wanted to see of them, it did not.
    pub fn unopened(&self) -> Vec<SampleId> {
        let unopened = self.unopened.lock();
        let unopened = unopened.unwrap_or_else(PoisonError::into_inner);
        unopened.iter().copied().collect()
    }

    /// The bytes of a sample's file.
    fn bytes(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        let read = self.reader.read(id);
        if read.is_err() {
            let unopened = self.unopened.lock();
            unopened.unwrap_or_else(PoisonError::into_inner).insert(id);
        }
        read
    }

    /// The image's luma before `matte`, upright, to be had at any size of at
    /// most `side` samples.
    pub(crate) fn close_up(&self, id: SampleId, side: u32, matte: Matte) -> Option<CloseUp> {
        if let Origin::Made(make) = &self.origin {
            return make(id).map(|made| CloseUp::of(made.luma));
        }
        self.decode(id, |bytes, extension, limits| {
            decode::close_up(bytes, extension, limits, side, matte)
        })
    }

    /// The image's luma before white, upright, its long side at most `side`
    /// samples, never enlarged.
    pub fn luma(&self, id: SampleId, side: u32) -> Option<Plane> {
        self.close_up(id, side, Matte::White)?.luma(side)
    }

    /// What `make` makes of [`ImageAccess::luma`], kept in the cache under `name`.
    pub fn of_luma(
        &self,
        id: SampleId,
        name: &str,
        side: u32,
        make: impl FnOnce(Plane) -> Vec<u8>,
    ) -> Option<Vec<u8>> {
        let key = self.derived(id, name);
        self.memo.image(key).or_else(|| {
            let made = make(self.luma(id, side)?);
            self.memo.keep_image(key, || made.clone());
            Some(made)
        })
    }

    /// The middle of the image as a model is shown it: see
    /// [`decode::covering`].
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn covering(&self, id: SampleId, size: (u32, u32)) -> Result<RgbImage, DecodeFailure> {
        let (bytes, extension) = self.read(id)?;
        decode::covering(&bytes, extension.as_deref(), &self.limits, size)
    }

    /// The whole image for objects to be cut out of: 8-bit RGB, upright, its long side
    /// at most `side` pixels.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn whole(&self, id: SampleId, side: u32) -> Result<RgbImage, DecodeFailure> {
        let (bytes, extension) = self.read(id)?;
        decode::preview(&bytes, extension.as_deref(), &self.limits, side)
    }

    /// A hash of the decoded pixels and their shape, so that an image stored
    /// anew without loss is recognised. Decodes the whole image, once in a
    /// cache's life.
    pub fn pixel_hash(&self, id: SampleId) -> Option<ContentHash> {
        let key = self.derived(id, "pixel hash");
        let kept = (self.memo.image(key)).and_then(|bytes| bytes.try_into().ok());
        kept.map(ContentHash).or_else(|| {
            let hash = self.decode(id, decode::pixel_hash)?;
            self.memo.keep_image(key, || hash.0.to_vec());
            Some(hash)
        })
    }

    /// The image for people: 8-bit RGB, long side at most `side` pixels.
    pub fn preview(&self, id: SampleId, side: u32) -> Option<RgbImage> {
        let key = self.derived(id, &format!("preview {side}"));
        let kept = self.memo.image(key).and_then(|bytes| {
            let image = image::load_from_memory_with_format(&bytes, ImageFormat::Png);
            image.ok().map(image::DynamicImage::into_rgb8)
        });
        kept.or_else(|| {
            let preview = self.decode(id, |bytes, extension, limits| {
                decode::preview(bytes, extension, limits, side)
            })?;
            self.memo.keep_image(key, || {
                let mut png = Cursor::new(Vec::new());
                let written = preview.write_to(&mut png, ImageFormat::Png);
                written.map_or_else(|_| Vec::new(), |()| png.into_inner())
            });
            Some(preview)
        })
    }

    /// [`ImageAccess::preview`] as a JPEG file, for pages that people look at.
    pub fn jpeg(&self, id: SampleId, side: u32) -> Option<Vec<u8>> {
        let preview = self.preview(id, side)?;
        let mut file = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY)
            .encode_image(&preview)
            .ok()?;
        Some(file)
    }

    /// Whether a sample's file is still the one that was fingerprinted, by size
    /// and time: what is found in it now may be kept under its content.
    pub fn is_unchanged(&self, id: SampleId) -> bool {
        let key = self.seen(id).and_then(|seen| seen.key);
        let version = self.reader.version(id);
        key.zip(version)
            .is_some_and(|(key, version)| Key::of_sample(&version, self.limits) == key)
    }

    fn read(&self, id: SampleId) -> Result<(Vec<u8>, Option<String>), DecodeFailure> {
        let unreadable = |failure: ReadFailure| DecodeFailure::Unreadable(failure.to_string());
        let bytes = self.bytes(id).map_err(unreadable)?;
        Ok((bytes, self.reader.location(id).extension()))
    }

    /// What `decode` makes of a file that could be decoded before.
    pub(super) fn decode<T>(
        &self,
        id: SampleId,
        decode: impl FnOnce(&[u8], Option<&str>, &Limits) -> Result<T, DecodeFailure>,
    ) -> Option<T> {
        if matches!(self.origin, Origin::Files(_)) && !self.seen(id)?.decoded {
            return None;
        }
        let bytes = self.bytes(id).ok()?;
        let extension = self.reader.location(id).extension();
        decode(&bytes, extension.as_deref(), &self.limits).ok()
    }

    /// The name in the cache of what is made from a sample's file.
    pub(super) fn derived(&self, id: SampleId, name: &str) -> Option<Key> {
        Some(self.seen(id)?.key?.derived(name))
    }

    fn seen(&self, id: SampleId) -> Option<&Seen> {
        match &self.origin {
            Origin::Files(seen) => seen.get(id.index()),
            Origin::Unopened | Origin::Made(_) => None,
        }
    }
}
