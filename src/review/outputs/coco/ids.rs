//! Ids of images and annotations that come into one file from two. One that both
//! have changes where it moved; all others stay.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{BATCH, Family, Part, failed, keeps_ids, opened};
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::review::copy::NotMade;
use crate::review::outputs::raw_json::{Found, Take, fields, walk};
use crate::review::outputs::refused;
use crate::source::CocoId as Id;

/// The ids of the annotations of a family.
#[derive(Default)]
pub(super) struct Annotations {
    /// From here on, ids are free.
    free: i64,
    /// Ids that two files have.
    shared: HashSet<Id>,
}

/// Gives images that move and share their id new ones.
///
/// # Errors
/// [`Error::Input`] when there is no greater number.
pub(super) fn of_images(parts: &mut [Part]) -> Result<()> {
    let mut files: HashMap<&Id, u32> = HashMap::new();
    let mut most = 0;
    for part in parts.iter() {
        for id in part.by_id.keys() {
            *files.entry(id).or_default() += 1;
            most = greater(most, id);
        }
    }
    let mut changes: Vec<(usize, u32, bool)> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        for (id, &entry) in &part.by_id {
            let moves =
                part.goes[entry as usize].is_some_and(|split| !keeps_ids(parts, number, split));
            if moves && files[id] > 1 {
                changes.push((number, entry, matches!(id, Id::Text(_))));
            }
        }
    }
    changes.sort_unstable();
    let mut free = after(most)?;
    for (number, entry, is_text) in changes {
        let change = parts[number].changes.entry(entry).or_default();
        change.id = Some(written(free, is_text));
        free = after(free)?;
    }
    Ok(())
}

/// Finds the ids of annotations that two files have.
///
/// # Errors
/// [`Error::Input`] when a file cannot be read, or there is no greater number.
pub(super) fn of_annotations(parts: &[Part], stop: &StopFlag) -> Result<Annotations> {
    // By file, sorted, because sets would take three times the memory.
    let mut numbers: Vec<i64> = Vec::new();
    let mut texts: HashMap<Box<str>, u32> = HashMap::new();
    let mut most = 0;
    for part in parts {
        let mut of_part: Vec<i64> = Vec::new();
        let mut texts_of_part: BTreeSet<Box<str>> = BTreeSet::new();
        let mut count: u32 = 0;
        let take = |key: &str| match key {
            "annotations" => Take::Entries,
            _ => Take::Pass,
        };
        let read = walk(opened(&part.file.path)?, take, |found| {
            count += 1;
            if count.is_multiple_of(BATCH) {
                stop.check().map_err(Error::from)?;
            }
            if let Found::Entry(_, bytes) = found
                && let Some(id) = own_id(bytes)?
            {
                most = greater(most, &id);
                match id {
                    Id::Number(number) => of_part.push(number),
                    Id::Text(text) => {
                        texts_of_part.insert(text);
                    }
                }
            }
            Ok::<(), NotMade>(())
        });
        read.map_err(|error| failed(&part.file.path, error))?;
        of_part.sort_unstable();
        of_part.dedup();
        numbers.append(&mut of_part);
        for text in texts_of_part {
            *texts.entry(text).or_default() += 1;
        }
    }
    numbers.sort_unstable();
    let twice = numbers.windows(2).filter(|pair| pair[0] == pair[1]);
    let mut shared: HashSet<Id> = twice.map(|pair| Id::Number(pair[0])).collect();
    let texts = texts.into_iter().filter(|(_, files)| *files > 1);
    shared.extend(texts.map(|(text, _)| Id::Text(text)));
    Ok(Annotations {
        free: after(most)?,
        shared,
    })
}

/// The new ids of annotations that come into one split.
pub(super) struct Renumbered<'a> {
    family: &'a Family,
    split: u16,
    next: i64,
}

impl<'a> Renumbered<'a> {
    /// For the annotations of `split`.
    pub(super) fn new(family: &'a Family, split: u16) -> Self {
        Self {
            family,
            split,
            next: family.ids.free,
        }
    }

    /// The id that an annotation of a file gets, as JSON, where it cannot keep its
    /// own.
    pub(super) fn of(&mut self, part: usize, id: &Id) -> Option<String> {
        if !self.family.ids.shared.contains(id) || keeps_ids(&self.family.parts, part, self.split) {
            return None;
        }
        let new = written(self.next, matches!(id, Id::Text(_)));
        self.next += 1;
        Some(new)
    }
}

/// The id of an annotation.
fn own_id(annotation: &[u8]) -> std::io::Result<Option<Id>> {
    let fields = fields(annotation)?;
    let field = fields.into_iter().find(|(key, _)| key == "id");
    Ok(field.and_then(|(_, place)| serde_json::from_slice(&annotation[place]).ok()))
}

fn greater(most: i64, id: &Id) -> i64 {
    match id {
        Id::Number(number) => most.max(*number),
        Id::Text(text) => text.parse().map_or(most, |number| most.max(number)),
    }
}

/// The number after `most`, with room for as many as memory holds.
fn after(most: i64) -> Result<i64> {
    match most < i64::MAX >> 1 {
        true => Ok(most + 1),
        false => Err(refused(&format!("the id {most} leaves no greater ones"))),
    }
}

fn written(id: i64, is_text: bool) -> String {
    if is_text {
        format!("\"{id}\"")
    } else {
        id.to_string()
    }
}
