//! Manifests: a table with a row for each image. Reads no pixels.

pub(super) mod cell;
pub(super) mod columns;
mod csv;
mod inside;
mod json_lines;
mod metadata;
mod own;
mod parquet;
pub(super) mod probe;
mod rows;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use cell::Row;
pub(super) use columns::Beside;
use columns::{Column, Picked};
pub(super) use inside::inside;
pub(super) use metadata::{MetadataRow, MetadataTable};
pub(super) use own::indicators;
pub use own::{OwnTable, own_table};
pub(super) use parquet::{many, one};

use super::LayoutName;
use super::builder::Builder;
use super::folder::nothing_known;
use super::input::{Input, Role};
use super::recognised::Recognised;
use super::tree::Tree;
use crate::error::{Error, Result};

/// A way to store a table.
trait Table {
    /// The names of its columns, in order.
    fn columns(&mut self) -> Result<Vec<String>, String>;

    /// Hands out every row, with the cells of the picked columns.
    ///
    /// # Errors
    /// What `visit` returned, or [`Error::Input`] when the file cannot be read
    /// to its end.
    fn rows(&mut self, picked: &Picked, visit: &mut dyn FnMut(Row) -> Result<()>) -> Result<()>;

    /// Those of `columns` that hold 0 or 1 in every row.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn indicators(&mut self, columns: Vec<Column>) -> Result<Vec<Column>, String>;
}

/// The manifest that describes a folder, if one lies in it.
pub(super) fn sign(tree: &Tree, input: &Input<'_>) -> Option<String> {
    let path = in_folder(tree, input)?;
    let name = path.file_name().unwrap_or_default();
    Some(format!("`{}`", crate::sample::escaped(name)))
}

/// Lists a folder by the manifest that lies in it.
pub(super) fn list_in(tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let Some(path) = in_folder(&tree, input) else {
        return Err(Error::Input(format!(
            "{}: no `manifest.csv`, `.tsv`, `.jsonl` or `.parquet` in it names its files; name the manifest itself",
            input.flag()
        )));
    };
    let mut recognised = list(&path, input, builder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    recognised.notes.push("found in the folder".to_owned());
    (recognised.correction).push_str(&format!("; if the folders hold: `--exclude {name}`"));
    Ok(recognised)
}

fn in_folder(tree: &Tree, input: &Input<'_>) -> Option<PathBuf> {
    match tree.archive {
        // Its rows would name members.
        Some(_) => None,
        None => inside(
            &tree.dirs[0].path,
            &input.request.columns,
            input.walker.globs,
        ),
    }
}

/// Lists the manifest at `path`.
pub(super) fn list(path: &Path, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let columns = &input.request.columns;
    let mut table = open(path)?;
    let names =
        (table.columns()).map_err(|why| Error::Input(format!("`{}`: {why}", path.display())))?;
    let failure = |why: String| Error::Input(format!("`{}`: {why}", path.display()));
    let mut picked = columns::pick(&names, columns).map_err(failure)?;
    let candidates = picked.candidates(&names);
    if candidates.len() >= 2 {
        picked.take_indicators(table.indicators(candidates).map_err(failure)?);
    }
    let notes = rows::list(table.as_mut(), path, &picked, input, builder)?;

    let name = path.file_name().unwrap_or_default();
    let mut recognised = Recognised::new(
        LayoutName::Manifest,
        format!("manifest `{}`", crate::sample::escaped(name)),
    );
    recognised.notes.push(picked.in_words());
    recognised.notes.extend(notes);
    recognised.correction = "if other columns are meant: `--path-column`, `--label-column`, \
                       `--split-column`, `--group-column`"
        .into();
    let lacking: Vec<&str> = [
        (
            "labels: `--label-column NAME`",
            picked.label.is_none() && picked.indicators.is_empty(),
        ),
        (
            "splits: `--split-column NAME`",
            picked.split.is_none() && input.role == Role::Set,
        ),
    ]
    .into_iter()
    .filter_map(|(words, is_lacking)| is_lacking.then_some(words))
    .collect();
    if !lacking.is_empty() {
        recognised.correction = format!(
            "if a column holds the {}, one of {}",
            lacking.join(", or the "),
            columns::quoted(&names)
        );
    }
    Ok(recognised)
}

/// Opens a manifest by its extension, or by its first byte where that says
/// nothing.
fn open(path: &Path) -> Result<Box<dyn Table>> {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    Ok(match extension.to_str() {
        Some("csv") => Box::new(csv::Csv::new(path, None)),
        Some("tsv" | "tab") => Box::new(csv::Csv::new(path, Some(b'\t'))),
        Some("jsonl" | "ndjson") => Box::new(json_lines::JsonLines::new(path)),
        Some("parquet" | "pq") => Box::new(parquet::Parquet::new(path)),
        _ => {
            let mut start = [0; 4];
            let begins = File::open(path).and_then(|mut file| file.read(&mut start));
            match (begins, start) {
                (Ok(4), [b'P', b'A', b'R', b'1']) => Box::new(parquet::Parquet::new(path)),
                (Ok(1..), [b'{', ..]) => Box::new(json_lines::JsonLines::new(path)),
                (Ok(_), _) => {
                    return Err(nothing_known(
                        path,
                        "neither a folder nor a known manifest format",
                    ));
                }
                (Err(error), _) => {
                    return Err(Error::Input(format!("`{}`: {error}", path.display())));
                }
            }
        }
    })
}
