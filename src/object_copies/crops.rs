//! Crops of objects as images to compare. Scores none.

use image::RgbImage;

use crate::decode::{CloseUp, DecodeFailure, Matte, Thumbnail};
use crate::duplicates::{Image, ImageSource};
use crate::executor::{Executor, Interrupted};
use crate::features::crops::{Crop, Crops, chroma_of, luma_of};
use crate::fingerprint::{Batch, Slot, Spool, hashes_of};
use crate::sample::Listing;

/// The side of a crop when a pair is refined, as that of a whole image.
const REFINED: u32 = 256;

/// The crops of objects, their thumbnails on disk.
pub(super) struct ObjectImages<'a> {
    boxes: &'a [Crop],
    crops: &'a Crops<'a>,
    /// `None` where the disk has no room: nothing is then compared.
    spool: Option<Spool>,
    /// By crop.
    made: Vec<Result<Made, DecodeFailure>>,
}

/// What is kept of a crop.
struct Made {
    slot: Slot,
    /// `None` for one with too little contrast to compare.
    hash: Option<u64>,
}

impl<'a> ObjectImages<'a> {
    /// Cuts out all `boxes`.
    pub(super) fn prepare(
        boxes: &'a [Crop],
        crops: &'a Crops<'a>,
        executor: &Executor,
        done: impl Fn(u64) + Sync,
    ) -> Result<Self, Interrupted> {
        let full = || DecodeFailure::Unreadable("no room for thumbnails on the disk".to_owned());
        let spool = Spool::new().ok();
        let made = crops.map(Thumbnail::LUMA_SIDE, executor, done, |cut| {
            let spool = spool.as_ref().ok_or_else(full)?;
            let thumbnail = thumbnail(cut).ok_or_else(outside)?;
            let mut batch = Batch::default();
            let slot = batch.add(&thumbnail, None).0;
            let start = spool.push(&batch).map_err(|_| full())?;
            Ok(Made {
                slot: slot.shifted(start),
                hash: hashes_of(&thumbnail).map(|hashes| hashes.dct),
            })
        })?;
        Ok(Self {
            boxes,
            crops,
            spool,
            made,
        })
    }

    /// The perceptual hash of each crop.
    pub(super) fn hashes(&self) -> Vec<Option<u64>> {
        let made = self.made.iter();
        made.map(|made| made.as_ref().ok()?.hash).collect()
    }

    /// How many objects could not be cut out, with the first of them.
    pub(super) fn unseen(&self, listing: &Listing) -> Option<String> {
        let failed = self.made.iter().zip(self.boxes);
        let mut failed = failed.filter_map(|(made, cut)| Some((made.as_ref().err()?, cut.sample)));
        let (why, sample) = failed.next()?;
        let key = &listing.sample(sample).key;
        Some(match failed.count() {
            0 => format!("1 object of `{key}` was not compared with others: the image {why}"),
            more => format!(
                "{} objects were not compared with others, one of them in `{key}`: the image {why}",
                more + 1
            ),
        })
    }
}

impl ImageSource for ObjectImages<'_> {
    fn thumbnail(&self, index: usize, matte: Matte) -> Option<Image> {
        let made = self.made.get(index)?.as_ref().ok()?;
        // A crop without a hash has too little contrast to compare.
        made.hash?;
        let thumbnail = self.spool.as_ref()?.get(made.slot, matte).ok()?;
        let rect = self.boxes[index].rect;
        let side = |length: f32| (length.round() as u32).max(1);
        Some((thumbnail, side(rect.width), side(rect.height)))
    }

    fn decode(&self, index: usize, _: Matte) -> Option<CloseUp> {
        let cut = self.crops.cut(index, REFINED).ok()?;
        Some(CloseUp::of(luma_of(&cut)))
    }
}

/// A crop at the size of a thumbnail, its shape kept.
fn thumbnail(cut: &RgbImage) -> Option<Thumbnail> {
    let small = |plane, side| CloseUp::of(plane).luma(side);
    let [cb, cr] = chroma_of(cut);
    Some(Thumbnail {
        luma: small(luma_of(cut), Thumbnail::LUMA_SIDE)?,
        cb: small(cb, Thumbnail::CHROMA_SIDE)?,
        cr: small(cr, Thumbnail::CHROMA_SIDE)?,
    })
}

fn outside() -> DecodeFailure {
    DecodeFailure::Corrupt("the box lies outside the image".to_owned())
}
