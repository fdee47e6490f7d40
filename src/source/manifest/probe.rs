//! Finds the files that a table names without their extension or folder, as
//! competitions publish them. Looks only where such files usually lie.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::image_format::has_image_extension;
use crate::sample::SplitLike;

/// Folders beside a table that hold its images, whatever its name, in lower
/// case; those named like a split come on top.
const FOLDERS: [&str; 10] = [
    "data", "image", "images", "img", "imgs", "jpeg", "jpg", "photos", "pictures", "png",
];

/// Where files are looked for, each folder listed once.
pub(super) struct Probe {
    base: PathBuf,
    /// Relative to `base`, which is the first.
    folders: Vec<PathBuf>,
    listings: HashMap<PathBuf, Names>,
}

/// The images of a folder by name and by stem.
type Names = HashMap<OsString, Vec<OsString>>;

/// What was found for a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Probed {
    Nothing,
    /// Its path from the table's folder.
    One(PathBuf),
    /// Two of the files that have this name.
    Several(PathBuf, PathBuf),
}

impl Probe {
    /// For the table at `path`.
    pub(super) fn new(path: &Path) -> Self {
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let split = SplitLike::of(&stem).map(|like| like.split);
        let mut folders: Vec<PathBuf> = (fs::read_dir(&base).into_iter().flatten().flatten())
            .filter(|entry| entry.path().is_dir() && is_usual(&entry.file_name(), split))
            .map(|entry| entry.file_name().into())
            .collect();
        folders.sort_unstable();
        folders.insert(0, PathBuf::new());
        Self {
            base,
            folders,
            listings: HashMap::new(),
        }
    }

    /// The file that `name` means, which is its path without extension or the
    /// part of its path below one of the folders.
    pub(super) fn find(&mut self, name: &Path) -> Probed {
        let is_plain = (name.components()).all(|part| matches!(part, Component::Normal(_)));
        let (true, Some(last)) = (is_plain, name.file_name()) else {
            return Probed::Nothing;
        };
        let mut found: Option<PathBuf> = None;
        for folder in self.folders.clone() {
            let folder = folder.join(name.parent().unwrap_or(Path::new("")));
            let names = (self.listings.entry(folder.clone()))
                .or_insert_with_key(|folder| listing(&self.base.join(folder)));
            for file in names.get(last).into_iter().flatten() {
                let path = folder.join(file);
                match &found {
                    Some(first) => return Probed::Several(first.clone(), path),
                    None => found = Some(path),
                }
            }
        }
        found.map_or(Probed::Nothing, Probed::One)
    }
}

/// Whether a folder beside a table of this split, or of none, likely holds its
/// images. A table without a split in its name labels training images.
pub(in crate::source) fn is_usual(folder: &OsStr, split: Option<&str>) -> bool {
    let Some(name) = folder.to_str() else {
        return false;
    };
    match SplitLike::of(name) {
        Some(like) => like.is_plain() && like.split == split.unwrap_or("train"),
        None => {
            let name = name.to_lowercase();
            FOLDERS.contains(&name.as_str()) || name.contains("image")
        }
    }
}

fn listing(folder: &Path) -> Names {
    let mut names = Names::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if has_image_extension(&name) && entry.path().is_file() {
            let stem = Path::new(&name).file_stem().unwrap_or_default().to_owned();
            names.entry(stem).or_default().push(name.clone());
            names.entry(name.clone()).or_default().push(name);
        }
    }
    names.values_mut().for_each(|files| files.sort_unstable());
    names
}
