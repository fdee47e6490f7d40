//! What a second scan keeps from the first.

use std::fs;
use std::path::Path;

use super::run::Place;

const SCAN: [&str; 4] = ["scan", "data", "--select", "LEAK"];

#[test]
fn second_scan_writes_the_same_report_without_opening_an_image() {
    let place = Place::new();
    place.leaky_set();
    let report = |folder: &str| ["--report".to_owned(), folder.to_owned()];
    place.splitlint(SCAN).args(report("cold")).exits(1);
    // Same size, time and inode, other bytes: only who reads can see it.
    blanked(&place.path("data/train/cat/000.jpg"), 0);
    place.splitlint(SCAN).args(report("warm")).exits(1);
    for table in ["findings.csv", "pairs.csv", "samples.csv", "drop.csv"] {
        let read = |folder: &str| place.read(format!("{folder}/{table}"));
        assert_eq!(read("cold"), read("warm"), "{table}");
    }
    let checked = place
        .splitlint(SCAN)
        .args(report("checked"))
        .arg("--check-content")
        .exits(0);
    assert!(!checked.stdout.contains("LEAK001"), "{}", checked.stdout);
}

/// Writes zeros from `start` on, and sets the time back.
fn blanked(file: &Path, start: usize) {
    let time = fs::metadata(file).and_then(|facts| facts.modified());
    let mut bytes = fs::read(file).expect("read");
    bytes[start..].fill(0);
    fs::write(file, bytes).expect("written");
    fs::File::options()
        .write(true)
        .open(file)
        .and_then(|file| file.set_modified(time.expect("a time")))
        .expect("time set back");
}

#[test]
fn second_scan_of_a_packed_archive_unpacks_nothing() {
    let place = Place::new();
    place.leaky_set();
    // A name that does not say whether it is an image, too.
    fs::write(place.path("data/train/cat/licence"), "free").expect("written");
    let packed = Vec::new();
    let packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    let mut archive = tar::Builder::new(packed);
    let added = archive.append_dir_all("data", place.path("data"));
    let packed = (added.and_then(|()| archive.into_inner()))
        .and_then(|packed| packed.finish())
        .expect("packed");
    fs::write(place.path("set.tar.gz"), packed).expect("written");
    let scan = ["scan", "set.tar.gz", "--select", "LEAK,FILE"];
    let report = |folder: &str| ["--report".to_owned(), folder.to_owned()];
    place.splitlint(scan).args(report("cold")).exits(1);
    // Behind the header of gzip: only who unpacks can see it.
    blanked(&place.path("set.tar.gz"), 64);
    place.splitlint(scan).args(report("warm")).exits(1);
    for table in ["findings.csv", "pairs.csv", "samples.csv", "drop.csv"] {
        let read = |folder: &str| place.read(format!("{folder}/{table}"));
        assert_eq!(read("cold"), read("warm"), "{table}");
    }
    let checked = place.splitlint(scan).arg("--check-content").exits(2);
    let refused = "no image in `set.tar.gz`";
    assert!(checked.stderr.contains(refused), "{}", checked.stderr);
}

#[test]
fn labels_are_judged_once_and_anew_when_one_changes() {
    let place = Place::new();
    place.tinted_set();
    let scan = |report: &str, more: &[&str]| {
        let arguments = ["scan", "data", "--select", "LABEL", "--report", report];
        place.splitlint(arguments).args(more).exits(0);
        let files = [
            "findings.csv",
            "samples.csv",
            "decisions.csv",
            "summary.json",
        ];
        files.map(|file| place.read(format!("{report}/{file}")))
    };
    let cold = scan("cold", &[]);
    assert_eq!(cold, scan("warm", &[]));
    assert_eq!(cold, scan("none", &["--no-cache"]));
    let moved = |from: &str, to: &str| {
        fs::rename(place.path(from), place.path(to)).expect("moved");
    };
    moved("data/test/cat/003.png", "data/test/dog/a003.png");
    let changed = scan("changed", &[]);
    assert_ne!(changed[1], cold[1]);
    assert_eq!(changed, scan("changed-anew", &["--no-cache"]));
    moved("data/test/dog/a003.png", "data/test/cat/003.png");
    assert_eq!(cold, scan("back", &[]));
}

#[test]
fn cache_is_shown_and_cleared() {
    let place = Place::new();
    place.leaky_set();
    place.splitlint(["cache"]).exits(0).says("no cache in");
    place.splitlint(SCAN).exits(1);
    let shown = place.splitlint(["cache", "show"]).exits(0);
    assert!(!shown.says("fingerprints of").stdout.contains(" 0 files"));
    place
        .splitlint(["cache", "clear"])
        .exits(0)
        .says("fingerprints of 0 files");
    place.splitlint(SCAN).exits(1);
}

#[test]
fn no_cache_leaves_nothing_behind() {
    let place = Place::new();
    place.leaky_set();
    place.splitlint(SCAN).arg("--no-cache").exits(1);
    place.splitlint(["cache"]).exits(0).says("no cache in");
}

#[test]
fn broken_cache_is_a_note_and_no_failure() {
    let place = Place::new();
    place.leaky_set();
    let cache = ["--cache", "kept"];
    place.write(
        "kept/splitlint-cache.sqlite3",
        "not a database ".repeat(500),
    );
    let noted = place.splitlint(SCAN).args(cache).exits(1);
    noted.warns("built anew");
    let sound = place.splitlint(SCAN).args(cache).exits(1);
    assert!(!sound.stderr.contains("cache"), "{}", sound.stderr);
    // A file where the folder should be.
    let in_the_way = ["--cache", "kept/splitlint-cache.sqlite3"];
    let without = place.splitlint(SCAN).args(in_the_way).exits(1);
    without.warns("cannot be used");
}
