//! A second look at a picture for stages that compare. Compares nothing.

use std::io::Cursor;
use std::sync::Arc;

use image::{ImageFormat, RgbImage};

use super::cache::{Cache, Key, Shelf};
use super::spool::{self, Slot, Spool};
use crate::decode::{self, CloseUp, DecodeFailure, Limits, Matte, Thumbnail};
use crate::sample::{ContentHash, SampleId};
use crate::source::{ReadFailure, Reader};

/// Where a sample's picture is to be had again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Thumbnail in the spool, if it was decoded in this scan.
    pub(super) slot: Option<Slot>,
    /// Name in the cache, if there is one and the file has not changed.
    pub(super) key: Option<Key>,
    /// Whether the picture could be decoded.
    pub(super) decoded: bool,
}

/// Blocks do not show yet at this quality; a step up costs a third more bytes.
const JPEG_QUALITY: u8 = 75;

/// Gives thumbnails and, at the price of a decode, whole pictures.
pub struct Pictures {
    thumbnails: Thumbnails,
    cache: Option<Arc<Cache>>,
    reader: Arc<dyn Reader>,
    limits: Limits,
}

type Made = dyn Fn(SampleId) -> Option<Thumbnail> + Send + Sync;

enum Thumbnails {
    Kept { spool: Spool, places: Vec<Place> },
    Made(Box<Made>),
}

impl Pictures {
    pub(super) fn new(
        spool: Spool,
        places: Vec<Place>,
        cache: Option<Arc<Cache>>,
        reader: Arc<dyn Reader>,
        limits: Limits,
    ) -> Self {
        Self {
            thumbnails: Thumbnails::Kept { spool, places },
            cache,
            reader,
            limits,
        }
    }

    /// Pictures whose thumbnails are made by `make`, for measurements on data
    /// that no disk holds.
    pub fn made(
        make: impl Fn(SampleId) -> Option<Thumbnail> + Send + Sync + 'static,
        reader: Arc<dyn Reader>,
        limits: Limits,
    ) -> Self {
        Self {
            thumbnails: Thumbnails::Made(Box::new(make)),
            cache: None,
            reader,
            limits,
        }
    }

    /// A sample's thumbnail, if its picture was decoded.
    pub fn thumbnail(&self, id: SampleId) -> Option<Thumbnail> {
        self.thumbnail_before(id, Matte::White)
    }

    /// The same before `matte`.
    pub(crate) fn thumbnail_before(&self, id: SampleId, matte: Matte) -> Option<Thumbnail> {
        let (spool, place) = match &self.thumbnails {
            Thumbnails::Made(make) => return make(id),
            Thumbnails::Kept { spool, places } => (spool, places.get(id.index())?),
        };
        if let Some(slot) = place.slot {
            return spool.get(slot, matte).ok();
        }
        let kept = self.recall(self.derived(id, THUMBNAIL));
        kept.and_then(|bytes| spool::from_bytes(&bytes, matte))
            // The cache was emptied meanwhile.
            .or_else(|| {
                self.decode(id, |bytes, extension, limits| {
                    let decoded = decode::decode(bytes, extension, limits);
                    decoded.map(
                        |decoded| match (decoded.mattes.map(|others| *others), matte) {
                            (Some([black, _]), Matte::Black) => black,
                            (Some([_, dropped]), Matte::Dropped) => dropped,
                            _ => decoded.thumbnail,
                        },
                    )
                })
            })
    }

    /// A hash of the decoded pixels and their shape, so that a picture stored
    /// anew without loss is known again. Reads and decodes the whole picture,
    /// once in a cache's life.
    pub fn pixel_hash(&self, id: SampleId) -> Option<ContentHash> {
        let key = self.derived(id, "pixel hash");
        let kept = self.recall(key).and_then(|bytes| bytes.try_into().ok());
        kept.map(ContentHash).or_else(|| {
            let hash = self.decode(id, decode::pixel_hash)?;
            self.keep(key, || hash.0.to_vec());
            Some(hash)
        })
    }

    /// The picture for people: 8-bit RGB, long side at most `side` pixels.
    pub fn preview(&self, id: SampleId, side: u32) -> Option<RgbImage> {
        let key = self.derived(id, &format!("preview {side}"));
        let kept = self.recall(key).and_then(|bytes| {
            let picture = image::load_from_memory_with_format(&bytes, ImageFormat::Png);
            picture.ok().map(image::DynamicImage::into_rgb8)
        });
        kept.or_else(|| {
            let preview = self.decode(id, |bytes, extension, limits| {
                decode::preview(bytes, extension, limits, side)
            })?;
            self.keep(key, || {
                let mut png = Cursor::new(Vec::new());
                let written = preview.write_to(&mut png, ImageFormat::Png);
                written.map_or_else(|_| Vec::new(), |()| png.into_inner())
            });
            Some(preview)
        })
    }

    /// The picture's luma before `matte`, upright, to be had at any size of at
    /// most `side` samples. Reads and decodes the file.
    pub(crate) fn close_up(&self, id: SampleId, side: u32, matte: Matte) -> Option<CloseUp> {
        if let Thumbnails::Made(make) = &self.thumbnails {
            return make(id).map(|made| CloseUp::of(made.luma));
        }
        self.decode(id, |bytes, extension, limits| {
            decode::close_up(bytes, extension, limits, side, matte)
        })
    }

    /// [`Pictures::preview`] as a JPEG file, for pages that people look at.
    pub fn jpeg(&self, id: SampleId, side: u32) -> Option<Vec<u8>> {
        let preview = self.preview(id, side)?;
        let mut file = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY)
            .encode_image(&preview)
            .ok()?;
        Some(file)
    }

    /// The middle of the picture as a model is shown it: see
    /// [`decode::covering`]. Reads and decodes the file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn covering(&self, id: SampleId, size: (u32, u32)) -> Result<RgbImage, DecodeFailure> {
        let unreadable = |failure: ReadFailure| DecodeFailure::Unreadable(failure.to_string());
        let bytes = self.reader.read(id).map_err(unreadable)?;
        let extension = self.reader.extension(id);
        decode::covering(&bytes, extension.as_deref(), &self.limits, size)
    }

    /// The vector that an earlier scan made of a picture, under
    /// [`Key::of_content`].
    pub fn vector(&self, key: Key) -> Option<Vec<f32>> {
        let bytes = self.recall(Some(key))?;
        let numbers = bytes.as_chunks::<4>().0.iter();
        Some(numbers.map(|&number| f32::from_le_bytes(number)).collect())
    }

    /// Keeps a vector for later scans.
    pub fn keep_vector(&self, key: Key, vector: &[f32]) {
        let bytes = || vector.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.keep(Some(key), bytes);
    }

    /// Whether a sample's file is still the one that was fingerprinted, by size
    /// and time: what is seen in it now may be kept under its content.
    pub fn is_unchanged(&self, id: SampleId) -> bool {
        let Thumbnails::Kept { places, .. } = &self.thumbnails else {
            return false;
        };
        let key = places.get(id.index()).and_then(|place| place.key);
        let stamp = self.reader.stamp(id);
        key.zip(stamp)
            .is_some_and(|(key, stamp)| Key::of_file(&stamp, self.limits) == key)
    }

    /// Whether what is found out now is kept for later scans.
    pub fn remembers(&self) -> bool {
        self.cache.is_some()
    }

    /// What an earlier scan found out of all pictures, under
    /// [`Key::of_table`].
    pub fn verdict(&self, key: Key) -> Option<Vec<u8>> {
        self.cache.as_ref()?.get(Shelf::Verdicts, key)
    }

    /// What earlier scans found out of pairs, each under its key: one
    /// [`Key::of_pair`], or of more parts.
    pub fn verdicts(&self, keys: &[Option<Key>]) -> Vec<Option<Vec<u8>>> {
        match &self.cache {
            Some(cache) if !keys.is_empty() => cache.get_many(Shelf::Verdicts, keys),
            _ => vec![None; keys.len()],
        }
    }

    /// Keeps what was found out for later scans.
    pub fn keep_verdict(&self, key: Key, verdict: Vec<u8>) {
        if let Some(cache) = &self.cache {
            cache.put(Shelf::Verdicts, key, verdict);
        }
    }

    fn decode<T>(
        &self,
        id: SampleId,
        decode: impl FnOnce(&[u8], Option<&str>, &Limits) -> Result<T, DecodeFailure>,
    ) -> Option<T> {
        if !self.could_be_decoded(id) {
            return None;
        }
        let bytes = self.reader.read(id).ok()?;
        let extension = self.reader.extension(id);
        decode(&bytes, extension.as_deref(), &self.limits).ok()
    }

    fn could_be_decoded(&self, id: SampleId) -> bool {
        match &self.thumbnails {
            Thumbnails::Kept { places, .. } => {
                places.get(id.index()).is_some_and(|place| place.decoded)
            }
            Thumbnails::Made(_) => true,
        }
    }

    fn derived(&self, id: SampleId, name: &str) -> Option<Key> {
        match &self.thumbnails {
            Thumbnails::Kept { places, .. } => Some(places.get(id.index())?.key?.derived(name)),
            Thumbnails::Made(_) => None,
        }
    }

    fn recall(&self, key: Option<Key>) -> Option<Vec<u8>> {
        self.cache.as_ref()?.get(Shelf::Pictures, key?)
    }

    fn keep(&self, key: Option<Key>, payload: impl FnOnce() -> Vec<u8>) {
        if let (Some(cache), Some(key)) = (&self.cache, key) {
            cache.put(Shelf::Pictures, key, payload());
        }
    }
}

/// The name of a file's thumbnail in the cache.
pub(super) const THUMBNAIL: &str = "thumbnail";
