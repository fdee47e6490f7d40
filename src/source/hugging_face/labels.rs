//! Labels, splits and groups of the rows of a Parquet file. Reads no images.

use std::path::Path;

use polars::prelude::{DataFrame, Series};

use super::schema::Schema;
use crate::error::{Error, Result};
use crate::parquet::guarded;
use crate::source::Columns;
use crate::source::manifest::{Beside, many, one};

/// The columns of a file that describe its images.
pub(super) struct Described {
    labels: Option<Series>,
    splits: Option<Series>,
    groups: Option<Series>,
    /// The names of classes by number.
    classes: Option<Vec<String>>,
    is_list: bool,
}

/// The label of a row.
pub(super) enum Label {
    Classes(Vec<String>),
    /// A number that none of the classes has.
    Unknown(String),
}

/// Which columns describe the images.
///
/// # Errors
/// When a column that the user named is not there.
pub(super) fn columns(schema: &Schema, wanted: &Columns) -> Result<Beside, String> {
    let mut beside = Beside::pick(&schema.plain, wanted)?;
    if beside.label.is_none() {
        // The first of the file's own order.
        beside.label = (schema.plain.iter())
            .find(|name| schema.classes.contains_key(*name))
            .cloned();
    }
    Ok(beside)
}

impl Described {
    /// Reads the columns `beside` of the file at `path`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read(path: &Path, schema: &Schema, beside: &Beside) -> Result<Self> {
        let failure = |why: String| Error::Input(format!("`{}`: {why}", path.display()));
        let all = [&beside.label, &beside.split, &beside.group];
        let mut names: Vec<String> = all.into_iter().flatten().cloned().collect();
        names.sort_unstable();
        names.dedup();
        let table = if names.is_empty() {
            DataFrame::empty()
        } else {
            guarded(|| crate::parquet::table(path, Some(names))).map_err(failure)?
        };
        let series = |name: &Option<String>| {
            let column = |name: &String| {
                guarded(|| Ok(table.column(name)?.as_materialized_series().clone()))
            };
            name.as_ref().map(column).transpose().map_err(failure)
        };
        Ok(Self {
            labels: series(&beside.label)?,
            splits: series(&beside.split)?,
            groups: series(&beside.group)?,
            is_list: beside.label_is_list(),
            classes: (beside.label.as_ref()).and_then(|name| schema.classes.get(name).cloned()),
        })
    }

    /// The label of a row.
    ///
    /// # Errors
    /// When the column holds no labels.
    pub(super) fn label(&self, row: usize) -> Result<Label, String> {
        let Some(labels) = &self.labels else {
            return Ok(Label::Classes(Vec::new()));
        };
        let texts = many(labels, row, self.is_list)?;
        let Some(classes) = &self.classes else {
            return Ok(Label::Classes(texts));
        };
        let mut names = Vec::with_capacity(texts.len());
        for text in texts {
            let number: Option<i64> = text.parse().ok();
            let name = number
                .and_then(|number| usize::try_from(number).ok())
                .and_then(|number| classes.get(number));
            match (number, name) {
                // As `datasets` writes "no label", for example in test sets.
                (Some(-1), _) => {}
                (_, Some(name)) => names.push(name.clone()),
                (_, None) => return Ok(Label::Unknown(text)),
            }
        }
        Ok(Label::Classes(names))
    }

    /// The split of a row.
    pub(super) fn split(&self, row: usize) -> Result<Option<String>, String> {
        self.splits.as_ref().map_or(Ok(None), |s| one(s, row))
    }

    /// The group of a row.
    pub(super) fn group(&self, row: usize) -> Result<Option<String>, String> {
        self.groups.as_ref().map_or(Ok(None), |s| one(s, row))
    }
}
