//! The thumbnails of a scan, by sample. Holds none in memory.

use std::sync::Arc;

use super::{ImageAccess, Memo, THUMBNAIL};
use crate::decode::{self, Matte, Thumbnail};
use crate::fingerprint::spool::{self, Slot, Spool};
use crate::sample::SampleId;

/// Makes thumbnails of images that no disk holds.
pub(super) type Make = dyn Fn(SampleId) -> Option<Thumbnail> + Send + Sync;

/// Gives thumbnails.
pub struct ThumbnailStore {
    origin: Origin,
}

enum Origin {
    /// Those decoded in this scan lie in the spool, by sample; others in the
    /// cache, or are decoded again.
    Kept {
        spool: Spool,
        slots: Vec<Option<Slot>>,
        access: Arc<ImageAccess>,
        memo: Memo,
    },
    /// None is kept: each is decoded when it is asked for.
    Unopened(Arc<ImageAccess>),
    Made(Arc<Make>),
}

impl ThumbnailStore {
    pub(super) fn kept(
        spool: Spool,
        slots: Vec<Option<Slot>>,
        access: Arc<ImageAccess>,
        memo: Memo,
    ) -> Self {
        Self {
            origin: Origin::Kept {
                spool,
                slots,
                access,
                memo,
            },
        }
    }

    pub(super) fn unopened(access: Arc<ImageAccess>) -> Self {
        Self {
            origin: Origin::Unopened(access),
        }
    }

    pub(super) fn made(make: Arc<Make>) -> Self {
        Self {
            origin: Origin::Made(make),
        }
    }

    /// A sample's thumbnail, if its image was decoded.
    pub fn get(&self, id: SampleId) -> Option<Thumbnail> {
        self.before(id, Matte::White)
    }

    /// A sample's thumbnails before all mattes, as the cache and other files of ours hold
    /// them.
    pub(crate) fn bytes(&self, id: SampleId) -> Option<Vec<u8>> {
        let Origin::Kept {
            spool,
            slots,
            access,
            memo,
        } = &self.origin
        else {
            return None;
        };
        if let Some(slot) = *slots.get(id.index())? {
            return spool.bytes(slot).ok();
        }
        memo.image(access.derived(id, THUMBNAIL)).or_else(|| {
            let made = |bytes: &[u8], extension: Option<&str>, limits: &_| {
                let decoded = decode::decode(bytes, extension, limits)?;
                let mut batch = spool::Batch::default();
                let (_, bytes) = batch.add(&decoded.thumbnail, decoded.mattes.as_deref());
                Ok(bytes.to_vec())
            };
            // The cache was emptied meanwhile.
            access.decode(id, made)
        })
    }

    /// The same before `matte`.
    pub(crate) fn before(&self, id: SampleId, matte: Matte) -> Option<Thumbnail> {
        let (spool, slots, access, memo) = match &self.origin {
            Origin::Made(make) => return make(id),
            Origin::Unopened(access) => return decoded(access, id, matte),
            Origin::Kept {
                spool,
                slots,
                access,
                memo,
            } => (spool, slots, access, memo),
        };
        if let Some(slot) = *slots.get(id.index())? {
            return spool.get(slot, matte).ok();
        }
        let kept = memo.image(access.derived(id, THUMBNAIL));
        kept.and_then(|bytes| spool::from_bytes(&bytes, matte))
            // The cache was emptied meanwhile.
            .or_else(|| decoded(access, id, matte))
    }
}

fn decoded(access: &ImageAccess, id: SampleId, matte: Matte) -> Option<Thumbnail> {
    access.decode(id, |bytes, extension, limits| {
        let decoded = decode::decode(bytes, extension, limits);
        decoded.map(
            |decoded| match (decoded.mattes.map(|others| *others), matte) {
                (Some([black, _]), Matte::Black) => black,
                (Some([_, dropped]), Matte::Dropped) => dropped,
                _ => decoded.thumbnail,
            },
        )
    })
}
