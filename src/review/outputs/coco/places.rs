//! Where the files of a COCO set come to lie: as today, with the split's part of the
//! path changed.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::error::Result;
use crate::resplit::{file_name, free};
use crate::review::outputs::refused;
use crate::sample::SplitLike;
use crate::source::CocoFile;

/// The name of Roboflow's annotation files, which lie beside the images.
const BESIDE: &str = "_annotations.coco.json";

/// The folder of annotation files that have the split in their name.
const ANNOTATIONS: &str = "annotations";

/// How annotation files of boxes begin in it.
const INSTANCES: &str = "instances_";

/// Where the files of each new split lie.
pub(super) struct Places {
    of: Vec<Place>,
    is_beside: bool,
    /// What stands before the split in the name of an annotation file.
    prefix: &'static str,
}

struct Place {
    /// The split as its file or folder is called: `val2017`, `valid`.
    word: String,
    /// The folder of the images.
    images: String,
}

impl Places {
    /// Places like those of `files`.
    pub(super) fn new(files: &[CocoFile], splits: &[String]) -> Result<Self> {
        let Some(first) = files.first() else {
            return Err(refused(
                "annotations of an archive are not copied: unpack it first",
            ));
        };
        let is_beside = is_beside(first);
        // Names that tell their split are kept.
        let are_kept = (files.iter())
            .all(|file| file.split == file.own_split && is_beside == self::is_beside(file));
        let prefix = match are_kept && !is_beside && !name_of(first).starts_with(INSTANCES) {
            true => "",
            false => INSTANCES,
        };
        let of = splits.iter().map(|split| {
            let is_own = |file: &&CocoFile| file.split.as_deref().unwrap_or_default() == split;
            let own = files.iter().find(is_own);
            let own = own.filter(|_| are_kept);
            let word = own.map_or_else(|| file_name(split), word_of);
            let images = match is_beside {
                true => {
                    let like = own.unwrap_or(first);
                    let folder = like.path.parent().unwrap_or(Path::new(""));
                    let inside = like.images.strip_prefix(folder).unwrap_or(Path::new(""));
                    joined(&word, &inside.to_string_lossy())
                }
                false => {
                    let like = own.unwrap_or(first);
                    let today = like.images.strip_prefix(&like.root).ok();
                    let today = today.map(|path| path.to_string_lossy().replace('\\', "/"));
                    let which = candidates(&word_of(like))
                        .iter()
                        .position(|candidate| today.as_ref() == Some(candidate));
                    let mut all = candidates(&word);
                    // A folder that is not searched: one of the split's name is.
                    all.swap_remove(which.unwrap_or(0))
                }
            };
            Place { word, images }
        });
        Ok(Self {
            of: of.collect(),
            is_beside,
            prefix,
        })
    }

    /// The folder of the images of a split.
    pub(super) fn images(&self, split: u16) -> &str {
        &self.of[usize::from(split)].images
    }

    /// The annotation file of a split; `kin` stands before the split in the name of
    /// other kinds.
    pub(super) fn json(&self, split: u16, kin: &str) -> String {
        let word = &self.of[usize::from(split)].word;
        match (self.is_beside, kin) {
            (true, _) => joined(word, BESIDE),
            (false, "") => format!("{ANNOTATIONS}/{}{word}.json", self.prefix),
            (false, kin) => format!("{ANNOTATIONS}/{kin}{word}.json"),
        }
    }

    /// Files of the same split beside an annotation file, and what stands before
    /// the split in their names.
    pub(super) fn kin(&self, file: &CocoFile) -> Vec<(String, PathBuf)> {
        let folder = file.path.parent().unwrap_or(Path::new(""));
        if self.is_beside || self.prefix.is_empty() || !folder.ends_with(ANNOTATIONS) {
            return Vec::new();
        }
        let end = format!("{}.json", word_of(file));
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut kin: Vec<(String, PathBuf)> = entries
            .filter_map(|entry| {
                let name = entry.file_name();
                let prefix = name.to_str()?.strip_suffix(&end)?.to_owned();
                let is_one = prefix.ends_with('_') && prefix != INSTANCES;
                is_one.then(|| (prefix, entry.path()))
            })
            .collect();
        kin.sort();
        kin
    }
}

fn name_of(file: &CocoFile) -> String {
    let name = file.path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn is_beside(file: &CocoFile) -> bool {
    name_of(file) == BESIDE
}

/// The split as a file or its folder is called.
fn word_of(file: &CocoFile) -> String {
    let name = name_of(file);
    if name == BESIDE && file.own_split.is_none() {
        return String::new();
    }
    if name == BESIDE {
        let folder = file.path.parent().and_then(Path::file_name);
        return folder.unwrap_or_default().to_string_lossy().into_owned();
    }
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    let word = stem.rsplit_once(INSTANCES).map_or(stem, |(_, word)| word);
    word.to_owned()
}

/// The folders in which a scan looks for the images of `instances_WORD.json`.
fn candidates(word: &str) -> Vec<String> {
    let split = SplitLike::of(word).map_or(word, |like| like.split);
    let mut all = Vec::new();
    for name in [word, split] {
        all.extend([name.to_owned(), format!("images/{name}")]);
    }
    all.extend(["images", "data", ""].map(str::to_owned));
    all
}

/// Places that images have taken.
#[derive(Default)]
pub(super) struct Taken {
    names: BTreeSet<String>,
    by: HashMap<String, u32>,
}

/// Where an image comes to lie that an annotation file calls `name`, and what it
/// is called then, if otherwise; and whether the same file is there already.
pub(super) fn name(
    folder: &str,
    name: &str,
    taken: &mut Taken,
    stay: u32,
    is_same: impl Fn(&u32) -> bool,
) -> (String, Option<String>, bool) {
    let slashed = name.replace('\\', "/");
    let path = Path::new(&slashed);
    let stays_inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let parts: Vec<String> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    // What leaves the folder comes to lie in it.
    let inside = match stays_inside {
        true => parts.join("/"),
        false => parts.last().cloned().unwrap_or_default(),
    };
    let wanted = joined(folder, &inside);
    if taken.by.get(&wanted).is_some_and(is_same) {
        return (wanted, (!stays_inside).then_some(inside), true);
    }
    let to = free(wanted.clone(), &mut taken.names);
    taken.by.insert(to.clone(), stay);
    let is_kept = stays_inside && to == wanted;
    let new = (!is_kept).then(|| match folder.is_empty() {
        true => to.clone(),
        false => to[folder.len() + 1..].to_owned(),
    });
    (to, new, false)
}

fn joined(folder: &str, inside: &str) -> String {
    match (folder, inside) {
        ("", inside) => inside.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, inside) => format!("{folder}/{inside}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_the_folder_or_takes_anothers_place() {
        let mut taken = Taken::default();
        let mut called = |text: &str, stay| name("val", text, &mut taken, stay, |_| false);
        assert_eq!(called("a.jpg", 0), ("val/a.jpg".into(), None, false));
        assert_eq!(
            called("a.jpg", 1),
            ("val/a-2.jpg".into(), Some("a-2.jpg".into()), false)
        );
        for hostile in ["../../b.jpg", "/etc/b.jpg", "x/../../../b.jpg"] {
            let (to, new, _) = called(hostile, 2);
            assert!(to.starts_with("val/b"), "{to}");
            assert_eq!(new.as_deref(), to.strip_prefix("val/"));
        }
        assert_eq!(called("c\\d.jpg", 3), ("val/c/d.jpg".into(), None, false));
        let again = name("val", "a.jpg", &mut taken, 4, |_| true);
        assert_eq!(again, ("val/a.jpg".into(), None, true));
    }
}
