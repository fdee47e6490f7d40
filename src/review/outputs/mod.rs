//! What a copy of a data set needs beside its images to have the layout that came
//! in. Copies nothing itself.
//!
//! Annotations are moved, not made anew: each keeps its bytes, but for a name or an
//! id that two of one file would share.

mod coco;
mod masks;
mod metadata;
mod metadata_parquet;
mod raw_json;
mod shards;
mod voc;
mod webdataset;
mod yolo;

use std::path::{Path, PathBuf};

use super::copy::Beside;
use super::stay::Stay;
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::sample::{Listing, Location};
use crate::source::Description;

/// A data set that is written anew.
pub struct Output {
    /// The images that are files of their own, with where they come to lie.
    pub images: Vec<Stay>,
    /// Every other file.
    pub beside: Vec<Beside>,
    /// What a person should know of it, a sentence each.
    pub notes: Vec<String>,
}

/// A data set as it is, and what of it is written.
pub struct Input<'a> {
    /// Its folder or file, where it has one.
    pub root: Option<&'a Path>,
    /// Its samples.
    pub listing: &'a Listing,
    /// What describes them beside their images.
    pub descriptions: &'a [Description],
    /// The samples that are written, with their new splits.
    pub staying: Vec<Stay>,
}

/// Whether a layout has annotations that a copy of its images alone would lose.
pub fn has_annotations(layout: &str) -> bool {
    ["yolo", "coco", "voc", "masks", "webdataset", "huggingface"].contains(&layout)
}

/// What to write for a set of a layout with annotations.
///
/// # Errors
/// [`Error::Input`] for what the layout cannot hold, and for files that cannot be
/// read; [`Error::Interrupted`] when the user asks to stop.
pub fn output(layout: &str, input: Input<'_>, stop: &StopFlag) -> Result<Output> {
    if let Some(stay) = input.staying.iter().find(|stay| stay.is_relabelled) {
        return Err(refused(&format!(
            "`{}` gets another label, and labels of the layout `{layout}` are not rewritten",
            stay.key
        )));
    }
    match layout {
        "yolo" => {
            let root = input.root.ok_or_else(|| {
                refused(
                    "a YOLO set is copied that is named by its folder or its `data.yaml`, not by \
                     `--split`",
                )
            })?;
            let mut images = input.staying;
            let beside = yolo::yolo(root, &mut images)?;
            Ok(Output {
                images,
                beside,
                notes: Vec::new(),
            })
        }
        "coco" => coco::coco(input, stop),
        "voc" => voc::voc(input, stop),
        "masks" => masks::masks(input),
        "webdataset" => webdataset::webdataset(input, stop),
        "huggingface" if metadata::has_metadata(input.descriptions) => {
            metadata::metadata(input, stop)
        }
        // Classes and splits are folders.
        "huggingface" if !(input.staying.iter()).any(is_member) => Ok(Output {
            images: input.staying,
            beside: Vec::new(),
            notes: Vec::new(),
        }),
        "huggingface" => shards::shards(input, stop),
        _ => Err(refused(&format!("the layout `{layout}` is not written"))),
    }
}

fn is_member(stay: &Stay) -> bool {
    matches!(stay.from, Location::Member { .. })
}

/// An error about `--to`.
fn refused(why: &str) -> Error {
    Error::Input(format!("`--to`: {why}"))
}

/// An error about a file that is read.
fn unreadable(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::Input(format!("`{}`: {why}", path.display()))
}

/// The file of a sample that is one.
fn file_of(stay: &Stay) -> Result<&PathBuf> {
    match &stay.from {
        Location::File(path) => Ok(path),
        Location::Member { .. } => Err(refused(
            "annotations of an archive are not copied: unpack it first",
        )),
    }
}
