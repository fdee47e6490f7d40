//! The smallest set on which each check fires, and one on which it does not.
//! Paints nothing itself.

use std::path::Path;

use anyhow::Result;
use image::RgbImage;
use image::imageops;

use super::folder::Folder;
use super::paint::{Motif, scene};
use super::{distribution_sets, file_sets, group_sets, object_sets, quality_sets, shortcut_sets};

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
        .chain(object_sets::SETS)
        .chain(quality_sets::SETS)
        .chain(shortcut_sets::SETS)
    {
        sets(code, fires, clean)?;
    }
    sets(
        "LABEL002",
        |f| judged(f, &[(Motif::Lake, "city", 900, 1)]),
        |f| judged(f, &[]),
    )?;
    sets("LABEL003", |f| burst(f, "city"), |f| burst(f, "lake"))?;
    sets("LABEL004", noise, |f| judged(f, &[]))?;
    sets(
        "LABEL005",
        |f| {
            judged(
                f,
                &[
                    (Motif::City, "mixed", 300, 25),
                    (Motif::Lake, "mixed", 400, 25),
                    (Motif::City, "city", 500, 35),
                    (Motif::Lake, "lake", 600, 35),
                ],
            )
        },
        |f| judged(f, &[(Motif::Desert, "mixed", 300, 50)]),
    )?;
    sets(
        "LABEL006",
        |f| {
            judged(
                f,
                &[
                    (Motif::Desert, "dune", 300, 25),
                    (Motif::Desert, "sand", 400, 25),
                ],
            )
        },
        |f| judged(f, &[(Motif::Desert, "dune", 300, 25)]),
    )?;
    // Off by default: its sets hold what turns it on.
    let settings = "[same-scene-across-splits]\nup-to = 1000\n";
    std::fs::write(root.join("LEAK008/settings.toml"), settings)?;
    Ok(())
}

/// Puts a set into an empty folder.
pub(crate) type Fill = fn(&Folder) -> Result<()>;

/// A scene small enough to be kept for every check.
pub(super) fn small(motif: Motif, seed: u64) -> RgbImage {
    imageops::resize(&scene(motif, seed), 64, 48, imageops::FilterType::Triangle)
}

/// Which copy of a training image the test split holds.
enum Copy {
    None,
    Bytes,
    Mirrored,
}

/// Two classes, two images each, in train and test.
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

/// A training image copied to `to`.
fn one_class_twice(folder: &Folder, to: &str) -> Result<()> {
    two_splits(folder, Copy::None)?;
    folder.copy("train/lake/0.png", to)
}

fn mirrored_within(folder: &Folder) -> Result<()> {
    two_splits(folder, Copy::None)?;
    let mirrored = imageops::flip_horizontal(&small(Motif::Lake, 0));
    folder.save("train/lake/mirrored.png", &mirrored)
}

/// Images of a class that labels are judged by.
const JUDGED: u64 = 25;

/// As many cities and lakes as a label model needs, and more: motif, class
/// folder, first seed, count.
fn judged(folder: &Folder, more: &[(Motif, &str, u64, u64)]) -> Result<()> {
    let usual = [
        (Motif::City, "city", 100, JUDGED),
        (Motif::Lake, "lake", 200, JUDGED),
    ];
    for &(motif, class, first, count) in usual.iter().chain(more) {
        for seed in first..first + count {
            folder.save(&format!("{class}/{seed}.jpg"), &tiny(motif, seed))?;
        }
    }
    Ok(())
}

/// Small enough for sets of many.
fn tiny(motif: Motif, seed: u64) -> RgbImage {
    imageops::resize(&scene(motif, seed), 48, 36, imageops::FilterType::Triangle)
}

/// Frames of one lake, each a little brighter, under `class`, as one group.
fn burst(folder: &Folder, class: &str) -> Result<()> {
    let more = [
        (Motif::City, "city", 125, 20),
        (Motif::Lake, "lake", 225, 20),
    ];
    judged(folder, &more)?;
    let mut manifest = String::from("path,label,group\n");
    for (motif, first) in [("city", 100), ("lake", 200)] {
        for seed in first..first + JUDGED + 20 {
            manifest.push_str(&format!("{motif}/{seed}.jpg,{motif},{seed}\n"));
        }
    }
    let frame = tiny(Motif::Lake, 900);
    for step in 0..14 {
        let brighter = imageops::brighten(&frame, 2 * step);
        let name = format!("burst/{step:02}.jpg");
        folder.save(&name, &brighter)?;
        manifest.push_str(&format!("{name},{class},burst\n"));
    }
    folder.write("manifest.csv", manifest.as_bytes())
}

/// One image of noise among cities.
fn noise(folder: &Folder) -> Result<()> {
    judged(folder, &[])?;
    let mut state = 1_u32;
    let noise = RgbImage::from_fn(48, 36, |_, _| {
        image::Rgb([0, 1, 2].map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }))
    });
    folder.save("city/noise.jpg", &noise)
}
