//! Metadata files of a Hugging Face image folder for other splits: each row as it
//! is written, but for names and splits that change. Copies nothing itself.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use polars::prelude::DataFrame;

use super::raw_json::{fields, replaced};
use super::{Input, Output, metadata_parquet, refused, unreadable};
use crate::error::Result;
use crate::executor::StopFlag;
use crate::review::copy::{Beside, Content};
use crate::review::stay::Stay;
use crate::sample::canonical_split;
use crate::source::{Description, MetadataFile};

/// What a Parquet file has noted on its columns.
type Notes = Vec<(String, String)>;

/// The rows of one new metadata file.
#[derive(Default)]
struct Table {
    /// The first line of a CSV file.
    header: Option<Vec<u8>>,
    rows: Vec<u8>,
}

/// The image folder of `input` in its new splits.
pub(super) fn metadata(input: Input<'_>, stop: &StopFlag) -> Result<Output> {
    let mut files: Vec<&MetadataFile> = Vec::new();
    for description in input.descriptions {
        if let Description::Metadata(file) = description {
            files.push(file);
        }
    }
    let mut mover = Mover {
        folders: folders(&input.staying),
        by_key: input.staying.iter().map(|s| (&*s.key, s)).collect(),
        rows_left: 0,
    };
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut frames: BTreeMap<String, (DataFrame, Notes)> = BTreeMap::new();
    for file in files {
        stop.check()?;
        let mut move_row = |row: Row<'_>| -> Result<()> {
            let goes = mover.goes(file, &row.names, row.split.as_deref())?;
            let Some(Goes { to, names, split }) = goes else {
                return Ok(());
            };
            let table = tables.entry(to.clone()).or_default();
            if let Some(header) = row.header {
                let known = table.header.get_or_insert_with(|| header.to_vec());
                if line(known) != line(header) {
                    return Err(refused(&format!(
                        "`{}` has other columns than the file whose rows come to lie in `{to}`, too",
                        file.path.display()
                    )));
                }
            }
            (row.written)(names, split, &mut table.rows)
        };
        match file.path.extension().and_then(|e| e.to_str()) {
            Some("csv") => csv_rows(file, &mut move_row)?,
            Some("jsonl") => json_rows(file, &mut move_row)?,
            _ => {
                let table = metadata_parquet::Table::open(file)?;
                let moved = table.moved(&mut |names, split| mover.goes(file, names, split))?;
                for (to, moved) in moved {
                    let frame = table.frame(moved)?;
                    match frames.get_mut(&to) {
                        Some((all, _)) => table.add(&frame, all, &to)?,
                        None => {
                            frames.insert(to, (frame, table.notes().to_vec()));
                        }
                    }
                }
            }
        }
    }
    let rows_left = mover.rows_left;
    let mut beside: Vec<Beside> = (tables.into_iter())
        .map(|(to, table)| {
            let mut bytes = table.header.unwrap_or_default();
            bytes.extend_from_slice(&table.rows);
            let made = move |out: &mut dyn std::io::Write, _: &StopFlag| Ok(out.write_all(&bytes)?);
            Beside {
                to,
                what: Content::Made(Box::new(made)),
            }
        })
        .collect();
    beside.extend(frames.into_iter().map(|(to, (frame, notes))| Beside {
        to,
        what: Content::Made(Box::new(move |out, stop| {
            metadata_parquet::write(&frame, &notes, out, stop)
        })),
    }));
    let mut notes = Vec::new();
    if rows_left > 0 {
        notes.push(format!(
            "{rows_left} rows of metadata name no image that is copied, and are left out"
        ));
    }
    Ok(Output {
        images: input.staying,
        beside,
        notes,
    })
}

/// Where a row goes, and what changes in it.
pub(super) struct Goes {
    /// The new metadata file.
    pub(super) to: String,
    pub(super) names: Vec<String>,
    /// Where it is another one.
    pub(super) split: Option<String>,
}

/// What decides where rows go.
struct Mover<'a> {
    folders: BTreeMap<&'a str, String>,
    by_key: HashMap<&'a str, &'a Stay>,
    /// Rows whose images are not copied.
    rows_left: u64,
}

impl Mover<'_> {
    /// Where the row of `file` with these names goes; `None` if none of them is copied.
    fn goes(
        &mut self,
        file: &MetadataFile,
        names: &[String],
        split: Option<&str>,
    ) -> Result<Option<Goes>> {
        let stays: Vec<Option<&Stay>> = (names.iter())
            .map(|name| self.by_key.get(&*file.key(name)?).copied())
            .collect();
        let known: Vec<&Stay> = stays.iter().copied().flatten().collect();
        let Some(first) = known.first() else {
            self.rows_left += 1;
            return Ok(None);
        };
        if let Some(other) = known.iter().find(|stay| stay.split != first.split) {
            return Err(refused(&format!(
                "`{}` and `{}` are named by one row of `{}`, and go to different splits: keep \
                 them together (`--keep-together declared`)",
                first.key,
                other.key,
                file.path.display()
            )));
        }
        let folder = (self.folders.get(first.split.as_str())).map_or("", String::as_str);
        let below = |stay: &Stay| match folder.is_empty() {
            true => stay.to.clone(),
            false => stay.to[folder.len() + 1..].to_owned(),
        };
        // A name that leads to nothing stays a name that leads to nothing.
        let names = (names.iter().zip(&stays))
            .map(|(name, stay)| stay.map_or_else(|| name.clone(), below))
            .collect();
        let split = split.filter(|given| canonical_split(given).unwrap_or(given) != first.split);
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Some(Goes {
            to: match folder.is_empty() {
                true => name.into_owned(),
                false => format!("{folder}/{name}"),
            },
            names,
            split: split.map(|_| first.split.clone()),
        }))
    }
}

/// The folder that holds all images of a split, and of no other: up to the part
/// with its name, else as far as all go together.
fn folders(staying: &[Stay]) -> BTreeMap<&str, String> {
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for stay in staying {
        let mut parts: Vec<&str> = stay.to.split('/').collect();
        parts.pop();
        let is_split =
            |part: &&str| *part == stay.split || canonical_split(part) == Some(stay.split.as_str());
        if let Some(place) = parts.iter().position(is_split) {
            parts.truncate(place + 1);
        }
        match folders.get_mut(stay.split.as_str()) {
            None => {
                folders.insert(&stay.split, parts);
            }
            Some(known) => {
                let same = known.iter().zip(&parts).take_while(|(a, b)| a == b).count();
                known.truncate(same);
            }
        }
    }
    (folders.into_iter())
        .map(|(split, parts)| (split, parts.join("/")))
        .collect()
}

/// A row as it is.
struct Row<'a> {
    /// The first line of its file, where it has one.
    header: Option<&'a [u8]>,
    names: Vec<String>,
    split: Option<String>,
    written: &'a mut Written<'a>,
}

/// Adds a row with these names, and this split, to a file.
type Written<'a> = dyn FnMut(Vec<String>, Option<String>, &mut Vec<u8>) -> Result<()> + 'a;

fn csv_rows(file: &MetadataFile, visit: &mut dyn FnMut(Row<'_>) -> Result<()>) -> Result<()> {
    let failure = |why: csv::Error| unreadable(&file.path, why);
    let bytes = fs::read(&file.path).map_err(|why| unreadable(&file.path, why))?;
    let mut reader = csv::ReaderBuilder::new().from_reader(&bytes[..]);
    let headers = reader.headers().map_err(failure)?.clone();
    let column = |name: &str| headers.iter().position(|known| known.trim() == name);
    let names = column(&file.names)
        .ok_or_else(|| unreadable(&file.path, format!("no column `{}`", file.names)))?;
    let split = file.split.as_deref().and_then(column);
    let mut start = reader.position().byte() as usize;
    let header = ended(&bytes[..start]);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(failure)? {
        let end = reader.position().byte() as usize;
        let raw = &bytes[std::mem::replace(&mut start, end)..end];
        let cells = &record;
        let given = cells.get(names).unwrap_or_default().to_owned();
        let kept = given.clone();
        visit(Row {
            header: Some(&header),
            names: vec![given],
            split: split.and_then(|split| cells.get(split)).map(str::to_owned),
            written: &mut |new, new_split, out| {
                if new.first() == Some(&kept) && new_split.is_none() {
                    out.extend_from_slice(&ended(raw));
                    return Ok(());
                }
                let mut cells: Vec<&str> = cells.iter().collect();
                if let Some(new) = new.first() {
                    cells[names] = new;
                }
                if let (Some(split), Some(new)) = (split, &new_split) {
                    cells[split] = new;
                }
                let mut writer = csv::Writer::from_writer(&mut *out);
                writer.write_record(&cells).map_err(failure)
            },
        })?;
    }
    Ok(())
}

fn json_rows(file: &MetadataFile, visit: &mut dyn FnMut(Row<'_>) -> Result<()>) -> Result<()> {
    let failure = |why: &dyn std::fmt::Display| unreadable(&file.path, why);
    let bytes = fs::read(&file.path).map_err(|why| failure(&why))?;
    for raw in bytes.split_inclusive(|&byte| byte == b'\n') {
        if raw.trim_ascii().is_empty() {
            continue;
        }
        let fields = fields(raw).map_err(|why| failure(&why))?;
        let field = |name: &str| fields.iter().find(|(key, _)| key == name);
        let place = field(&file.names).map(|(_, place)| place.clone());
        let value = place
            .clone()
            .map(|place| serde_json::from_slice(&raw[place]));
        let value: serde_json::Value = match value {
            Some(value) => value.map_err(|why| failure(&why))?,
            None => serde_json::Value::Null,
        };
        let is_list = value.is_array();
        let names: Vec<String> = match value {
            serde_json::Value::String(name) => vec![name],
            serde_json::Value::Array(list) => (list.into_iter())
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        };
        let split_place = file
            .split
            .as_deref()
            .and_then(field)
            .map(|(_, place)| place.clone());
        let split = split_place.clone().and_then(|place| {
            let value: serde_json::Value = serde_json::from_slice(&raw[place]).ok()?;
            value.as_str().map(str::to_owned)
        });
        let kept = names.clone();
        visit(Row {
            header: None,
            names,
            split,
            written: &mut |new, new_split, out| {
                let mut values = Vec::new();
                if new != kept
                    && let Some(place) = place.clone()
                {
                    let value = match (is_list, new.first()) {
                        (false, Some(name)) => serde_json::Value::from(name.as_str()),
                        _ => serde_json::Value::from(new),
                    };
                    values.push((place, value.to_string()));
                }
                if let (Some(place), Some(split)) = (split_place.clone(), new_split) {
                    values.push((place, serde_json::Value::from(split).to_string()));
                }
                values.sort_by_key(|(place, _)| place.start);
                out.extend_from_slice(&ended(&replaced(raw, &values)));
                Ok(())
            },
        })?;
    }
    Ok(())
}

/// A line with an end.
fn ended(line: &[u8]) -> Vec<u8> {
    let mut line = line.to_vec();
    if !line.ends_with(b"\n") {
        line.push(b'\n');
    }
    line
}

/// A line without a mark of UTF-8 and without its end.
fn line(header: &[u8]) -> &[u8] {
    header
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(header)
        .trim_ascii()
}

/// Whether a set has metadata files.
pub(super) fn has_metadata(descriptions: &[Description]) -> bool {
    let is_metadata = |description: &Description| matches!(description, Description::Metadata(_));
    descriptions.iter().any(is_metadata)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sample::{Location, SampleId};

    #[test]
    fn metadata_lies_where_all_images_of_its_split_lie() {
        let stay = |to: &str, split: &str| Stay {
            key: to.to_owned(),
            id: SampleId(0),
            from: Location::File(Path::new(to).to_owned()),
            to: to.to_owned(),
            split: split.to_owned(),
            label: String::new(),
            is_relabelled: false,
            group: String::new(),
        };
        let staying = [
            stay("set/validation/images/1.png", "val"),
            stay("set/validation/2.png", "val"),
            stay("fold-1/a/1.png", "fold-1"),
        ];
        let found = folders(&staying);
        assert_eq!(found["val"], "set/validation");
        assert_eq!(found["fold-1"], "fold-1");
    }
}
