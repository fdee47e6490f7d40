//! Writes the report's folder whole or not at all. Leaves alone what is not
//! ours.

use std::fs;
use std::io;
use std::path::Path;

use super::{Report, json, tables};
use crate::decisions;
use crate::error::{Error, Result};
use crate::scratch::Scratch;

/// The name of the file that marks a folder as a report.
const SUMMARY: &str = "summary.json";

/// Files of ours that not every report has.
const SOMETIMES: [&str; 2] = ["report.html", decisions::ASIDE];

/// Writes the report into `folder`: tables, lists, `summary.json`, and the page
/// where one was made. An earlier report there is replaced; files that are not
/// ours stay.
///
/// # Errors
/// [`Error::Output`] that names what cannot be written. An earlier report is
/// then still as it was, unless the disk failed between two renamings.
pub fn write_folder(report: &Report<'_>, page: Option<&str>, folder: &Path) -> Result<()> {
    let is_there = folder.is_dir();
    // Inside a folder that exists, because it may be a disk of its own, over
    // whose edge nothing can be renamed.
    let place = match folder.parent() {
        _ if is_there => folder,
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |e: io::Error| Error::output(folder, e);
    fs::create_dir_all(place).map_err(failed)?;
    let new = Scratch::in_folder(place).map_err(failed)?;
    // Beside the folder an earlier scan may have begun it.
    new.sweep(match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    });
    fill(report, page, new.path()).map_err(|e| named_as_wanted(e, new.path(), folder))?;
    if is_there {
        replace(new.path(), folder)
    } else {
        fs::rename(new.path(), folder).map_err(failed)
    }
}

fn fill(report: &Report<'_>, page: Option<&str>, folder: &Path) -> Result<()> {
    tables::write(report, folder)?;
    let text = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|e| Error::output(path, e))
    };
    text(SUMMARY, &json::summary(report))?;
    page.map_or(Ok(()), |page| text("report.html", page))
}

/// The error about a file in `new`, with the place where it would have come to lie.
fn named_as_wanted(error: Error, new: &Path, wanted: &Path) -> Error {
    match error {
        Error::Output { path, reason } => {
            let path = match path.strip_prefix(new) {
                Ok(inside) => wanted.join(inside),
                Err(_) => path,
            };
            Error::Output { path, reason }
        }
        other => other,
    }
}

/// Moves every file of `new` into `folder`, and removes what an earlier report
/// left there that this one has not.
fn replace(new: &Path, folder: &Path) -> Result<()> {
    let sometimes = SOMETIMES.into_iter().chain(tables::OF_OBJECTS);
    for name in tables::FILES.into_iter().chain(sometimes).chain([SUMMARY]) {
        let (from, to) = (new.join(name), folder.join(name));
        let moved = if from.exists() {
            fs::rename(&from, &to)
        } else {
            match fs::remove_file(&to) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
                _ => Ok(()),
            }
        };
        moved.map_err(|e| Error::output(&to, e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;
    use crate::report::fixture::Fixture;

    fn names(folder: &Path) -> BTreeSet<String> {
        fs::read_dir(folder)
            .expect("a folder")
            .map(|inside| inside.expect("readable").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    fn ours() -> BTreeSet<String> {
        let files = tables::FILES.into_iter().chain([SUMMARY]);
        files.map(str::to_owned).collect()
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().expect("a folder");
        let report = place.path().join("new").join("report");
        (place, report)
    }

    #[test]
    fn new_folder_holds_every_file_and_leaves_nothing_beside_it() {
        let (_place, folder) = place();
        write_folder(&Fixture::new().report(), None, &folder).expect("written");
        assert_eq!(names(&folder), ours());
        assert_eq!(names(folder.parent().expect("made")).len(), 1);
    }

    #[test]
    fn later_report_replaces_an_earlier_one_and_keeps_what_is_not_ours() {
        let (_place, folder) = place();
        let fixture = Fixture::new();
        write_folder(&fixture.report(), Some("<html>"), &folder).expect("written");
        fs::write(folder.join("notes.txt"), "mine").expect("written");
        fs::write(folder.join("drop.csv"), "old").expect("written");
        write_folder(&fixture.report(), None, &folder).expect("written");
        let mut expected = ours();
        expected.insert("notes.txt".to_owned());
        assert_eq!(names(&folder), expected);
        let drops = fs::read_to_string(folder.join("drop.csv")).expect("there");
        assert!(drops.starts_with("sample,split,because_of,finding\n"));
    }

    #[test]
    fn two_reports_of_one_outcome_are_byte_equal() {
        let (place, folder) = place();
        let other = place.path().join("other");
        let fixture = Fixture::new();
        write_folder(&fixture.report(), None, &folder).expect("written");
        write_folder(&fixture.report(), None, &other).expect("written");
        for name in names(&folder) {
            let read = |folder: &Path| fs::read(folder.join(&name)).expect("there");
            assert_eq!(read(&folder), read(&other), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let (place, _) = place();
        let taken = place.path().join("taken");
        fs::write(&taken, "x").expect("written");
        let below = taken.join("report");
        let error = write_folder(&Fixture::new().report(), None, &below).expect_err("a file");
        assert!(error.to_string().contains("taken"), "{error}");
    }
}
