//! A text manifest as its owner wrote it: every column, every cell, by sample.
//! Looks for no file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::columns::{self, Column, Picked, truth};
use super::rows::key_of;
use crate::error::{Error, Result};
use crate::source::Columns;
use crate::spreadsheet::{self, Sheet};

/// A manifest with all its columns.
#[derive(Debug, Clone)]
pub struct OwnTable {
    /// The names of the columns, in order.
    pub headers: Vec<String>,
    /// The column of paths.
    pub path: usize,
    /// The column of labels.
    pub label: Option<usize>,
    /// The column of splits.
    pub split: Option<usize>,
    /// Columns that each hold whether a row has the class of their name, where there is no
    /// column of labels.
    pub indicators: Vec<(usize, String)>,
    /// How those columns write no and yes.
    truths: [String; 2],
    rows: BTreeMap<String, Vec<String>>,
}

impl OwnTable {
    /// A cell of a column of 0 and 1 that says `yes`, written as `cell` is or as others are.
    pub fn as_truth(&self, cell: &str, yes: bool) -> String {
        match truth(cell) == Some(yes) {
            true => cell.to_owned(),
            false => self.truths[usize::from(yes)].clone(),
        }
    }

    /// The row that made the sample called `key`: by its path, or by the end of
    /// it, with or without the extension, where the table holds ids.
    pub fn row(&self, key: &str) -> Option<&[String]> {
        let find = |name: &str| self.rows.get(name).map(Vec::as_slice);
        let ends = |text: &str| -> Vec<String> {
            let starts = text.match_indices('/').map(|(at, _)| at + 1);
            [0].into_iter()
                .chain(starts)
                .map(|start| text[start..].to_owned())
                .collect()
        };
        if let Some(row) = find(key) {
            return Some(row);
        }
        let (path, mark) = match key.rsplit_once('#') {
            Some((path, row)) if row.bytes().all(|b| b.is_ascii_digit()) => {
                (path, &key[path.len()..])
            }
            _ => (key, ""),
        };
        ends(path).into_iter().find_map(|end| {
            let stem = match end.rsplit_once('.') {
                Some((stem, extension)) if !extension.contains('/') => stem,
                _ => &end,
            };
            find(&format!("{end}{mark}")).or_else(|| find(&format!("{stem}{mark}")))
        })
    }
}

/// The manifest at `path` with its own columns; nothing for one that is no text
/// table.
///
/// # Errors
/// [`Error::Input`] when it cannot be read.
pub fn own_table(path: &Path, wanted: &Columns) -> Result<Option<OwnTable>> {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    if !matches!(extension.to_str(), Some("csv" | "tsv" | "tab")) {
        return Ok(None);
    }
    let failure = |why: String| Error::Input(format!("`{}`: {why}", path.display()));
    let bytes = fs::read(path).map_err(|e| failure(e.to_string()))?;
    let sheet = spreadsheet::read(&bytes, None).map_err(failure)?;
    let picked: Picked = columns::pick(&sheet.headers, wanted).map_err(failure)?;
    let mut ones: Vec<(usize, String)> = (indicators(&sheet, &picked).into_iter())
        .map(|column| (column.index, column.name))
        .collect();
    // One column of 0 and 1 is no class: see `Picked::take_indicators`.
    if ones.len() < 2 {
        ones.clear();
    }
    let written = |yes: bool| {
        let cells = (sheet.rows.iter()).flat_map(|row| ones.iter().map(|(i, _)| &row.cells[*i]));
        let mut known = cells.filter(|cell| truth(cell) == Some(yes));
        let usual = if yes { "1" } else { "0" };
        known.next().map_or(usual, |cell| cell.trim()).to_owned()
    };
    let truths = [written(false), written(true)];
    let base = path.parent().unwrap_or(Path::new(""));
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (index, row) in sheet.rows.into_iter().enumerate() {
        let cell = row.cells[picked.path.index].trim();
        if cell.is_empty() {
            continue;
        }
        let slashed = cell.replace('\\', "/");
        let is_windows = cell.contains('\\') && !base.join(cell).exists();
        let key = key_of(
            Path::new(if is_windows { slashed.as_str() } else { cell }),
            base,
        );
        // A later row of the same path may be a sample of its own.
        rows.insert(
            key.marked(&format!("#{}", index + 1)).as_str().to_owned(),
            row.cells.clone(),
        );
        rows.entry(key.as_str().to_owned()).or_insert(row.cells);
    }
    Ok(Some(OwnTable {
        path: picked.path.index,
        label: picked.label.map(|column| column.index),
        split: picked.split.map(|column| column.index),
        indicators: ones,
        truths,
        headers: sheet.headers,
        rows,
    }))
}

/// The columns of a sheet that hold 0 or 1 in every row.
pub(in crate::source) fn indicators(sheet: &Sheet, picked: &Picked) -> Vec<Column> {
    let mut columns = picked.candidates(&sheet.headers);
    for row in &sheet.rows {
        columns.retain(|column| truth(&row.cells[column.index]).is_some());
    }
    if sheet.rows.is_empty() {
        columns.clear();
    }
    columns
}
