//! Whether the report can go where it is wanted, asked before minutes are
//! spent. Leaves nothing behind.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::error::{Error, Result};

/// The file by which a folder is known as a report of ours.
const MARK: &str = "summary.json";

/// Checks that the report's folder and all further files can be written.
///
/// # Errors
/// [`Error::Output`] about the first that cannot.
pub(super) fn check(settings: &Settings) -> Result<()> {
    folder(&settings.report)?;
    settings
        .outputs
        .iter()
        .try_for_each(|output| file(&output.path))
}

/// A report replaces an earlier one, so it must not land on anything else.
fn folder(path: &Path) -> Result<()> {
    if path.exists() && !path.is_dir() {
        return Err(Error::output(
            path,
            "a file is in the way; name a folder with `--report`",
        ));
    }
    let holds_other_things = path
        .read_dir()
        .is_ok_and(|mut inside| inside.next().is_some())
        && !path.join(MARK).is_file();
    if holds_other_things {
        return Err(Error::output(
            path,
            "the folder holds other things and no report; name a new folder with `--report`",
        ));
    }
    writable(path, path)
}

/// Checks that a file can be written.
///
/// # Errors
/// [`Error::Output`] when it cannot.
pub(super) fn file(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::output(path, "it is a folder; name a file"));
    }
    writable(path, path.parent().unwrap_or(Path::new("")))
}

/// Tries to write into `folder`, or into the nearest folder above it that is
/// there already.
fn writable(wanted: &Path, folder: &Path) -> Result<()> {
    let mut there: PathBuf = if folder.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        folder.to_owned()
    };
    while !there.exists() {
        there = match there.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
    }
    if !there.is_dir() {
        let reason = format!("`{}` is a file, not a folder", there.display());
        return Err(Error::output(wanted, reason));
    }
    tempfile::tempfile_in(&there).map(drop).map_err(|e| {
        Error::output(
            wanted,
            format!("no file can be made in `{}`: {e}", there.display()),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn new_folder_empty_folder_and_earlier_report_are_fine() {
        let place = tempfile::tempdir().expect("a folder");
        folder(&place.path().join("a/b/c")).expect("can be made");
        folder(place.path()).expect("empty");
        fs::write(place.path().join(MARK), "{}").expect("written");
        folder(place.path()).expect("a report of ours");
        assert!(!place.path().join("a").exists(), "nothing is left behind");
    }

    #[test]
    fn file_in_the_way_and_folder_of_other_things_are_refused() {
        let place = tempfile::tempdir().expect("a folder");
        let taken = place.path().join("taken");
        fs::write(&taken, "x").expect("written");
        for wrong in [&taken, &taken.join("below"), place.path()] {
            assert!(folder(wrong).is_err(), "{}", wrong.display());
        }
        assert!(file(place.path()).is_err());
        assert!(file(&taken.join("out.sarif")).is_err());
        file(&place.path().join("new/out.sarif")).expect("can be made");
    }
}
