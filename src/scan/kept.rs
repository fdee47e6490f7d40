//! The cache of a scan, opened when it is first asked for. Knows no stage.

use std::sync::{Arc, OnceLock};

use crate::config::{self, Settings};
use crate::fingerprint::Earlier;
use crate::fingerprint::cache::{self, Cache};
use crate::source::{Memo, Version};

/// What earlier scans left, opened when it is first asked for.
pub(super) struct Kept<'a> {
    settings: &'a Settings,
    /// The cache, or why there is none.
    cache: OnceLock<Option<Result<Arc<Cache>, String>>>,
}

impl<'a> Kept<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            cache: OnceLock::new(),
        }
    }

    /// `None` where no cache is wanted.
    pub(super) fn cache(&self) -> Option<Result<&Arc<Cache>, &String>> {
        let opened = self.cache.get_or_init(|| match &self.settings.cache {
            config::Cache::At(folder) => Some(Cache::open(folder, cache::LIMIT).map(Arc::new)),
            _ => None,
        });
        opened.as_ref().map(Result::as_ref)
    }

    /// What fingerprints are taken from. That there is no cache is a note.
    pub(super) fn earlier(&self, notes: &mut Vec<String>) -> Option<Earlier> {
        match self.cache()? {
            Ok(cache) => Some(Earlier {
                cache: Arc::clone(cache),
                check_content: self.settings.check_content,
            }),
            Err(note) => {
                notes.push(note.clone());
                None
            }
        }
    }
}

impl Memo for Kept<'_> {
    fn get(&self, method: &str, of: &Version) -> Option<Vec<u8>> {
        // Whoever asks for contents to be compared trusts no state of a file.
        match self.settings.check_content {
            true => None,
            false => Memo::get(self.cache()?.ok()?.as_ref(), method, of),
        }
    }

    fn put(&self, method: &str, of: &Version, made: Vec<u8>) {
        if let Some(Ok(cache)) = self.cache() {
            Memo::put(cache.as_ref(), method, of, made);
        }
    }
}
