//! The smallest sets of the DIST family: tiny images, because only their
//! number and place count.

use anyhow::Result;
use image::{RgbImage, imageops};

use super::check_sets::Fill;
use super::folder::Folder;
use super::paint::{Motif, scene};

/// Code, set that fires, set that does not.
pub(crate) const SETS: &[(&str, Fill, Fill)] = &[
    (
        "DIST001",
        |f| deal(f, &[("train", 18, 4), ("test", 3, 15)]),
        |f| deal(f, &[("train", 12, 6), ("test", 6, 3)]),
    ),
    (
        "DIST002",
        |f| deal(f, &[("train", 3, 3), ("val", 2, 0)]),
        |f| deal(f, &[("train", 3, 1), ("val", 1, 1)]),
    ),
    (
        "DIST003",
        |f| deal(f, &[("train", 20, 2)]),
        |f| deal(f, &[("train", 6, 2)]),
    ),
    (
        "DIST004",
        |f| deal(f, &[("train", 10, 10), ("test", 3, 3)]),
        |f| deal(f, &[("train", 10, 10)]),
    ),
    (
        "DIST005",
        |f| deal(f, &[("train", 2, 2), ("test", 2, 0)]),
        |f| deal(f, &[("train", 2, 2), ("test", 2, 1)]),
    ),
    (
        "DIST006",
        |f| {
            deal(f, &[("train", 2, 2)])?;
            // Version control keeps no empty folder.
            f.write("test/.gitkeep", b"")
        },
        |f| deal(f, &[("train", 2, 2), ("test", 1, 1)]),
    ),
    (
        "DIST007",
        |f| {
            deal(f, &[("train", 2, 2), ("test", 1, 1)])?;
            f.copy("test/city/0.png", "val/city/0.png")?;
            f.copy("test/lake/0.png", "val/lake/0.png")
        },
        |f| {
            deal(f, &[("train", 2, 2), ("test", 1, 1)])?;
            f.copy("test/city/0.png", "val/city/0.png")
        },
    ),
    (
        "DIST008",
        |f| deal(f, &[("train", 2, 2), ("test", 0, 2)]),
        |f| deal(f, &[("train", 2, 2), ("test", 2, 0)]),
    ),
    (
        "DIST009",
        |f| {
            deal(f, &[("train", 2, 2)])?;
            f.save("train/ci-ty/0.png", &tiny(Motif::City, 90))
        },
        |f| deal(f, &[("train", 2, 2)]),
    ),
];

/// So many images of a city and of a lake in each split, all different.
pub(super) fn deal(folder: &Folder, splits: &[(&str, u64, u64)]) -> Result<()> {
    let mut seed = 0;
    for &(split, city, lake) in splits {
        for (motif, count) in [(Motif::City, city), (Motif::Lake, lake)] {
            for index in 0..count {
                seed += 1;
                let name = format!("{split}/{}/{index}.png", motif.name());
                folder.save(&name, &tiny(motif, seed))?;
            }
        }
    }
    Ok(())
}

/// An image of a few hundred bytes.
pub(super) fn tiny(motif: Motif, seed: u64) -> RgbImage {
    imageops::resize(&scene(motif, seed), 16, 12, imageops::FilterType::Triangle)
}
