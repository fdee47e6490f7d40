//! Parquet shards in other splits: every row with all its columns, and the notes of
//! `datasets` on them. Writes nothing itself.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{
    ArrowDataType, ArrowField, ArrowSchema, BooleanChunked, CompatLevel, DataFrame,
    KeyValueMetadata, NewChunkedArray, ParquetCompression, ParquetWriter, PolarsError, Schema,
    SchemaExt,
};

use super::{Input, Output, refused, unreadable};
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::parquet::{check_pages, guarded, rows};
use crate::resplit::file_name;
use crate::review::copy::{Beside, Content, NotMade};
use crate::sample::Location;
use crate::source::{Description, shard_split};

/// Bytes of a new shard, at most: the default of `datasets` (`max_shard_size`).
const MAX_BYTES: u64 = 500_000_000;

/// Bytes of rows in memory from which on they are written: as many as `datasets`
/// wants in a row group of images.
const MAX_GROUP: usize = 64 << 20;

/// The key under which Arrow keeps its own types.
const ARROW: &str = "ARROW:schema";

/// A shard as it is.
struct Shard {
    path: PathBuf,
    /// The first row of each row group, and the end of the last.
    groups: Vec<usize>,
    notes: Vec<(String, String)>,
    bytes: u64,
}

/// What goes into one new shard: by shard of today, its rows.
type Dealt = Vec<(usize, Vec<usize>)>;

/// The shards of `input` in their new splits.
pub(super) fn shards(input: Input<'_>, stop: &StopFlag) -> Result<Output> {
    for description in input.descriptions {
        if let Description::SplitColumn { path, column } = description {
            return Err(refused(&format!(
                "the column `{column}` of `{}` gives the splits, and would contradict new files: \
                 change it by splits.csv",
                path.display()
            )));
        }
    }
    let mut by_file: BTreeMap<&Path, BTreeMap<usize, &str>> = BTreeMap::new();
    for stay in &input.staying {
        let Location::Member {
            container, entry, ..
        } = &stay.from
        else {
            return Err(refused(&format!(
                "`{}` is a file that a row names: store the images in the rows first",
                stay.key
            )));
        };
        let rows = by_file.entry(container).or_default();
        rows.insert(usize::try_from(*entry).unwrap_or(usize::MAX), &stay.split);
    }
    let words = words(&input);
    let mut files = Vec::new();
    let mut of_split: BTreeMap<&str, Dealt> = BTreeMap::new();
    for (number, (path, rows)) in by_file.iter().enumerate() {
        stop.check()?;
        files.push(opened(path)?);
        for (&row, split) in rows {
            let dealt = of_split.entry(split).or_default();
            match dealt.last_mut() {
                Some((file, rows)) if *file == number => rows.push(row),
                _ => dealt.push((number, vec![row])),
            }
        }
    }
    let files = Arc::new(files);
    let mut beside = Vec::new();
    for (split, dealt) in of_split {
        let word = words.get(split).cloned().unwrap_or_else(|| match split {
            "val" => "validation".to_owned(),
            other => file_name(other),
        });
        let parts = parts(&files, dealt);
        let count = parts.len();
        for (number, part) in parts.into_iter().enumerate() {
            let files = Arc::clone(&files);
            beside.push(Beside {
                to: match split {
                    "" => format!("data/shard-{number:05}.parquet"),
                    _ => format!("data/{word}-{number:05}-of-{count:05}.parquet"),
                },
                what: Content::Made(Box::new(move |out, stop| write(&files, &part, out, stop))),
            });
        }
    }
    Ok(Output {
        images: Vec::new(),
        beside,
        notes: Vec::new(),
    })
}

/// By split, what shards of it are called today: `validation` for val.
fn words(input: &Input<'_>) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for stay in &input.staying {
        let old = input.listing.sample(stay.id).split;
        if let Some(old) = input.listing.split_name(old)
            && !words.contains_key(old)
            && let Some(name) = stay.from.file().file_name()
            && let Some((word, _)) = shard_split(&name.to_string_lossy())
        {
            words.insert(old.to_owned(), file_name(word));
        }
    }
    words
}

fn opened(path: &Path) -> Result<Shard> {
    let mut start = [0; 4];
    let begun = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    if begun.is_ok() && &start != b"PAR1" {
        let why = format!("the shards lie in `{}`: unpack it first", path.display());
        return Err(refused(&why));
    }
    let metadata = guarded(|| check_pages(path)).map_err(|why| unreadable(path, why))?;
    let mut groups = vec![0];
    let mut end = 0;
    for group in &metadata.row_groups {
        end += group.num_rows();
        groups.push(end);
    }
    let notes = metadata.key_value_metadata().as_deref().unwrap_or_default();
    Ok(Shard {
        path: path.to_owned(),
        groups,
        notes: (notes.iter())
            .filter_map(|note| Some((note.key.to_string(), note.value.as_ref()?.to_string())))
            .collect(),
        bytes: std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
    })
}

/// Deals the rows of a split to shards.
fn parts(files: &[Shard], dealt: Dealt) -> Vec<Dealt> {
    let mut parts: Vec<Dealt> = vec![Vec::new()];
    let mut size = 0;
    for (file, rows) in dealt {
        let all = files[file]
            .groups
            .last()
            .copied()
            .unwrap_or_default()
            .max(1);
        let of_row = files[file].bytes / all as u64;
        for row in rows {
            if size + of_row > MAX_BYTES && size > 0 {
                parts.push(Vec::new());
                size = 0;
            }
            size += of_row;
            let Some(part) = parts.last_mut() else {
                continue;
            };
            match part.last_mut() {
                Some((known, rows)) if *known == file => rows.push(row),
                _ => part.push((file, vec![row])),
            }
        }
    }
    parts
}

/// Writes a shard.
fn write(
    files: &[Shard],
    part: &Dealt,
    out: &mut dyn std::io::Write,
    stop: &StopFlag,
) -> Result<(), NotMade> {
    let mut writer: Option<Writer<'_>> = None;
    let mut out = Some(out);
    for (file, wanted) in part {
        let shard = &files[*file];
        let failure = |why: String| NotMade::From(unreadable(&shard.path, why));
        let mut wanted = wanted.iter().copied().peekable();
        for group in shard.groups.windows(2) {
            let mut mask = vec![false; group[1] - group[0]];
            let mut is_any = false;
            while let Some(row) = wanted.next_if(|row| *row < group[1]) {
                mask[row - group[0]] = true;
                is_any = true;
            }
            if !is_any {
                continue;
            }
            stop.check().map_err(Error::from)?;
            let frame = guarded(|| {
                let frame = rows(&shard.path, group[0]..group[1], None)?;
                if frame.height() != mask.len() {
                    return Err(PolarsError::ComputeError("rows are missing".into()));
                }
                frame.filter(&BooleanChunked::from_slice("kept".into(), &mask))
            });
            let frame = frame.map_err(failure)?;
            if let Some(out) = out.take() {
                writer = Some(Writer::new(out, &frame, &shard.notes)?);
            }
            if let Some(writer) = &mut writer {
                if *writer.held.schema() != *frame.schema() {
                    return Err(failure(
                        "its columns are not those of the other shards".to_owned(),
                    ));
                }
                writer.add(frame)?;
            }
        }
    }
    writer.map_or(Ok(()), Writer::finish)
}

/// A Parquet file in the making.
pub(super) struct Writer<'a> {
    writer: BatchedWriter<&'a mut dyn std::io::Write>,
    held: DataFrame,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        out: &'a mut dyn std::io::Write,
        first: &DataFrame,
        notes: &[(String, String)],
    ) -> Result<Self, NotMade> {
        let mut notes = notes.to_vec();
        if !notes.iter().any(|(key, _)| key == ARROW) {
            let entry = polars_parquet::write::schema_to_metadata_key(&plain(first.schema()));
            notes.extend(
                entry
                    .value
                    .map(|value| (entry.key.to_string(), value.to_string())),
            );
        }
        let writer = ParquetWriter::new(out)
            .with_compression(ParquetCompression::Snappy)
            .with_key_value_metadata(Some(KeyValueMetadata::from_static(notes)))
            // Memory is bounded by what one thread holds.
            .set_parallel(false)
            .batched(first.schema())
            .map_err(std::io::Error::other)?;
        Ok(Self {
            writer,
            held: first.clear(),
        })
    }

    pub(super) fn add(&mut self, frame: DataFrame) -> Result<(), NotMade> {
        self.held
            .vstack_mut(&frame)
            .map_err(std::io::Error::other)?;
        match self.held.estimated_size() >= MAX_GROUP {
            true => self.write(),
            false => Ok(()),
        }
    }

    fn write(&mut self) -> Result<(), NotMade> {
        if self.held.height() > 0 {
            let empty = self.held.clear();
            let mut frame = std::mem::replace(&mut self.held, empty);
            frame.rechunk_mut();
            self.writer
                .write_batch(&frame)
                .map_err(std::io::Error::other)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), NotMade> {
        self.write()?;
        self.writer.finish().map_err(std::io::Error::other)?;
        Ok(())
    }
}

/// The schema as Arrow readers should restore it: plain texts and lists, which all
/// of them know, in place of views and large lists.
fn plain(schema: &Schema) -> ArrowSchema {
    let arrow = schema.to_arrow(CompatLevel::oldest());
    (arrow.iter_values())
        .map(|field| (field.name.clone(), plain_field(field)))
        .collect()
}

fn plain_field(field: &ArrowField) -> ArrowField {
    ArrowField::new(
        field.name.clone(),
        plain_type(&field.dtype),
        field.is_nullable,
    )
}

fn plain_type(kind: &ArrowDataType) -> ArrowDataType {
    match kind {
        ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View => ArrowDataType::Utf8,
        ArrowDataType::LargeBinary | ArrowDataType::BinaryView => ArrowDataType::Binary,
        ArrowDataType::LargeList(inner) => ArrowDataType::List(Box::new(plain_field(inner))),
        ArrowDataType::Struct(fields) => {
            ArrowDataType::Struct(fields.iter().map(plain_field).collect())
        }
        other => other.clone(),
    }
}
