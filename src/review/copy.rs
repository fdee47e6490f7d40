//! What stays of a data set, and a copy of just that. Never changes or
//! deletes what it copies from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::plan::{Action, Plan};
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::sample::{Listing, Location, Role, SampleId};
use crate::scratch::Scratch;
use crate::source::{OwnTable, Reader};

/// Members written out with a container opened once.
const RUN: usize = 64;

/// A sample that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Its key.
    pub key: String,
    /// Its number in the listing.
    pub id: SampleId,
    /// Where it lies.
    pub from: Location,
    /// Where it comes to lie in a copy, `/` between parts.
    pub to: String,
    /// Its split.
    pub split: String,
    /// Its classes joined by `;`, changed as decided.
    pub label: String,
    /// Whether they were changed.
    pub is_relabelled: bool,
    /// Its declared group.
    pub group: String,
}

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

/// A file of a copy that is no image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Where it comes to lie, `/` between parts.
    pub to: String,
    /// What it holds.
    pub what: Content,
}

/// What a file of a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The bytes of a file, again.
    File(PathBuf),
    /// A text.
    Text(String),
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

/// The samples that stay, in listing order. Data used before
/// (`--reference`) is no part of the data set.
///
/// # Errors
/// [`Error::Input`] about the first whose file cannot be reached.
pub fn staying(plan: &Plan, listing: &Listing, reader: &dyn Reader) -> Result<Vec<Stay>> {
    let mut taken = BTreeSet::new();
    let mut staying = Vec::new();
    for sample in &listing.samples {
        let key = sample.key.as_str();
        let step = plan.step(key);
        let split = sample.split.map(|split| &listing.splits[split.index()]);
        let used_before = split.is_some_and(|split| split.role == Role::Reference);
        if used_before || step.is_some_and(|step| step.action == Action::Drop) {
            continue;
        }
        if reader.version(sample.id).is_none() {
            return Err(Error::Input(format!(
                "`{key}` cannot be reached; scan again to see why"
            )));
        }
        let from = reader.location(sample.id);
        let (place, label, is_relabelled) = match step.map(|step| &step.action) {
            Some(Action::Relabel { from, to }) => (in_class(key, from, to), to.clone(), true),
            _ => (key.to_owned(), listing.label_text(sample.id), false),
        };
        staying.push(Stay {
            id: sample.id,
            key: key.to_owned(),
            to: free(named(within(&place), &from), &mut taken),
            from,
            split: split.map(|split| split.name.clone()).unwrap_or_default(),
            label,
            is_relabelled,
            group: sample
                .group
                .map(|group| listing.group_name(group).to_owned())
                .unwrap_or_default(),
        });
    }
    Ok(staying)
}

/// The path with its class folder changed; the same where no folder is named
/// like the class, as in a manifest. The first part is the split's if any.
fn in_class(key: &str, from: &str, to: &str) -> String {
    let mut parts: Vec<&str> = key.split('/').collect();
    let folders = parts.len().saturating_sub(1);
    let place = (1..folders)
        .chain(0..1.min(folders))
        .find(|&i| parts[i] == from);
    if let Some(place) = place {
        parts[place] = to;
    }
    parts.join("/")
}

/// The path with `..` made a folder's name, so that it stays within a copy.
pub fn within(key: &str) -> String {
    let parts: Vec<&str> = key
        .split('/')
        .map(|part| if part == ".." { "__" } else { part })
        .collect();
    parts.join("/")
}

/// The path with the extension that a member's name announces, where its key
/// has none.
fn named(path: String, from: &Location) -> String {
    match from.extension() {
        Some(extension) if Path::new(&path).extension().is_none() => format!("{path}.{extension}"),
        _ => path,
    }
}

/// `path`, or the first of `path-2`, `path-3`, … that nothing else has.
fn free(path: String, taken: &mut BTreeSet<String>) -> String {
    let (stem, extension) = match path.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') => (stem, format!(".{extension}")),
        _ => (path.as_str(), String::new()),
    };
    let mut candidate = path.clone();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{stem}-{number}{extension}");
        number += 1;
    }
    candidate
}

/// What stays as a manifest that `splitlint scan` reads. Paths are where the
/// samples lie now, or where they lie in the copy. A data set with a manifest
/// of its `own` keeps its columns and cells, changed only in what was decided.
pub fn manifest(staying: &[Stay], in_copy: bool, own: Option<&OwnTable>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = match own {
        Some(own) => writer.write_record(&own.headers),
        None => writer.write_record(["path", "label", "split", "group"]),
    };
    for stay in staying {
        let from = shown(&stay.from);
        let path = if in_copy { stay.to.as_str() } else { &from };
        let row = own.and_then(|own| Some((own, own.row(&stay.key)?)));
        let _ = match (own, row) {
            (_, Some((own, row))) => {
                let mut cells = row.to_vec();
                path.clone_into(&mut cells[own.path]);
                if let Some(label) = own.label.filter(|_| stay.is_relabelled) {
                    cells[label].clone_from(&stay.label);
                }
                writer.write_record(&cells)
            }
            // Made of a row that cannot be found again, as one of bytes that are
            // no text.
            (Some(own), None) => {
                let mut cells = vec![""; own.headers.len()];
                cells[own.path] = path;
                if let Some(label) = own.label {
                    cells[label] = &stay.label;
                }
                writer.write_record(&cells)
            }
            (None, None) => writer.write_record([path, &stay.label, &stay.split, &stay.group]),
        };
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The absolute path of a file; of a member, that of its container with its
/// name or number behind it.
fn shown(from: &Location) -> String {
    let file = std::path::absolute(from.file());
    let file = file.as_deref().unwrap_or(from.file()).to_string_lossy();
    match from {
        Location::File(_) => file.into_owned(),
        Location::Member { entry, name, .. } => match name {
            Some(name) => format!("{file}/{name}"),
            None => format!("{file}#{entry}"),
        },
    }
}

/// The steps as CSV.
pub fn steps(plan: &Plan) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(["sample", "action", "given", "label", "because", "finding"]);
    for step in &plan.steps {
        let (from, to) = match &step.action {
            Action::Relabel { from, to } => (from.as_str(), to.as_str()),
            _ => ("", ""),
        };
        let cells = [
            &step.sample,
            step.action.name(),
            from,
            to,
            &step.because,
            &step.finding,
        ];
        let _ = writer.write_record(cells);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
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

    #[test]
    fn class_folder_is_changed_and_the_split_of_that_name_is_not() {
        assert_eq!(
            in_class("train/cat/a/1.jpg", "cat", "dog"),
            "train/dog/a/1.jpg"
        );
        assert_eq!(in_class("cat/cat/1.jpg", "cat", "dog"), "cat/dog/1.jpg");
        assert_eq!(in_class("cat/1.jpg", "cat", "dog"), "dog/1.jpg");
        assert_eq!(in_class("images/cat", "cat", "dog"), "images/cat");
        assert_eq!(in_class("1.jpg", "cat", "dog"), "1.jpg");
    }

    #[test]
    fn nothing_leaves_the_copy_or_takes_anothers_place() {
        assert_eq!(within("../../x/1.jpg"), "__/__/x/1.jpg");
        let mut taken = BTreeSet::new();
        assert_eq!(free("a/1.jpg".into(), &mut taken), "a/1.jpg");
        assert_eq!(free("a/1.jpg".into(), &mut taken), "a/1-2.jpg");
        assert_eq!(free("a/1.jpg".into(), &mut taken), "a/1-3.jpg");
        assert_eq!(free("a.b/1".into(), &mut taken), "a.b/1");
        assert_eq!(free("a.b/1".into(), &mut taken), "a.b/1-2");
    }
}
