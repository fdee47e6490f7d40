//! Images for the stages after fingerprinting: thumbnails, closer looks, and
//! what earlier scans left. Compares nothing.

mod access;
mod memo;
mod thumbnails;

use std::sync::Arc;

pub use access::ImageAccess;
pub use memo::Memo;
pub use thumbnails::ThumbnailStore;

use super::cache::{Cache, Key};
use super::spool::{Slot, Spool};
use crate::decode::{Limits, Thumbnail};
use crate::sample::SampleId;
use crate::source::Reader;

/// The name of a file's thumbnail in the cache.
pub(super) const THUMBNAIL: &str = "thumbnail";

/// Where a sample's image is to be had again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Thumbnail in the spool, if it was decoded in this scan.
    pub(super) slot: Option<Slot>,
    /// Name in the cache, if there is one and the file has not changed.
    pub(super) key: Option<Key>,
    /// Whether the image could be decoded.
    pub(super) decoded: bool,
}

/// The images of a scan.
pub struct Images {
    /// Their thumbnails.
    pub thumbnails: ThumbnailStore,
    /// Larger views of them, each read and decoded anew.
    pub access: Arc<ImageAccess>,
    /// What earlier scans found out of them.
    pub memo: Memo,
}

impl Images {
    pub(super) fn new(
        spool: Spool,
        places: Vec<Place>,
        cache: Option<Arc<Cache>>,
        reader: Arc<dyn Reader>,
        limits: Limits,
    ) -> Self {
        let memo = Memo::new(cache);
        let seen = places.iter().map(|place| access::Seen {
            key: place.key,
            decoded: place.decoded,
        });
        let origin = access::Origin::Files(seen.collect());
        let access = Arc::new(ImageAccess::new(origin, memo.clone(), reader, limits));
        let slots = places.iter().map(|place| place.slot).collect();
        Self {
            thumbnails: ThumbnailStore::kept(spool, slots, access.clone(), memo.clone()),
            access,
            memo,
        }
    }

    /// Images that were not fingerprinted: each is decoded when it is asked for.
    pub(super) fn unopened(reader: Arc<dyn Reader>, limits: Limits) -> Self {
        let memo = Memo::default();
        let origin = access::Origin::Unopened;
        let access = Arc::new(ImageAccess::new(origin, memo.clone(), reader, limits));
        Self {
            thumbnails: ThumbnailStore::unopened(access.clone()),
            access,
            memo,
        }
    }

    /// Images whose thumbnails are made by `make`, for measurements on data
    /// that no disk holds.
    pub fn made(
        make: impl Fn(SampleId) -> Option<Thumbnail> + Send + Sync + 'static,
        reader: Arc<dyn Reader>,
        limits: Limits,
    ) -> Self {
        let make: Arc<thumbnails::Make> = Arc::new(make);
        let memo = Memo::default();
        let origin = access::Origin::Made(make.clone());
        Self {
            thumbnails: ThumbnailStore::made(make),
            access: Arc::new(ImageAccess::new(origin, memo.clone(), reader, limits)),
            memo,
        }
    }
}
