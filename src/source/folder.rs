//! Folders of images: `ROOT/<split>/<class>/…` and `--split NAME=PATH`.
//! Reads no pixels.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::Path;

use super::LayoutName;
use super::builder::{Builder, Draft};
use super::class_folders::{Kind, Shape, classes_only, spelled, understand};
use super::input::{Input, Role};
use super::recognised::{Recognised, accepted_layouts, explain, found};
use super::tree::{DirState, Placer, Tree};
use crate::error::{Error, Result};
use crate::sample::{ClassFolder, ClassId, Labels, ProblemKind, SplitId, canonical_split, escaped};

/// What `yolo classify` does where a folder is missing.
const NO_VAL: &str = "no val: Ultralytics selects the best epoch on test";

/// Labels that come from elsewhere than the folders.
pub(super) struct Given {
    /// By the index of an image in the tree: a sample for each.
    pub(super) by_image: HashMap<usize, Vec<Label>>,
    /// Some of them name a split.
    pub(super) names_splits: bool,
    /// Where there is no such label, a folder names the class.
    pub(super) folders_are_classes: bool,
}

/// What was given for one image.
#[derive(Debug, Clone, Default)]
pub(super) struct Label {
    /// Instead of the folder's.
    pub(super) split: Option<String>,
    pub(super) classes: Vec<String>,
    pub(super) group: Option<String>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            by_image: HashMap::new(),
            names_splits: false,
            folders_are_classes: true,
        }
    }
}

/// Lists a tree of image folders.
pub(super) fn list(tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    list_given(tree, input, &Given::default(), builder)
}

/// Lists a tree of image folders with labels from elsewhere.
pub(super) fn list_given(
    tree: Tree,
    input: &Input<'_>,
    given: &Given,
    builder: &mut Builder,
) -> Result<Recognised> {
    match input.role {
        Role::Set => list_set(tree, input.shown, given, builder),
        Role::Split(_) => list_split(tree, input, given, builder),
        Role::Reference => list_reference(tree, input, given, builder),
    }
}

fn list_set(tree: Tree, shown: &Path, given: &Given, builder: &mut Builder) -> Result<Recognised> {
    let mut shape = understand(&tree).map_err(|unclear| explain(&unclear, &tree, shown))?;
    shape.labelled_elsewhere(given);
    let mut recognised = folders();
    recognised.correction = match shape.kind {
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
            "`{}` is named like a split: scan its parent folder to compare splits",
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
        recognised.notes.push(format!("`{folder}` is {split}"));
    }
    if shape.kind == Kind::SplitsInClasses {
        recognised
            .notes
            .push("split folders inside class folders".into());
    }
    let has = |name: &str| shape.splits.iter().any(|split| split.name == name);
    if shape.kind == Kind::Splits
        && !shape.classes.is_empty()
        && has("train")
        && has("test")
        && !has("val")
    {
        recognised.notes.push(NO_VAL.into());
    }
    for &dir in &shape.outside {
        recognised
            .notes
            .push(pass_over(&tree, dir, &shape, builder));
    }
    recognised
        .notes
        .extend(note_repeats(&tree, &shape, shown, builder));
    note_empty(&tree, &shape, builder)?;
    add(tree, &shape, (None, given), builder)?;
    Ok(recognised)
}

fn is_split(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.and_then(canonical_split).is_some()
}

/// All of a tree as one split.
fn list_split(
    tree: Tree,
    input: &Input<'_>,
    given: &Given,
    builder: &mut Builder,
) -> Result<Recognised> {
    let mut shape = classes_only(&tree).map_err(|_| no_image(&tree, input))?;
    shape.labelled_elsewhere(given);
    let split = input.split(builder)?;
    let mut recognised = folders();
    recognised.notes = note_repeats(&tree, &shape, input.shown, builder);
    note_empty(&tree, &shape, builder)?;
    add(tree, &shape, (split, given), builder)?;
    Ok(recognised)
}

/// All of a tree as the split for reference.
fn list_reference(
    tree: Tree,
    input: &Input<'_>,
    given: &Given,
    builder: &mut Builder,
) -> Result<Recognised> {
    let shape = understand(&tree)
        .or_else(|_| classes_only(&tree))
        .map_err(|_| no_image(&tree, input))?;
    let mut all_of_it = Shape {
        outside: Vec::new(),
        ..shape
    };
    all_of_it.labelled_elsewhere(given);
    let split = input.split(builder)?;
    add(tree, &all_of_it, (split, given), builder)?;
    Ok(folders())
}

fn folders() -> Recognised {
    Recognised::new(LayoutName::Folders, "image folders")
}

fn no_image(tree: &Tree, input: &Input<'_>) -> Error {
    Error::Input(format!(
        "no image in the folder of {}\n{}",
        input.flag(),
        found(tree)
    ))
}

/// The error for a root that is neither a folder nor a manifest.
pub(super) fn nothing_known(shown: &Path, why: &str) -> Error {
    Error::Input(format!(
        "`{}`: {why}\n{}",
        shown.display(),
        accepted_layouts()
    ))
}

/// Notes images that belong to no split, and says so in a few words.
fn pass_over(tree: &Tree, dir: usize, shape: &Shape, builder: &mut Builder) -> String {
    let folder = &tree.dirs[dir];
    let (key, count) = if dir == shape.base {
        (folder.key.child(OsStr::new(".")), folder.direct)
    } else {
        (folder.key.clone(), folder.below)
    };
    let images = if count == 1 { "image" } else { "images" };
    let detail = if shape.splits.is_empty() {
        format!("{count} {images} beside the image folder; not scanned")
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

/// Notes folders that hold the class folders beside them once more, each as one
/// problem, and says so in a few words.
fn note_repeats(tree: &Tree, shape: &Shape, shown: &Path, builder: &mut Builder) -> Vec<String> {
    let mut notes = Vec::new();
    for &dir in &shape.repeats {
        let folder = &tree.dirs[dir];
        let parent = folder.parent.map_or(shown.to_owned(), |parent| {
            shown.join(tree.dirs[parent].key.as_str())
        });
        let below = if folder.below == 1 { "image" } else { "images" };
        let detail = format!(
            "holds the same class folders as its parent folder, {} {below}, and is not scanned: if it is a copy, remove it; if it holds altered copies, compare the two with \
             `--split original={} --split altered={}`",
            folder.below,
            parent.display(),
            shown.join(folder.key.as_str()).display(),
        );
        notes.push(format!(
            "`{}` ({} {below}) skipped: it repeats the class folders of its parent",
            folder.key, folder.below
        ));
        builder.problem(folder.key.clone(), ProblemKind::OutsideSplits, detail);
    }
    notes
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

/// Adds a tree's images; all of them to `forced` if given, else each to the
/// split of its shape.
fn add(
    tree: Tree,
    shape: &Shape,
    (forced, given): (Option<SplitId>, &Given),
    builder: &mut Builder,
) -> Result<()> {
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
    for &(dir, split) in &shape.taken {
        builder.push_folder(ClassFolder {
            split: split_of(Some(split)),
            name: escaped(&tree.dirs[dir].name),
            samples: tree.dirs[dir].below,
            passed_over: false,
        });
    }
    let mut placer = Placer::new(&tree, builder);
    // Class by folder of the tree, filled at first use.
    let mut classes: Vec<Option<Option<ClassId>>> = vec![None; tree.dirs.len()];
    let mut without_row: BTreeMap<usize, u64> = BTreeMap::new();
    for (index, image) in tree.images.iter().enumerate() {
        let place = places[image.dir];
        if place.outside {
            continue;
        }
        let labels = given.by_image.get(&index);
        if labels.is_none() && given.names_splits && place.split.is_none() && forced.is_none() {
            *without_row.entry(image.dir).or_default() += 1;
            continue;
        }
        let dir = &tree.dirs[image.dir];
        let class = *classes[image.dir].get_or_insert_with(|| {
            let name = place.class.map(|d| escaped(&tree.dirs[d].name));
            name.map(|name| builder.class(&name))
        });
        let key = dir.key.child(&image.name);
        let Some(labels) = labels else {
            let (place_of, hint) = placer.place(&tree, image, builder);
            builder.push(Draft {
                key,
                split: split_of(place.split),
                labels: class.map_or(Labels::None, Labels::One),
                objects: Vec::new(),
                group: None,
                place: place_of,
                hint,
            });
            continue;
        };
        for (count, label) in labels.iter().enumerate() {
            let own = match &label.split {
                Some(name) if place.split.is_none() && forced.is_none() => {
                    Some(builder.split(&escaped(name.as_ref()))?)
                }
                _ => split_of(place.split),
            };
            let classes: Vec<ClassId> = (label.classes.iter())
                .map(|name| builder.class(&escaped(name.as_ref())))
                .collect();
            let group = label.group.as_ref();
            let group = group.map(|group| builder.group(&escaped(group.as_ref())));
            let (place_of, hint) = placer.place(&tree, image, builder);
            builder.push(Draft {
                // One image that two tables name is a sample of each.
                key: match count {
                    0 => key.clone(),
                    _ => key.marked(&format!("#{}", count + 1)),
                },
                split: own,
                labels: Labels::from_classes(classes),
                objects: Vec::new(),
                group,
                place: place_of,
                hint,
            });
        }
    }
    for (dir, count) in without_row {
        let key = match dir {
            0 => tree.dirs[0].key.child(OsStr::new(".")),
            _ => tree.dirs[dir].key.clone(),
        };
        let images = if count == 1 { "image" } else { "images" };
        let detail = format!("{count} {images} in no table, and so in no split; not scanned");
        builder.problem(key, ProblemKind::OutsideSplits, detail);
    }
    tree.leave(builder);
    Ok(())
}
