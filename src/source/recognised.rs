//! Says in words how a data set was understood, or why it was not. Decides
//! nothing.

use std::fmt::Write;
use std::path::Path;

use super::LayoutName;
use super::class_folders::Unclear;
use super::tree::{DirState, Tree};
use crate::error::Error;
use crate::sample::{Layout, Listing, Role};

/// Names shown of a longer list.
const SHOWN: usize = 8;

/// What is known of a layout before the samples are numbered.
#[derive(Debug)]
pub(super) struct Recognised {
    pub(super) name: LayoutName,
    /// "image folders", "manifest `x.csv`".
    pub(super) what: String,
    /// What a person might not expect, a few words each.
    pub(super) notes: Vec<String>,
    /// The flag that corrects it.
    pub(super) correction: String,
}

impl Recognised {
    /// The layout of `what`, without notes yet.
    pub(super) fn new(name: LayoutName, what: impl Into<String>) -> Self {
        Self {
            name,
            what: what.into(),
            notes: Vec::new(),
            correction: String::new(),
        }
    }

    /// The layout of a set whose splits were each named.
    pub(super) fn of_splits(parts: Vec<Self>) -> Self {
        let mut kinds: Vec<String> = parts.iter().map(|part| part.what.clone()).collect();
        kinds.dedup();
        let plain = kinds.len() == 1 && kinds[0] == "image folders";
        let what = if plain {
            "split folders".to_owned()
        } else {
            format!("splits from {}", kinds.join(", "))
        };
        let layout = parts.first().map_or(LayoutName::Folders, |part| part.name);
        let mut recognised = Self::new(layout, what);
        recognised.notes = parts.into_iter().flat_map(|part| part.notes).collect();
        recognised.correction = "each `--split NAME=PATH` names what holds the split: its class \
                           folders, its images, an archive or a manifest"
            .into();
        recognised
    }

    /// The line that `listing` completes with its counts.
    pub(super) fn layout(self, listing: &Listing) -> Layout {
        let mut summary = format!("{}: {}", self.what, counts(listing));
        for note in unlabelled(listing).into_iter().chain(self.notes) {
            let _ = write!(summary, "; {note}");
        }
        Layout {
            name: self.name.name(),
            summary,
            correction: self.correction,
        }
    }
}

/// "3 splits (train, val, test) × 10 classes".
fn counts(listing: &Listing) -> String {
    let own: Vec<&str> = (listing.splits.iter())
        .filter(|split| split.role != Role::Reference)
        .map(|split| split.name.as_str())
        .collect();
    let classes = match listing.classes.len() {
        0 => "no labels".to_owned(),
        count => plural(count, "class", "classes"),
    };
    let mut text = if own.is_empty() {
        format!("{classes}, no splits")
    } else {
        let joint = if listing.classes.is_empty() {
            ", "
        } else {
            " × "
        };
        let count = plural(own.len(), "split", "splits");
        format!("{count} ({}){joint}{classes}", list(&own))
    };
    if own.len() < listing.splits.len() {
        text.push_str(", and a reference");
    }
    text
}

/// Which splits bear no labels, where others do.
fn unlabelled(listing: &Listing) -> Option<String> {
    let mut labelled = vec![false; listing.splits.len()];
    for sample in &listing.samples {
        if let Some(split) = sample.split {
            labelled[split.index()] |= !sample.labels.classes().is_empty();
        }
    }
    let without: Vec<&str> = (listing.splits.iter().zip(&labelled))
        .filter(|(_, labelled)| !**labelled)
        .map(|(split, _)| split.name.as_str())
        .collect();
    (!without.is_empty() && !listing.classes.is_empty())
        .then(|| format!("{} without labels", list(&without)))
}

/// The error for a tree that cannot be understood.
pub(super) fn explain(unclear: &Unclear, tree: &Tree, shown: &Path) -> Error {
    let root = shown.display();
    let names = |dirs: &[usize]| {
        let names: Vec<_> = dirs
            .iter()
            .map(|&d| format!("`{}`", tree.dirs[d].key))
            .collect();
        list(&names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let flag = |name: &str, dir: usize| {
        format!(
            "--split {name}={}",
            shown.join(tree.dirs[dir].key.as_str()).display()
        )
    };
    Error::Input(match unclear {
        Unclear::NoImage => {
            let why = if tree.skipped.filtered > 0 {
                format!(
                    ": `--include` and `--exclude` leave none of {}",
                    plural(tree.skipped.filtered as usize, "file", "files")
                )
            } else {
                String::new()
            };
            format!(
                "no image in `{root}`{why}\n{}\n{}",
                found(tree),
                accepted_layouts()
            )
        }
        Unclear::OneSplitTwice(split, dirs) => {
            let flags: Vec<_> = (dirs.iter().enumerate())
                .map(|(i, &dir)| match i {
                    0 => flag(split, dir),
                    _ => flag("NAME", dir),
                })
                .collect();
            format!(
                "{} in `{root}` are each the split {split} by name\nsay what they are, and name \
                 all other splits too: `{}`",
                names(dirs),
                flags.join(" ")
            )
        }
        Unclear::SetsInside(dirs) => format!(
            "`{root}` holds {} with splits of its own: {}\nscan one of them, or name all splits \
             with `--split NAME=PATH`",
            if dirs.len() == 1 {
                "a folder"
            } else {
                "folders, each"
            },
            names(dirs)
        ),
        Unclear::LikeSplits(dirs) => {
            let flags: Vec<_> = dirs.iter().map(|&dir| flag("NAME", dir)).collect();
            format!(
                "{} in `{root}` have the names of splits among other words: splits or classes?\nif \
                 they are splits: `splitlint scan {}`\nif they are classes, name the folder of \
                 one split: `splitlint scan --split all={root}`",
                names(dirs),
                flags.join(" ")
            )
        }
        Unclear::SplitBesideOthers(split, others) => format!(
            "`{root}` holds `{}`, which by name is a split, beside more images in {}, which are \
             in none\nname the splits with `--split NAME=PATH`, for example `{}`, or leave a \
             folder out with `--exclude`",
            tree.dirs[*split].key,
            names(others),
            flag(&crate::sample::escaped(&tree.dirs[*split].name), *split)
        ),
    })
}

/// "found: 2 folders with images (`a` 10, `b` 12), …", for a person who
/// wonders what we saw.
pub(super) fn found(tree: &Tree) -> String {
    let mut parts = Vec::new();
    let top = &tree.dirs[0];
    let folders: Vec<String> = (top.children.iter().map(|&d| &tree.dirs[d]))
        .filter(|dir| dir.state != DirState::Junk)
        .map(|dir| match dir.below {
            0 => format!("`{}`", crate::sample::escaped(&dir.name)),
            count => format!("`{}` {count}", crate::sample::escaped(&dir.name)),
        })
        .collect();
    if !folders.is_empty() {
        let names: Vec<&str> = folders.iter().map(String::as_str).collect();
        let count = plural(folders.len(), "folder", "folders");
        parts.push(format!("{count} ({})", list(&names)));
    }
    if top.below > 0 {
        parts.push(plural(top.below as usize, "image", "images"));
    }
    let by_extension = tree.others();
    let mut others: Vec<_> = by_extension.iter().collect();
    others.sort_by_key(|&(extension, count)| (std::cmp::Reverse(*count), extension));
    if !others.is_empty() {
        let total: u64 = others.iter().map(|(_, count)| **count).sum();
        let kinds: Vec<String> = (others.iter())
            .map(|(extension, count)| match extension.as_str() {
                "" => format!("{count} without extension"),
                extension => format!("{count} `.{extension}`"),
            })
            .collect();
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        let count = plural(total as usize, "other file", "other files");
        parts.push(format!("{count} ({})", list(&kinds)));
    }
    if !tree.problems.is_empty() {
        parts.push(plural(
            tree.problems.len(),
            "link or file that cannot be read",
            "links or files that cannot be read",
        ));
    }
    if tree.skipped.junk > 0 {
        let count = plural(tree.skipped.junk as usize, "hidden file", "hidden files");
        parts.push(format!("{count} or folders"));
    }
    if parts.is_empty() {
        return "found: nothing, the folder is empty".to_owned();
    }
    format!("found: {}", parts.join(", "))
}

/// The layouts we know, for the end of an error.
pub(super) fn accepted_layouts() -> &'static str {
    "accepted:\n  \
     ROOT/<split>/<class>/…    splits named train, val or test, or training, valid, validation, \
     dev, testing, eval, evaluation, holdout\n  \
     ROOT/<class>/…            classes without splits\n  \
     ROOT/1.jpg …              images without labels\n  \
     ROOT/data.yaml            an Ultralytics YOLO set\n  \
     ROOT/annotations/instances_SPLIT.json    a COCO set\n  \
     ROOT/*.tar                WebDataset shards\n  \
     ROOT/JPEGImages, ROOT/Annotations       a Pascal VOC set; also XML beside images\n  \
     ROOT/images, ROOT/masks   images with a mask each\n  \
     ROOT/train.csv, ROOT/train_images/      images and a table of their labels; also \
     `_classes.csv`, ImageNet, tiny-imagenet\n  \
     ROOT/data/SPLIT-*.parquet Hugging Face shards that hold the images\n  \
     ROOT/metadata.csv         a Hugging Face image folder\n  \
     ROOT/*-idx3-ubyte, data_batch_1, FILE.npz    MNIST, CIFAR and NumPy arrays\n  \
     ROOT/imagesTr/*.nii.gz, ROOT/<split>/….nii    NIfTI volumes, nnU-Net\n  \
     FILE.csv, .tsv, .parquet, .jsonl    a manifest with a row for each image\n  \
     FILE.zip, .tar, .tar.gz   an archive that holds any of these\n  \
     --split NAME=PATH …       what holds each split, wherever it lies"
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `a, b, c, … (12 more)`.
fn list(names: &[&str]) -> String {
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len() {
        ..=SHOWN => shown,
        count => format!("{shown}, … ({} more)", count - SHOWN),
    }
}
