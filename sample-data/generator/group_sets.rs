//! The smallest sets of the LEAK checks on groups: names matter, pictures do
//! not.

use anyhow::Result;

use super::check_sets::Fill;
use super::distribution_sets::tiny;
use super::folder::Folder;
use super::paint::Motif;

/// Code, set that fires, set that does not.
pub(crate) const SETS: &[(&str, Fill, Fill)] = &[
    (
        "LEAK005",
        |f| patients(f, &["train", "test", "train", "test"]),
        |f| patients(f, &["train", "train", "test", "test"]),
    ),
    ("LEAK006", |f| videos(f, 1), |f| videos(f, 0)),
];

/// A manifest of two patients with two pictures each, in these splits.
fn patients(folder: &Folder, splits: &[&str]) -> Result<()> {
    let mut rows = String::from("path,label,split,patient\n");
    for (index, split) in splits.iter().enumerate() {
        let name = format!("{index}.png");
        let class = ["city", "lake"][index % 2];
        folder.save(&name, &tiny(Motif::City, index as u64))?;
        rows += &format!("{name},{class},{split},p{}\n", index / 2);
    }
    folder.write("manifest.csv", rows.as_bytes())
}

/// Eight videos of three frames each, of which the first `stray` frames of two lie in the test
/// split in spite of their video.
fn videos(folder: &Folder, stray: u64) -> Result<()> {
    for video in 0..8u64 {
        for frame in 0..3u64 {
            let motif = if video % 2 == 0 {
                Motif::City
            } else {
                Motif::Lake
            };
            let in_test = video >= 6 || (video < 2 && frame < stray);
            let split = if in_test { "test" } else { "train" };
            let name = format!("{split}/{}/vid{video}_{frame:04}.png", motif.name());
            folder.save(&name, &tiny(motif, 10 * video + frame))?;
        }
    }
    Ok(())
}
