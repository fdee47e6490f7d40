//! Tables that lie beside the images of a Hugging Face folder: the same files
//! as manifests, with the column names of `datasets`. Looks for no image.

use std::path::{Path, PathBuf};

use super::cell::Place;
use super::columns::{self, Beside, Column, Picked};
use super::{Table, open};
use crate::error::{Error, Result};
use crate::source::Columns;

/// Malformed rows reported before the rest is only counted.
const SHOWN: usize = 20;

/// A metadata file.
pub(in crate::source) struct MetadataTable {
    table: Box<dyn Table>,
    names: Vec<String>,
}

/// A row of one.
pub(in crate::source) struct MetadataRow {
    pub(in crate::source) place: Place,
    pub(in crate::source) paths: Vec<PathBuf>,
    pub(in crate::source) labels: Vec<String>,
    pub(in crate::source) split: Option<String>,
    pub(in crate::source) group: Option<String>,
}

/// The columns that were picked.
pub(in crate::source) struct MetadataColumns(Picked);

impl MetadataTable {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(in crate::source) fn open(path: &Path) -> Result<Self, String> {
        let mut table = open(path).map_err(|error| error.to_string())?;
        let names = table.columns()?;
        Ok(Self { table, names })
    }

    /// The columns of paths, the likeliest first (datasets,
    /// `folder_based_builder.py`).
    pub(in crate::source) fn paths(&self) -> Vec<String> {
        let rank = |name: &str| match name {
            "file_name" => Some(0),
            "image_file_name" => Some(1),
            "file_names" => Some(3),
            "image_file_names" | "images_file_names" => Some(4),
            _ if name.ends_with("_file_name") => Some(2),
            _ if name.ends_with("_file_names") => Some(5),
            _ => None,
        };
        let mut ranked: Vec<(i32, &String)> = (self.names.iter())
            .filter_map(|name| Some((rank(name)?, name)))
            .collect();
        ranked.sort();
        ranked.into_iter().map(|(_, name)| name.clone()).collect()
    }

    /// The columns to read.
    ///
    /// # Errors
    /// When one that the user named is not there, or no column has paths.
    pub(in crate::source) fn pick(&self, wanted: &Columns) -> Result<MetadataColumns, String> {
        let path = match &wanted.path {
            Some(name) => name.clone(),
            None => (self.paths().into_iter().next()).ok_or_else(|| {
                format!(
                    "no column `file_name`, `*_file_name`, `file_names` or `*_file_names`\nthe \
                     columns are {}",
                    columns::quoted(&self.names)
                )
            })?,
        };
        let beside = Beside::pick(&self.names, wanted)?;
        let column = |name: &String| {
            let index = self.names.iter().position(|known| known == name);
            index.map(|index| Column {
                index,
                name: name.clone(),
            })
        };
        let missing = || format!("no column `{path}` (`--path-column`)");
        Ok(MetadataColumns(Picked {
            path_is_list: path.ends_with("file_names"),
            indicators: Vec::new(),
            label_is_list: beside.label_is_list(),
            label: beside.label.as_ref().and_then(column),
            split: beside.split.as_ref().and_then(column),
            group: beside.group.as_ref().and_then(column),
            path: column(&path).ok_or_else(missing)?,
        }))
    }

    /// Hands out every row.
    ///
    /// # Errors
    /// What `visit` returned, or [`Error::Input`] about rows that cannot be read.
    pub(in crate::source) fn rows(
        &mut self,
        picked: &MetadataColumns,
        visit: &mut dyn FnMut(MetadataRow) -> Result<()>,
    ) -> Result<()> {
        let mut malformed = Vec::new();
        let mut count = 0;
        self.table.rows(&picked.0, &mut |row| {
            let cells = match row.cells {
                Ok(cells) => cells,
                Err(why) => {
                    count += 1;
                    if malformed.len() < SHOWN {
                        malformed.push(format!("{}: {why}", row.place));
                    }
                    return Ok(());
                }
            };
            visit(MetadataRow {
                place: row.place,
                paths: cells.path.into_iter().chain(cells.more).collect(),
                labels: cells.labels,
                split: cells.split,
                group: cells.group,
            })
        })?;
        match count - malformed.len() {
            _ if count == 0 => Ok(()),
            0 => Err(Error::Input(malformed.join("\n"))),
            more => Err(Error::Input(format!(
                "{}\nand {more} more",
                malformed.join("\n")
            ))),
        }
    }
}

impl MetadataColumns {
    /// The names of the columns of paths and of splits.
    pub(in crate::source) fn names(&self) -> (String, Option<String>) {
        let Picked { path, split, .. } = &self.0;
        let split = split.as_ref().map(|column| column.name.clone());
        (path.name.clone(), split)
    }

    /// "path = `file_name`, label = `class`".
    pub(in crate::source) fn in_words(&self) -> String {
        let Picked { path, label, .. } = &self.0;
        match label {
            Some(label) => format!("path = `{}`, label = `{}`", path.name, label.name),
            None => format!("path = `{}`, no label column", path.name),
        }
    }
}
