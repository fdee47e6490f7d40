//! The smallest set on which each check fires, and one on which it does not.
//! Paints nothing itself.

use std::path::Path;

use anyhow::Result;
use image::RgbImage;
use image::imageops;

use super::folder::Folder;
use super::paint::{Motif, scene};
use super::{distribution_sets, file_sets, group_sets, quality_sets, shortcut_sets};

/// Fills `root` with `CODE/fires` and `CODE/clean` for every check.
pub(crate) fn make(root: &Path) -> Result<()> {
    let sets = |code: &str, fires: Fill, clean: Fill| -> Result<()> {
        fires(&Folder::fresh(&root.join(code).join("fires"))?)?;
        clean(&Folder::fresh(&root.join(code).join("clean"))?)
    };
    sets(
        "LEAK001",
        |f| two_splits(f, Copy::Bytes),
        |f| two_splits(f, Copy::None),
    )?;
    sets(
        "LEAK002",
        |f| two_splits(f, Copy::Mirrored),
        |f| two_splits(f, Copy::Bytes),
    )?;
    sets(
        "LEAK003",
        |f| one_class_twice(f, "train/lake/copy.png"),
        |f| two_splits(f, Copy::Bytes),
    )?;
    sets("LEAK004", mirrored_within, |f| {
        two_splits(f, Copy::Mirrored)
    })?;
    sets(
        "LABEL001",
        |f| one_class_twice(f, "train/city/copy.png"),
        |f| one_class_twice(f, "train/lake/copy.png"),
    )?;
    for &(code, fires, clean) in distribution_sets::SETS
        .iter()
        .chain(file_sets::SETS)
        .chain(group_sets::SETS)
        .chain(quality_sets::SETS)
        .chain(shortcut_sets::SETS)
    {
        sets(code, fires, clean)?;
    }
    Ok(())
}

/// Puts a set into an empty folder.
pub(crate) type Fill = fn(&Folder) -> Result<()>;

/// A scene small enough to be kept for every check.
fn small(motif: Motif, seed: u64) -> RgbImage {
    imageops::resize(&scene(motif, seed), 64, 48, imageops::FilterType::Triangle)
}

/// Which copy of a training picture the test split holds.
enum Copy {
    None,
    Bytes,
    Mirrored,
}

/// Two classes, two pictures each, in train and test.
fn two_splits(folder: &Folder, copy: Copy) -> Result<()> {
    for motif in [Motif::City, Motif::Lake] {
        let class = motif.name();
        for seed in 0..2 {
            folder.save(&format!("train/{class}/{seed}.png"), &small(motif, seed))?;
            folder.save(
                &format!("test/{class}/{seed}.png"),
                &small(motif, 10 + seed),
            )?;
        }
    }
    match copy {
        Copy::None => Ok(()),
        Copy::Bytes => folder.copy("train/lake/0.png", "test/lake/copy.png"),
        Copy::Mirrored => {
            let mirrored = imageops::flip_horizontal(&small(Motif::Lake, 0));
            folder.save("test/lake/copy.png", &mirrored)
        }
    }
}

/// A training picture copied to `to`.
fn one_class_twice(folder: &Folder, to: &str) -> Result<()> {
    two_splits(folder, Copy::None)?;
    folder.copy("train/lake/0.png", to)
}

fn mirrored_within(folder: &Folder) -> Result<()> {
    two_splits(folder, Copy::None)?;
    let mirrored = imageops::flip_horizontal(&small(Motif::Lake, 0));
    folder.save("train/lake/mirrored.png", &mirrored)
}
