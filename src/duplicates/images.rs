//! The images of a scan as an album, which remembers what an earlier scan
//! saw in a pair. Judges nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use super::memo::refinements::{self as look, Look};
use super::pipeline::Album;
use super::scoring::Closer;
use super::scoring::refine::SIDE;
use crate::decode::{CloseUp, Matte, Thumbnail};
use crate::executor::{Executor, Interrupted};
use crate::fingerprint::cache::Key;
use crate::fingerprint::{FingerprintTable, Images};
use crate::sample::{ContentHash, SampleId};

/// The first sample of each content, as images to compare.
pub(crate) struct LookedAt<'a> {
    pub(crate) table: &'a FingerprintTable,
    pub(crate) images: &'a Images,
    pub(crate) copies: &'a [Vec<SampleId>],
    /// Names how pairs are judged: what was kept under another name is unknown.
    pub(crate) method: &'a str,
}

impl Album for LookedAt<'_> {
    fn thumbnail(&self, index: usize, matte: Matte) -> Option<(Thumbnail, u32, u32)> {
        let id = self.sample(index)?;
        let facts = self.table.facts(id)?;
        // Without hashes there is too little in the image to compare.
        facts.hashes?;
        let thumbnail = self.images.thumbnails.before(id, matte)?;
        Some((thumbnail, facts.header.width, facts.header.height))
    }

    fn has_mattes(&self, index: usize) -> bool {
        let facts = self.sample(index).and_then(|id| self.table.facts(id));
        facts.is_some_and(|facts| facts.mattes)
    }

    fn close_up(&self, index: usize, matte: Matte) -> Option<CloseUp> {
        self.images
            .access
            .close_up(self.sample(index)?, SIDE, matte)
    }

    fn remembered(&self, looks: &[Look]) -> Vec<Option<Option<Closer>>> {
        if !self.images.memo.is_kept() {
            return vec![None; looks.len()];
        }
        let keys: Vec<Option<Key>> = looks.iter().map(|look| self.key(look)).collect();
        let kept = self.images.memo.verdicts(&keys).into_iter();
        kept.map(|bytes| look::from_bytes(&bytes?)).collect()
    }

    fn remember(&self, look: &Look, seen: Option<Closer>) {
        if self.may_be_kept([look.fixed, look.moving])
            && let Some(key) = self.key(look)
        {
            self.images.memo.keep_verdict(key, look::to_bytes(seen));
        }
    }
}

impl LookedAt<'_> {
    fn sample(&self, index: usize) -> Option<SampleId> {
        self.copies.get(index)?.first().copied()
    }

    fn content(&self, index: usize) -> Option<ContentHash> {
        self.table.get(self.sample(index)?)?.content
    }

    /// Whether what was just seen in two images belongs to their contents: a
    /// file written to since it was hashed shows another image.
    fn may_be_kept(&self, pair: [usize; 2]) -> bool {
        let unchanged = |index| {
            self.sample(index)
                .is_some_and(|id| self.images.access.is_unchanged(id))
        };
        self.images.memo.is_kept() && pair.into_iter().all(unchanged)
    }

    /// The name of what a closer look gives. Two files of one content that can
    /// be decoded hold one image, whatever they are called.
    fn key(&self, look: &Look) -> Option<Key> {
        let (fixed, moving) = (self.content(look.fixed)?, self.content(look.moving)?);
        let parts = [&b"look"[..], &fixed.0, &moving.0, &look.terms];
        Some(Key::of_parts(self.method, parts))
    }

    /// Columns and rows of an image.
    pub(crate) fn size(&self, index: usize) -> Option<(u32, u32)> {
        let header = &self.table.facts(self.sample(index)?)?.header;
        Some((header.width, header.height))
    }

    /// The digest of the pixels of each of `images` that can be read: each is
    /// decoded once in a cache's life.
    pub(crate) fn digests(
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

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;
    use std::io::Cursor;
    use std::path::Path;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Arc, LazyLock, Mutex, PoisonError};

    use rusqlite::Connection;
    use tempfile::TempDir;

    use super::super::contents::find;
    use super::super::tests::{Scene, photo};
    use super::super::{Duplicates, Pair};
    use crate::decode::Limits;
    use crate::executor::{Executor, StopFlag};
    use crate::fingerprint::cache::{self, Cache};
    use crate::fingerprint::{Earlier, Fingerprinted, compute};
    use crate::progress::Silent;
    use crate::sample::Location;
    use crate::sample::{Labels, Listing, Sample, SampleId, SampleKey};
    use crate::source::{ReadFailure, Reader, Version};

    /// Files in memory that note which of them are read.
    pub(crate) struct Files {
        bytes: Vec<Vec<u8>>,
        modified: AtomicI64,
        read: Mutex<Vec<u32>>,
    }

    impl Files {
        /// What was read since it was last asked.
        fn taken(&self) -> Vec<u32> {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            let mut read = std::mem::take(&mut *read);
            read.sort_unstable();
            read
        }
    }

    impl Reader for Files {
        fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            read.push(id.0);
            Ok(self.bytes[id.index()].clone())
        }

        fn version(&self, id: SampleId) -> Option<Version> {
            Some(Version::of(&[
                &id.0.to_le_bytes(),
                &self.bytes[id.index()].len().to_le_bytes(),
                &self.modified.load(Ordering::Relaxed).to_le_bytes(),
            ]))
        }

        fn location(&self, id: SampleId) -> Location {
            Location::File(format!("/{}", id.0).into())
        }
    }

    pub(crate) fn files(bytes: Vec<Vec<u8>>) -> Arc<Files> {
        Arc::new(Files {
            bytes,
            modified: AtomicI64::new(1),
            read: Mutex::default(),
        })
    }

    fn encoded(tone: impl Fn(f32, f32) -> f32, format: image::ImageFormat) -> Vec<u8> {
        let luma = photo(200, 150, tone).luma;
        let image = image::GrayImage::from_raw(luma.width, luma.height, luma.samples);
        let mut file = Cursor::new(Vec::new());
        (image.expect("as many samples as pixels"))
            .write_to(&mut file, format)
            .expect("written to memory");
        file.into_inner()
    }

    fn png(tone: impl Fn(f32, f32) -> f32) -> Vec<u8> {
        encoded(tone, image::ImageFormat::Png)
    }

    /// Three images of each of six scenes, `3 * scene` the first: as it is,
    /// brighter, and cropped. Then scene 5 once more, in another format.
    pub(crate) static SET: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for scene in (0..6).map(Scene::new) {
            all.push(png(|x, y| scene.tone(x, y)));
            all.push(png(|x, y| 1.1 * scene.tone(x, y)));
            all.push(png(|x, y| scene.tone(0.1 + 0.8 * x, 0.05 + 0.8 * y)));
        }
        let again = Scene::new(5);
        all.push(encoded(|x, y| again.tone(x, y), image::ImageFormat::Bmp));
        all
    });

    /// Scene 4, mirrored.
    fn copy() -> Vec<u8> {
        let scene = Scene::new(4);
        png(|x, y| scene.tone(1.0 - x, y))
    }

    /// What is found, and what was read for that.
    fn scan(files: &Arc<Files>, folder: Option<&TempDir>, method: &str) -> (Vec<Pair>, Vec<u32>) {
        let (found, read) = scan_with(files, folder, method, 2);
        (found.pairs, read)
    }

    pub(crate) fn scan_with(
        files: &Arc<Files>,
        folder: Option<&TempDir>,
        method: &str,
        jobs: usize,
    ) -> (Duplicates, Vec<u32>) {
        let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
        let made = fingerprinted(files, folder, &executor);
        let found = find(&made.table, &made.images, method, &executor).expect("not stopped");
        (found, files.taken())
    }

    fn fingerprinted(
        files: &Arc<Files>,
        folder: Option<&TempDir>,
        executor: &Executor,
    ) -> Fingerprinted {
        let samples = (0..files.bytes.len() as u32).map(|id| Sample {
            id: SampleId(id),
            key: SampleKey::from_path(Path::new(&id.to_string())),
            split: None,
            labels: Labels::None,
            objects: crate::sample::NO_OBJECTS,
            group: None,
        });
        let listing = Listing {
            samples: samples.collect(),
            ..Listing::default()
        };
        let earlier = folder.map(|folder| Earlier {
            cache: Arc::new(Cache::open(folder.path(), cache::LIMIT).expect("a cache")),
            check_content: false,
        });
        compute(
            &listing,
            Arc::<Files>::clone(files),
            Limits::default(),
            earlier,
            executor,
            &Silent,
        )
        .expect("thumbnails fit on the disk")
    }

    #[test]
    fn what_is_seen_in_files_written_to_since_they_were_hashed_is_not_kept() {
        let executor = Executor::new(2, StopFlag::default()).expect("threads");
        for (touched, kept) in [(false, true), (true, false)] {
            let folder = TempDir::new().expect("temporary folder");
            let files = files(SET.clone());
            let made = fingerprinted(&files, Some(&folder), &executor);
            if touched {
                files.modified.store(2, Ordering::Relaxed);
            }
            find(&made.table, &made.images, "a", &executor).expect("not stopped");
            drop(made);
            let there = cache::contents(folder.path()).expect("shown");
            assert_eq!(there.expect("there").verdicts > 0, kept);
        }
    }

    #[test]
    fn copy_added_to_a_known_set_is_read_with_its_likes_and_nothing_else_is() {
        let known = files(SET.clone());
        let mut bytes = SET.clone();
        bytes.push(copy());
        let more = files(bytes);
        let added = more.bytes.len() as u32 - 1;
        let (plain, all) = scan_with(&more, None, "a", 1);
        assert!(all.len() > 2 * more.bytes.len(), "{all:?}");
        assert!(plain.pairs.iter().any(|pair| pair.b.0 == added));
        let folder = TempDir::new().expect("temporary folder");
        let (cold, looked) = scan(&known, Some(&folder), "a");
        assert_eq!(cold, scan(&known, None, "a").0);
        assert!(looked.len() > 2 * known.bytes.len(), "{looked:?}");
        let (found, read) = scan_with(&more, Some(&folder), "a", 4);
        assert_eq!(found, plain);
        let allowed = BTreeSet::from([12, 13, 14, added]);
        assert!(read.contains(&added), "{read:?}");
        assert!(read.iter().all(|id| allowed.contains(id)), "{read:?}");
        assert_eq!(scan(&more, Some(&folder), "a"), (plain.pairs, vec![]));
    }

    #[test]
    fn known_contents_under_other_names_are_looked_at_no_more() {
        let folder = TempDir::new().expect("temporary folder");
        let (plain, _) = scan(&files(SET.clone()), Some(&folder), "a");
        let touched = Arc::new(Files {
            bytes: SET.clone(),
            modified: AtomicI64::new(2),
            read: Mutex::default(),
        });
        let (found, read) = scan(&touched, Some(&folder), "a");
        assert_eq!(found, plain);
        // Once each, to learn that they are the same.
        assert_eq!(read, (0..touched.bytes.len() as u32).collect::<Vec<_>>());
    }

    #[test]
    fn damaged_looks_are_made_anew() {
        let folder = TempDir::new().expect("temporary folder");
        let known = files(SET.clone());
        let (plain, _) = scan(&known, Some(&folder), "a");
        // The pixels' hashes, on another shelf, are known to this one.
        let (_, looks) = scan(&known, Some(&folder), "b");
        let path = (cache::contents(folder.path()).expect("shown"))
            .expect("there")
            .path;
        for damage in [
            "zeroblob(length(bytes))",
            "substr(bytes, 2)",
            "CAST(x'00' || bytes AS BLOB)",
            "x''",
        ] {
            let store = Connection::open(&path).expect("opened");
            let change = format!("UPDATE verdicts SET bytes = {damage}");
            assert!(store.execute(&change, []).expect("changed") > 10);
            drop(store);
            let (found, read) = scan(&known, Some(&folder), "a");
            assert_eq!(found, plain, "{damage}");
            assert_eq!(read, looks, "{damage}");
            assert_eq!(scan(&known, Some(&folder), "a"), (plain.clone(), vec![]));
        }
    }

    #[test]
    fn looks_of_another_method_are_unknown() {
        let folder = TempDir::new().expect("temporary folder");
        let known = files(SET.clone());
        let (plain, _) = scan(&known, Some(&folder), "a");
        assert_eq!(scan(&known, Some(&folder), "a"), (plain.clone(), vec![]));
        let (found, read) = scan(&known, Some(&folder), "b");
        assert_eq!(found, plain);
        assert!(read.len() > 10, "{read:?}");
    }
}
