//! A Pascal VOC set in other splits: images and annotations as they are, in other
//! lists or other folders. Copies nothing itself.

mod lists;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Input, Output, file_of, refused, unreadable};
use crate::error::Result;
use crate::executor::StopFlag;
use crate::review::copy::{Beside, Content};
use crate::review::stay::{Stay, within};
use crate::source::{Description, VocFolders};

/// Folders whose images belong to an image of the same name.
const MASKS: [&str; 2] = ["SegmentationClass", "SegmentationObject"];

/// Samples between two checks of the stop flag.
const BATCH: usize = 256;

/// The VOC set of `input` in its new splits.
pub(super) fn voc(input: Input<'_>, stop: &StopFlag) -> Result<Output> {
    let mut parts: Vec<&VocFolders> = Vec::new();
    for description in input.descriptions {
        if let Description::Voc(part) = description {
            parts.push(part);
        }
    }
    // Of two folders that hold an image, the inner one is its own.
    parts.sort_by_key(|part| std::cmp::Reverse(part.images.path.components().count()));
    let mut images: Vec<Stay> = Vec::new();
    let mut beside: Vec<Beside> = Vec::new();
    let mut of_part: Vec<Vec<(PathBuf, String)>> = vec![Vec::new(); parts.len()];
    let mut put: HashSet<PathBuf> = HashSet::new();
    let mut moved = Moved::default();
    for (number, mut stay) in input.staying.into_iter().enumerate() {
        if number.is_multiple_of(BATCH) {
            stop.check()?;
        }
        let file = file_of(&stay)?.clone();
        let inside = (parts.iter().enumerate()).find_map(|(number, part)| {
            Some((
                number,
                file.strip_prefix(&part.images.path).ok()?.to_owned(),
            ))
        });
        let Some((number, inside)) = inside else {
            return Err(refused(&format!(
                "`{}` is a link out of the folder of images: replace it by the file",
                stay.key
            )));
        };
        let part = parts[number];
        let xml = part.annotations.as_ref().and_then(|annotations| {
            let path = annotations.path.join(&inside);
            let both = ["xml", "XML"].map(|extension| path.with_extension(extension));
            both.into_iter().find(|path| path.is_file())
        });
        if part.sets.is_some() {
            of_part[number].push((inside.clone(), stay.split.clone()));
            // One image that two lists name lies there once.
            if put.insert(file) {
                let inside = inside.to_string_lossy().replace('\\', "/");
                let at = |folder: &str| within(&joined(folder, &inside));
                stay.to = at(&part.images.inside);
                if let (Some(from), Some(annotations)) = (xml, &part.annotations) {
                    let to = with_extension(&at(&annotations.inside), "xml");
                    let what = Content::File(from);
                    beside.push(Beside { to, what });
                }
                masks(part, Path::new(&inside), &mut beside);
                images.push(stay);
            }
        } else {
            beside.extend(moved.add(part, &mut stay, xml)?);
            images.push(stay);
        }
    }
    for (part, samples) in parts.iter().zip(&of_part) {
        if let Some(sets) = &part.sets {
            stop.check()?;
            beside.append(&mut lists::written(sets, samples)?);
        }
    }
    Ok(Output {
        images,
        beside,
        notes: Vec::new(),
    })
}

/// The masks of an image.
fn masks(part: &VocFolders, inside: &Path, beside: &mut Vec<Beside>) {
    for folder in MASKS {
        let name = inside.with_extension("png");
        let from = part.holder.path.join(folder).join(&name);
        if from.is_file() {
            let name = name.to_string_lossy().replace('\\', "/");
            beside.push(Beside {
                to: within(&joined(&part.holder.inside, &format!("{folder}/{name}"))),
                what: Content::File(from),
            });
        }
    }
}

/// Images whose folders tell their split, and their annotations.
#[derive(Default)]
struct Moved {
    /// Places without extension: one annotation stands for all files of a stem.
    stems: BTreeSet<String>,
}

impl Moved {
    /// The annotation of an image, whose place changes where another has the stem.
    fn add(
        &mut self,
        part: &VocFolders,
        stay: &mut Stay,
        xml: Option<PathBuf>,
    ) -> Result<Option<Beside>> {
        let (stem, extension) = parted(&stay.to);
        let (stem, extension) = (stem.to_owned(), extension.to_owned());
        let mut number = 1;
        let mut new = stem.clone();
        while !self.stems.insert(new.clone()) {
            number += 1;
            new = format!("{stem}-{number}");
        }
        stay.to = format!("{new}{extension}");
        let (Some(from), Some(annotations)) = (xml, &part.annotations) else {
            return Ok(None);
        };
        let last = |inside: &str| inside.rsplit('/').next().unwrap_or_default().to_owned();
        let (images, annotations) = (last(&part.images.inside), last(&annotations.inside));
        let mut parts: Vec<&str> = new.split('/').collect();
        if images != annotations
            && let Some(place) = parts.iter().position(|part| *part == images)
        {
            parts[place] = &annotations;
        }
        let to = format!("{}.xml", parts.join("/"));
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let (old, new) = (name(&stay.key), name(&stay.to));
        let what = match old == new {
            true => Content::File(from),
            false => renamed(&from, &old, &new)?,
        };
        Ok(Some(Beside { to, what }))
    }
}

/// An annotation whose image has a new name: `filename` is what many readers go by.
fn renamed(from: &Path, old: &str, new: &str) -> Result<Content> {
    let bytes = fs::read(from).map_err(|why| unreadable(from, why))?;
    let tag = |name: &str| {
        let safe = quick_xml::escape::escape(name);
        format!("<filename>{safe}</filename>")
    };
    let Some(at) = memchr::memmem::find(&bytes, tag(old).as_bytes()) else {
        return Ok(Content::File(from.to_owned()));
    };
    let mut changed = bytes[..at].to_vec();
    changed.extend_from_slice(tag(new).as_bytes());
    changed.extend_from_slice(&bytes[at + tag(old).len()..]);
    Ok(Content::Made(Box::new(move |out, _| {
        Ok(out.write_all(&changed)?)
    })))
}

/// A path and its extension with the dot.
fn parted(path: &str) -> (&str, &str) {
    match path.rfind('.') {
        Some(dot) if !path[dot..].contains('/') && dot > 0 => path.split_at(dot),
        _ => (path, ""),
    }
}

fn with_extension(path: &str, extension: &str) -> String {
    format!("{}.{extension}", parted(path).0)
}

fn joined(folder: &str, inside: &str) -> String {
    match folder {
        "" => inside.to_owned(),
        folder => format!("{folder}/{inside}"),
    }
}

/// By id, the splits it goes to: ids are stems, or names with their extension.
fn by_id(samples: &[(PathBuf, String)]) -> BTreeMap<String, BTreeSet<&str>> {
    let mut by_id: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (inside, split) in samples {
        for id in [inside.with_extension(""), inside.clone()] {
            let id = id.to_string_lossy().replace('\\', "/");
            by_id.entry(id).or_default().insert(split);
        }
    }
    by_id
}
