//! What a scan leaves for later scans to find, by key. Knows no image.

use std::sync::Arc;

use crate::fingerprint::cache::{Cache, Key, Shelf};

/// The cache as the stages after fingerprinting use it; without one, nothing is
/// kept and nothing found.
#[derive(Clone, Default)]
pub struct Memo {
    cache: Option<Arc<Cache>>,
}

impl Memo {
    pub(super) fn new(cache: Option<Arc<Cache>>) -> Self {
        Self { cache }
    }

    /// Whether anything is kept for later scans.
    pub fn is_kept(&self) -> bool {
        self.cache.is_some()
    }

    /// What an earlier scan kept under `key`.
    pub fn verdict(&self, key: Key) -> Option<Vec<u8>> {
        self.cache.as_ref()?.get(Shelf::Verdicts, key)
    }

    /// [`Memo::verdict`] of many keys at once.
    pub fn verdicts(&self, keys: &[Option<Key>]) -> Vec<Option<Vec<u8>>> {
        match &self.cache {
            Some(cache) if !keys.is_empty() => cache.get_many(Shelf::Verdicts, keys),
            _ => vec![None; keys.len()],
        }
    }

    /// Keeps what was found out under `key`.
    pub fn keep_verdict(&self, key: Key, verdict: Vec<u8>) {
        if let Some(cache) = &self.cache {
            cache.put(Shelf::Verdicts, key, verdict);
        }
    }

    /// The vector that an earlier scan made of an image, under
    /// [`Key::of_content`].
    pub fn vector(&self, key: Key) -> Option<Vec<f32>> {
        let bytes = self.image(Some(key))?;
        let numbers = bytes.as_chunks::<4>().0.iter();
        Some(numbers.map(|&number| f32::from_le_bytes(number)).collect())
    }

    /// Keeps a vector.
    pub fn keep_vector(&self, key: Key, vector: &[f32]) {
        let bytes = || vector.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.keep_image(Some(key), bytes);
    }

    /// What a person should know of the cache: why it keeps less than it should.
    pub fn notes(&self) -> Vec<String> {
        (self.cache.as_ref()).map_or_else(Vec::new, |cache| cache.notes())
    }

    /// What was made from an image, under `key`.
    pub(super) fn image(&self, key: Option<Key>) -> Option<Vec<u8>> {
        self.cache.as_ref()?.get(Shelf::Derived, key?)
    }

    /// Keeps what was made from an image.
    pub(super) fn keep_image(&self, key: Option<Key>, payload: impl FnOnce() -> Vec<u8>) {
        if let (Some(cache), Some(key)) = (&self.cache, key) {
            cache.put(Shelf::Derived, key, payload());
        }
    }
}
