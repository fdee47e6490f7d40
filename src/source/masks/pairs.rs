//! Which image of a tree is the mask of which other, by folders and names.
//! Opens no file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::sample::escaped;
use crate::source::tree::Tree;

/// Folders of images that have masks beside them, in lower case.
const IMAGES: [&str; 9] = [
    "image",
    "images",
    "img",
    "imgs",
    "input",
    "inputs",
    "jpegimages",
    "original",
    "photos",
];

/// Folders of masks, in lower case.
const MASKS: [&str; 17] = [
    "annotation",
    "annotations",
    "ground_truth",
    "groundtruth",
    "gt",
    "label",
    "labels",
    "mask",
    "masks",
    "seg",
    "segmentation",
    "segmentationclass",
    "segmentationmask",
    "segmentationmasks",
    "segmentations",
    "target",
    "targets",
];

/// What the folder of masks of the folder `train` is called besides: its name
/// with one of these.
const FOLDER_ENDINGS: [&str; 8] = [
    "_mask", "_masks", "_label", "_labels", "_gt", "annot", "-masks", "masks",
];

/// What a mask's name has behind the image's.
const ENDINGS: [&str; 12] = [
    "_mask",
    "-mask",
    "_masks",
    "_label",
    "_labels",
    "_seg",
    "_segmentation",
    "_gt",
    "_l",
    "_labelids",
    "_annotation",
    "_groundtruth",
];

/// Endings that make a mask of an image in its own folder.
const BESIDE: [&str; 2] = ["_mask", "-mask"];

/// Of two folders, the share of masks that must have an image, in hundredths: a
/// folder `labels` may hold anything.
const SHARE: usize = 50;

/// Images and their masks.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Mask by image.
    pub(super) by_image: BTreeMap<usize, usize>,
    /// All masks, those without an image too.
    pub(super) masks: Vec<usize>,
    /// Masks without an image.
    pub(super) extra: Vec<usize>,
    /// Images without a mask where the others of their folder have one.
    pub(super) without: Vec<usize>,
    /// The folders of masks.
    pub(super) roots: Vec<usize>,
    /// What to show of them: a folder of masks, or one with both.
    shown: Option<usize>,
}

impl Pairs {
    /// Where an image is once the masks are taken out.
    pub(super) fn moved(&self, image: usize) -> usize {
        image - self.masks.partition_point(|&mask| mask < image)
    }

    /// The sign of the layout.
    pub(super) fn in_words(&self, tree: &Tree) -> Option<String> {
        let dir = tree.logical(self.shown?);
        let shown = dir.strip_prefix(tree.logical(tree.top())).unwrap_or(&dir);
        let more = match self.roots.len() {
            0 => return Some("`*_mask` beside images".to_owned()),
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(format!("`{}`{more}", escaped(shown.as_os_str())))
    }
}

/// The masks of a tree.
pub(super) fn pairs(tree: &Tree) -> Pairs {
    let mut pairs = Pairs::default();
    let mut taken: HashSet<usize> = HashSet::new();
    let mut by_dir: Vec<Vec<usize>> = vec![Vec::new(); tree.dirs.len()];
    for (index, image) in tree.images.iter().enumerate() {
        by_dir[image.dir].push(index);
    }
    for (images, masks) in folders(tree) {
        let own = below(tree, images, &by_dir);
        let masks = (masks, below(tree, masks, &by_dir));
        add(tree, (images, own), masks, &mut taken, &mut pairs);
    }
    if pairs.by_image.is_empty() {
        beside(tree, by_dir, &mut pairs);
    }
    pairs.masks.sort_unstable();
    pairs.extra.sort_unstable();
    pairs.without.sort_unstable();
    pairs
}

/// Folders that may be one of images and one of masks, by their paths.
fn folders(tree: &Tree) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for dir in 0..tree.dirs.len() {
        let live = tree.live(dir);
        let is = |child: usize, names: &[&str]| {
            let name = tree.dirs[child].name.to_string_lossy().to_lowercase();
            names.contains(&name.as_str())
        };
        for &images in live.iter().filter(|&&child| is(child, &IMAGES)) {
            for &masks in live.iter().filter(|&&child| is(child, &MASKS)) {
                found.push((images, masks));
            }
        }
        for &images in &live {
            let name = tree.dirs[images].name.to_string_lossy().to_lowercase();
            let is_of = |masks: &usize| {
                let other = tree.dirs[*masks].name.to_string_lossy().to_lowercase();
                other
                    .strip_prefix(&name)
                    .is_some_and(|end| FOLDER_ENDINGS.contains(&end))
            };
            found.extend(
                live.iter()
                    .copied()
                    .filter(is_of)
                    .map(|masks| (images, masks)),
            );
        }
    }
    // A tree has its folders as the disk hands them out.
    found.sort_by_cached_key(|&(images, masks)| (tree.logical(images), tree.logical(masks)));
    found
}

/// The images in a folder or below.
fn below(tree: &Tree, dir: usize, by_dir: &[Vec<usize>]) -> Vec<usize> {
    let mut images = Vec::new();
    let mut folders = vec![dir];
    while let Some(dir) = folders.pop() {
        images.extend(&by_dir[dir]);
        folders.extend(&tree.dirs[dir].children);
    }
    images.sort_unstable();
    images
}

/// Adds the masks of two folders, if most of them have an image.
fn add(
    tree: &Tree,
    (images, own): (usize, Vec<usize>),
    (masks, mut candidates): (usize, Vec<usize>),
    taken: &mut HashSet<usize>,
    pairs: &mut Pairs,
) {
    let (base, mask_base) = (tree.logical(images), tree.logical(masks));
    let mut by_stem: HashMap<PathBuf, usize> = HashMap::new();
    let mut by_name: HashMap<PathBuf, Option<usize>> = HashMap::new();
    for &index in &own {
        let image = &tree.images[index];
        let path = tree.logical(image.dir).join(&*image.name);
        let stem = path.strip_prefix(&base).unwrap_or(&path).with_extension("");
        let name = PathBuf::from(stem.file_name().unwrap_or_default());
        (by_name.entry(name))
            .and_modify(|known| *known = None)
            .or_insert(Some(index));
        by_stem.insert(stem, index);
    }
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    let mut extra = Vec::new();
    candidates.sort_unstable_by_key(|&mask| {
        let image = &tree.images[mask];
        tree.logical(image.dir).join(&*image.name)
    });
    for &mask in &candidates {
        let image = &tree.images[mask];
        let path = tree.logical(image.dir).join(&*image.name);
        let stem = path
            .strip_prefix(&mask_base)
            .unwrap_or(&path)
            .with_extension("");
        let at = names(&stem).iter().find_map(|stem| {
            let alone = || {
                let name = PathBuf::from(stem.file_name().unwrap_or_default());
                by_name.get(&name).copied().flatten()
            };
            by_stem.get(stem).copied().or_else(alone)
        });
        match at {
            Some(image) if !found.contains_key(&image) => {
                found.insert(image, mask);
            }
            _ => extra.push(mask),
        }
    }
    let is_meant = !found.is_empty() && found.len() * 100 >= candidates.len() * SHARE;
    if !is_meant || found.keys().any(|image| taken.contains(image)) {
        return;
    }
    pairs.without.extend(
        own.iter()
            .copied()
            .filter(|image| !found.contains_key(image)),
    );
    taken.extend(own);
    pairs.extra.append(&mut extra);
    pairs.masks.append(&mut candidates);
    pairs.by_image.append(&mut found);
    pairs.roots.push(masks);
    pairs.shown = pairs.shown.or(Some(masks));
}

/// Masks that lie in one folder with their images, `1.jpg` and `1_mask.png`, where
/// at least half of the images have one.
fn beside(tree: &Tree, by_dir: Vec<Vec<usize>>, pairs: &mut Pairs) {
    let mut folders: Vec<(usize, Vec<usize>)> = by_dir.into_iter().enumerate().collect();
    folders.sort_by_cached_key(|&(dir, _)| tree.logical(dir));
    for (dir, images) in folders {
        let stem = |index: usize| stem(&tree.images[index].name);
        let by_stem: HashMap<String, usize> =
            images.iter().map(|&index| (stem(index), index)).collect();
        let mut found: BTreeMap<usize, usize> = BTreeMap::new();
        let mut masks: Vec<usize> = Vec::new();
        for &index in &images {
            let name = stem(index);
            let Some(of) = BESIDE.iter().find_map(|end| without_end(&name, end)) else {
                continue;
            };
            masks.push(index);
            if let Some(&image) = by_stem.get(of) {
                found.insert(image, index);
            }
        }
        let own = images.len() - masks.len();
        if found.is_empty() || found.len() * 100 < own * SHARE {
            continue;
        }
        let paired: HashSet<usize> = found.values().copied().collect();
        let is_mask: HashSet<usize> = masks.iter().copied().collect();
        pairs
            .extra
            .extend(masks.iter().copied().filter(|mask| !paired.contains(mask)));
        let without = images.iter().copied();
        pairs
            .without
            .extend(without.filter(|index| !is_mask.contains(index) && !found.contains_key(index)));
        pairs.masks.append(&mut masks);
        pairs.by_image.append(&mut found);
        pairs.shown = pairs.shown.or(Some(dir));
    }
}

fn stem(name: &OsStr) -> String {
    let stem = Path::new(name).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// The names that the image of a mask may have.
fn names(mask: &Path) -> Vec<PathBuf> {
    let mut names = vec![mask.to_owned()];
    let name = mask
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let cut = ENDINGS.iter().filter_map(|end| without_end(&name, end));
    names.extend(cut.map(|name| mask.with_file_name(name)));
    names
}

/// A name without what it ends with in any case, if anything is left.
fn without_end<'a>(name: &'a str, end: &str) -> Option<&'a str> {
    let (start, tail) = name.split_at_checked(name.len().checked_sub(end.len())?)?;
    (!start.is_empty() && tail.eq_ignore_ascii_case(end)).then_some(start)
}
