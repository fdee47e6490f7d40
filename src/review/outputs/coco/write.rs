//! One annotation file of a new split, as a stream: entries keep their bytes, but
//! for ids and names that change.

use std::io::{self, Write};

use super::ids::Renumbered;
use super::{BATCH, Family, Part, head, opened, sources};
use crate::error::Error;
use crate::executor::StopFlag;
use crate::review::copy::NotMade;
use crate::review::outputs::raw_json::{Found, Take, fields, replaced, walk};
use crate::review::outputs::unreadable;
use crate::source::CocoId as Id;

/// Writes the file of `split`.
pub(super) fn write(
    family: &Family,
    split: u16,
    out: &mut dyn Write,
    stop: &StopFlag,
) -> Result<(), NotMade> {
    let own = family.parts.iter().find(|part| part.own == Some(split));
    let Some(first) = own.or_else(|| sources(&family.parts, split).next()) else {
        return Ok(());
    };
    let mut keys = first.head.keys.clone();
    for key in ["images", "annotations"].into_iter().chain(head::LISTS) {
        let is_there = sources(&family.parts, split).any(|part| part.head.has(key));
        if is_there && !first.head.has(key) {
            keys.push(key.to_owned());
        }
    }
    out.write_all(b"{")?;
    for (number, key) in keys.iter().enumerate() {
        let comma = if number == 0 { "" } else { ",\n" };
        write!(out, "{comma}{}: ", serde_json::Value::from(key.as_str()))?;
        match key.as_str() {
            "images" | "annotations" => entries(family, split, key, out, stop)?,
            key => match first.head.values.get(key) {
                Some(bytes) => out.write_all(bytes)?,
                None => list(family, split, first, key, out)?,
            },
        }
    }
    out.write_all(b"}\n")?;
    Ok(())
}

/// The entries of a list of all files whose entries come here, each id once.
fn list(
    family: &Family,
    split: u16,
    first: &Part,
    key: &str,
    out: &mut dyn Write,
) -> Result<(), NotMade> {
    let mut written: Vec<&head::Entry> = Vec::new();
    let others = sources(&family.parts, split).filter(|part| !std::ptr::eq(*part, first));
    for part in std::iter::once(first).chain(others) {
        // Of one file all entries, whatever they are.
        let before = written.len();
        for entry in part.head.lists.get(key).into_iter().flatten() {
            let is_known = |known: &&head::Entry| match &entry.id {
                Some(_) => known.id == entry.id,
                None => known.bytes == entry.bytes,
            };
            if !written[..before].iter().any(is_known) {
                written.push(entry);
            }
        }
    }
    out.write_all(b"[")?;
    for (number, entry) in written.iter().enumerate() {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        out.write_all(&entry.bytes)?;
    }
    out.write_all(b"]")?;
    Ok(())
}

/// Why the walk through a file ended.
enum Ended {
    Read(io::Error),
    Other(NotMade),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// The entries of `images` or `annotations` that come to `split`, of all files.
fn entries(
    family: &Family,
    split: u16,
    key: &str,
    out: &mut dyn Write,
    stop: &StopFlag,
) -> Result<(), NotMade> {
    let mut renumbered = Renumbered::new(family, split);
    let mut is_first = true;
    out.write_all(b"[")?;
    for (number, part) in family.parts.iter().enumerate() {
        if !part.goes.contains(&Some(split)) {
            continue;
        }
        let take = |own: &str| {
            if own == key {
                Take::Entries
            } else {
                Take::Pass
            }
        };
        let mut index: u32 = 0;
        let walked = walk(opened(&part.file.path)?, take, |found| {
            let Found::Entry(_, bytes) = found else {
                return Ok(());
            };
            if index.is_multiple_of(BATCH) {
                stop.check()
                    .map_err(|stopped| Ended::Other(NotMade::From(stopped.into())))?;
            }
            let changed = match key {
                "images" => image(part, index, bytes, split)?,
                _ => annotation(part, number, bytes, split, &mut renumbered)?,
            };
            index += 1;
            if let Some(bytes) = changed {
                let comma: &[u8] = if is_first { b"\n" } else { b",\n" };
                is_first = false;
                let written = out.write_all(comma).and_then(|()| out.write_all(&bytes));
                written.map_err(|error| Ended::Other(NotMade::Write(error)))?;
            }
            Ok(())
        });
        walked.map_err(|ended| match ended {
            Ended::Read(error) => NotMade::From(unreadable(&part.file.path, error)),
            Ended::Other(other) => other,
        })?;
        if key == "images" && index as usize != part.goes.len() {
            return Err(NotMade::From(Error::Input(format!(
                "`{}` changes while it is read; run it again",
                part.file.path.display()
            ))));
        }
    }
    out.write_all(b"]")?;
    Ok(())
}

/// An entry of `images` as it is written; `None` for one that goes elsewhere.
fn image(part: &Part, index: u32, bytes: &[u8], split: u16) -> io::Result<Option<Vec<u8>>> {
    if part.goes.get(index as usize) != Some(&Some(split)) {
        return Ok(None);
    }
    let Some(change) = part.changes.get(&index) else {
        return Ok(Some(bytes.to_owned()));
    };
    let mut values = Vec::new();
    for (key, place) in fields(bytes)? {
        let value = match key.as_str() {
            "id" => &change.id,
            "file_name" => &change.file_name,
            _ => &None,
        };
        values.extend(value.clone().map(|value| (place, value)));
    }
    Ok(Some(replaced(bytes, &values)))
}

/// An annotation as it is written; `None` for one that goes elsewhere.
fn annotation(
    part: &Part,
    number: usize,
    bytes: &[u8],
    split: u16,
    renumbered: &mut Renumbered<'_>,
) -> io::Result<Option<Vec<u8>>> {
    let fields = fields(bytes)?;
    let id = |place: &std::ops::Range<usize>| -> Option<Id> {
        serde_json::from_slice(&bytes[place.clone()]).ok()
    };
    let of_image = fields.iter().find(|(key, _)| key == "image_id");
    let of_image = of_image.and_then(|(_, place)| part.by_id.get(&id(place)?).copied());
    let Some(image) = of_image.filter(|&image| part.goes[image as usize] == Some(split)) else {
        return Ok(None);
    };
    let new_image = part
        .changes
        .get(&image)
        .and_then(|change| change.id.clone());
    let mut values = Vec::new();
    for (key, place) in fields {
        let value = match key.as_str() {
            "id" => id(&place).and_then(|id| renumbered.of(number, &id)),
            "image_id" => new_image.clone(),
            _ => None,
        };
        values.extend(value.map(|value| (place, value)));
    }
    Ok(Some(replaced(bytes, &values)))
}
