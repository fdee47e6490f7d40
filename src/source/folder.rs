//! Folders of pictures: `ROOT/<split>/<class>/…`. Reads no pixels.

use std::fs;
use std::path::PathBuf;

use super::{Listed, ReadFailure, Reader, Request, Stamp};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::sample::{ClassId, Labels, Listing, Sample, SampleId, SampleKey, Split, SplitId};

pub(super) fn list(request: &Request, _progress: &dyn Progress) -> Result<Listed> {
    let root = (request.root.clone()).ok_or_else(|| Error::Input("no root".into()))?;
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&root)
        .sort_by_file_name()
        .into_iter()
        .flatten()
    {
        if entry.file_type().is_file() {
            found.push(entry.into_path());
        }
    }
    let mut listing = Listing::default();
    let mut rows = Vec::new();
    for path in found {
        let relative = path.strip_prefix(&root).unwrap_or(&path).to_owned();
        let parts: Vec<String> = relative
            .iter()
            .map(|p| p.to_string_lossy().into_owned())
            .collect();
        if let [split, class, _, ..] = &parts[..] {
            rows.push((
                SampleKey::from_path(&relative),
                split.clone(),
                class.clone(),
                path.clone(),
            ));
        }
    }
    rows.sort();
    let mut splits: Vec<_> = rows.iter().map(|r| r.1.clone()).collect();
    splits.sort();
    splits.dedup();
    let mut classes: Vec<_> = rows.iter().map(|r| r.2.clone()).collect();
    classes.sort();
    classes.dedup();
    listing.splits = splits.iter().map(|s| Split::named(s)).collect();
    let mut paths = Vec::new();
    for (i, (key, split, class, path)) in rows.into_iter().enumerate() {
        listing.samples.push(Sample {
            id: SampleId(i as u32),
            key,
            split: splits.binary_search(&split).ok().map(|i| SplitId(i as u16)),
            labels: classes
                .binary_search(&class)
                .ok()
                .map_or(Labels::None, |i| Labels::One(ClassId(i as u32))),
            group: None,
        });
        paths.push(path);
    }
    listing.classes = classes;
    Ok(Listed {
        listing,
        reader: Box::new(Files { paths }),
    })
}

struct Files {
    paths: Vec<PathBuf>,
}

impl Reader for Files {
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        fs::read(&self.paths[id.index()]).map_err(|e| ReadFailure(e.to_string()))
    }

    fn extension(&self, id: SampleId) -> Option<String> {
        let extension = self.paths[id.index()].extension()?;
        Some(extension.to_string_lossy().into_owned())
    }

    fn stamp(&self, _: SampleId) -> Option<Stamp> {
        None
    }
}
