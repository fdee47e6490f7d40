//! Ways to store a labelled image set. Lists samples and hands out bytes;
//! reads no pixels.

mod archive;
mod arrays;
mod builder;
mod class_folders;
mod coco;
mod container;
mod dates;
mod descriptions;
mod folder;
mod frames;
mod globs;
mod groups;
mod hugging_face;
mod input;
mod layout_detection;
mod manifest;
mod masks;
mod memo;
mod names;
mod nifti;
mod paths;
mod patients;
mod places;
mod reader;
mod recognised;
mod same_file;
mod split_dirs;
mod tables;
mod tree;
mod voc;
mod walk;
mod webdataset;
mod yolo;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use builder::rank as split_rank;
pub use coco::{Id as CocoId, is_coco};
pub use dates::dates;
pub use descriptions::{
    CocoFile, Description, Folder, MaskFile, MaskFiles, MetadataFile, Named, Top, VocFolders,
};
pub use hugging_face::shard_split;
pub use layout_detection::LayoutName;
pub use manifest::{OwnTable, own_table};
pub use memo::Memo;
pub use reader::{Bytes, ReadFailure, Reader, Version};
pub use webdataset::sample_key;
pub use yolo::{
    description as yolo_description, label_path as yolo_label, rewritten as yolo_rewritten,
};

use builder::{Builder, REFERENCE};
use globs::Globs;
use input::{Input, Role};
use patients::Naming;
use recognised::Recognised;
use walk::Walker;

use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::progress::{Progress, Stage};
use crate::sample::{Listing, SampleKey};

/// What the user asked to scan.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The data set's folder, archive, manifest or `data.yaml`.
    pub root: Option<PathBuf>,
    /// The layout it has; `None` means by its signs.
    pub layout: Option<LayoutName>,
    /// The folder of the images that a COCO file lists, where it is not beside
    /// it.
    pub images: Option<PathBuf>,
    /// `--split NAME=PATH`, in the order given; used instead of `root`.
    pub splits: Vec<(String, PathBuf)>,
    /// `--reference PATH`: data used before, listed as a split of its own.
    pub reference: Option<PathBuf>,
    /// Globs over keys: only what matches one is scanned. Empty: everything.
    pub include: Vec<String>,
    /// Globs over keys: what matches one is not scanned.
    pub exclude: Vec<String>,
    /// Folders never entered, because we write there.
    pub never_enter: Vec<PathBuf>,
    /// Names of a manifest's columns, where not the usual ones.
    pub columns: Columns,
    /// What in a key names the sample's group: the first capture, or the whole
    /// match where the pattern captures nothing.
    pub group_regex: Option<regex::Regex>,
    /// A CSV file that names groups: key or file name, then group.
    pub group_file: Option<PathBuf>,
    /// Of volumes every slice of this number along the last axis; `None` means the
    /// middle of each axis.
    pub slices: Option<u32>,
    /// Groups of DICOM files are called by the ids of patients and studies, and not by
    /// hashes of them.
    pub show_identifiers: bool,
}

/// Names of a manifest's columns; `None` means guess from the usual names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// The image's path.
    pub path: Option<String>,
    /// Its class or classes.
    pub label: Option<String>,
    /// Its split.
    pub split: Option<String>,
    /// Its group.
    pub group: Option<String>,
}

/// A data set as listed, and the way to its bytes.
pub struct Listed {
    /// The samples.
    pub listing: Listing,
    /// Reads them.
    pub reader: Box<dyn Reader>,
    /// What describes them beside their images, in the order it was read;
    /// without what describes data used before.
    pub descriptions: Vec<Description>,
}

/// Lists the data set that `request` names.
///
/// # Errors
/// [`Error::Input`] when it is not there or looks like nothing known;
/// [`Error::Config`] when the request contradicts itself;
/// [`Error::Interrupted`] when `stop` was raised.
pub fn list(request: &Request, stop: &StopFlag, progress: &dyn Progress) -> Result<Listed> {
    list_again(request, stop, progress, &memo::Forgetful)
}

/// As [`list`], with what earlier listings left in `memo`.
///
/// # Errors
/// As [`list`].
pub fn list_again(
    request: &Request,
    stop: &StopFlag,
    progress: &dyn Progress,
    memo: &dyn Memo,
) -> Result<Listed> {
    stop.check()?;
    let globs = Globs::new(&request.include, &request.exclude)?;
    let splits = resolve_splits(request)?;
    let reference = match &request.reference {
        Some(path) => Some(existing(path, "--reference ")?),
        None => None,
    };
    let mut never_enter: Vec<PathBuf> = (request.never_enter.iter())
        .map(|path| resolved(path))
        .collect();
    never_enter.extend(reference.clone());
    let walker = Walker {
        globs: &globs,
        never_enter: &never_enter,
        stop,
        progress,
        memo,
    };
    let mut builder = Builder::default();
    progress.begin(Stage::Walk, None);
    let top = SampleKey::from_path(Path::new(""));
    let mut recognised = match &request.root {
        Some(shown) => {
            let root = existing(shown, "")?;
            let input = Input::new(shown, &root, (top, Role::Set), request, &walker);
            layout_detection::list(&input, &mut builder)?
        }
        None => {
            let mut given: BTreeMap<&str, u32> = BTreeMap::new();
            let mut recognised = Vec::with_capacity(splits.len());
            for (name, shown, path) in &splits {
                let times = given.entry(name).or_default();
                *times += 1;
                let mut key = top.child(OsStr::new(name));
                if *times > 1 {
                    key = key.child(OsStr::new(&format!("@{times}")));
                }
                let input = Input::new(shown, path, (key, Role::Split(name)), request, &walker);
                recognised.push(layout_detection::list(&input, &mut builder)?);
            }
            Recognised::of_splits(recognised)
        }
    };
    if let (Some(path), Some(shown)) = (&reference, &request.reference) {
        if builder.has_split(REFERENCE) {
            return Err(Error::config(format!(
                "a split is called `{REFERENCE}`, the name that `--reference` needs: rename it \
                 with `--split NAME=PATH`"
            )));
        }
        let key = SampleKey::from_path(Path::new(REFERENCE));
        let input = Input::new(shown, path, (key, Role::Reference), request, &walker);
        layout_detection::list(&input, &mut builder)?;
    }
    let multi_frame = frames::expand(&mut builder);
    let mut listed = builder.finish()?;
    let naming = match request.show_identifiers {
        true => Naming::Identifiers,
        false => Naming::Hashes,
    };
    let found = patients::declare(&mut listed.listing, listed.reader.as_ref(), naming);
    if let Some(note) = found {
        recognised.notes.push(note);
    }
    frames::declare(&mut listed.listing, &multi_frame);
    if let Some(pattern) = &request.group_regex {
        groups::by_pattern(&mut listed.listing, pattern)?;
    }
    if let Some(path) = &request.group_file {
        groups::by_file(&mut listed.listing, path)?;
    }
    listed.listing.layout = recognised.layout(&listed.listing);
    progress.end(
        Stage::Walk,
        &format!("{} images", listed.listing.samples.len()),
    );
    Ok(listed)
}

/// The manifest that a request's root is, or that lies in it.
pub fn manifest_of(request: &Request) -> Option<PathBuf> {
    let root = request.root.as_ref()?;
    let is_other = request
        .layout
        .is_some_and(|layout| layout != LayoutName::Manifest);
    if is_other {
        return None;
    }
    if root.is_file() {
        return Some(root.clone());
    }
    let globs = Globs::new(&request.include, &request.exclude).ok()?;
    manifest::inside(root, &request.columns, &globs)
}

/// The places of `--split` as given and with links resolved; all mistakes reported
/// at once.
fn resolve_splits(request: &Request) -> Result<Vec<(String, PathBuf, PathBuf)>> {
    match (&request.root, request.splits.is_empty()) {
        (Some(_), true) => return Ok(Vec::new()),
        (None, false) => {}
        (Some(root), false) => {
            return Err(Error::config(format!(
                "`{}` and `--split` are both given: `--split NAME=PATH` names the location of each split and replaces the root",
                root.display()
            )));
        }
        (None, true) => {
            return Err(Error::config(
                "no data set is named: give its folder or manifest, or `--split NAME=PATH` for \
                 each split",
            ));
        }
    }
    let (mut splits, mut mistakes) = (Vec::new(), Vec::new());
    for (name, path) in &request.splits {
        let flag = format!("--split {name}=");
        match existing(path, &flag) {
            _ if name.trim().is_empty() => {
                mistakes.push(format!("`{flag}{}`: the split has no name", path.display()));
            }
            Ok(real) => splits.push((name.clone(), path.clone(), real)),
            Err(error) => mistakes.push(error.to_string()),
        }
    }
    if mistakes.is_empty() {
        Ok(splits)
    } else {
        Err(Error::Input(mistakes.join("\n")))
    }
}

/// `path` with links resolved. `flag` stands before it in the error.
fn existing(path: &Path, flag: &str) -> Result<PathBuf> {
    let failure = |error: io::Error| {
        let fact = match error.kind() {
            io::ErrorKind::NotFound => "no such file or folder".to_owned(),
            _ => error.to_string(),
        };
        Error::Input(format!("`{flag}{}`: {fact}", path.display()))
    };
    // A pattern of shards is no file; each that it names has to be one.
    if let Err(error) = fs::metadata(path) {
        let names = path
            .to_str()
            .and_then(webdataset::expanded)
            .unwrap_or_default();
        if names.is_empty() {
            return Err(failure(error));
        }
        if let Some(lost) = names.iter().find(|name| !Path::new(name).is_file()) {
            return Err(Error::Input(format!(
                "`{flag}{}`: no file `{lost}`",
                path.display()
            )));
        }
    }
    Ok(resolved(path))
}

/// `path` with its links resolved as far as it exists, so that two ways to
/// write one folder compare equal.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => {
            resolved(Path::new(".")).join(name)
        }
        (Some(parent), Some(name)) => resolved(parent).join(name),
        _ => path.to_owned(),
    }
}
