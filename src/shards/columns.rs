//! The columns of a file of fingerprints, and one sample as a row. Opens no file.

use polars::prelude::{
    BinaryChunked, Column, DataFrame, Int64Chunked, IntoColumn, IntoSeries, ListBuilderTrait,
    ListChunked, ListStringChunkedBuilder, NamedFrom, NewChunkedArray, PolarsError, PolarsResult,
    Series, StringChunked,
};

use super::seal::seal;
use crate::decode::DecodeFailure;
use crate::fingerprint::{Fingerprint, ImageFacts, cache};
use crate::sample::{Bounds, ClassId, Object, ObjectFlags, Rect};

/// Columns that hold no image: all that is read before thumbnails are.
pub(super) const FACTS: [&str; 13] = [
    "sample",
    "key",
    "split",
    "labels",
    "group",
    "objects",
    "container",
    "file",
    "entry",
    "name",
    "facts",
    "failure",
    "seal",
];

/// The columns that hold images.
pub(super) const IMAGES: [&str; 2] = ["thumbnail", "thumbnail_seal"];

/// Bytes of one object in the column `objects`.
const OBJECT: usize = 22;

/// One sample as a file holds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Its place in the listing of the whole data set.
    pub(super) sample: u32,
    pub(super) key: String,
    pub(super) split: Option<String>,
    pub(super) labels: Vec<String>,
    pub(super) group: Option<String>,
    pub(super) objects: Vec<Object>,
    /// Its index among the containers of the header.
    pub(super) container: Option<u32>,
    /// The file that holds its bytes, for people.
    pub(super) file: String,
    /// Its place and name there, where the file is a container.
    pub(super) entry: Option<u64>,
    pub(super) name: Option<String>,
    pub(super) fingerprint: Fingerprint,
}

/// What belongs to a row and is read last.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pixels {
    pub(super) thumbnail: Option<Vec<u8>>,
}

impl Row {
    /// The checksum of all of it.
    fn seal(&self) -> i64 {
        let Self {
            sample,
            key,
            split,
            labels,
            group,
            objects: _,
            container,
            file,
            entry,
            name,
            fingerprint,
        } = self;
        let texts = format!(
            "{:?}",
            (
                sample, key, split, labels, group, container, file, entry, name
            )
        );
        let facts = cache::to_bytes(fingerprint).unwrap_or_default();
        let objects = objects(&self.objects).unwrap_or_default();
        seal([texts.as_bytes(), &facts, &objects])
    }
}

impl Pixels {
    /// The checksum of all of it.
    fn seal(&self) -> i64 {
        seal(self.thumbnail.as_deref())
    }
}

/// Rows as a table.
pub(super) fn frame(rows: &[Row], pixels: &[Pixels]) -> PolarsResult<DataFrame> {
    let text = |name: &str, cell: &dyn Fn(&Row) -> Option<String>| {
        let cells: Vec<Option<String>> = rows.iter().map(cell).collect();
        Series::new(name.into(), cells).into_column()
    };
    let count = |name: &str, cell: &dyn Fn(&Row) -> Option<u64>| {
        let cells = rows
            .iter()
            .map(|row| Some(cell(row)?.min(i64::MAX as u64) as i64));
        Series::new(name.into(), cells.collect::<Vec<_>>()).into_column()
    };
    let single = |name: &str, cell: &dyn Fn(&Row) -> Option<f32>| {
        let cells = rows.iter().map(|row| cell(row).filter(|n| n.is_finite()));
        Series::new(name.into(), cells.collect::<Vec<_>>()).into_column()
    };
    fn facts(row: &Row) -> Option<&ImageFacts> {
        row.fingerprint.image.as_ref().ok()
    }
    let hash = |hash: u64| format!("{hash:016x}");
    let columns = vec![
        count("sample", &|row| Some(row.sample.into())),
        text("key", &|row| Some(row.key.clone())),
        text("split", &|row| row.split.clone()),
        labels(rows),
        text("group", &|row| row.group.clone()),
        binary("objects", rows.iter().map(|row| objects(&row.objects))),
        count("container", &|row| row.container.map(u64::from)),
        text("file", &|row| Some(row.file.clone())),
        count("entry", &|row| row.entry),
        text("name", &|row| row.name.clone()),
        text("content_hash", &|row| {
            Some(row.fingerprint.content?.to_string())
        }),
        count("bytes", &|row| Some(row.fingerprint.bytes)),
        count("width", &|row| Some(facts(row)?.header.width.into())),
        count("height", &|row| Some(facts(row)?.header.height.into())),
        text("dct_hash", &|row| Some(hash(facts(row)?.hashes?.dct))),
        text("gradient_hash", &|row| {
            Some(hash(facts(row)?.hashes?.gradient))
        }),
        single("brightness", &|row| Some(facts(row)?.statistics.brightness)),
        single("contrast", &|row| Some(facts(row)?.statistics.contrast)),
        single("sharpness", &|row| Some(facts(row)?.statistics.sharpness)),
        single("entropy", &|row| Some(facts(row)?.statistics.entropy)),
        text("failure", &|row| {
            Some(match row.fingerprint.image.as_ref().err()? {
                DecodeFailure::Unreadable(why) => why.clone(),
                failure => failure.to_string(),
            })
        }),
        binary(
            "facts",
            rows.iter().map(|row| cache::to_bytes(&row.fingerprint)),
        ),
        seals("seal", rows.iter().map(Row::seal)),
        seals("thumbnail_seal", pixels.iter().map(Pixels::seal)),
        binary("thumbnail", pixels.iter().map(|one| one.thumbnail.clone())),
    ];
    DataFrame::new(rows.len(), columns)
}

fn labels(rows: &[Row]) -> Column {
    let values = rows.iter().map(|row| row.labels.len()).sum();
    let mut builder = ListStringChunkedBuilder::new("labels".into(), rows.len(), values);
    for row in rows {
        builder.append_values_iter(row.labels.iter().map(String::as_str));
    }
    builder.finish().into_series().into_column()
}

fn binary(name: &str, cells: impl Iterator<Item = Option<Vec<u8>>>) -> Column {
    let cells: Vec<Option<Vec<u8>>> = cells.collect();
    BinaryChunked::from_slice_options(name.into(), &cells)
        .into_series()
        .into_column()
}

fn seals(name: &str, cells: impl Iterator<Item = i64>) -> Column {
    Series::new(name.into(), cells.collect::<Vec<_>>()).into_column()
}

/// Objects as bytes, little-endian: the class's index among those of the header as u32; x,
/// y, width and height as f32; 0 for pixels or 1 for shares of the image; 1 for a crowd and
/// 2 for a difficult one, added.
fn objects(all: &[Object]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(all.len() * OBJECT);
    for object in all {
        let (shares, rect) = match object.bounds {
            Bounds::Pixels(rect) => (0, rect),
            Bounds::Shares(rect) => (1, rect),
        };
        bytes.extend(object.class.0.to_le_bytes());
        for number in [rect.x, rect.y, rect.width, rect.height] {
            bytes.extend(number.to_le_bytes());
        }
        let flags = u8::from(object.flags.crowd) | u8::from(object.flags.difficult) << 1;
        bytes.extend([shares, flags]);
    }
    (!all.is_empty()).then_some(bytes)
}

/// Reads what [`objects`] wrote.
fn objects_of(bytes: &[u8]) -> Option<Vec<Object>> {
    let (records, rest) = bytes.as_chunks::<OBJECT>();
    let one = |record: &[u8; OBJECT]| {
        let word = |at: usize| [record[at], record[at + 1], record[at + 2], record[at + 3]];
        let number = |at: usize| f32::from_le_bytes(word(at));
        let rect = Rect {
            x: number(4),
            y: number(8),
            width: number(12),
            height: number(16),
        };
        Some(Object {
            class: ClassId(u32::from_le_bytes(word(0))),
            bounds: match record[20] {
                0 => Bounds::Pixels(rect),
                1 => Bounds::Shares(rect),
                _ => return None,
            },
            flags: ObjectFlags {
                crowd: record[21] & 1 == 1,
                difficult: record[21] & 2 == 2,
            },
        })
    };
    rest.is_empty().then(|| records.iter().map(one).collect())?
}

/// The columns [`FACTS`] of a table, to be read row by row.
pub(super) struct Facts<'a> {
    frame: &'a DataFrame,
    texts: [&'a StringChunked; 6],
    counts: [&'a Int64Chunked; 4],
    binaries: [&'a BinaryChunked; 2],
    labels: &'a ListChunked,
}

impl<'a> Facts<'a> {
    /// # Errors
    /// When a column is not there or holds something else.
    pub(super) fn of(frame: &'a DataFrame) -> PolarsResult<Self> {
        let text = |name| frame.column(name)?.str();
        let count = |name| frame.column(name)?.i64();
        let binary = |name| frame.column(name)?.binary();
        Ok(Self {
            frame,
            texts: [
                text("key")?,
                text("split")?,
                text("group")?,
                text("file")?,
                text("name")?,
                text("failure")?,
            ],
            counts: [
                count("sample")?,
                count("container")?,
                count("entry")?,
                count("seal")?,
            ],
            binaries: [binary("objects")?, binary("facts")?],
            labels: frame.column("labels")?.list()?,
        })
    }

    /// All rows; the number of the first that is none.
    pub(super) fn rows(&self) -> Result<Vec<Row>, usize> {
        (0..self.frame.height())
            .map(|index| self.row(index).ok_or(index))
            .collect()
    }

    fn row(&self, index: usize) -> Option<Row> {
        let [key, split, group, file, name, failure] = self
            .texts
            .map(|column| column.get(index).map(str::to_owned));
        let [sample, container, entry, seal] = self.counts.map(|column| column.get(index));
        let [objects, facts] = self.binaries.map(|column| column.get(index));
        let fingerprint = match facts {
            Some(bytes) => cache::from_bytes(bytes)?,
            None => Fingerprint {
                content: None,
                bytes: 0,
                image: Err(DecodeFailure::Unreadable(failure?)),
            },
        };
        let row = Row {
            sample: u32::try_from(sample?).ok()?,
            key: key?,
            split,
            labels: self.labels(index)?,
            group,
            objects: objects.map_or(Some(Vec::new()), objects_of)?,
            container: container.map(u32::try_from).transpose().ok()?,
            file: file?,
            entry: entry.map(u64::try_from).transpose().ok()?,
            name,
            fingerprint,
        };
        (seal == Some(row.seal())).then_some(row)
    }

    fn labels(&self, index: usize) -> Option<Vec<String>> {
        let Some(all) = self.labels.get_as_series(index) else {
            return Some(Vec::new());
        };
        let texts = all.str().ok()?;
        let texts: Option<Vec<&str>> = texts.iter().collect();
        Some(texts?.into_iter().map(str::to_owned).collect())
    }
}

/// The columns [`IMAGES`] of a table.
///
/// # Errors
/// When one is not there, holds something else, or is damaged.
pub(super) fn pixels(frame: &DataFrame) -> PolarsResult<Vec<Pixels>> {
    let thumbnails = frame.column("thumbnail")?.binary()?;
    let seals = frame.column("thumbnail_seal")?.i64()?;
    (0..frame.height())
        .map(|index| {
            let thumbnail = thumbnails.get(index).map(<[u8]>::to_vec);
            let pixels = Pixels { thumbnail };
            match seals.get(index) == Some(pixels.seal()) {
                true => Ok(pixels),
                false => Err(PolarsError::ComputeError("a thumbnail is damaged".into())),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::ContentHash;

    fn row(sample: u32) -> Row {
        let object = |class, shares, crowd| Object {
            class: ClassId(class),
            bounds: {
                let rect = Rect {
                    x: f32::NAN,
                    y: -1.5,
                    width: 0.1,
                    height: f32::MAX,
                };
                match shares {
                    true => Bounds::Shares(rect),
                    false => Bounds::Pixels(rect),
                }
            },
            flags: ObjectFlags {
                crowd,
                difficult: !crowd,
            },
        };
        Row {
            sample,
            key: format!("train/{sample}.jpg"),
            split: (sample > 1).then(|| "train".to_owned()),
            labels: (0..sample).map(|n| format!("class {n}; ü")).collect(),
            group: Some(String::new()),
            objects: vec![object(7, true, false), object(0, false, true)],
            container: (sample == 2).then_some(3),
            file: "/data".to_owned(),
            entry: (sample == 2).then_some(1 << 40),
            name: None,
            fingerprint: Fingerprint {
                content: (sample > 0).then_some(ContentHash([sample as u8; 16])),
                bytes: 3 * u64::from(sample),
                image: Err(match sample {
                    0 => DecodeFailure::Unreadable("no such file".to_owned()),
                    _ => DecodeFailure::Truncated,
                }),
            },
        }
    }

    #[test]
    fn rows_come_back_as_they_went_in() {
        let rows: Vec<Row> = (0..4).map(row).collect();
        let shown = |n: u8| Pixels {
            thumbnail: (n > 1).then(|| vec![n; 5]),
        };
        let shown: Vec<Pixels> = (0..4).map(shown).collect();
        let frame = frame(&rows, &shown).expect("a table");
        let back = Facts::of(&frame).expect("its columns").rows();
        // What is no number differs from itself.
        assert_eq!(format!("{back:?}"), format!("{:?}", Ok::<_, usize>(rows)));
        assert_eq!(pixels(&frame).expect("its images"), shown);
        let names: Vec<&str> = (frame.get_column_names().iter())
            .map(|name| name.as_str())
            .collect();
        assert!(FACTS.iter().chain(&IMAGES).all(|name| names.contains(name)));
    }

    #[test]
    fn a_row_that_is_not_what_was_written_is_refused() {
        let rows: Vec<Row> = (0..4).map(row).collect();
        let shown = vec![Pixels::default(); 4];
        let mut frame = frame(&rows, &shown).expect("a table");
        let keys = ["train/0.jpg", "train/1.jpg", "train/2.jpg", "train/7.jpg"];
        let keys = Series::new("key".into(), keys).into_column();
        frame.with_column(keys).expect("other keys");
        assert_eq!(Facts::of(&frame).expect("its columns").rows(), Err(3));
        let other = (0..4u8).map(|n| (n == 2).then(|| vec![n]));
        frame
            .with_column(binary("thumbnail", other))
            .expect("other images");
        assert!(pixels(&frame).is_err());
    }

    #[test]
    fn bytes_that_are_no_objects_are_refused() {
        let bytes = objects(&row(1).objects).expect("two objects");
        assert_eq!(objects_of(&bytes).map(|all| all.len()), Some(2));
        assert_eq!(objects_of(&bytes[1..]), None);
        let mut other = bytes;
        other[20] = 2;
        assert_eq!(objects_of(&other), None);
    }
}
