//! The smallest sets of the SHORTCUT family: twenty tiny images a side, all
//! of one motif, so that content tells nothing.

use anyhow::Result;
use image::imageops::{self, FilterType};

use super::check_sets::Fill;
use super::distribution_sets::tiny;
use super::folder::Folder;
use super::paint::Motif;

/// Code, set that fires, set that does not.
pub(crate) const SETS: &[(&str, Fill, Fill)] = &[
    (
        "SHORTCUT001",
        |f| two_sides(f, "train/north", "train/south", Change::Quality),
        |f| two_sides(f, "train/north", "train/south", Change::Nothing),
    ),
    (
        "SHORTCUT002",
        |f| two_sides(f, "train/city", "test/city", Change::Size),
        |f| two_sides(f, "train/city", "test/city", Change::Nothing),
    ),
    (
        "SHORTCUT003",
        |f| two_sides(f, "train/city", "test/city", Change::Quality),
        |f| two_sides(f, "train/city", "test/city", Change::Nothing),
    ),
];

/// What is done to the second side.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    Nothing,
    Quality,
    Size,
}

fn two_sides(folder: &Folder, first: &str, second: &str, change: Change) -> Result<()> {
    for index in 0..20 {
        let image = tiny(Motif::City, index);
        folder.save(&format!("{first}/{index}.jpg"), &image)?;
        let name = format!("{second}/{index}.jpg");
        let image = tiny(Motif::City, 100 + index);
        match change {
            Change::Nothing => folder.save(&name, &image)?,
            Change::Quality => folder.save_at(&name, &image, 40)?,
            Change::Size => {
                let smaller = imageops::resize(&image, 12, 9, FilterType::Triangle);
                folder.save(&name, &smaller)?;
            }
        }
    }
    Ok(())
}
