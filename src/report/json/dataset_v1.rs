//! What was asked to be scanned, in version 1 of the JSON report: frozen like
//! the rest of it. Lists nothing.

use std::path::PathBuf;

use serde::Serialize;

use crate::source::Request;

/// What was asked to be scanned.
#[derive(Debug, Serialize)]
pub struct DatasetV1 {
    /// A folder or a manifest.
    pub root: Option<String>,
    /// Its layout, where it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// The folder of the images that a COCO file lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<String>,
    /// Folders or manifests of single splits, used instead of a root.
    pub splits: Vec<SplitPathV1>,
    /// Data used before.
    pub reference: Option<String>,
    /// Globs over keys to scan.
    pub include: Vec<String>,
    /// Globs over keys not to scan.
    pub exclude: Vec<String>,
    /// A manifest's columns, where they were named.
    pub columns: ColumnsV1,
    /// What in a key names its group.
    pub group_regex: Option<String>,
    /// A file that names groups.
    pub group_file: Option<String>,
    /// Of volumes every slice of this number along the last axis; not there for the
    /// middle of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slices: Option<u32>,
}

/// Where a split lies.
#[derive(Debug, Serialize)]
pub struct SplitPathV1 {
    /// Its name.
    pub split: String,
    /// Its folder or manifest.
    pub path: String,
}

/// A manifest's columns, where they were named.
#[derive(Debug, Serialize)]
pub struct ColumnsV1 {
    /// The image's path.
    pub path: Option<String>,
    /// Its classes.
    pub label: Option<String>,
    /// Its split.
    pub split: Option<String>,
    /// Its group.
    pub group: Option<String>,
}

impl DatasetV1 {
    /// As frozen for version 1.
    pub fn of(request: &Request) -> Self {
        let text = |path: &PathBuf| path.display().to_string();
        Self {
            root: request.root.as_ref().map(text),
            images: request.images.as_ref().map(text),
            layout: request.layout.map(|layout| layout.name().to_owned()),
            splits: (request.splits.iter())
                .map(|(split, path)| SplitPathV1 {
                    split: split.clone(),
                    path: text(path),
                })
                .collect(),
            reference: request.reference.as_ref().map(text),
            include: request.include.clone(),
            exclude: request.exclude.clone(),
            columns: ColumnsV1 {
                path: request.columns.path.clone(),
                label: request.columns.label.clone(),
                split: request.columns.split.clone(),
                group: request.columns.group.clone(),
            },
            group_regex: request.group_regex.as_ref().map(|r| r.as_str().to_owned()),
            group_file: request.group_file.as_ref().map(text),
            slices: request.slices,
        }
    }
}
