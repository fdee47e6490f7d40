//! Provides the images of a search: one for each distinct content, with what an earlier
//! scan concluded about it. Scores nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::memo::refinements::{Recalled, RefinementKey, from_bytes, to_bytes};
use super::scoring::Refined;
use super::scoring::refine::SIDE;
use super::transform::Image;
use crate::decode::{CloseUp, Matte};
use crate::executor::{Executor, Interrupted};
use crate::fingerprint::cache::Key;
use crate::fingerprint::{FingerprintTable, Images};
use crate::sample::{ContentHash, SampleId};

/// Provides images by index.
pub(crate) trait ImageSource: Sync {
    /// The thumbnail and full size of image `index` before `matte`; `None` for images that
    /// take no part.
    fn thumbnail(&self, index: usize, matte: Matte) -> Option<Image>;

    /// Whether image `index` looks different before another matte.
    fn depends_on_matte(&self, _index: usize) -> bool {
        false
    }

    /// Decodes the luma of image `index` before `matte`, at the detail of a refinement.
    fn decode(&self, index: usize, matte: Matte) -> Option<CloseUp>;

    /// What the memo holds of each refinement.
    fn recall(&self, keys: &[RefinementKey]) -> Vec<Recalled> {
        vec![Recalled::Unknown; keys.len()]
    }

    /// Keeps a refinement for later scans.
    fn keep(&self, _key: &RefinementKey, _refined: Option<Refined>) {}
}

/// The first sample of each distinct content, as images to compare.
pub(super) struct ContentImages<'a> {
    pub(super) table: &'a FingerprintTable,
    pub(super) images: &'a Images,
    /// The samples of each content.
    pub(super) contents: &'a [Vec<SampleId>],
    /// Names how pairs are scored: what was kept under another name is unknown.
    pub(super) method: &'a str,
}

impl ImageSource for ContentImages<'_> {
    fn thumbnail(&self, index: usize, matte: Matte) -> Option<Image> {
        let id = self.sample(index)?;
        let facts = self.table.facts(id)?;
        // An image without hashes has too little contrast to compare.
        facts.hashes?;
        let thumbnail = self.images.thumbnails.before(id, matte)?;
        Some((thumbnail, facts.header.width, facts.header.height))
    }

    fn depends_on_matte(&self, index: usize) -> bool {
        let facts = self.sample(index).and_then(|id| self.table.facts(id));
        facts.is_some_and(|facts| facts.mattes)
    }

    fn decode(&self, index: usize, matte: Matte) -> Option<CloseUp> {
        self.images
            .access
            .close_up(self.sample(index)?, SIDE, matte)
    }

    fn recall(&self, keys: &[RefinementKey]) -> Vec<Recalled> {
        if !self.images.memo.is_kept() {
            return vec![Recalled::Unknown; keys.len()];
        }
        let keys: Vec<Option<Key>> = keys.iter().map(|key| self.cache_key(key)).collect();
        let kept = self.images.memo.verdicts(&keys).into_iter();
        kept.map(|bytes| bytes.map_or(Recalled::Unknown, |bytes| from_bytes(&bytes)))
            .collect()
    }

    fn keep(&self, key: &RefinementKey, refined: Option<Refined>) {
        if self.may_be_kept([key.fixed, key.moving])
            && let Some(key) = self.cache_key(key)
        {
            self.images.memo.keep_verdict(key, to_bytes(refined));
        }
    }
}

impl ContentImages<'_> {
    fn sample(&self, index: usize) -> Option<SampleId> {
        self.contents.get(index)?.first().copied()
    }

    fn content(&self, index: usize) -> Option<ContentHash> {
        self.table.get(self.sample(index)?)?.content
    }

    /// Whether a result from the pixels of two images belongs to their contents: a file
    /// written to since it was hashed holds another image.
    fn may_be_kept(&self, pair: [usize; 2]) -> bool {
        let unchanged = |index| {
            self.sample(index)
                .is_some_and(|id| self.images.access.is_unchanged(id))
        };
        self.images.memo.is_kept() && pair.into_iter().all(unchanged)
    }

    /// The name of a refinement in the cache. Two files of one content that can be decoded
    /// hold one image, whatever their names.
    fn cache_key(&self, key: &RefinementKey) -> Option<Key> {
        let (fixed, moving) = (self.content(key.fixed)?, self.content(key.moving)?);
        let parts = [&b"look"[..], &fixed.0, &moving.0, &key.parameters];
        Some(Key::of_parts(self.method, parts))
    }

    /// Columns and rows of an image.
    pub(super) fn size(&self, index: usize) -> Option<(u32, u32)> {
        let header = &self.table.facts(self.sample(index)?)?.header;
        Some((header.width, header.height))
    }

    /// The digest of the pixels of each of `images` that can be decoded: each is decoded
    /// once in the life of a cache.
    pub(super) fn digests(
        &self,
        images: &BTreeSet<usize>,
        executor: &Executor,
    ) -> Result<BTreeMap<usize, ContentHash>, Interrupted> {
        let images: Vec<usize> = images.iter().copied().collect();
        let keys: Vec<Option<Key>> = (images.iter())
            .map(|&index| {
                let method = format!("{}: pixels", self.method);
                Some(Key::of_parts(&method, [&self.content(index)?.0[..]]))
            })
            .collect();
        let kept = self.images.memo.verdicts(&keys);
        let digests = executor.map(images.len(), |i| {
            let known = kept[i]
                .as_ref()
                .and_then(|bytes| bytes.as_slice().try_into().ok());
            if let Some(known) = known {
                return Some(ContentHash(known));
            }
            let index = images[i];
            let digest = self.images.access.pixel_hash(self.sample(index)?)?;
            if let Some(key) = keys[i]
                && self.may_be_kept([index, index])
            {
                self.images.memo.keep_verdict(key, digest.0.to_vec());
            }
            Some(digest)
        })?;
        let found = images.into_iter().zip(digests);
        Ok(found
            .filter_map(|(index, digest)| Some((index, digest?)))
            .collect())
    }
}
