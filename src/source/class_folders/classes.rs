//! The class folders of a tree: which they are, which splits share them, and
//! which only look like classes. Decides no split.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use super::words::{ANNOTATIONS, CONTAINERS, UNLABELLED, is_one_of};
use super::{ClassDir, Kind, Shape};
use crate::source::tree::{DirState, Tree};

/// More folders than this are not guessed to be splits; domains and folds, the
/// splits without usual names, are seldom more than ten.
const MAX_GUESSED_SPLITS: usize = 16;

/// Two or more folders that hold, besides no images, mostly the same class
/// folders: at least two in common, at least as many as there are folders
/// (splits are few, classes are many), and more than half of each folder's.
pub(super) fn folders_share_classes(tree: &Tree, base: usize, tops: &[usize]) -> bool {
    if !(2..=MAX_GUESSED_SPLITS).contains(&tops.len()) || tree.dirs[base].direct > 0 {
        return false;
    }
    let names: Vec<BTreeSet<&OsStr>> = tops
        .iter()
        .map(|&top| class_names(tree, std::slice::from_ref(&top)))
        .collect();
    let common = names[0]
        .iter()
        .filter(|name| names.iter().all(|set| set.contains(*name)))
        .count();
    common >= 2
        && common >= tops.len()
        && names.iter().all(|set| common * 2 > set.len())
        && tops.iter().all(|&top| tree.dirs[top].direct == 0)
        && !tops
            .iter()
            .any(|&top| is_one_of(&tree.dirs[top].name, &ANNOTATIONS))
}

/// Whether a folder beside recognised splits holds mostly their classes.
pub(super) fn shares_classes(tree: &Tree, dir: usize, known: &BTreeSet<&OsStr>) -> bool {
    let own = class_names(tree, &[dir]);
    let shared = own.intersection(known).count();
    !own.is_empty()
        && shared * 2 > own.len()
        && (shared >= 2 || shared == known.len())
        && tree.dirs[dir].direct == 0
        && !is_one_of(&tree.dirs[dir].name, &ANNOTATIONS)
}

/// The names of class folders in all of `splits`.
pub(super) fn class_names<'a>(tree: &'a Tree, splits: &[usize]) -> BTreeSet<&'a OsStr> {
    let claimed = claimed_names(tree, splits);
    (splits.iter())
        .flat_map(|&split| tree.live(head(tree, split, &claimed)))
        .map(|class| tree.dirs[class].name.as_os_str())
        .collect()
}

/// Names that stand beside others in some split, and so are classes.
pub(super) fn claimed_names<'a>(tree: &'a Tree, splits: &[usize]) -> BTreeSet<&'a OsStr> {
    (splits.iter().map(|&split| tree.live(split)))
        .filter(|classes| classes.len() > 1)
        .flatten()
        .map(|class| tree.dirs[class].name.as_os_str())
        .collect()
}

/// Where a split's class folders lie: the split folder, or the container that
/// is alone in it.
pub(super) fn head(tree: &Tree, split: usize, claimed: &BTreeSet<&OsStr>) -> usize {
    let mut head = split;
    while let (0, [only]) = (tree.dirs[head].direct, &tree.live(head)[..]) {
        if !is_wrapper(tree, *only) || claimed.contains(tree.dirs[*only].name.as_os_str()) {
            break;
        }
        head = *only;
    }
    head
}

/// A folder named like a container, or like the folder it lies in.
pub(super) fn is_wrapper(tree: &Tree, dir: usize) -> bool {
    let folder = &tree.dirs[dir];
    is_one_of(&folder.name, &CONTAINERS)
        || folder
            .parent
            .is_some_and(|parent| tree.dirs[parent].name == folder.name)
}

/// See [`Shape::taken`].
pub(super) fn taken_for_classes(tree: &Tree, shape: &Shape) -> Vec<(usize, usize)> {
    let classes_in = |dir: usize| {
        let classes = shape.classes.iter();
        classes
            .filter(|class| tree.dirs[class.dir].parent == Some(dir))
            .count()
    };
    if !shape.splits.iter().any(|split| classes_in(split.dir) >= 2) {
        return Vec::new();
    }
    let mut taken = Vec::new();
    for (index, split) in shape.splits.iter().enumerate() {
        let folder = &tree.dirs[split.dir];
        if let (0, 0, [only]) = (
            folder.direct,
            classes_in(split.dir),
            &tree.live(split.dir)[..],
        ) && !is_one_of(&tree.dirs[*only].name, &UNLABELLED)
            && tree.dirs[*only].name != folder.name
        {
            taken.push((*only, index));
        }
    }
    taken
}

pub(super) fn classes_of(tree: &Tree, base: usize, outside: Vec<usize>) -> Shape {
    let mut shape = Shape {
        kind: Kind::Flat,
        outside,
        base,
        ..Shape::default()
    };
    if !tree.live(base).is_empty() {
        shape.kind = Kind::Classes;
        push_classes(tree, base, None, &mut shape);
    }
    shape
}

pub(super) fn push_classes(tree: &Tree, head: usize, split: Option<usize>, shape: &mut Shape) {
    let names: BTreeSet<&OsStr> = live_names(tree, head);
    let (repeats, folders): (Vec<usize>, Vec<usize>) = (tree.dirs[head].children.iter().copied())
        .filter(|&dir| tree.dirs[dir].state != DirState::Excluded)
        .partition(|&dir| repeats_siblings(tree, dir, &names));
    shape.repeats.extend(repeats);
    shape
        .classes
        .extend(folders.into_iter().map(|dir| ClassDir {
            dir,
            split,
            named_by: dir,
        }));
}

fn live_names(tree: &Tree, dir: usize) -> BTreeSet<&OsStr> {
    let live = tree.live(dir).into_iter();
    live.map(|d| tree.dirs[d].name.as_os_str()).collect()
}

/// Whether a folder holds, and holds nothing else, class folders that lie
/// beside it too, `siblings` being the names there: the set once more, as it is
/// or altered.
fn repeats_siblings(tree: &Tree, dir: usize, siblings: &BTreeSet<&OsStr>) -> bool {
    let own_name = tree.dirs[dir].name.as_os_str();
    let beside = |name: &OsStr| name != own_name && siblings.contains(name);
    let mut inner = dir;
    loop {
        if tree.dirs[inner].direct > 0 {
            return false;
        }
        match tree.live(inner)[..] {
            [only] if !beside(&tree.dirs[only].name) => inner = only,
            _ => break,
        }
    }
    let own = live_names(tree, inner);
    own.len() >= 2 && own.into_iter().all(beside)
}
