//! Images with a mask each: the masks are annotations, whose class indices are
//! the labels. Compares no mask as an image.

mod pairs;
mod pixels;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{BufReader, Cursor};

use rayon::prelude::*;

use pairs::{Pairs, pairs};
use pixels::{Mask, Values};

use super::LayoutName;
use super::builder::Builder;
use super::class_folders::{classes_only, understand};
use super::descriptions::{Description, MaskFile, MaskFiles, Named};
use super::folder::{self, Given, Label};
use super::input::{Input, Role};
use super::recognised::Recognised;
use super::tree::{At, DirState, Tree};
use crate::error::{Error, Result};
use crate::sample::{Problem, ProblemKind, SampleKey};

/// Kinds of faults.
const NO_MASK: &str = "an image has no mask";
const NO_IMAGE: &str = "a mask has no image";
const SIZE: &str = "a mask has another size than its image";
const UNREADABLE: &str = "a mask cannot be read";

/// The index of pixels that are no class: the border of objects in Pascal VOC,
/// and what Cityscapes does not judge.
const IGNORED: usize = 255;

/// More values than this in all masks are gray levels and no classes: COCO-Stuff
/// has 182 classes, and a smoothed mask soon has them all.
const MAX_CLASSES: usize = 200;

/// Values between black and white, from which masks that are mostly black and
/// white are smoothed ones.
const SMOOTHED: usize = 8;

/// Masks between two checks of the stop flag.
const BATCH: usize = 64;

/// What a class of masks in black and white is called.
const FOREGROUND: &str = "foreground";

/// The folders of masks, if there are such.
pub(super) fn sign(tree: &Tree, input: &Input<'_>) -> Option<String> {
    // The masks of a VOC set lie among its other annotations.
    if super::voc::sign(tree, input).is_some() {
        return None;
    }
    pairs(tree).in_words(tree)
}

/// Lists a folder or archive without the masks in it.
pub(super) fn list(mut tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let found = pairs(&tree);
    if found.by_image.is_empty() {
        return Err(Error::Input(format!(
            "{} holds no masks: no folder `masks`, `labels` or `annotations` with images that are \
             called like those in `images`",
            input.flag()
        )));
    }
    let read = read(&tree, &found, input)?;
    let mut problems = faults(&tree, &found, &read);
    let tables = tables(&tree, &found);
    if input.role != Role::Reference && tree.archive.is_none() {
        builder.describe(Description::Masks(described(&tree, &found, &tables)));
    }
    let indices = Indices::of(&read, &names(&tree, &tables));
    remove_masks(&mut tree, &found);

    let shape = understand(&tree).or_else(|_| classes_only(&tree));
    let has_classes = shape.is_ok_and(|shape| !shape.classes.is_empty());
    // Masks were removed from the images: places have moved.
    let mut given = Given::default();
    let mut notes = vec![format!("{} masks, not compared as images", read.len())];
    match (&indices, has_classes) {
        (_, true) => notes.push("labels are the class folders, not the masks".to_owned()),
        (Err(why), false) => notes.push(format!("no labels: {why}")),
        (Ok(indices), false) => {
            notes.extend(indices.note.clone());
            for (&image, mask) in &read {
                let Ok(Mask { values, .. }) = &mask.mask else {
                    continue;
                };
                let label = Label {
                    classes: indices.classes(values),
                    ..Label::default()
                };
                given.by_image.insert(found.moved(image), vec![label]);
            }
        }
    }
    tree.claim_all();
    builder.problems.append(&mut problems);
    let mut recognised = folder::list_given(tree, input, &given, builder)?;
    recognised.name = LayoutName::Masks;
    recognised.what = "images and masks".to_owned();
    recognised.notes.extend(notes);
    recognised.correction = format!(
        "if the masks are images of the set: `splitlint scan {} --layout folders`",
        input.shown.display()
    );
    Ok(recognised)
}

/// A mask that was read, and the size of its image where its header has it.
struct Read {
    mask: Result<Mask, String>,
    image: Option<(u32, u32)>,
}

/// Reads all masks, by image.
fn read(tree: &Tree, found: &Pairs, input: &Input<'_>) -> Result<BTreeMap<usize, Read>> {
    let pairs: Vec<(usize, usize)> = found.by_image.iter().map(|(&i, &m)| (i, m)).collect();
    let mut all = BTreeMap::new();
    for batch in pairs.chunks(BATCH) {
        input.walker.stop.check()?;
        let read: Vec<(usize, Read)> = (batch.par_iter())
            .map(|&(image, mask)| {
                let bytes = tree.image(mask).map_err(|error| error.to_string());
                let read = Read {
                    mask: bytes.and_then(|bytes| pixels::read(&bytes)),
                    image: size_of(tree, image),
                };
                (image, read)
            })
            .collect();
        all.extend(read);
        input.walker.progress.advance(batch.len() as u64);
    }
    Ok(all)
}

/// The size of an image by its header.
fn size_of(tree: &Tree, image: usize) -> Option<(u32, u32)> {
    match tree.images[image].at {
        At::Disk(_) => {
            let image = &tree.images[image];
            let file = File::open(tree.dirs[image.dir].path.join(&*image.name)).ok()?;
            pixels::size(BufReader::new(file))
        }
        At::Entry(_) => pixels::size(Cursor::new(tree.image(image).ok()?)),
    }
}

/// What is wrong with the masks.
fn faults(tree: &Tree, found: &Pairs, read: &BTreeMap<usize, Read>) -> Vec<Problem> {
    let key = |image: usize| -> SampleKey {
        let image = &tree.images[image];
        tree.dirs[image.dir].key.child(&image.name)
    };
    let problem = |image: usize, detail: String| Problem {
        key: key(image),
        kind: ProblemKind::Annotation,
        detail,
        sample: None,
    };
    let mut faults = Vec::new();
    // `--include` and `--exclude` may keep the other one out.
    if tree.skipped.filtered == 0 {
        let without = found.without.iter();
        faults.extend(without.map(|&image| problem(image, NO_MASK.to_owned())));
        let extra = found.extra.iter();
        faults.extend(extra.map(|&mask| problem(mask, NO_IMAGE.to_owned())));
    }
    for (&image, read) in read {
        let mask = found.by_image[&image];
        match (&read.mask, read.image) {
            (Err(why), _) => faults.push(problem(mask, format!("{UNREADABLE}: {why}"))),
            (Ok(Mask { size, .. }), Some(other)) => {
                // A photo with a mark that it is to be turned has its mask upright.
                let turned = (other.1, other.0);
                if *size != other && *size != turned {
                    let detail = format!(
                        "{SIZE}: {}×{}, `{}` has {}×{}",
                        size.0,
                        size.1,
                        key(image),
                        other.0,
                        other.1
                    );
                    faults.push(problem(mask, detail));
                }
            }
            (Ok(_), None) => {}
        }
    }
    faults
}

/// The masks and tables, for whoever writes the set anew.
fn described(tree: &Tree, found: &Pairs, tables: &[usize]) -> MaskFiles {
    let key = |image: usize| {
        let image = &tree.images[image];
        let key = tree.dirs[image.dir].key.child(&image.name);
        key.as_str().to_owned()
    };
    let mask = |(&image, &mask): (&usize, &usize)| MaskFile {
        image: key(image),
        key: key(mask),
        path: (tree.dirs[tree.images[mask].dir].path).join(&*tree.images[mask].name),
    };
    let table = |&file: &usize| Named {
        key: tree.file_key(file).as_str().to_owned(),
        path: tree.file_path(file),
    };
    MaskFiles {
        masks: found.by_image.iter().map(mask).collect(),
        tables: tables.iter().map(table).collect(),
    }
}

/// Tables that may name class indices: `_classes.csv` beside the images or at the top.
fn tables(tree: &Tree, found: &Pairs) -> Vec<usize> {
    let dirs: BTreeSet<usize> = (found.by_image.keys())
        .map(|&image| tree.images[image].dir)
        .collect();
    let tables = (0..tree.files.len()).filter(|&file| {
        let other = &tree.files[file];
        &*other.name == "_classes.csv" && (dirs.contains(&other.dir) || other.dir == tree.top())
    });
    tables.collect()
}

/// The names of class indices, where a table has them: `Pixel Value, Class` of Roboflow.
fn names(tree: &Tree, tables: &[usize]) -> BTreeMap<usize, String> {
    let mut names = BTreeMap::new();
    for &table in tables {
        let sheet = tree.read(table).ok();
        let sheet = sheet.and_then(|bytes| crate::spreadsheet::read(&bytes, None).ok());
        for row in sheet.map(|sheet| sheet.rows).unwrap_or_default() {
            if let [value, name, ..] = &row.cells[..]
                && let Ok(value) = value.trim().parse::<usize>()
                && value < 256
                && !name.trim().is_empty()
            {
                names.entry(value).or_insert_with(|| name.trim().to_owned());
            }
        }
    }
    names
}

/// What the values of all masks mean.
#[derive(Debug)]
struct Indices {
    names: BTreeMap<usize, String>,
    /// Only black and white: white is a class.
    is_binary: bool,
    note: Option<String>,
}

impl Indices {
    /// The meaning of the masks together, or why they have none.
    fn of(read: &BTreeMap<usize, Read>, names: &BTreeMap<usize, String>) -> Result<Self, String> {
        let mut counts = [0_u64; 256];
        for mask in read.values().filter_map(|read| read.mask.as_ref().ok()) {
            match &mask.values {
                Values::Other(why) => {
                    return Err(format!("there are masks that are {why}, not class indices"));
                }
                Values::Indices(own) => {
                    (counts.iter_mut().zip(&**own)).for_each(|(sum, own)| *sum += own);
                }
            }
        }
        let values: Vec<usize> = (0..256).filter(|&value| counts[value] > 0).collect();
        let between: Vec<usize> = (values.iter().copied())
            .filter(|value| ![0, IGNORED].contains(value))
            .collect();
        let sum: u64 = between.iter().map(|&value| counts[value]).sum();
        let is_smoothed = between.len() >= SMOOTHED && sum < counts[IGNORED];
        if values.len() > MAX_CLASSES || is_smoothed {
            return Err(format!(
                "the masks hold {} gray levels, not class indices",
                values.len()
            ));
        }
        let is_binary =
            between.is_empty() && counts[IGNORED] > 0 || between == [1] && counts[IGNORED] == 0;
        let note = if is_binary {
            Some(format!("masks in black and white: white is `{FOREGROUND}`"))
        } else if counts[IGNORED] > 0 {
            Some("labels = values of the masks; 0 is background, 255 is ignored".to_owned())
        } else {
            Some("labels = values of the masks; 0 is background".to_owned())
        };
        Ok(Self {
            names: names.clone(),
            is_binary,
            note,
        })
    }

    /// The classes of one mask.
    fn classes(&self, values: &Values) -> Vec<String> {
        let Values::Indices(counts) = values else {
            return Vec::new();
        };
        let there = (1..256).filter(|&value| counts[value] > 0);
        let named = |value: usize| match self.names.get(&value) {
            Some(name) => name.clone(),
            None if self.is_binary => FOREGROUND.to_owned(),
            None => value.to_string(),
        };
        there
            .filter(|&value| self.is_binary || value != IGNORED || self.names.contains_key(&value))
            .map(named)
            .collect()
    }
}

/// Takes the masks out of a tree, and their folders out of those that may be
/// classes or splits.
fn remove_masks(tree: &mut Tree, found: &Pairs) {
    let masks: HashSet<usize> = found.masks.iter().copied().collect();
    let folders: HashSet<usize> = masks.iter().map(|&mask| tree.images[mask].dir).collect();
    tree.keep_images(|index| !masks.contains(&index));
    let roots: HashSet<usize> = found.roots.iter().copied().collect();
    let mut is_below = vec![false; tree.dirs.len()];
    for index in 0..tree.dirs.len() {
        let dir = &mut tree.dirs[index];
        is_below[index] = roots.contains(&index) || dir.parent.is_some_and(|dir| is_below[dir]);
        if (is_below[index] || folders.contains(&index)) && dir.below == 0 {
            dir.state = DirState::Excluded;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(rows: &[&[(usize, u64)]]) -> BTreeMap<usize, Read> {
        (rows.iter().enumerate())
            .map(|(index, values)| {
                let mut counts = Box::new([0; 256]);
                values
                    .iter()
                    .for_each(|&(value, count)| counts[value] = count);
                let mask = Mask {
                    size: (1, 1),
                    values: Values::Indices(counts),
                };
                let read = Read {
                    mask: Ok(mask),
                    image: None,
                };
                (index, read)
            })
            .collect()
    }

    fn classes(rows: &[&[(usize, u64)]]) -> Result<Vec<String>, String> {
        let masks = masks(rows);
        let indices = Indices::of(&masks, &BTreeMap::new())?;
        let classes = masks.values().map(|read| {
            let mask = read.mask.as_ref().expect("a mask");
            indices.classes(&mask.values).join("+")
        });
        Ok(classes.collect())
    }

    #[test]
    fn values_are_classes_black_is_background_and_white_depends_on_the_set() {
        let text = |names: &[&str]| Ok(names.iter().map(|&n| n.to_owned()).collect());
        assert_eq!(
            classes(&[&[(0, 9), (1, 5), (255, 1)], &[(0, 3), (7, 2)]]),
            text(&["1", "7"])
        );
        assert_eq!(
            classes(&[&[(0, 9), (255, 5)], &[(0, 9)]]),
            text(&["foreground", ""])
        );
        assert_eq!(
            classes(&[&[(0, 9), (1, 5)], &[(0, 9)]]),
            text(&["foreground", ""])
        );
        assert_eq!(classes(&[&[(0, 9)]]), text(&[""]));
    }

    #[test]
    fn gray_levels_are_no_classes() {
        let smooth: Vec<(usize, u64)> = [(0, 500), (255, 300)]
            .into_iter()
            .chain((100..110).map(|value| (value, 3)))
            .collect();
        assert!(classes(&[&smooth]).is_err());
        let ramp: Vec<(usize, u64)> = (0..256).map(|value| (value, 9)).collect();
        assert!(classes(&[&ramp]).is_err());
    }
}
