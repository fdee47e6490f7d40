//! Images as arrays of numbers: IDX files as of MNIST, the batches of CIFAR-10
//! and CIFAR-100, NumPy archives. Finds the files of one set; parses none.

mod add;
mod cifar;
mod files;
mod idx;
mod labels;
mod npz;
pub(crate) mod numbers;
pub(crate) mod pickle;
mod pixels;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use add::Set;

use super::LayoutName;
use super::builder::Builder;
use super::input::{Input, Role};
use super::recognised::Recognised;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::sample::{ProblemKind, SampleKey, escaped};

/// Sets shown of a folder that holds several.
const SHOWN: usize = 8;

/// Files of one set, in the order in which they are read.
struct Found {
    what: &'static str,
    /// What distinguishes it from other sets of the folder, to scan it alone.
    base: String,
    parts: Vec<Part>,
}

/// A file with images, and what describes them.
#[derive(Debug, Clone)]
struct Part {
    /// Its number in the tree.
    file: usize,
    split: Option<String>,
    kind: PartKind,
    /// Files that describe it: labels, names of classes.
    beside: Vec<usize>,
    /// Files that repeat it, packed.
    repeats: Vec<usize>,
}

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartKind {
    Idx,
    CifarBinary,
    CifarPickle,
    Npz,
}

/// What shows that a folder holds such a set.
pub(super) fn sign(tree: &Tree, _: &Input<'_>) -> Option<String> {
    if tree.archive.is_some() || !tree.images.is_empty() {
        return None;
    }
    let found = found(tree);
    let part = found.first()?.parts.first()?;
    let name = escaped(&tree.files[part.file].name);
    let count: usize = found.iter().map(|set| set.parts.len()).sum();
    Some(match count {
        1 => format!("`{name}`"),
        count => format!("`{name}` and {} more", count - 1),
    })
}

/// Lists a folder of such files.
pub(super) fn list(mut tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let mut sets = if tree.archive.is_some() {
        Vec::new()
    } else {
        found(&tree)
    };
    if sets.len() > 1 {
        return Err(which(&tree, &sets, input));
    }
    let Some(found) = sets.pop() else {
        return Err(Error::Input(format!(
            "{} holds no IDX files, CIFAR batches or `.npz` archives with images",
            input.flag()
        )));
    };
    let mut set = Set::new(input);
    for part in &found.parts {
        input.walker.stop.check()?;
        let key = tree.file_key(part.file);
        let path = |file: usize| {
            let file = &tree.files[file];
            tree.dirs[file.dir].path.join(&*file.name)
        };
        let beside: Vec<_> = part.beside.iter().map(|&file| path(file)).collect();
        let read = set.add(
            part.kind,
            &path(part.file),
            &beside,
            (&key, part.split.as_deref()),
            builder,
        );
        if let Err(why) = read {
            match why {
                add::Fault::Stopped(error) => return Err(error),
                add::Fault::File(why) if found.parts.len() > 1 => {
                    builder.problem(key, ProblemKind::BadMember, why);
                }
                add::Fault::File(why) => return Err(Error::Input(format!("`{key}`: {why}"))),
            }
        }
    }
    for part in &found.parts {
        for file in [part.file].iter().chain(&part.beside).chain(&part.repeats) {
            tree.files[*file].claimed = true;
        }
    }
    // Notes of the people who made the set.
    for file in &mut tree.files {
        let name = file.name.to_string_lossy().to_lowercase();
        file.claimed |= ["readme.html", "readme.md", "readme.txt", "readme"].contains(&&*name);
    }
    let recognised = set.finish(found.what)?;
    tree.leave(builder);
    Ok(recognised)
}

/// Whether a file of this name, in small letters, may be one of those that are read here.
pub(super) fn may_be_one(name: &str) -> bool {
    name.ends_with(".npz") || idx::is_images(name) || cifar::kind(name, |_| true).is_some()
}

/// Whether the file at `path` is one of those that are read here.
pub(super) fn is_one(path: &Path) -> bool {
    kind_of_file(path).is_some()
}

/// Lists the file `input.path`.
pub(super) fn list_file(input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let failure = |why: String| Error::Input(format!("`{}`: {why}", input.path.display()));
    let kind = kind_of_file(input.path)
        .ok_or_else(|| failure("it is no IDX file, CIFAR batch or `.npz` archive".to_owned()))?;
    let name = input.path.file_name().unwrap_or_default().to_string_lossy();
    let folder = input.path.parent().unwrap_or(Path::new(""));
    let beside: Vec<_> = match kind {
        PartKind::Idx => idx::labels_of(&name).into_iter().collect(),
        PartKind::CifarBinary | PartKind::CifarPickle => {
            cifar::NOTES.iter().map(|name| (*name).to_owned()).collect()
        }
        PartKind::Npz => Vec::new(),
    };
    let mut beside: Vec<_> = beside.iter().map(|name| folder.join(name)).collect();
    beside.retain(|path| path.is_file());
    if kind == PartKind::Idx {
        beside.truncate(1);
    }
    let split = match input.role {
        Role::Set => split_of(kind, &name),
        Role::Split(_) | Role::Reference => None,
    };
    let mut set = Set::new(input);
    let key = input.key.child(name.as_ref().as_ref());
    let read = set.add(kind, input.path, &beside, (&key, split.as_deref()), builder);
    read.map_err(|fault| match fault {
        add::Fault::Stopped(error) => error,
        add::Fault::File(why) => failure(why),
    })?;
    set.finish(match kind {
        PartKind::Idx => "IDX file",
        PartKind::CifarBinary | PartKind::CifarPickle => "CIFAR batch",
        PartKind::Npz => "NumPy archive",
    })
}

fn kind_of_file(path: &Path) -> Option<PartKind> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    if name.ends_with(".npz") {
        return Some(PartKind::Npz);
    }
    if idx::is_images(&name) {
        return Some(PartKind::Idx);
    }
    let beside = |name: &str| path.with_file_name(name).is_file();
    let kind = cifar::kind(&name, beside)?;
    let mut start = [0; 2];
    let begins = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    match kind {
        PartKind::CifarPickle if begins.is_err() || start[0] != 0x80 => None,
        kind => Some(kind),
    }
}

/// The split in a file's name.
fn split_of(kind: PartKind, name: &str) -> Option<String> {
    match kind {
        PartKind::Idx => idx::split_of(name),
        PartKind::CifarBinary | PartKind::CifarPickle => cifar::split_of(name),
        PartKind::Npz => None,
    }
}

/// The sets of a tree.
fn found(tree: &Tree) -> Vec<Found> {
    let mut sets: BTreeMap<(PartKindKey, String), Found> = BTreeMap::new();
    let mut files: Vec<usize> = (0..tree.files.len()).collect();
    files.sort_by_cached_key(|&file| tree.file_key(file));
    let mut by_name: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for &file in &files {
        let other = &tree.files[file];
        by_name.insert((other.dir, other.name.to_string_lossy().into_owned()), file);
    }
    for &file in &files {
        let dir = tree.files[file].dir;
        let name = tree.files[file].name.to_string_lossy().into_owned();
        let lower = name.to_lowercase();
        let sibling = |name: &str| by_name.get(&(dir, name.to_owned())).copied();
        let key: &SampleKey = &tree.dirs[dir].key;
        let (kind, what, base, beside, repeats) = if idx::is_images(&lower) {
            // Loaders leave the packed file beside the one that they unpacked.
            if lower.ends_with(".gz") && sibling(&name[..name.len() - 3]).is_some() {
                continue;
            }
            let labels: Vec<usize> = (idx::labels_of(&name).iter())
                .filter_map(|name| sibling(name))
                .collect();
            let packed = |file: usize| {
                let name = tree.files[file].name.to_string_lossy();
                sibling(&format!("{name}.gz"))
            };
            let repeats = [file]
                .iter()
                .chain(&labels)
                .filter_map(|&file| packed(file))
                .collect();
            let base = format!("{key}/{}", idx::base_of(&name));
            (
                PartKind::Idx,
                "IDX files",
                base,
                labels.into_iter().take(1).collect(),
                repeats,
            )
        } else if lower.ends_with(".npz") {
            let path = tree.dirs[dir].path.join(&name);
            if !npz::holds_images(&path) {
                continue;
            }
            let base = tree.file_key(file).as_str().to_owned();
            (PartKind::Npz, "NumPy archive", base, Vec::new(), Vec::new())
        } else if let Some(kind) = cifar::kind(&lower, |name| sibling(name).is_some()) {
            let beside = cifar::NOTES
                .iter()
                .filter_map(|name| sibling(name))
                .collect();
            (
                kind,
                "CIFAR batches",
                key.as_str().to_owned(),
                beside,
                Vec::new(),
            )
        } else {
            continue;
        };
        let order = PartKindKey(kind as u8);
        let set = sets.entry((order, base.clone())).or_insert(Found {
            what,
            base,
            parts: Vec::new(),
        });
        set.parts.push(Part {
            file,
            split: split_of(kind, &name),
            kind,
            beside,
            repeats,
        });
    }
    sets.into_values().collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PartKindKey(u8);

/// The question for a folder with several sets.
fn which(tree: &Tree, sets: &[Found], input: &Input<'_>) -> Error {
    let shown = |part: &Part| {
        let key = tree.file_key(part.file);
        let inside = key.as_str().strip_prefix(input.key.as_str()).unwrap_or("");
        input.shown.join(inside.trim_start_matches('/'))
    };
    let commands = sets.iter().take(SHOWN).map(|set| {
        let first = &set.parts[0];
        match first.kind {
            PartKind::Npz => format!("`splitlint scan {}`", shown(first).display()),
            PartKind::CifarBinary | PartKind::CifarPickle => {
                let folder = shown(first);
                let folder = folder.parent().unwrap_or(input.shown);
                format!("`splitlint scan {}`", folder.display())
            }
            PartKind::Idx => {
                let flags = set.parts.iter().map(|part| {
                    let split = part.split.as_deref().unwrap_or("NAME");
                    format!("--split {split}={}", shown(part).display())
                });
                format!("`splitlint scan {}`", flags.collect::<Vec<_>>().join(" "))
            }
        }
    });
    Error::Input(format!(
        "{} holds {} sets of arrays: {}\nchoose one: {}",
        input.flag(),
        sets.len(),
        (sets.iter().take(SHOWN))
            .map(|set| format!("{} `{}`", set.what, set.base))
            .collect::<Vec<_>>()
            .join(", "),
        commands.collect::<Vec<_>>().join(" or ")
    ))
}

/// What was read, for the terminal.
fn recognised(what: &str) -> Recognised {
    let mut recognised = Recognised::new(LayoutName::Arrays, what);
    recognised.correction = "if a file is another split: `--split NAME=FILE` for each".to_owned();
    recognised
}
