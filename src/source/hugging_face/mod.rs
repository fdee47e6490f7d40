//! Data sets as Hugging Face `datasets` stores and reads them: Parquet shards
//! that hold the images, and folders with a metadata file. Reads no pixels.

mod folder;
mod labels;
mod levels;
mod pages;
mod rows;
mod schema;
mod shard;
mod shards;
mod splits;

use std::path::Path;

pub(super) use shards::{holds_images, list_file};

pub use splits::of_shard as shard_split;

use super::builder::Builder;
use super::input::Input;
use super::recognised::Recognised;
use super::tree::Tree;
use crate::error::Result;

/// What shows that a folder holds such a set.
pub(super) fn sign(tree: &Tree, input: &Input<'_>) -> Option<String> {
    shards::sign(tree, input).or_else(|| folder::sign(tree))
}

/// Lists a folder of shards, or one of images with metadata or without.
pub(super) fn list(tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    match shards::sign(&tree, input) {
        Some(_) => shards::list(tree, input, builder),
        None => folder::list(tree, input, builder),
    }
}

/// Whether a name ends like that of a Parquet file.
fn is_parquet(name: &Path) -> bool {
    let extension = name.extension().unwrap_or_default();
    extension.eq_ignore_ascii_case("parquet") || extension.eq_ignore_ascii_case("pq")
}
