//! `decisions.csv` as text. Knows no sample.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{COLUMNS, Decision};
use crate::error::{Error, Result};
use crate::spreadsheet;

/// The list of a report.
pub const FILE: &str = "decisions.csv";

/// Decisions that apply to nothing in the data set any more.
pub const ASIDE: &str = "decisions-aside.csv";

/// Before each content hash, so that no spreadsheet takes one for a number.
pub(super) const CONTENT_MARK: &str = "b3-";

/// Where a list goes that cannot be read.
const UNREAD: &str = "decisions-unread";

/// What earlier scans left in a report's folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Every line that a person wrote into, those set aside last.
    pub decisions: Vec<Decision>,
    /// What a person should know of the files themselves.
    pub notes: Vec<String>,
}

/// Reads the text of a list.
///
/// # Errors
/// What is wrong with it.
pub fn parse(bytes: &[u8]) -> Result<Vec<Decision>, String> {
    let sheet = spreadsheet::read(bytes, None)?;
    let place = |name: &str| {
        sheet.column(name).ok_or_else(|| {
            format!("the column `{name}` is missing; the first line names the columns")
        })
    };
    let (sample, decision) = (place("sample")?, place("decision")?);
    let (given, suggested) = (place("given")?, place("suggested")?);
    let content = sheet.column("content");
    // Names that we wrote in earlier versions are no person's.
    let ours = |name: &str| COLUMNS.contains(&name) || ["score", "why", ""].contains(&name);
    let decisions = sheet.rows.iter().map(|row| {
        let cell = |place: usize| row.cells.get(place).cloned().unwrap_or_default();
        let more = sheet.headers.iter().zip(&row.cells);
        Decision {
            sample: cell(sample),
            given: cell(given),
            suggested: cell(suggested),
            decision: cell(decision).trim().to_owned(),
            content: content.map(cell).and_then(|text| content_of(&text)),
            more: more
                .filter(|(name, _)| !ours(name))
                .map(|(name, cell)| (name.clone(), cell.clone()))
                .collect(),
            line: row.line,
        }
    });
    Ok(decisions.collect())
}

/// The hash in a cell of ours, if it came back whole.
fn content_of(cell: &str) -> Option<String> {
    let hash = cell.trim().strip_prefix(CONTENT_MARK)?;
    (hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| hash.to_ascii_lowercase())
}

/// What a person wrote into the lists of the report in `folder`. A list that
/// cannot be read is moved out of the way, because the next one takes its
/// place.
///
/// # Errors
/// [`Error::Output`] when such a list cannot be moved.
pub fn earlier(folder: &Path) -> Result<Earlier> {
    let mut earlier = Earlier::default();
    for name in [FILE, ASIDE] {
        let path = folder.join(name);
        let read = match fs::read(&path) {
            Ok(bytes) => parse(&bytes),
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => Err(e.to_string()),
        };
        match read {
            Ok(lines) => {
                let written = lines.into_iter().filter(Decision::is_written);
                earlier.decisions.extend(written);
            }
            Err(why) => {
                let to = unread(folder);
                fs::rename(&path, &to).map_err(|e| Error::output(&path, e))?;
                earlier.notes.push(format!(
                    "`{}` cannot be read: {why}; it is kept as `{}`",
                    path.display(),
                    to.display()
                ));
            }
        }
    }
    Ok(earlier)
}

/// The first name for an unread list that nothing has.
fn unread(folder: &Path) -> PathBuf {
    let numbered = (1..).map(|n: u32| folder.join(format!("{UNREAD}-{n}.csv")));
    let mut free = numbered.filter(|path| fs::symlink_metadata(path).is_err());
    free.next().unwrap_or_else(|| folder.join(UNREAD))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_of_an_earlier_version_is_read() {
        let text = "sample,given,suggested,score,decision\na.jpg,cat,dog,0.1, keep \n";
        let read = parse(text.as_bytes()).expect("read");
        assert_eq!((read[0].decision.as_str(), read[0].line), ("keep", 2));
        assert!(read[0].content.is_none() && read[0].more.is_empty());
        assert!(parse(b"sample,given\n").is_err());
    }

    #[test]
    fn list_that_cannot_be_read_is_kept_under_another_name() {
        let folder = tempfile::tempdir().expect("a folder");
        for text in ["mine;too\n1;2\n", "other\n"] {
            fs::write(folder.path().join(FILE), text).expect("written");
            let earlier = earlier(folder.path()).expect("moved");
            assert_eq!(earlier.notes.len(), 1);
        }
        let kept = fs::read_to_string(folder.path().join("decisions-unread-1.csv"));
        assert_eq!(kept.expect("kept"), "mine;too\n1;2\n");
        assert!(folder.path().join("decisions-unread-2.csv").exists());
        assert!(!folder.path().join(FILE).exists());
    }
}
