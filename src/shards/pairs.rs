//! One file of likely pairs between files of fingerprints. Knows no image.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use polars::prelude::{
    BinaryChunked, BooleanChunked, DataFrame, Float32Chunked, Int64Chunked, IntoColumn, IntoSeries,
    NamedFrom, NewChunkedArray, PolarsError, PolarsResult, Series, StringChunked,
};
use serde::{Deserialize, Serialize};

use super::Part;
use super::seal::seal;
use crate::error::{Error, Result};
use crate::parquet::{self, FileWriter, check_pages, guarded};
use crate::sample::ContentHash;
use crate::scratch::write_file_with;

/// The version of the format: see docs/shards.md.
const FORMAT: u32 = 1;

/// The name of the header among the notes of a Parquet file.
const NAME: &str = "splitlint:pairs";

/// Pairs of one row group.
const ROWS: usize = 1 << 16;

const COLUMNS: [&str; 6] = ["a", "b", "similarity", "closer_look", "record", "seal"];

/// A file of fingerprints as pairs name it: its data set and its part.
pub(super) type Name = (String, Part);

/// What a file of pairs says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PairsHeader {
    format: u32,
    /// How images were fingerprinted and pairs registered.
    pub(super) method: String,
    /// The files of which every image was compared with all others.
    pub(super) against: BTreeSet<Name>,
    /// The files whose images were compared with those only.
    pub(super) with: BTreeSet<Name>,
    pairs: u64,
}

impl PairsHeader {
    pub(super) fn new(method: String, against: BTreeSet<Name>, with: BTreeSet<Name>) -> Self {
        Self {
            format: FORMAT,
            method,
            against,
            with,
            pairs: 0,
        }
    }
}

/// Two contents that may show one image; see [`crate::duplicates::LikelyPair`], which stages
/// above make of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PairRow {
    /// One.
    pub a: ContentHash,
    /// The other.
    pub b: ContentHash,
    /// 0 to 1, from thumbnails alone.
    pub similarity: Option<f32>,
    /// Whether thumbnails do not show all that the two hold.
    pub closer_look: bool,
    /// The registration.
    pub record: Vec<u8>,
}

impl PairRow {
    /// The checksum of all of it.
    fn seal(&self) -> i64 {
        let similarity = self.similarity.map(f32::to_bits);
        let texts = format!("{:?}", (similarity, self.closer_look));
        seal([&self.a.0[..], &self.b.0, texts.as_bytes(), &self.record])
    }
}

/// A file of pairs.
#[derive(Debug, Clone)]
pub(super) struct PairsFile {
    pub(super) path: PathBuf,
    pub(super) header: PairsHeader,
}

/// Writes a file of pairs.
///
/// # Errors
/// [`Error::Output`] when it cannot be written.
pub(super) fn write(path: &Path, mut header: PairsHeader, rows: &[PairRow]) -> Result<()> {
    header.pairs = rows.len() as u64;
    let note = serde_json::to_string(&header).map_err(|e| Error::Internal(e.to_string()))?;
    write_file_with(path, None, |out| {
        let chunk = |rows: &[PairRow]| frame(rows).map_err(io::Error::other);
        let mut chunks = rows.chunks(ROWS);
        let first = chunk(chunks.next().unwrap_or_default())?;
        let mut writer = FileWriter::new(out, first.schema(), Some((NAME, note)))?;
        writer.write(&first)?;
        for rows in chunks {
            writer.write(&chunk(rows)?)?;
        }
        writer.finish()
    })
}

fn frame(rows: &[PairRow]) -> PolarsResult<DataFrame> {
    let text = |name: &str, cell: &dyn Fn(&PairRow) -> ContentHash| {
        let cells: Vec<String> = rows.iter().map(|row| cell(row).to_string()).collect();
        Series::new(name.into(), cells).into_column()
    };
    let similarity: Vec<Option<f32>> = rows.iter().map(|row| row.similarity).collect();
    let closer_look: Vec<bool> = rows.iter().map(|row| row.closer_look).collect();
    let records: Vec<&[u8]> = rows.iter().map(|row| row.record.as_slice()).collect();
    let seals: Vec<i64> = rows.iter().map(PairRow::seal).collect();
    let columns = vec![
        text("a", &|row| row.a),
        text("b", &|row| row.b),
        Series::new("similarity".into(), similarity).into_column(),
        BooleanChunked::from_slice("closer_look".into(), &closer_look)
            .into_series()
            .into_column(),
        BinaryChunked::from_slice("record".into(), &records)
            .into_series()
            .into_column(),
        Series::new("seal".into(), seals).into_column(),
    ];
    DataFrame::new(rows.len(), columns)
}

impl PairsFile {
    /// Reads the header of the file at `path`.
    ///
    /// # Errors
    /// [`Error::Input`] when it is no file of pairs, or of another format.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let metadata = guarded(|| check_pages(path)).map_err(|why| no_pairs(path, &why))?;
        let notes = metadata.key_value_metadata().as_ref();
        let note = (notes.into_iter().flatten()).find(|note| note.key == NAME);
        let Some(note) = note.and_then(|note| note.value.as_deref()) else {
            return Err(no_pairs(path, "a Parquet file of something else"));
        };
        let header: PairsHeader =
            serde_json::from_str(note).map_err(|e| no_pairs(path, &e.to_string()))?;
        if header.format != FORMAT {
            return Err(Error::Input(format!(
                "`{}` has version {} of the format, and this splitlint reads version {FORMAT}: \
                 match anew with one and the same version",
                path.display(),
                header.format
            )));
        }
        if header.pairs != metadata.num_rows as u64 {
            return Err(no_pairs(path, "its header and its rows do not agree"));
        }
        Ok(Self {
            path: path.to_owned(),
            header,
        })
    }

    /// All pairs.
    ///
    /// # Errors
    /// [`Error::Input`] when the file is damaged.
    pub(super) fn rows(&self) -> Result<Vec<PairRow>> {
        let names = COLUMNS.map(str::to_owned).to_vec();
        let rows = guarded(|| rows(&parquet::table(&self.path, Some(names))?));
        rows.map_err(|why| no_pairs(&self.path, &why))
    }
}

fn rows(table: &DataFrame) -> PolarsResult<Vec<PairRow>> {
    let a: &StringChunked = table.column("a")?.str()?;
    let b: &StringChunked = table.column("b")?.str()?;
    let similarity: &Float32Chunked = table.column("similarity")?.f32()?;
    let closer_look: &BooleanChunked = table.column("closer_look")?.bool()?;
    let record: &BinaryChunked = table.column("record")?.binary()?;
    let seal: &Int64Chunked = table.column("seal")?.i64()?;
    let row = |index: usize| {
        let row = PairRow {
            a: ContentHash::parse(a.get(index)?)?,
            b: ContentHash::parse(b.get(index)?)?,
            similarity: similarity.get(index),
            closer_look: closer_look.get(index)?,
            record: record.get(index)?.to_vec(),
        };
        (seal.get(index) == Some(row.seal())).then_some(row)
    };
    let damaged = |index| PolarsError::ComputeError(format!("row {index} holds no pair").into());
    (0..table.height())
        .map(|index| row(index).ok_or_else(|| damaged(index)))
        .collect()
}

/// What is wrong with a file.
pub(super) fn no_pairs(path: &Path, why: &str) -> Error {
    Error::Input(format!(
        "`{}` is no file of pairs of `splitlint match`, or is damaged: {why}",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_as_they_went_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pairs.parquet");
        let rows: Vec<PairRow> = (0..5u8)
            .map(|n| PairRow {
                a: ContentHash([n; 16]),
                b: ContentHash([n + 1; 16]),
                similarity: (n > 0).then_some(f32::from(n) / 7.0),
                closer_look: n % 2 == 0,
                record: vec![n; usize::from(n)],
            })
            .collect();
        let name = |text: &str| (text.to_owned(), Part::WHOLE);
        let header = PairsHeader::new(
            "m".to_owned(),
            BTreeSet::from([name("a"), name("b")]),
            BTreeSet::from([name("c"), name("d")]),
        );
        for rows in [&rows[..], &[]] {
            write(&path, header.clone(), rows).expect("written");
            let file = PairsFile::open(&path).expect("opened");
            assert_eq!(file.rows().expect("read"), rows);
            assert_eq!(file.header.against, header.against);
            assert_eq!(file.header.with, header.with);
        }
    }
}
