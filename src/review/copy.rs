//! A copy of what stays of a data set, whole or not at all. Never changes or
//! deletes what it copies from.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::stay::Stay;
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::sample::{Location, SampleId};
use crate::scratch::Scratch;
use crate::source::Reader;

/// Members written out with a container opened once.
const RUN: usize = 64;

/// How a copy is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A second name where the disk allows it, else the bytes again. Whoever
    /// then changes one file in place changes both.
    LinkOrCopy,
    /// A second name for the same file; takes no room, needs the same disk.
    HardLink,
    /// A pointer to the file.
    Symlink,
    /// The bytes again; where the disk can, the system shares the room until one
    /// of the two changes.
    Copy,
}

/// A file of a copy that is no image of its own.
pub struct Beside {
    /// Where it comes to lie, `/` between parts.
    pub to: String,
    /// What it holds.
    pub what: Content,
}

/// What a file of a copy holds.
pub enum Content {
    /// The bytes of a file, again.
    File(PathBuf),
    /// A text.
    Text(String),
    /// Bytes that are made while they are written.
    Made(Make),
}

/// Writes the bytes of one file.
pub type Make = Box<dyn Fn(&mut dyn Write, &StopFlag) -> Result<(), NotMade>>;

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// What it is made from cannot be read, or a stop was asked for.
    #[error(transparent)]
    From(#[from] Error),
}

impl Beside {
    /// The text of a `manifest.csv`.
    pub fn manifest(text: String) -> Self {
        Self {
            to: "manifest.csv".to_owned(),
            what: Content::Text(text),
        }
    }
}

/// Makes a copy of what stays in `folder`, whole or not at all; with the files
/// `beside` the images, such as a manifest where the folders alone do not tell
/// splits and labels.
/// Members of containers are written out as files.
///
/// # Errors
/// [`Error::Output`] when `folder` holds something, or cannot be written;
/// [`Error::Interrupted`] when the user asked to stop.
pub fn copy(
    staying: &[Stay],
    reader: &dyn Reader,
    folder: &Path,
    by: By,
    beside: &[Beside],
    stop: &StopFlag,
) -> Result<()> {
    let failed = |e: io::Error| Error::output(folder, e);
    if folder.exists() {
        let mut inside = folder.read_dir().map_err(failed)?;
        if inside.next().is_some() {
            return Err(Error::output(
                folder,
                "it holds something; name a new folder",
            ));
        }
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(failed)?;
    let scratch = Scratch::in_folder(parent).map_err(failed)?;
    let inside = scratch.path();
    let failed_at = |stay: &Stay, e: io::Error| Error::output(folder.join(&stay.to), hint(e, by));
    let mut members = BTreeMap::new();
    for stay in staying {
        stop.check()?;
        let to = inside.join(&stay.to);
        fs::create_dir_all(to.parent().unwrap_or(inside)).map_err(|e| failed_at(stay, e))?;
        match &stay.from {
            Location::File(from) => put(from, &to, by).map_err(|e| failed_at(stay, e))?,
            Location::Member { .. } => {
                members.insert(stay.id, stay);
            }
        }
    }
    extract(&members, reader, inside, folder, stop)?;
    for file in beside {
        stop.check()?;
        let to = inside.join(&file.to);
        let failed = |e: io::Error| Error::output(folder.join(&file.to), e);
        fs::create_dir_all(to.parent().unwrap_or(inside)).map_err(failed)?;
        match &file.what {
            // Never a link: annotations are edited in place, and the input is not ours.
            Content::File(from) => fs::copy(from, &to).map(drop).map_err(failed)?,
            Content::Text(text) => fs::write(&to, text).map_err(failed)?,
            Content::Made(make) => {
                let mut file = BufWriter::new(File::create(&to).map_err(failed)?);
                let made = make(&mut file, stop).and_then(|()| Ok(file.flush()?));
                made.map_err(|why| match why {
                    NotMade::Write(error) => failed(error),
                    NotMade::From(error) => error,
                })?;
            }
        }
    }
    if folder.exists() {
        fs::remove_dir(folder).map_err(failed)?;
    }
    fs::rename(inside, folder).map_err(failed)
}

/// Writes members out in the order of their containers.
fn extract(
    members: &BTreeMap<SampleId, &Stay>,
    reader: &dyn Reader,
    inside: &Path,
    folder: &Path,
    stop: &StopFlag,
) -> Result<()> {
    let Some((last, _)) = members.last_key_value() else {
        return Ok(());
    };
    for run in reader.runs(last.index() + 1, RUN) {
        stop.check()?;
        let run: Vec<SampleId> = run
            .into_iter()
            .filter(|id| members.contains_key(id))
            .collect();
        let mut failure = None;
        let _ = reader.read_run(&run, &mut |id, bytes| {
            let Some(stay) = members.get(&id) else {
                return ControlFlow::Continue(());
            };
            let written = match bytes {
                Ok(bytes) => fs::write(inside.join(&stay.to), bytes).map_err(|e| e.to_string()),
                Err(why) => Err(format!("`{}`: {why}", stay.key)),
            };
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(why) => {
                    failure = Some(Error::output(folder.join(&stay.to), why));
                    ControlFlow::Break(())
                }
            }
        });
        failure.map_or(Ok(()), Err)?;
    }
    Ok(())
}

fn put(from: &Path, to: &Path, by: By) -> io::Result<()> {
    match by {
        By::LinkOrCopy => {
            fs::hard_link(from.canonicalize()?, to).or_else(|_| fs::copy(from, to).map(drop))
        }
        // The file itself, not a link to it that may break when it moves.
        By::HardLink => fs::hard_link(from.canonicalize()?, to),
        By::Symlink => symlink(&from.canonicalize()?, to),
        By::Copy => fs::copy(from, to).map(drop),
    }
}

#[cfg(unix)]
fn symlink(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(windows)]
fn symlink(from: &Path, to: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(from, to)
}

fn hint(error: io::Error, by: By) -> String {
    match by {
        By::Copy | By::LinkOrCopy => error.to_string(),
        _ => format!("{error}; `--by copy` works on every disk"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{ReadFailure, Version};

    /// Holds nothing.
    struct Nothing;

    impl Reader for Nothing {
        fn read(&self, _: SampleId) -> Result<Vec<u8>, ReadFailure> {
            Err(ReadFailure("nothing is here".to_owned()))
        }

        fn version(&self, _: SampleId) -> Option<Version> {
            None
        }

        fn location(&self, _: SampleId) -> Location {
            Location::File(PathBuf::new())
        }
    }

    /// A copy of a text and of what `make` writes, into a new folder.
    fn copied(place: &Path, make: Make, stop: &StopFlag) -> Result<()> {
        let beside = [
            Beside::manifest("path\n".to_owned()),
            Beside {
                to: "a/b.json".to_owned(),
                what: Content::Made(make),
            },
        ];
        copy(&[], &Nothing, &place.join("new"), By::Copy, &beside, stop)
    }

    #[test]
    fn copy_that_fails_or_is_stopped_leaves_nothing_behind() {
        let place = tempfile::tempdir().expect("a folder");
        let is_empty = || place.path().read_dir().expect("a folder").next().is_none();
        let full: Make = Box::new(|out, _| {
            out.write_all(b"{\"images\": [")?;
            Err(io::Error::from(io::ErrorKind::StorageFull).into())
        });
        let why = copied(place.path(), full, &StopFlag::default()).expect_err("no space");
        let why = why.to_string();
        assert!(
            why.contains("b.json") && why.contains("cannot write"),
            "{why}"
        );
        assert!(is_empty());
        let stopped: Make = Box::new(|out, stop| {
            stop.raise();
            out.write_all(b"{")?;
            stop.check().map_err(Error::from)?;
            Ok(())
        });
        let why = copied(place.path(), stopped, &StopFlag::default()).expect_err("stopped");
        assert!(matches!(why, Error::Interrupted), "{why}");
        assert!(is_empty());
        let whole: Make = Box::new(|out, _| Ok(out.write_all(b"{}")?));
        copied(place.path(), whole, &StopFlag::default()).expect("written");
        let text = fs::read_to_string(place.path().join("new/a/b.json"));
        assert_eq!(text.expect("written"), "{}");
    }
}
