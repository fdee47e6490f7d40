//! Makes everything in `sample-data/`: `cargo run --example generate-sample-data`.
//!
//! Images are painted from seeds, so that the folder can be made anew at any
//! time and nothing in it has an owner but this project.

use std::path::Path;

#[path = "generator/check_sets.rs"]
mod check_sets;
#[path = "generator/demo.rs"]
mod demo;
#[path = "generator/distribution_sets.rs"]
mod distribution_sets;
#[path = "generator/file_sets.rs"]
mod file_sets;
#[path = "generator/folder.rs"]
mod folder;
#[path = "generator/group_sets.rs"]
mod group_sets;
#[path = "generator/object_sets.rs"]
mod object_sets;
#[path = "generator/paint.rs"]
mod paint;
#[path = "generator/quality_sets.rs"]
mod quality_sets;
#[path = "generator/shortcut_sets.rs"]
mod shortcut_sets;

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    demo::make(&folder::Folder::fresh(&root.join("demo"))?)?;
    check_sets::make(&root.join("checks"))
}
