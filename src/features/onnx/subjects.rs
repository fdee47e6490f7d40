//! What a model is shown. Runs no model.

use image::RgbImage;

use crate::fingerprint::cache::Key;
use crate::fingerprint::{FingerprintTable, Images, Memo};
use crate::sample::SampleId;

/// What a model is shown, by number: whole images, or objects cut out of them.
pub trait Subjects: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// Where earlier scans keep vectors.
    fn memo(&self) -> &Memo;

    /// The name in the cache of what `method` makes of a subject; `None` where its
    /// content is not known.
    fn key(&self, method: &str, index: usize) -> Option<Key>;

    /// The subject's pixels, of exactly this width and height.
    ///
    /// # Errors
    /// Why it cannot be shown.
    fn show(&self, index: usize, size: (u32, u32)) -> Result<RgbImage, String>;
}

/// The images of samples, each shown by its middle.
#[derive(Clone, Copy)]
pub struct WholeImages<'a> {
    /// The samples, in the order of their numbers here.
    pub ids: &'a [SampleId],
    /// Their contents.
    pub fingerprints: &'a FingerprintTable,
    /// Their images.
    pub images: &'a Images,
}

impl Subjects for WholeImages<'_> {
    fn count(&self) -> usize {
        self.ids.len()
    }

    fn memo(&self) -> &Memo {
        &self.images.memo
    }

    fn key(&self, method: &str, index: usize) -> Option<Key> {
        let content = self.fingerprints.get(self.ids[index])?.content?;
        Some(Key::of_content(method, content))
    }

    fn show(&self, index: usize, size: (u32, u32)) -> Result<RgbImage, String> {
        let shown = self.images.access.covering(self.ids[index], size);
        shown.map_err(|failure| format!("the image {failure}"))
    }
}
