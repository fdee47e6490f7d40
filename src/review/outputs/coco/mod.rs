//! A COCO set in other splits: which entry of which annotation file goes where.
//! Writes nothing.
//!
//! Files of one name but for the split (`instances_train.json` and
//! `instances_val.json`) are a family. Key points and captions of the same images
//! are families of their own, and follow.

mod head;
mod ids;
mod places;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::raw_json::{Found, walk};
use super::{Input, Output, file_of, unreadable};
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::review::copy::{Beside, Content, NotMade};
use crate::source::{CocoFile, CocoId as Id, Description, is_coco};
use head::Head;
use places::Places;

/// Bytes read from a file at once.
const BUFFER: usize = 1 << 16;

/// Entries between two checks of the stop flag.
const BATCH: u32 = 1024;

/// Annotation files of one kind.
struct Family {
    parts: Vec<Part>,
    /// By name, the new splits.
    splits: Vec<String>,
    /// The ids of its annotations.
    ids: ids::Annotations,
}

/// An annotation file, and where its entries go.
struct Part {
    file: CocoFile,
    /// The number of its split among the new ones, if it is one.
    own: Option<u16>,
    /// By entry of `images`, its new split; `None` for what is left out.
    goes: Vec<Option<u16>>,
    /// By entry, where it changes: another id, another name.
    changes: HashMap<u32, Change>,
    /// The entry of each id; of two, the first.
    by_id: BTreeMap<Id, u32>,
    head: Head,
}

/// What changes of an entry of `images`, as JSON.
#[derive(Default)]
struct Change {
    id: Option<String>,
    file_name: Option<String>,
}

/// An entry of `images`.
#[derive(Deserialize)]
struct ImageEntry {
    id: Id,
    file_name: Option<String>,
}

/// The COCO set of `input` in its new splits.
pub(super) fn coco(input: Input<'_>, stop: &StopFlag) -> Result<Output> {
    let mut files: Vec<CocoFile> = Vec::new();
    for description in input.descriptions {
        if let Description::Coco(file) = description {
            files.push(file.clone());
        }
    }
    let mut images = input.staying;
    let sources: Vec<_> = images.iter().map(file_of).collect::<Result<_>>()?;
    let sources: Vec<_> = sources.into_iter().cloned().collect();
    let names: BTreeSet<&String> = images.iter().map(|stay| &stay.split).collect();
    let splits: Vec<String> = names.into_iter().cloned().collect();
    let split_of: Vec<u16> = (images.iter())
        .map(|stay| splits.binary_search(&stay.split).unwrap_or_default() as u16)
        .collect();
    let places = Places::new(&files, &splits)?;

    let by_key: HashMap<&str, u32> = (0..).zip(&images).map(|(i, s)| (&*s.key, i)).collect();
    let keys: HashSet<&str> = (input.listing.samples.iter())
        .map(|sample| sample.key.as_str())
        .collect();
    let mut used: HashSet<String> = HashSet::new();
    let mut missing = 0;
    // Where each entry leads: a sample that stays.
    let mut leads: Vec<Vec<Option<u32>>> = Vec::new();
    let mut named: HashMap<u32, (usize, u32, String)> = HashMap::new();
    let mut parts = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let mut part = Part::new(file.clone(), &splits);
        let mut of_part = Vec::new();
        let mut met: HashMap<String, Option<u32>> = HashMap::new();
        part.head = read_images(&file.path, stop, |entry| {
            let index = of_part.len() as u32;
            part.by_id.entry(entry.id).or_insert(index);
            let name = entry.file_name.unwrap_or_default();
            let keys_of = file.keys(&name).filter(|_| !name.is_empty());
            let lead = match keys_of {
                Some((key, again)) if keys.contains(&*key) => match met.get(&key) {
                    // Listed twice in one file: goes where the first goes.
                    Some(lead) => *lead,
                    None => {
                        let key_of_sample = if used.insert(key.clone()) {
                            &key
                        } else {
                            &again
                        };
                        let lead = by_key.get(&**key_of_sample).copied();
                        if let Some(stay) = lead {
                            named.insert(stay, (number, index, name));
                        }
                        met.insert(key, lead);
                        lead
                    }
                },
                _ => {
                    missing += 1;
                    None
                }
            };
            of_part.push(lead);
        })?;
        part.goes = (of_part.iter())
            .map(|lead| lead.map(|stay| split_of[stay as usize]))
            .collect();
        leads.push(of_part);
        parts.push(part);
    }

    // Images: what stays keeps its name before what comes.
    let mut taken = places::Taken::default();
    let order = |stays: bool| {
        let named = &named;
        let parts = &parts;
        let split_of = &split_of;
        (0..split_of.len() as u32).filter(move |stay| {
            let own = named.get(stay).and_then(|(part, ..)| parts[*part].own);
            (own == Some(split_of[*stay as usize])) == stays
        })
    };
    let order: Vec<u32> = order(true).chain(order(false)).collect();
    let mut renamed: HashMap<(usize, u32), String> = HashMap::new();
    let mut put_again: HashSet<u32> = HashSet::new();
    for stay in order {
        let Some((part, entry, name)) = named.get(&stay) else {
            let key = &images[stay as usize].key;
            return Err(Error::Input(format!(
                "`{key}`: no annotation file lists it any more; the data set changes while it is read"
            )));
        };
        let folder = places.images(split_of[stay as usize]);
        let same_file = |other: &u32| sources[*other as usize] == sources[stay as usize];
        let (to, new_name, again) = places::name(folder, name, &mut taken, stay, same_file);
        if let Some(new_name) = new_name {
            renamed.insert((*part, *entry), new_name);
        }
        if again {
            put_again.insert(stay);
        }
        images[stay as usize].to = to;
    }
    // An image listed twice in one file has one name in both entries.
    for (number, part) in parts.iter_mut().enumerate() {
        for (entry, lead) in (0..).zip(&leads[number]) {
            let first = lead.and_then(|stay| named.get(&stay));
            if let Some(name) = first.and_then(|(part, entry, _)| renamed.get(&(*part, *entry))) {
                let name = serde_json::Value::from(name.as_str()).to_string();
                part.changes.entry(entry).or_default().file_name = Some(name);
            }
        }
    }
    let mut beside = Vec::new();
    let kin = kin(&parts, &places, &splits, &keys, stop)?;
    let main = Family::new(parts, splits.clone(), stop)?;
    files_of(main, "", &places, &mut beside);
    for (prefix, parts) in kin {
        let family = Family::new(parts, splits.clone(), stop)?;
        files_of(family, &prefix, &places, &mut beside);
    }
    let mut index = 0;
    images.retain(|_| {
        index += 1;
        !put_again.contains(&(index - 1))
    });
    let mut notes = Vec::new();
    if missing > 0 {
        notes.push(format!(
            "{missing} entries of `images` name no image of the set; they and their annotations are not copied"
        ));
    }
    Ok(Output {
        images,
        beside,
        notes,
    })
}

/// Files that describe the same images once more, by what stands before the
/// split in their names.
fn kin(
    main: &[Part],
    places: &Places,
    splits: &[String],
    keys: &HashSet<&str>,
    stop: &StopFlag,
) -> Result<BTreeMap<String, Vec<Part>>> {
    let mut families: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for first in main {
        for (prefix, path) in places.kin(&first.file) {
            if main.iter().any(|part| part.file.path == path) || !is_coco(&path) {
                continue;
            }
            let mut targets: HashMap<String, (Option<u16>, Option<String>)> = HashMap::new();
            read_entries(&first.file.path, stop, |index, entry| {
                let keys = entry.file_name.and_then(|name| first.file.keys(&name));
                if let Some((key, _)) = keys {
                    let name = first.changes.get(&index).and_then(|c| c.file_name.clone());
                    targets
                        .entry(key)
                        .or_insert((first.goes[index as usize], name));
                }
            })?;
            let file = CocoFile {
                path: path.clone(),
                ..first.file.clone()
            };
            let mut part = Part::new(file, splits);
            part.head = read_images(&path, stop, |entry| {
                let index = part.goes.len() as u32;
                part.by_id.entry(entry.id).or_insert(index);
                let key = entry.file_name.and_then(|name| part.file.keys(&name));
                let key = key.map(|(key, _)| key).filter(|key| keys.contains(&**key));
                let target = key.and_then(|key| targets.get(&key));
                part.goes.push(target.and_then(|(goes, _)| *goes));
                if let Some((_, Some(name))) = target {
                    part.changes.entry(index).or_default().file_name = Some(name.clone());
                }
            })?;
            families.entry(prefix).or_default().push(part);
        }
    }
    Ok(families)
}

/// The annotation files of a family.
fn files_of(family: Family, prefix: &str, places: &Places, beside: &mut Vec<Beside>) {
    let family = Arc::new(family);
    for split in 0..family.splits.len() as u16 {
        if sources(&family.parts, split).next().is_none() {
            continue;
        }
        let to = places.json(split, prefix);
        let what = match family.unchanged(split) {
            Some(path) => Content::File(path.to_owned()),
            None => {
                let family = Arc::clone(&family);
                Content::Made(Box::new(move |out, stop| {
                    write::write(&family, split, out, stop)
                }))
            }
        };
        beside.push(Beside { to, what });
    }
}

/// The files of which something goes to `split`.
fn sources(parts: &[Part], split: u16) -> impl Iterator<Item = &Part> {
    (parts.iter()).filter(move |part| part.goes.contains(&Some(split)))
}

/// Whether what a file has in `split` keeps its ids whatever comes there.
fn keeps_ids(parts: &[Part], part: usize, split: u16) -> bool {
    parts.iter().position(|first| first.own == Some(split)) == Some(part)
}

impl Part {
    fn new(file: CocoFile, splits: &[String]) -> Self {
        // A set without splits is one of a split without a name.
        let own = splits.binary_search(&file.split.clone().unwrap_or_default());
        Self {
            file,
            own: own.ok().map(|own| own as u16),
            goes: Vec::new(),
            changes: HashMap::new(),
            by_id: BTreeMap::new(),
            head: Head::default(),
        }
    }
}

impl Family {
    fn new(mut parts: Vec<Part>, splits: Vec<String>, stop: &StopFlag) -> Result<Self> {
        let mut ids = ids::Annotations::default();
        if (0..splits.len() as u16).any(|split| sources(&parts, split).count() > 1) {
            for split in 0..splits.len() as u16 {
                let mixed: Vec<&Part> = sources(&parts, split).collect();
                head::agree(&mixed)?;
            }
            ids::of_images(&mut parts)?;
            ids = ids::of_annotations(&parts, stop)?;
        }
        Ok(Self { parts, splits, ids })
    }

    /// The file of which all entries go to `split`, unchanged, and no others.
    fn unchanged(&self, split: u16) -> Option<&Path> {
        let mut from = sources(&self.parts, split);
        let only = from.next().filter(|_| from.next().is_none())?;
        let is_whole = only.goes.iter().all(|goes| *goes == Some(split));
        (is_whole && only.changes.is_empty()).then_some(&*only.file.path)
    }
}

/// Hands out each entry of `images`, and answers with the rest of the file.
fn read_images(path: &Path, stop: &StopFlag, mut each: impl FnMut(ImageEntry)) -> Result<Head> {
    let mut head = Head::default();
    let mut count: u32 = 0;
    let read = walk(opened(path)?, head::take, |found| {
        count += 1;
        if count.is_multiple_of(BATCH) {
            stop.check().map_err(Error::from)?;
        }
        match found {
            Found::Entry("images", bytes) => {
                each(serde_json::from_slice(bytes).map_err(std::io::Error::other)?);
                Ok(())
            }
            other => head.add(other).map_err(NotMade::from),
        }
    });
    read.map_err(|error| failed(path, error))?;
    Ok(head)
}

fn read_entries(path: &Path, stop: &StopFlag, mut each: impl FnMut(u32, ImageEntry)) -> Result<()> {
    let mut count = 0;
    read_images(path, stop, |entry| {
        each(count, entry);
        count += 1;
    })
    .map(drop)
}

fn opened(path: &Path) -> Result<BufReader<File>> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    Ok(BufReader::with_capacity(BUFFER, file))
}

/// A failure to read `path`.
fn failed(path: &Path, error: NotMade) -> Error {
    match error {
        NotMade::Write(error) => unreadable(path, error),
        NotMade::From(error) => error,
    }
}
