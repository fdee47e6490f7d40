//! What each fuzz target does with its bytes: one function for each parser of
//! ours, in any state of disrepair of its input.
//!
//! `cargo +nightly fuzz run jpeg` from the repository's folder. A panic is a
//! find even where the program would catch it, because libFuzzer stops at the
//! panic itself.

use std::fs;
use std::path::Path;

use splitlint::config;
use splitlint::decode::{self, Limits};
use splitlint::executor::StopFlag;
use splitlint::features::supplied::{self, RowsFile};
use splitlint::fingerprint::cache;
use splitlint::gate::Baseline;
use splitlint::progress::Silent;
use splitlint::sample::Listing;
use splitlint::source::{self, Request};

/// Little enough that an image takes no second.
const LIMITS: Limits = Limits {
    max_pixels: 4_000_000,
};

/// The reader of a JPEG's DC coefficients, headers and EXIF, and its fallbacks.
pub fn jpeg(bytes: &[u8]) {
    if bytes.starts_with(&[0xff, 0xd8]) {
        image(bytes);
    }
}

/// The row-wise reduction of PNG.
pub fn png(bytes: &[u8]) {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        image(bytes);
    }
}

/// Every road from bytes to pixels. A thumbnail is never of no size.
pub fn image(bytes: &[u8]) {
    if let Ok(decoded) = decode::decode(bytes, Some("tga"), &LIMITS) {
        let luma = &decoded.thumbnail.luma;
        assert!(luma.width > 0 && luma.height > 0);
        assert_eq!(luma.samples.len(), (luma.width * luma.height) as usize);
    }
    let _ = decode::luma(bytes, None, &LIMITS, 256);
    let _ = decode::preview(bytes, None, &LIMITS, 64);
    let _ = decode::pixel_hash(bytes, None, &LIMITS);
}

/// A record of the cache. What is read is written again and read alike.
pub fn record(bytes: &[u8]) {
    let Some(read) = cache::from_bytes(bytes) else {
        return;
    };
    if let Some(written) = cache::to_bytes(&read) {
        let again = cache::from_bytes(&written).expect("its own record");
        assert_eq!(cache::to_bytes(&again), Some(written));
    }
}

/// A manifest: the first byte chooses among CSV, TSV and JSON lines. Parquet is
/// left out here and below: its library panics on most damage, which we catch.
pub fn manifest(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let name = ["m.csv", "m.tsv", "m.jsonl"][usize::from(kind % 3)];
    with_file(name, text, |path| {
        let request = Request {
            root: Some(path.to_owned()),
            ..Request::default()
        };
        let _ = source::list(&request, &StopFlag::default(), &Silent);
    });
}

/// Vectors that the user brings: NumPy and its archives.
pub fn rows(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let name = ["r.npy", "r.npz"][usize::from(kind % 2)];
    with_file(name, text, |path| {
        let keys = path.with_file_name("keys.txt");
        fs::write(&keys, "train/a/1.jpg\ntrain/b/2.jpg\n").expect("written");
        let file = RowsFile {
            path: path.to_owned(),
            keys: Some(keys),
        };
        let _ = supplied::load(&file, &Listing::default(), None);
    });
}

/// A baseline. What is read is written again and read alike.
pub fn baseline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(read) = Baseline::parse(text) {
        let again = Baseline::parse(&read.render()).expect("its own lines");
        assert_eq!(again.render(), read.render());
    }
}

/// Settings, to the point where a scan would begin.
pub fn settings(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = config::resolve(config::parse(text, "splitlint.toml"));
    }
}

fn with_file(name: &str, bytes: &[u8], work: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("written");
    work(&path);
}
