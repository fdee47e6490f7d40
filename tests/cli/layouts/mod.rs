//! A new split in the layout that came in: annotations as they were, and a scan
//! from nothing that finds the same samples and no leak.

mod acting;
mod coco;
mod masks;
mod metadata;
mod shards;
mod voc;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::run::Place;

/// Splits `data` anew into halves, and scans the result from nothing.
fn halved(place: &Place, what: &str) {
    let command = ["resplit", "data", "--to", "new", "--fresh"];
    let sizes = ["--sizes", "train=0.5,val=0.5"];
    place.splitlint(command).args(sizes).exits(0);
    clean(place, what);
}

/// The written set has as many samples as `data`, and nothing to report.
fn clean(place: &Place, what: &str) {
    let args = ["scan", "new", "--no-cache", "--report", "again"];
    let select = ["--select", "LEAK001,LEAK002,FILE,OBJECT"];
    place.splitlint(args).args(select).exits(0).says(what);
    let rows = place.read("splitlint-resplit/splits.csv");
    let is_taken = |row: &&str| row.split(',').nth(2).is_some_and(|new| !new.is_empty());
    let before = rows.lines().skip(1).filter(is_taken).count();
    let after = place.read("again/samples.csv").lines().count() - 1;
    assert_eq!(after, before, "nothing is lost or doubled");
    let findings = place.read("again/findings.csv");
    assert_eq!(findings.lines().count(), 1, "{findings}");
}

/// All files below a folder, with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(&inside).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").to_owned();
                found.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    found
}
