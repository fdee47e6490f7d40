//! One file of fingerprints: written whole or not at all, and read without belief.
//! Knows no other file.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use polars::prelude::{PolarsError, PolarsResult};

use super::columns::{self, FACTS, Facts, IMAGES, Pixels, Row};
use super::header::{FORMAT, Header, NAME};
use crate::error::{Error, Result};
use crate::parquet::{self, FileWriter, check_pages, guarded};
use crate::scratch::write_file_with;

/// Rows of one row group: some 20 MB of thumbnails.
const ROWS: usize = 4096;

/// A file whose header was read.
#[derive(Debug, Clone)]
pub(super) struct ShardFile {
    pub(super) path: PathBuf,
    pub(super) header: Header,
}

/// Writes a file of `rows`, to which `pixels` gives the images of a range; the file is said
/// to be of the time `began`.
///
/// # Errors
/// [`Error::Output`] when it cannot be written.
pub(super) fn write(
    path: &Path,
    header: &Header,
    rows: &[Row],
    pixels: impl Fn(Range<usize>) -> io::Result<Vec<Pixels>>,
    began: SystemTime,
) -> Result<()> {
    let note = serde_json::to_string(header).map_err(|e| Error::Internal(e.to_string()))?;
    write_file_with(path, Some(began), |out| {
        let chunk = |range: Range<usize>| {
            let pixels = pixels(range.clone())?;
            columns::frame(&rows[range], &pixels).map_err(io::Error::other)
        };
        let first = chunk(0..rows.len().min(ROWS))?;
        let mut writer = FileWriter::new(out, first.schema(), Some((NAME, note)))?;
        writer.write(&first)?;
        for start in (ROWS..rows.len()).step_by(ROWS) {
            writer.write(&chunk(start..rows.len().min(start + ROWS))?)?;
        }
        writer.finish()
    })
}

impl ShardFile {
    /// Reads the header of the file at `path`.
    ///
    /// # Errors
    /// [`Error::Input`] when it is no file of fingerprints, or of another format.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let metadata = guarded(|| check_pages(path)).map_err(|why| no_shard(path, &why))?;
        let notes = metadata.key_value_metadata().as_ref();
        let note = (notes.into_iter().flatten()).find(|note| note.key == NAME);
        let Some(note) = note.and_then(|note| note.value.as_deref()) else {
            return Err(no_shard(path, "a Parquet file of something else"));
        };
        let value: serde_json::Value =
            serde_json::from_str(note).map_err(|e| no_shard(path, &e.to_string()))?;
        let format = value.get("format").and_then(serde_json::Value::as_u64);
        if format != Some(u64::from(FORMAT)) {
            let format = format.map_or_else(|| "?".to_owned(), |format| format.to_string());
            return Err(Error::Input(format!(
                "`{}` has version {format} of the format, and this splitlint reads version \
                 {FORMAT}: fingerprint anew with one and the same version",
                path.display()
            )));
        }
        let header: Header =
            serde_json::from_value(value).map_err(|e| no_shard(path, &e.to_string()))?;
        let is_whole = header.rows == metadata.num_rows as u64 && header.part.is_sound();
        if !is_whole {
            return Err(no_shard(path, "its header and its rows do not agree"));
        }
        Ok(Self {
            path: path.to_owned(),
            header,
        })
    }

    /// All rows, without their images.
    ///
    /// # Errors
    /// [`Error::Input`] when the file is damaged.
    pub(super) fn rows(&self) -> Result<Vec<Row>> {
        let names = FACTS.map(str::to_owned).to_vec();
        let rows = guarded(|| {
            let table = parquet::table(&self.path, Some(names))?;
            Facts::of(&table)?.rows().map_err(|row| {
                PolarsError::ComputeError(format!("row {row} holds no fingerprint").into())
            })
        });
        rows.map_err(|why| no_shard(&self.path, &why))
    }

    /// Ranges of rows that are read together.
    pub(super) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let rows = self.header.rows as usize;
        let starts = (0..rows).step_by(ROWS);
        starts.map(move |start| start..rows.min(start + ROWS))
    }

    /// The images of a range of rows.
    ///
    /// # Errors
    /// [`Error::Input`] when the file is damaged.
    pub(super) fn pixels(&self, range: Range<usize>) -> Result<Vec<Pixels>> {
        let names = IMAGES.map(str::to_owned).to_vec();
        let read = || -> PolarsResult<Vec<Pixels>> {
            columns::pixels(&parquet::rows(&self.path, range, Some(names))?)
        };
        guarded(read).map_err(|why| no_shard(&self.path, &why))
    }
}

/// What is wrong with a file.
pub(super) fn no_shard(path: &Path, why: &str) -> Error {
    Error::Input(format!(
        "`{}` is no file of fingerprints of `splitlint fingerprint`, or is damaged: {why}",
        path.display()
    ))
}
