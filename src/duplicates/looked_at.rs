//! The pictures of a scan as an album, which remembers what an earlier scan
//! saw in a pair. Judges nothing itself.

use super::look::{self, Look};
use super::prove::{Album, Proven};
use crate::decode::{Plane, Thumbnail};
use crate::executor::{Executor, Interrupted};
use crate::finding::Relation;
use crate::fingerprint::cache::Key;
use crate::fingerprint::{FingerprintTable, Pictures};
use crate::sample::{ContentHash, SampleId};

/// What is left between two pictures that may hold the same pixels, over the
/// contrast: thumbnails of one picture by two decoders differ by rounding.
const UNTOUCHED: f32 = 0.03;

/// The first sample of each content, as pictures to compare.
pub(super) struct LookedAt<'a> {
    pub(super) table: &'a FingerprintTable,
    pub(super) pictures: &'a Pictures,
    pub(super) copies: &'a [Vec<SampleId>],
    /// Names how pairs are judged: what was kept under another name is unknown.
    pub(super) method: &'a str,
}

impl Album for LookedAt<'_> {
    fn thumbnail(&self, index: usize) -> Option<(Thumbnail, u32, u32)> {
        let id = self.sample(index)?;
        let facts = self.table.facts(id)?;
        // Without hashes there is too little in the picture to compare.
        facts.hashes?;
        let thumbnail = self.pictures.thumbnail(id)?;
        Some((thumbnail, facts.header.width, facts.header.height))
    }

    fn luma(&self, index: usize, side: u32) -> Option<Plane> {
        self.pictures.luma(self.sample(index)?, side)
    }

    fn remembered(&self, looks: &[Look]) -> Vec<Option<Option<f32>>> {
        if !self.pictures.remembers() {
            return vec![None; looks.len()];
        }
        let keys: Vec<Option<Key>> = looks.iter().map(|look| self.key(look)).collect();
        let kept = self.pictures.verdicts(&keys).into_iter();
        kept.map(|bytes| look::from_bytes(&bytes?)).collect()
    }

    fn remember(&self, look: &Look, odds: Option<f32>) {
        if self.may_be_kept([look.fixed, look.moving])
            && let Some(key) = self.key(look)
        {
            self.pictures.keep_verdict(key, look::to_bytes(odds));
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

    /// Whether what was just seen in two pictures belongs to their contents: a
    /// file written to since it was hashed shows another picture.
    fn may_be_kept(&self, pair: [usize; 2]) -> bool {
        let unchanged = |index| {
            self.sample(index)
                .is_some_and(|id| self.pictures.is_unchanged(id))
        };
        self.pictures.remembers() && pair.into_iter().all(unchanged)
    }

    /// The name of what a closer look gives. Two files of one content that can
    /// be decoded hold one picture, whatever they are called.
    fn key(&self, look: &Look) -> Option<Key> {
        let (fixed, moving) = (self.content(look.fixed)?, self.content(look.moving)?);
        let parts = [&b"look"[..], &fixed.0, &moving.0, &look.terms];
        Some(Key::of_parts(self.method, parts))
    }

    /// Which of `pairs` hold the same pixels: stored anew without loss. Of
    /// these only those that look untouched are decoded again, once in a
    /// cache's life.
    pub(super) fn of_same_pixels(
        &self,
        pairs: &[Proven],
        executor: &Executor,
    ) -> Result<Vec<bool>, Interrupted> {
        let mut same = vec![false; pairs.len()];
        let untouched: Vec<usize> = (0..pairs.len())
            .filter(|&i| self.looks_untouched(&pairs[i]))
            .collect();
        let keys: Vec<Option<Key>> = (untouched.iter())
            .map(|&i| self.key_of_pixels(&pairs[i]))
            .collect();
        let kept = self.pictures.verdicts(&keys);
        let answers = executor.map(untouched.len(), |k| {
            if let Some([known @ (0 | 1)]) = kept[k].as_deref() {
                return *known == 1;
            }
            let pair = &pairs[untouched[k]];
            let same = self.same_pixels(pair);
            if let (Some(same), Some(key)) = (same, keys[k])
                && self.may_be_kept([pair.first as usize, pair.second as usize])
            {
                self.pictures.keep_verdict(key, vec![u8::from(same)]);
            }
            same == Some(true)
        })?;
        for (i, answer) in untouched.into_iter().zip(answers) {
            same[i] = answer;
        }
        Ok(same)
    }

    fn looks_untouched(&self, proven: &Proven) -> bool {
        proven.relation == Relation::Near
            && proven.residual < UNTOUCHED
            && self.size(proven.first as usize) == self.size(proven.second as usize)
    }

    /// `None` if one of the two cannot be read any more.
    fn same_pixels(&self, proven: &Proven) -> Option<bool> {
        let hash = |index: u32| self.pictures.pixel_hash(self.sample(index as usize)?);
        Some(hash(proven.first)? == hash(proven.second)?)
    }

    /// The same whichever of the two comes first.
    fn key_of_pixels(&self, proven: &Proven) -> Option<Key> {
        let content = |index: u32| self.content(index as usize);
        let (a, b) = (content(proven.first)?, content(proven.second)?);
        let method = format!("{}: pixels", self.method);
        Some(Key::of_pair(&method, a.min(b), a.max(b)))
    }

    fn size(&self, index: usize) -> Option<(u32, u32)> {
        let header = &self.table.facts(self.sample(index)?)?.header;
        Some((header.width, header.height))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Cursor;
    use std::path::Path;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Arc, LazyLock, Mutex, PoisonError};

    use rusqlite::Connection;
    use tempfile::TempDir;

    use super::super::find::find;
    use super::super::tests::{Scene, photo};
    use super::super::{Duplicates, Pair};
    use crate::decode::Limits;
    use crate::executor::{Executor, StopFlag};
    use crate::fingerprint::cache::{self, Cache};
    use crate::fingerprint::{Earlier, Fingerprinted, compute};
    use crate::progress::Silent;
    use crate::sample::{Labels, Listing, Sample, SampleId, SampleKey};
    use crate::source::{ReadFailure, Reader, Stamp};

    /// Files in memory that note which of them are read.
    struct Files {
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

        fn extension(&self, _: SampleId) -> Option<String> {
            None
        }

        fn stamp(&self, id: SampleId) -> Option<Stamp> {
            Some(Stamp {
                path: format!("/{}", id.0).into(),
                size: self.bytes[id.index()].len() as u64,
                modified: self.modified.load(Ordering::Relaxed).into(),
                inode: None,
            })
        }
    }

    fn files(bytes: Vec<Vec<u8>>) -> Arc<Files> {
        Arc::new(Files {
            bytes,
            modified: AtomicI64::new(1),
            read: Mutex::default(),
        })
    }

    fn encoded(tone: impl Fn(f32, f32) -> f32, format: image::ImageFormat) -> Vec<u8> {
        let luma = photo(200, 150, tone).luma;
        let picture = image::GrayImage::from_raw(luma.width, luma.height, luma.samples);
        let mut file = Cursor::new(Vec::new());
        (picture.expect("as many samples as pixels"))
            .write_to(&mut file, format)
            .expect("written to memory");
        file.into_inner()
    }

    fn png(tone: impl Fn(f32, f32) -> f32) -> Vec<u8> {
        encoded(tone, image::ImageFormat::Png)
    }

    /// Three pictures of each of six scenes, `3 * scene` the first: as it is,
    /// brighter, and cropped. Then scene 5 once more, in another format.
    static SET: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
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

    fn scan_with(
        files: &Arc<Files>,
        folder: Option<&TempDir>,
        method: &str,
        jobs: usize,
    ) -> (Duplicates, Vec<u32>) {
        let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
        let made = fingerprinted(files, folder, &executor);
        let found = find(&made.table, &made.pictures, method, &executor).expect("not stopped");
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
            find(&made.table, &made.pictures, "a", &executor).expect("not stopped");
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
