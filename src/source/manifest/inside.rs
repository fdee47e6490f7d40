//! Finds the manifest that lies in a data set's folder. Lists nothing.

use std::fs;
use std::path::{Path, PathBuf};

use super::{columns, open};
use crate::error::Error;
use crate::source::Columns;
use crate::source::globs::Globs;

/// Names that say what the file is. Other tables may be anything.
const NAMES: [&str; 5] = [
    "manifest.csv",
    "manifest.tsv",
    "manifest.jsonl",
    "manifest.ndjson",
    "manifest.parquet",
];

/// Rows whose files are looked for: a manifest of something else names none.
const TRIED: usize = 50;

/// The manifest of the folder `root`: called so, with a column of paths, and one
/// of its first rows names a file that is there. `--exclude` leaves it out.
pub(in crate::source) fn inside(root: &Path, wanted: &Columns, globs: &Globs) -> Option<PathBuf> {
    NAMES
        .iter()
        .filter(|name| !globs.excludes(name))
        .map(|name| root.join(name))
        .find(|path| path.is_file() && names_images(path, wanted))
}

fn names_images(manifest: &Path, wanted: &Columns) -> bool {
    let Ok(mut table) = open(manifest) else {
        return false;
    };
    let Some(picked) = (table.columns().ok()).and_then(|names| columns::pick(&names, wanted).ok())
    else {
        return false;
    };
    let base = manifest.parent().unwrap_or(Path::new(""));
    let (mut tried, mut found) = (0, false);
    // Whatever ends the reading, what was found is found.
    let _ = table.rows(&picked, &mut |row| {
        if let Some(path) = row.cells.ok().and_then(|cells| cells.path) {
            let slashed = path.to_string_lossy().replace('\\', "/");
            found = [base.join(&path), base.join(slashed)]
                .iter()
                .any(|place| fs::metadata(place).is_ok_and(|there| there.is_file()));
            tried += 1;
        }
        match found || tried >= TRIED {
            true => Err(Error::Interrupted),
            false => Ok(()),
        }
    });
    found
}
