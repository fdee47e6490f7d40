//! Infers splits and classes from the shape of a folder tree. Touches no disk.

mod classes;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::folder::Given;
use super::split_dirs::are_doubtful;
use super::tree::Tree;
use crate::sample::escaped;
use classes::{
    claimed_names, class_names, classes_of, folders_share_classes, head, is_wrapper, push_classes,
    shares_classes, taken_for_classes,
};
use words::{ANNOTATIONS, CONTAINERS, is_one_of};

/// How a tree was understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// Split names with the folders that are them; empty without splits.
    pub(super) splits: Vec<SplitDir>,
    /// Folders whose name is a class, images or not, each with the index in
    /// `splits` of its split.
    pub(super) classes: Vec<ClassDir>,
    /// Folders whose images belong to no split, or are masks; the base for
    /// images beside the split folders.
    pub(super) outside: Vec<usize>,
    /// Folders beside class folders that hold the same class folders again.
    pub(super) repeats: Vec<usize>,
    /// Folders without a class that loaders would take for one, each with the
    /// index in `splits` of its split: alone in a split, while other splits
    /// have class folders in their place.
    pub(super) taken: Vec<(usize, usize)>,
    /// The folder that holds the split or class folders.
    pub(super) base: usize,
}

/// The accepted layouts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// `ROOT/<split>/<class>/…`, classes optional.
    Splits,
    /// `ROOT/<class>/<split>/…`.
    SplitsInClasses,
    /// `ROOT/<class>/…`.
    Classes,
    /// Images without folders.
    #[default]
    Flat,
}

/// A folder that is a split, or the part of one that lies in a class folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SplitDir {
    /// Canonical, or the folder's own.
    pub(super) name: String,
    pub(super) dir: usize,
}

/// A class folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClassDir {
    pub(super) dir: usize,
    /// Index in [`Shape::splits`].
    pub(super) split: Option<usize>,
    /// Folder whose name is the class: `dir`, or its parent where the split
    /// lies inside the class.
    pub(super) named_by: usize,
}

/// Why a tree cannot be understood without help.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unclear {
    /// No image at all.
    NoImage,
    /// Several folders are one split by the usual spellings.
    OneSplitTwice(&'static str, Vec<usize>),
    /// Several folders, each with splits and classes of its own.
    SetsInside(Vec<usize>),
    /// A single split folder without classes beside larger other folders.
    SplitBesideOthers(usize, Vec<usize>),
    /// Folders with the names of splits among other words.
    LikeSplits(Vec<usize>),
}

/// What an image's folder makes of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Index in [`Shape::splits`].
    pub(super) split: Option<usize>,
    /// The folder whose name is the class.
    pub(super) class: Option<usize>,
    /// It lies in no split though there are splits.
    pub(super) outside: bool,
}

impl Shape {
    /// Leaves out the classes of folders where labels come from elsewhere. What
    /// loaders of class folders would do with them stays true.
    pub(super) fn labelled_elsewhere(&mut self, given: &Given) {
        if !given.folders_are_classes {
            self.classes.clear();
            if self.kind == Kind::Classes {
                self.kind = Kind::Flat;
            }
        }
    }

    /// The place of the images of every folder.
    pub(super) fn places(&self, tree: &Tree) -> Vec<Place> {
        let mut seeds: BTreeMap<usize, Place> = BTreeMap::new();
        for (index, split) in self.splits.iter().enumerate() {
            seeds.entry(split.dir).or_default().split = Some(index);
        }
        for class in &self.classes {
            seeds.insert(
                class.dir,
                Place {
                    split: class.split,
                    class: Some(class.named_by),
                    outside: false,
                },
            );
        }
        for &dir in self.outside.iter().chain(&self.repeats) {
            seeds.entry(dir).or_default().outside = true;
        }
        let mut places: Vec<Place> = Vec::with_capacity(tree.dirs.len());
        for (index, dir) in tree.dirs.iter().enumerate() {
            let inherited = dir.parent.map(|p| places[p]).unwrap_or_default();
            places.push(seeds.get(&index).copied().unwrap_or(inherited));
        }
        places
    }
}

/// The shape of a tree whose top folder is the data set's root.
pub(super) fn understand(tree: &Tree) -> Result<Shape, Unclear> {
    if tree.dirs[0].below == 0 {
        return Err(Unclear::NoImage);
    }
    let (base, mut outside) = find_base(tree);
    let tops = tree.live(base);
    let (named, others): (Vec<usize>, Vec<usize>) =
        tops.iter().partition(|&&d| spelled(tree, d).is_some());
    if named.is_empty() {
        if let Some(shape) = splits_in_classes(tree, base, &tops)? {
            return Ok(shape);
        }
        if folders_share_classes(tree, base, &tops) {
            return Ok(with_splits(tree, base, tops, outside));
        }
        if are_doubtful(tree, &tops) {
            return Err(Unclear::LikeSplits(tops));
        }
        return Ok(classes_of(tree, base, outside));
    }
    if is_class_called_train(tree, &named, &others) {
        return Ok(classes_of(tree, base, outside));
    }
    one_folder_each(tree, &named)?;
    let (more, left): (Vec<usize>, Vec<usize>) = {
        let known = class_names(tree, &named);
        (others.into_iter()).partition(|&other| shares_classes(tree, other, &known))
    };
    if let [split] = named[..] {
        let beside: u32 = left.iter().map(|&d| tree.dirs[d].below).sum();
        if tree.live(split).is_empty() && beside > tree.dirs[split].below {
            return Err(Unclear::SplitBesideOthers(split, left));
        }
    }
    outside.extend(left);
    if tree.dirs[base].direct > 0 {
        outside.push(base);
    }
    Ok(with_splits(tree, base, [named, more].concat(), outside))
}

/// The shape of a tree that is one split, or a set without splits: classes if
/// there are folders with images, else images without labels.
pub(super) fn classes_only(tree: &Tree) -> Result<Shape, Unclear> {
    if tree.dirs[0].below == 0 {
        return Err(Unclear::NoImage);
    }
    let head = head(tree, 0, &BTreeSet::new());
    Ok(classes_of(tree, head, Vec::new()))
}

/// Goes down through folders that only wrap the data set (`images/train/…`,
/// `flowers/flowers/rose/…`), and notes folders of masks left beside.
fn find_base(tree: &Tree) -> (usize, Vec<usize>) {
    let (mut base, mut aside) = (0, Vec::new());
    while let Some((child, left)) = main_child(tree, base) {
        if !leads_to_splits(tree, child) && !is_wrapper(tree, child) {
            break;
        }
        base = child;
        aside.extend(left);
    }
    (base, aside)
}

/// The one subfolder that holds the images, and the folders of masks beside
/// it, if there is no image or split folder next to it.
fn main_child(tree: &Tree, dir: usize) -> Option<(usize, Vec<usize>)> {
    let live = tree.live(dir);
    if tree.dirs[dir].direct > 0 || live.iter().any(|&d| spelled(tree, d).is_some()) {
        return None;
    }
    if let [only] = live[..] {
        return Some((only, Vec::new()));
    }
    let (masks, rest): (Vec<usize>, Vec<usize>) = live
        .into_iter()
        .partition(|&d| is_one_of(&tree.dirs[d].name, &ANNOTATIONS));
    match rest[..] {
        [only] if is_one_of(&tree.dirs[only].name, &CONTAINERS) => Some((only, masks)),
        _ => None,
    }
}

fn leads_to_splits(tree: &Tree, mut dir: usize) -> bool {
    loop {
        if (tree.live(dir).iter()).any(|&child| spelled(tree, child).is_some()) {
            return true;
        }
        match main_child(tree, dir) {
            Some((child, _)) => dir = child,
            None => return false,
        }
    }
}

/// `train` is also a vehicle: a single split name among flat class folders.
fn is_class_called_train(tree: &Tree, named: &[usize], others: &[usize]) -> bool {
    matches!(named, [only] if tree.dirs[*only].name.eq_ignore_ascii_case("train")
        && tree.live(*only).is_empty()
        && others.len() >= 2
        && others.iter().all(|&other| tree.live(other).is_empty()))
}

fn one_folder_each(tree: &Tree, named: &[usize]) -> Result<(), Unclear> {
    let mut folders: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for &dir in named {
        if let Some(split) = spelled(tree, dir) {
            folders.entry(split).or_default().push(dir);
        }
    }
    match folders.into_iter().find(|(_, dirs)| dirs.len() > 1) {
        Some((split, dirs)) => Err(Unclear::OneSplitTwice(split, dirs)),
        None => Ok(()),
    }
}

/// `ROOT/<class>/<split>/…`: every folder of the root holds split folders and
/// nothing else, and these hold images and no folders.
fn splits_in_classes(tree: &Tree, base: usize, tops: &[usize]) -> Result<Option<Shape>, Unclear> {
    let holds_splits = |&top: &usize| {
        let live = tree.live(top);
        tree.dirs[top].direct == 0
            && !live.is_empty()
            && live.iter().all(|&d| spelled(tree, d).is_some())
    };
    let holders: Vec<usize> = tops.iter().copied().filter(holds_splits).collect();
    let mut inner: Vec<usize> = Vec::new();
    for &holder in &holders {
        one_folder_each(tree, &tree.live(holder))?;
        inner.extend(tree.live(holder));
    }
    let all_flat = inner.iter().all(|&d| tree.live(d).is_empty());
    let kinds: BTreeSet<_> = inner.iter().filter_map(|&d| spelled(tree, d)).collect();
    if kinds.len() < 2 {
        return Ok(None);
    }
    if holders.len() < tops.len() || tree.dirs[base].direct > 0 || !all_flat {
        return Err(Unclear::SetsInside(holders));
    }
    let mut shape = Shape {
        kind: Kind::SplitsInClasses,
        base,
        ..Shape::default()
    };
    for dir in inner {
        shape.classes.push(ClassDir {
            dir,
            split: Some(shape.splits.len()),
            named_by: tree.dirs[dir].parent.unwrap_or(base),
        });
        shape.splits.push(SplitDir {
            name: split_name(tree, dir),
            dir,
        });
    }
    Ok(Some(shape))
}

fn with_splits(tree: &Tree, base: usize, splits: Vec<usize>, outside: Vec<usize>) -> Shape {
    let mut shape = Shape {
        kind: Kind::Splits,
        outside,
        base,
        ..Shape::default()
    };
    let claimed = claimed_names(tree, &splits);
    for dir in splits {
        let split = shape.splits.len();
        let head = head(tree, dir, &claimed);
        if !tree.live(head).is_empty() {
            push_classes(tree, head, Some(split), &mut shape);
        }
        shape.splits.push(SplitDir {
            name: split_name(tree, dir),
            dir,
        });
    }
    shape.taken = taken_for_classes(tree, &shape);
    shape
}

fn split_name(tree: &Tree, dir: usize) -> String {
    spelled(tree, dir).map_or_else(|| escaped(&tree.dirs[dir].name), str::to_owned)
}

/// The split that a folder's name usually means.
pub(super) fn spelled(tree: &Tree, dir: usize) -> Option<&'static str> {
    tree.dirs[dir].split
}
