//! The rows of `metadata.parquet` of a Hugging Face image folder for other splits: each with
//! all its columns, but for names and splits that change.

use std::collections::BTreeMap;
use std::path::PathBuf;

use polars::prelude::{
    AnyValue, Column, DataFrame, DataType, IdxCa, IntoColumn, NamedFrom, NewChunkedArray,
    PolarsError, Series,
};

use super::metadata::Goes;
use super::shards::Writer;
use super::{refused, unreadable};
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::parquet::{check_pages, guarded, rows};
use crate::review::copy::NotMade;
use crate::source::MetadataFile;

/// A metadata file as it is.
pub(super) struct Table {
    path: PathBuf,
    frame: DataFrame,
    names: String,
    split: Option<String>,
    notes: Vec<(String, String)>,
}

/// The rows that go into one new file.
#[derive(Default)]
pub(super) struct Moved {
    rows: Vec<u32>,
    names: Vec<Vec<String>>,
    splits: Vec<Option<String>>,
}

/// Where the row of these names, and of this split, goes.
type Deal<'a> = dyn FnMut(&[String], Option<&str>) -> Result<Option<Goes>> + 'a;

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or has no column of names.
    pub(super) fn open(file: &MetadataFile) -> Result<Self> {
        let failure = |why: String| unreadable(&file.path, why);
        let (frame, metadata) = guarded(|| {
            let metadata = check_pages(&file.path)?;
            Ok((rows(&file.path, 0..metadata.num_rows, None)?, metadata))
        })
        .map_err(failure)?;
        if frame.column(&file.names).is_err() {
            return Err(failure(format!("no column `{}`", file.names)));
        }
        let notes = metadata.key_value_metadata().as_deref().unwrap_or_default();
        Ok(Self {
            path: file.path.clone(),
            frame,
            names: file.names.clone(),
            split: file.split.clone(),
            notes: (notes.iter())
                .filter_map(|note| Some((note.key.to_string(), note.value.as_ref()?.to_string())))
                .collect(),
        })
    }

    /// The rows by the new file that each goes to, as `goes` says of its names and split.
    ///
    /// # Errors
    /// As `goes`, and when a cell cannot be read.
    pub(super) fn moved(&self, goes: &mut Deal<'_>) -> Result<BTreeMap<String, Moved>> {
        let failure = |why: PolarsError| unreadable(&self.path, why);
        let names = self.frame.column(&self.names).map_err(failure)?;
        let splits = match &self.split {
            Some(split) => Some(self.frame.column(split).map_err(failure)?),
            None => None,
        };
        let mut moved: BTreeMap<String, Moved> = BTreeMap::new();
        for row in 0..self.frame.height() {
            let names = texts(&names.get(row).map_err(failure)?);
            let split = match splits {
                Some(splits) => texts(&splits.get(row).map_err(failure)?).pop(),
                None => None,
            };
            if let Some(goes) = goes(&names, split.as_deref())? {
                let moved = moved.entry(goes.to).or_default();
                moved.rows.push(row as u32);
                moved.names.push(goes.names);
                moved.splits.push(goes.split.or(split));
            }
        }
        Ok(moved)
    }

    /// The table of `moved` rows.
    ///
    /// # Errors
    /// When the column of splits is no text.
    pub(super) fn frame(&self, moved: Moved) -> Result<DataFrame> {
        let failure = |why: PolarsError| unreadable(&self.path, why);
        let chosen = IdxCa::from_slice("rows".into(), &moved.rows);
        let mut frame = self.frame.take(&chosen).map_err(failure)?;
        let is_list = matches!(self.kind(&self.names), Some(DataType::List(_)));
        let names = match is_list {
            true => {
                let lists: Vec<Series> = (moved.names.iter())
                    .map(|names| Series::new("".into(), names))
                    .collect();
                Series::new((&*self.names).into(), lists)
            }
            false => {
                let first = moved
                    .names
                    .into_iter()
                    .map(|names| names.into_iter().next());
                Series::new((&*self.names).into(), first.collect::<Vec<_>>())
            }
        };
        frame.with_column(names.into_column()).map_err(failure)?;
        if let Some(split) = &self.split {
            if self.kind(split) != Some(&DataType::String) {
                return Err(refused(&format!(
                    "the column `{split}` of `{}` is no text: store it as text first",
                    self.path.display()
                )));
            }
            let splits: Column = Series::new((&**split).into(), moved.splits).into_column();
            frame.with_column(splits).map_err(failure)?;
        }
        Ok(frame)
    }

    fn kind(&self, column: &str) -> Option<&DataType> {
        self.frame.column(column).ok().map(Column::dtype)
    }

    /// What the file has noted on its columns.
    pub(super) fn notes(&self) -> &[(String, String)] {
        &self.notes
    }

    /// Adds the rows of another file that come to lie in the same new one, at `to`.
    ///
    /// # Errors
    /// When its columns are others.
    pub(super) fn add(&self, more: &DataFrame, all: &mut DataFrame, to: &str) -> Result<()> {
        all.vstack_mut(more).map(drop).map_err(|_| {
            refused(&format!(
                "`{}` has other columns than the file whose rows come to lie in `{to}`, too",
                self.path.display()
            ))
        })
    }
}

/// Writes a new file.
///
/// # Errors
/// When it cannot be written, or a stop was asked for.
pub(super) fn write(
    frame: &DataFrame,
    notes: &[(String, String)],
    out: &mut dyn std::io::Write,
    stop: &StopFlag,
) -> Result<(), NotMade> {
    stop.check().map_err(Error::from)?;
    let mut writer = Writer::new(out, frame, notes)?;
    writer.add(frame.clone())?;
    writer.finish()
}

/// The texts in a cell: one, or those of a list.
fn texts(cell: &AnyValue<'_>) -> Vec<String> {
    match cell {
        AnyValue::List(list) => list.iter().flat_map(|cell| texts(&cell)).collect(),
        other => other.get_str().map(str::to_owned).into_iter().collect(),
    }
}
