//! Manifests as Parquet.

use std::path::{Path, PathBuf};

use polars::prelude::{AnyValue, DataFrame, DataType, Series};

use super::Table;
use super::cell::{Cells, Place, Row, decimal, labels, text};
use super::columns::{Column, Picked, truth};
use crate::error::{Error, Result};
use crate::parquet::{guarded, reader, table};

/// A Parquet file. Only the picked columns are read.
pub(super) struct Parquet {
    path: PathBuf,
}

impl Parquet {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    fn read(&self, names: Vec<String>) -> Result<DataFrame, String> {
        guarded(|| table(&self.path, Some(names)))
    }
}

impl Table for Parquet {
    fn columns(&mut self) -> Result<Vec<String>, String> {
        let schema = guarded(|| reader(&self.path)?.schema())?;
        Ok(schema.iter_names().map(|name| name.to_string()).collect())
    }

    fn rows(&mut self, picked: &Picked, visit: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
        let failure = |why: String| Error::Input(format!("`{}`: {why}", self.path.display()));
        let all = [
            Some(&picked.path),
            picked.label.as_ref(),
            picked.split.as_ref(),
            picked.group.as_ref(),
        ];
        let all = all.into_iter().flatten().chain(&picked.indicators);
        let mut names: Vec<String> = all.map(|column| column.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let table = self.read(names).map_err(failure)?;
        let series = |column: &Column| -> Result<Series> {
            let found =
                guarded(|| Ok(table.column(&column.name)?.as_materialized_series().clone()));
            found.map_err(failure)
        };
        let optional = |column: &Option<Column>| column.as_ref().map(series).transpose();
        let (path, label) = (series(&picked.path)?, optional(&picked.label)?);
        let (split, group) = (optional(&picked.split)?, optional(&picked.group)?);
        let indicators: Vec<Series> =
            (picked.indicators.iter().map(series)).collect::<Result<_>>()?;
        for index in 0..table.height() {
            let cells = || {
                let mut paths = match picked.path_is_list {
                    true => many(&path, index, false)?,
                    false => Vec::from_iter(one(&path, index)?),
                }
                .into_iter()
                .map(PathBuf::from);
                Ok(Cells {
                    path: paths.next(),
                    more: paths.collect(),
                    labels: match &label {
                        Some(label) => many(label, index, picked.label_is_list)?,
                        None => (picked.indicators.iter().zip(&indicators))
                            .filter(|(_, cells)| is_one(cells, index) == Some(true))
                            .map(|(column, _)| column.name.clone())
                            .collect(),
                    },
                    split: split.as_ref().map_or(Ok(None), |s| one(s, index))?,
                    group: group.as_ref().map_or(Ok(None), |g| one(g, index))?,
                })
            };
            visit(Row {
                place: Place {
                    row: index as u64 + 1,
                    line: None,
                },
                cells: cells(),
            })?;
        }
        Ok(())
    }

    fn indicators(&mut self, columns: Vec<Column>) -> Result<Vec<Column>, String> {
        let schema = guarded(|| reader(&self.path)?.schema())?;
        let mut found = Vec::new();
        for column in columns {
            let Some(field) = schema.get(&column.name) else {
                continue;
            };
            let kind = DataType::from_arrow_dtype(field.dtype());
            if !kind.is_bool() && !kind.is_integer() {
                continue;
            }
            // One at a time: a table of features has thousands of columns.
            let table = self.read(vec![column.name.clone()])?;
            let cells =
                guarded(|| Ok(table.column(&column.name)?.as_materialized_series().clone()))?;
            if table.height() > 0 && (0..table.height()).all(|i| is_one(&cells, i).is_some()) {
                found.push(column);
            }
        }
        Ok(found)
    }
}

/// A value of a one-hot column.
fn is_one(column: &Series, index: usize) -> Option<bool> {
    truth(&one(column, index).ok()??)
}

/// The text of a cell; `None` for an empty one.
pub(in crate::source) fn one(column: &Series, index: usize) -> Result<Option<String>, String> {
    let value = column.get(index).map_err(|error| error.to_string())?;
    scalar(&value).ok_or_else(|| {
        format!(
            "`{}` is of type {}, not text",
            column.name(),
            column.dtype()
        )
    })
}

/// The texts of a cell, which may be a list.
pub(in crate::source) fn many(
    column: &Series,
    index: usize,
    is_list: bool,
) -> Result<Vec<String>, String> {
    let value = column.get(index).map_err(|error| error.to_string())?;
    if let AnyValue::List(list) = &value {
        let mut classes = Vec::with_capacity(list.len());
        for place in 0..list.len() {
            classes.extend(one(list, place)?);
        }
        return Ok(classes);
    }
    let cell = one(column, index)?;
    Ok(cell.map_or_else(Vec::new, |cell| match value {
        AnyValue::String(_) | AnyValue::StringOwned(_) => labels(&cell, is_list),
        _ => vec![cell],
    }))
}

/// A value as text, `None` within for an empty cell; `None` for what is no
/// text and no number.
fn scalar(value: &AnyValue<'_>) -> Option<Option<String>> {
    Some(match value {
        AnyValue::Null => None,
        AnyValue::String(string) => text(string),
        AnyValue::StringOwned(string) => text(string),
        AnyValue::Binary(bytes) => text(std::str::from_utf8(bytes).ok()?),
        AnyValue::Boolean(truth) => Some(truth.to_string()),
        AnyValue::UInt8(number) => Some(number.to_string()),
        AnyValue::UInt16(number) => Some(number.to_string()),
        AnyValue::UInt32(number) => Some(number.to_string()),
        AnyValue::UInt64(number) => Some(number.to_string()),
        AnyValue::Int8(number) => Some(number.to_string()),
        AnyValue::Int16(number) => Some(number.to_string()),
        AnyValue::Int32(number) => Some(number.to_string()),
        AnyValue::Int64(number) => Some(number.to_string()),
        // By its own shortest digits: 0.1, not 0.10000000149.
        AnyValue::Float32(number) => decimal(number.to_string().parse().ok()?),
        AnyValue::Float64(number) => decimal(*number),
        _ => return None,
    })
}
