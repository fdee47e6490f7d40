//! Folders of pictures: `ROOT/<split>/<class>/…` and `--split NAME=PATH`.
//! Reads no pixels.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::builder::{Builder, Draft, REFERENCE};
use super::layout::{Kind, Shape, classes_only, spelled, understand};
use super::tell::{Told, accepted_layouts, explain, found};
use super::tree::{DirState, Tree};
use super::walk::Walker;
use crate::error::{Error, Result};
use crate::sample::{
    ClassFolder, ClassId, Labels, ProblemKind, SampleKey, SplitId, canonical_split, escaped,
};

/// Lists the folder `root`, which `shown` names as the user did.
pub(super) fn list_root(
    root: &Path,
    shown: &Path,
    walker: &Walker<'_>,
    builder: &mut Builder,
) -> Result<Told> {
    let tree = walker.walk(root, SampleKey::from_path(Path::new("")))?;
    let shape = understand(&tree).map_err(|unclear| explain(&unclear, &tree, shown))?;
    let mut told = Told::new("image folders");
    told.correction = match shape.kind {
        Kind::Splits | Kind::SplitsInClasses => {
            let flags = shape.splits.iter().map(|split| {
                let path = shown.join(tree.dirs[split.dir].key.as_str());
                format!("--split {}={}", split.name, path.display())
            });
            let flags: Vec<_> = match shape.kind {
                Kind::Splits => flags.collect(),
                _ => vec![format!("--split train={}/…", shown.display())],
            };
            format!("if a split is another folder: `{}`", flags.join(" "))
        }
        Kind::Classes | Kind::Flat if is_split(shown) => format!(
            "`{}` is named like a split: scan the folder it lies in to compare splits",
            shown.display()
        ),
        Kind::Classes | Kind::Flat => format!(
            "if folders are splits: `--split train={0}/… --split test={0}/…`",
            shown.display()
        ),
    };
    let mut renamed = BTreeMap::new();
    for split in &shape.splits {
        let name = escaped(&tree.dirs[split.dir].name);
        if !name.eq_ignore_ascii_case(&split.name) {
            renamed.insert(name, split.name.clone());
        }
    }
    for (folder, split) in renamed {
        told.notes.push(format!("`{folder}` is {split}"));
    }
    if shape.kind == Kind::SplitsInClasses {
        told.notes.push("split folders inside class folders".into());
    }
    for &dir in &shape.outside {
        told.notes.push(pass_over(&tree, dir, &shape, builder));
    }
    note_empty(&tree, &shape, builder)?;
    add(tree, &shape, None, builder)?;
    Ok(told)
}

fn is_split(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.and_then(canonical_split).is_some()
}

/// Lists the folders of `--split NAME=PATH`, each with its path resolved.
pub(super) fn list_splits(
    splits: &[(String, PathBuf)],
    walker: &Walker<'_>,
    builder: &mut Builder,
) -> Result<Told> {
    let mut given: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, path) in splits {
        let times = given.entry(name).or_default();
        *times += 1;
        let mut key = SampleKey::from_path(Path::new("")).child(OsStr::new(name));
        if *times > 1 {
            key = key.child(OsStr::new(&format!("@{times}")));
        }
        let tree = walker.walk(path, key)?;
        let shape = classes_only(&tree).map_err(|_| {
            Error::Input(format!(
                "no image in the folder of `--split {name}={}`\n{}",
                path.display(),
                found(&tree)
            ))
        })?;
        let split = builder.split(canonical_split(name).unwrap_or(name))?;
        note_empty(&tree, &shape, builder)?;
        add(tree, &shape, Some(split), builder)?;
    }
    let mut told = Told::new("split folders");
    told.correction = "each `--split NAME=PATH` names the folder that holds the split's class \
                       folders, or its pictures"
        .into();
    Ok(told)
}

/// Lists a folder of anything as the split for reference.
pub(super) fn list_reference(
    path: &Path,
    walker: &Walker<'_>,
    builder: &mut Builder,
) -> Result<()> {
    let key = SampleKey::from_path(Path::new(REFERENCE));
    let tree = walker.walk(path, key)?;
    let shape = understand(&tree)
        .or_else(|_| classes_only(&tree))
        .map_err(|_| {
            Error::Input(format!(
                "no image in the folder of `--reference {}`\n{}",
                path.display(),
                found(&tree)
            ))
        })?;
    let all_of_it = Shape {
        outside: Vec::new(),
        ..shape
    };
    let split = builder.split(REFERENCE)?;
    add(tree, &all_of_it, Some(split), builder)
}

/// The error for a root that is neither a folder nor a manifest.
pub(super) fn nothing_known(shown: &Path, why: &str) -> Error {
    Error::Input(format!(
        "`{}`: {why}\n{}",
        shown.display(),
        accepted_layouts()
    ))
}

/// Notes pictures that belong to no split, and says so in a few words.
fn pass_over(tree: &Tree, dir: usize, shape: &Shape, builder: &mut Builder) -> String {
    let folder = &tree.dirs[dir];
    let (key, count) = if dir == shape.base {
        (folder.key.child(OsStr::new(".")), folder.direct)
    } else {
        (folder.key.clone(), folder.below)
    };
    let images = if count == 1 { "image" } else { "images" };
    let detail = if shape.splits.is_empty() {
        format!("{count} {images} beside the picture folder; not scanned")
    } else {
        format!(
            "{count} {images} in no split; not scanned: name the splits with `--split NAME=PATH`, \
             or leave these out with `--exclude`"
        )
    };
    let note = format!("`{key}` ({count} {images}) passed over");
    builder.problem(key, ProblemKind::OutsideSplits, detail);
    note
}

/// Notes class folders that hold nothing. A folder with a split's name that
/// holds nothing is a split nevertheless: one without samples.
fn note_empty(tree: &Tree, shape: &Shape, builder: &mut Builder) -> Result<()> {
    let is_empty = |dir: usize| {
        let folder = &tree.dirs[dir];
        folder.state == DirState::Walked && folder.below == 0 && !folder.filtered
    };
    for class in shape.classes.iter().filter(|class| is_empty(class.dir)) {
        let key = tree.dirs[class.dir].key.clone();
        let detail = "a class folder without any image".to_owned();
        builder.problem(key, ProblemKind::EmptyFolder, detail);
    }
    if shape.kind == Kind::Splits {
        let unused = (tree.dirs[shape.base].children.iter().copied()).filter(|&dir| is_empty(dir));
        for name in unused.filter_map(|dir| spelled(tree, dir)) {
            builder.split(name)?;
        }
    }
    Ok(())
}

/// Adds a tree's pictures; all of them to `forced` if given, else each to the
/// split of its shape.
fn add(tree: Tree, shape: &Shape, forced: Option<SplitId>, builder: &mut Builder) -> Result<()> {
    let places = shape.places(&tree);
    let splits: Vec<SplitId> = match forced {
        Some(_) => Vec::new(),
        None => (shape.splits.iter())
            .map(|split| builder.split(&split.name))
            .collect::<Result<_>>()?,
    };
    let split_of = |index: Option<usize>| forced.or_else(|| index.map(|index| splits[index]));

    if !builder.is_reference(forced) {
        for class in &shape.classes {
            let folder = &tree.dirs[class.dir];
            builder.push_folder(ClassFolder {
                split: split_of(class.split),
                name: escaped(&tree.dirs[class.named_by].name),
                samples: folder.below,
                passed_over: folder.state == DirState::Junk,
            });
        }
    }
    // Folder index and class by folder of the tree, filled at first use.
    let mut folders: Vec<Option<(u32, Option<ClassId>)>> = vec![None; tree.dirs.len()];
    for picture in tree.pictures {
        let place = places[picture.dir];
        if place.outside {
            continue;
        }
        let dir = &tree.dirs[picture.dir];
        let (folder, class) = *folders[picture.dir].get_or_insert_with(|| {
            let class = place
                .class
                .map(|d| builder.class(&escaped(&tree.dirs[d].name)));
            (builder.folder(dir.path.clone()), class)
        });
        builder.push(Draft {
            key: dir.key.child(&picture.name),
            split: split_of(place.split),
            labels: class.map_or(Labels::None, Labels::One),
            group: None,
            folder,
            name: picture.name,
            hint: picture.hint,
        });
    }
    builder.problems.extend(tree.problems);
    builder.skipped.junk += tree.skipped.junk;
    builder.skipped.filtered += tree.skipped.filtered;
    Ok(())
}
