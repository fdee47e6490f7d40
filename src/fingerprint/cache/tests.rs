//! The cache under change, damage, company and sudden death.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::decode::{Limits, Thumbnail};
use crate::executor::{Executor, StopFlag};
use crate::fingerprint::spool::Batch;
use crate::fingerprint::{Earlier, Fingerprinted, compute};
use crate::progress::Silent;
use crate::sample::Location;
use crate::sample::{ContentHash, Labels, Listing, Sample, SampleId, SampleKey};
use crate::source::{ReadFailure, Reader, Version};

/// Files in memory that count how often they are read.
struct Files {
    bytes: Vec<Vec<u8>>,
    modified: i128,
    reads: AtomicUsize,
    /// Raised when this many files were read.
    stop: Option<(usize, StopFlag)>,
}

impl Reader for Files {
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        let reads = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some((limit, stop)) = &self.stop
            && reads >= *limit
        {
            stop.raise();
        }
        Ok(self.bytes[id.index()].clone())
    }

    fn version(&self, id: SampleId) -> Option<Version> {
        Some(Version::of(&[
            &id.0.to_le_bytes(),
            &self.bytes[id.index()].len().to_le_bytes(),
            &self.modified.to_le_bytes(),
        ]))
    }

    fn location(&self, id: SampleId) -> Location {
        Location::File(format!("/{}", id.0).into())
    }
}

fn files(bytes: Vec<Vec<u8>>) -> Arc<Files> {
    Arc::new(Files {
        bytes,
        modified: 1,
        reads: AtomicUsize::new(0),
        stop: None,
    })
}

/// An image of bright and dark blocks that depend on `seed`.
fn png(seed: u32) -> Vec<u8> {
    let image = image::RgbImage::from_fn(40, 30, |x, y| {
        let block = (x / 8 + 5 * (y / 8)) * (seed + 3) % 7;
        image::Rgb([(block * 36) as u8, (seed * 29 % 256) as u8, (x * 6) as u8])
    });
    let mut png = Cursor::new(Vec::new());
    image
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("written to memory");
    png.into_inner()
}

fn drawn(count: u32) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = (0..count).map(png).collect();
    all.push(Vec::new());
    all.push(b"not an image".to_vec());
    all
}

fn executor(stop: StopFlag) -> Executor {
    Executor::new(2, stop).expect("threads")
}

fn run(files: &Arc<Files>, cache: Option<&Path>) -> (Fingerprinted, Vec<String>) {
    run_with(files, cache, false)
}

fn run_with(
    files: &Arc<Files>,
    folder: Option<&Path>,
    check_content: bool,
) -> (Fingerprinted, Vec<String>) {
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
    let cache = folder.map(|folder| Arc::new(Cache::open(folder, LIMIT).expect("a cache")));
    let earlier = cache.clone().map(|cache| Earlier {
        cache,
        check_content,
    });
    let stop = files.stop.clone().map(|(_, stop)| stop);
    let fingerprinted = compute(
        &listing,
        Arc::<Files>::clone(files),
        Limits::default(),
        earlier,
        &executor(stop.unwrap_or_default()),
        &Silent,
    )
    .expect("thumbnails fit on the disk");
    (
        fingerprinted,
        cache.map_or_else(Vec::new, |cache| cache.notes()),
    )
}

fn reads(files: &Files) -> usize {
    files.reads.swap(0, Ordering::Relaxed)
}

fn thumbnails(of: &Fingerprinted) -> Vec<Option<Thumbnail>> {
    let ids = (0..of.table.len() as u32).map(SampleId);
    ids.map(|id| of.images.thumbnails.get(id)).collect()
}

#[test]
fn warm_scan_reads_no_file_and_answers_the_same() {
    let folder = TempDir::new().expect("temporary folder");
    let files = files(drawn(150));
    let (plain, _) = run(&files, None);
    let plain_previews: Vec<_> = (0..152)
        .map(|id| plain.images.access.preview(SampleId(id), 20))
        .collect();
    for scan in ["cold", "warm", "warm again"] {
        reads(&files);
        let (found, notes) = run(&files, Some(folder.path()));
        assert!(found.table == plain.table, "{scan}");
        assert!(thumbnails(&found) == thumbnails(&plain), "{scan}");
        let previews: Vec<_> = (0..152)
            .map(|id| found.images.access.preview(SampleId(id), 20))
            .collect();
        assert!(previews == plain_previews, "{scan}");
        let hash = found.images.access.pixel_hash(SampleId(7));
        assert_eq!(hash, plain.images.access.pixel_hash(SampleId(7)));
        assert!(notes.is_empty(), "{notes:?}");
        if scan != "cold" {
            // Of the scan without a cache, which hashes pixels anew.
            assert_eq!(reads(&files), 1, "{scan}");
        }
    }
}

#[test]
fn changed_file_is_read_again() {
    let folder = TempDir::new().expect("temporary folder");
    let before = files(drawn(10));
    run(&before, Some(folder.path()));
    let mut changed = drawn(10);
    changed[3] = png(99);
    let longer = files(changed);
    let (found, _) = run(&longer, Some(folder.path()));
    let changed_only = usize::from(longer.bytes[3].len() != before.bytes[3].len());
    assert_eq!(reads(&longer), changed_only);
    let touched = Arc::new(Files {
        bytes: longer.bytes.clone(),
        modified: 2,
        reads: AtomicUsize::new(0),
        stop: None,
    });
    let (anew, _) = run(&touched, Some(folder.path()));
    assert_eq!(reads(&touched), 12);
    if changed_only == 1 {
        assert!(found.table == anew.table);
    }
}

#[test]
fn content_is_checked_on_request() {
    let folder = TempDir::new().expect("temporary folder");
    let before = files(vec![png(1), b"no image, of 23 bytes".to_vec()]);
    run(&before, Some(folder.path()));
    // Same size and time, other content.
    let after = files(vec![png(1), b"No image, of 23 bytes".to_vec()]);
    let (trusting, _) = run(&after, Some(folder.path()));
    assert_ne!(
        trusting.table.get(SampleId(1)).and_then(|row| row.content),
        Some(ContentHash::of(&after.bytes[1]))
    );
    let (checking, _) = run_with(&after, Some(folder.path()), true);
    assert!(checking.table == run(&after, None).0.table);
}

#[test]
fn interrupted_scan_resumes() {
    let folder = TempDir::new().expect("temporary folder");
    let stopped = Arc::new(Files {
        bytes: drawn(400),
        modified: 1,
        reads: AtomicUsize::new(0),
        stop: Some((100, StopFlag::default())),
    });
    let (partial, _) = run(&stopped, Some(folder.path()));
    assert!(partial.interrupted);
    let done = reads(&stopped);
    assert!((100..400).contains(&done), "{done}");
    let rest = files(drawn(400));
    let (whole, _) = run(&rest, Some(folder.path()));
    assert!(!whole.interrupted);
    assert_eq!(done + reads(&rest), 402);
    assert!(whole.table == run(&rest, None).0.table);
}

#[test]
fn damaged_or_foreign_cache_is_built_anew_with_a_note() {
    let foreign = |path: &Path| {
        let other = Connection::open(path).expect("opened");
        other
            .execute_batch("CREATE TABLE notes (text)")
            .expect("made");
    };
    let garbage =
        |path: &Path| fs::write(path, "no database at all ".repeat(999)).expect("written");
    let other_version = |path: &Path| {
        let ours = Connection::open(path).expect("opened");
        ours.execute_batch("PRAGMA user_version = 99").expect("set");
    };
    let wrecks: [&dyn Fn(&Path); 3] = [&foreign, &garbage, &other_version];
    for wreck in wrecks {
        let folder = TempDir::new().expect("temporary folder");
        let path = store::file(folder.path());
        drop(Cache::open(folder.path(), LIMIT).expect("a cache"));
        if path.exists() {
            store::remove(&path).expect("removed");
        }
        drop(Cache::open(folder.path(), LIMIT).expect("a cache"));
        wreck(&path);
        let files = files(drawn(5));
        let (found, notes) = run(&files, Some(folder.path()));
        assert!(found.table == run(&files, None).0.table);
        // A table more in our own file harms nothing.
        assert!(notes.len() <= 1, "{notes:?}");
        reads(&files);
        run(&files, Some(folder.path()));
        assert_eq!(reads(&files), 0);
    }
}

#[test]
fn flipped_bytes_anywhere_never_change_an_answer() {
    let folder = TempDir::new().expect("temporary folder");
    let path = store::file(folder.path());
    let files = files(drawn(60));
    let (plain, _) = run(&files, None);
    run(&files, Some(folder.path()));
    let sound = fs::read(&path).expect("read");
    assert!(sound.len() > 100_000, "{}", sound.len());
    for step in 0..40 {
        store::remove(&path).expect("removed");
        let mut damaged = sound.clone();
        let length = damaged.len();
        // A run of bytes, as a bad sector leaves it.
        for byte in &mut damaged[step * length / 40..][..length / 50] {
            *byte ^= 0x5A;
        }
        fs::write(&path, damaged).expect("written");
        let (found, _) = run(&files, Some(folder.path()));
        assert!(found.table == plain.table, "{step}");
        assert!(thumbnails(&found) == thumbnails(&plain), "{step}");
    }
}

#[test]
fn folder_that_cannot_be_made_is_told() {
    let folder = TempDir::new().expect("temporary folder");
    let blocked = folder.path().join("file");
    fs::write(&blocked, "x").expect("written");
    let messages = Cache::open(&blocked.join("below"), LIMIT)
        .err()
        .expect("refused");
    assert!(messages.contains("cannot be used"), "{messages}");
}

#[test]
fn two_scans_share_a_cache() {
    let folder = TempDir::new().expect("temporary folder");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let files = files(drawn(80));
                let (found, notes) = run(&files, Some(folder.path()));
                assert!(notes.is_empty(), "{notes:?}");
                assert!(found.table == run(&files, None).0.table);
            });
        }
    });
}

const CHILD: &str = "SPLITLINT_TEST_CACHE_OF_A_CHILD";

/// What a row of the child's holds, so that the parent notices a partial one.
fn payload(number: u32) -> Vec<u8> {
    number.to_le_bytes().repeat(500)
}

fn numbered(number: u32) -> Key {
    let number = u128::from(number).to_le_bytes();
    Key::of_pair("kill", ContentHash(number), ContentHash(number))
}

/// Not a test of its own: fills a cache until it is killed.
#[test]
fn child_that_writes_until_killed() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let cache = Cache::open(Path::new(&folder), LIMIT).expect("a cache");
    for number in 0.. {
        cache.put(Shelf::Derived, numbered(number), payload(number));
    }
}

#[test]
fn killed_writer_leaves_a_sound_cache() {
    let folder = TempDir::new().expect("temporary folder");
    let mut most = 0;
    for wait in [60, 110, 170, 230] {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                "fingerprint::cache::tests::child_that_writes_until_killed",
            ])
            .env(CHILD, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().expect("killed");
        child.wait().expect("ended");
        let cache = Cache::open(folder.path(), LIMIT).expect("a cache");
        assert!(cache.notes().is_empty(), "{:?}", cache.notes());
        let answer: String = lock(&cache.writer)
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .expect("checked");
        assert_eq!(answer, "ok");
        let rows = store::count(&lock(&cache.writer), Shelf::Derived).expect("counted") as u32;
        // Batches are written in order: what is there is a beginning.
        for number in 0..rows {
            assert_eq!(
                cache.get(Shelf::Derived, numbered(number)),
                Some(payload(number))
            );
        }
        most = most.max(rows);
    }
    assert!(most > 0, "the child was never fast enough to write");
}

#[test]
fn over_the_limit_the_least_recently_used_goes() {
    let folder = TempDir::new().expect("temporary folder");
    const SMALL: u64 = 1 << 20;
    let key = |scan: u32, number: u32| numbered(1000 * scan + number);
    let mut kept = BTreeMap::new();
    for scan in 0..40 {
        let cache = Cache::open(folder.path(), SMALL).expect("a cache");
        for number in 0..50 {
            cache.put(Shelf::Derived, key(scan, number), payload(number));
        }
        // The first scan's rows are asked for by every scan.
        for number in 0..50 {
            let asked = cache.get(Shelf::Derived, key(0, number));
            *kept.entry(scan).or_insert(0) += u32::from(asked.is_some());
        }
    }
    let cache = Cache::open(folder.path(), SMALL).expect("a cache");
    let there = |scan| cache.get(Shelf::Derived, key(scan, 1)).is_some();
    assert!(there(39) && !there(1));
    let size = store::size(&lock(&cache.writer)).expect("size");
    assert!(size <= SMALL + 200_000, "{size}");
    drop(cache);
    clear(folder.path()).expect("cleared");
    let left = contents(folder.path()).expect("shown").expect("there");
    assert_eq!((left.fingerprints, left.derived, left.verdicts), (0, 0, 0));
    assert!(left.bytes < 100_000, "{left:?}");
}

#[test]
fn fingerprints_change_only_with_their_version() {
    // Raw formats and the simplest encoder, so that what changes is ours.
    let encoded = |format| {
        let png = image::load_from_memory(&png(5)).expect("decoded");
        let mut bytes = Cursor::new(Vec::new());
        png.write_to(&mut bytes, format).expect("written to memory");
        bytes.into_inner()
    };
    let files = files(vec![
        encoded(image::ImageFormat::Pnm),
        encoded(image::ImageFormat::Jpeg),
        b"not an image".to_vec(),
    ]);
    let (found, _) = run(&files, None);
    let mut all = Vec::new();
    for (id, row) in found.table.iter() {
        all.extend(to_bytes(row).expect("serialised"));
        let mut batch = Batch::default();
        if let Some(thumbnail) = found.images.thumbnails.get(id) {
            all.extend(batch.add(&thumbnail, None).1);
        }
    }
    assert_eq!(
        (key::VERSION, ContentHash::of(&all).to_string().as_str()),
        (11, "48bf1018e14b6c8cb26cead39e83bf92"),
        "fingerprints of the same files have changed: raise `VERSION` in `key.rs`, and put here \
         what is found now"
    );
}
