//! Rows of numbers that the user brings, one for each sample: embeddings or
//! probabilities. Checks their shape; knows nothing of labels.

mod keys;
mod numpy;
mod parquet;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Vectors;
use crate::error::{Error, Result};
use crate::sample::{Listing, SampleId};

/// A file of rows, and the file that says whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsFile {
    /// `.parquet`, `.npy` or `.npz`.
    pub path: PathBuf,
    /// For NumPy: a sample key a line, or CSV with a column `sample`.
    pub keys: Option<PathBuf>,
}

/// Rows as they lie in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Whose each row is.
    keys: Vec<String>,
    /// The rows.
    vectors: Vectors,
    /// What the columns are called, where they have names.
    columns: Option<Vec<String>>,
}

/// Rows by sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Supplied {
    /// The samples that have a row, in listing order.
    pub ids: Vec<SampleId>,
    /// Their rows.
    pub vectors: Vectors,
    /// What the columns are called, where they have names.
    pub columns: Option<Vec<String>>,
    /// What a person should know: rows of no sample, samples without a row.
    pub notes: Vec<String>,
}

/// Reads `file` and finds the sample of each row.
///
/// # Errors
/// [`Error::Input`] when the file cannot be read, its shape is wrong, a value
/// is not finite, a sample has two rows, or no row is of a sample.
pub fn load(file: &RowsFile, listing: &Listing, root: Option<&Path>) -> Result<Supplied> {
    let fault = |why: String| Error::Input(format!("`{}`: {why}", file.path.display()));
    let rows = read(file).map_err(fault)?;
    check_values(&rows).map_err(fault)?;
    by_sample(rows, listing, root).map_err(fault)
}

fn read(file: &RowsFile) -> Result<Rows, String> {
    let extension = file.path.extension().and_then(|e| e.to_str()).unwrap_or("");
    let (keys, vectors, columns) = match extension.to_ascii_lowercase().as_str() {
        "parquet" | "pq" if file.keys.is_some() => {
            return Err(
                "a Parquet file names its samples itself; leave out `--row-keys`".to_owned(),
            );
        }
        "parquet" | "pq" => parquet::read(&file.path)?,
        "npy" | "npz" => {
            let Some(keys) = &file.keys else {
                return Err(
                    "NumPy files do not name the samples of their rows; give `--row-keys FILE`, a sample a line"
                        .to_owned(),
                );
            };
            (keys::read(keys)?, numpy::read(&file.path)?, None)
        }
        _ => return Err("not a `.parquet`, `.npy` or `.npz` file".to_owned()),
    };
    if keys.len() != vectors.len() {
        return Err(format!("{} rows, but {} keys", vectors.len(), keys.len()));
    }
    Ok(Rows {
        keys,
        vectors,
        columns,
    })
}

/// Names shown of rows at fault.
const SHOWN: usize = 3;

fn check_values(rows: &Rows) -> Result<(), String> {
    if rows.vectors.is_empty() {
        return Err("it holds no row".to_owned());
    }
    let bad: Vec<&String> = (0..rows.vectors.len())
        .filter(|&row| rows.vectors.row(row).iter().any(|v| !v.is_finite()))
        .map(|row| &rows.keys[row])
        .collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} of {} rows hold NaN or infinite values: {}",
        bad.len(),
        rows.vectors.len(),
        named(&bad)
    ))
}

fn named(keys: &[&String]) -> String {
    let mut text: Vec<String> = (keys.iter().take(SHOWN))
        .map(|key| format!("`{key}`"))
        .collect();
    if keys.len() > SHOWN {
        text.push("…".to_owned());
    }
    text.join(", ")
}

fn by_sample(rows: Rows, listing: &Listing, root: Option<&Path>) -> Result<Supplied, String> {
    let known: BTreeMap<&str, SampleId> = (listing.samples.iter())
        .map(|sample| (sample.key.as_str(), sample.id))
        .collect();
    let mut row_of: BTreeMap<SampleId, usize> = BTreeMap::new();
    let mut strangers: Vec<&String> = Vec::new();
    for (row, key) in rows.keys.iter().enumerate() {
        let Some(&id) = known.get(plain(key, root).as_str()) else {
            strangers.push(key);
            continue;
        };
        if row_of.insert(id, row).is_some() {
            return Err(format!("two rows belong to `{key}`"));
        }
    }
    let example = listing.samples.first().map_or("", |s| s.key.as_str());
    if row_of.is_empty() {
        return Err(format!(
            "none of its {} rows belongs to a sample: it names {}, the data set has samples like `{example}`",
            rows.keys.len(),
            named(&strangers)
        ));
    }
    let mut notes = Vec::new();
    if !strangers.is_empty() {
        notes.push(format!(
            "{} of {} rows supplied for labels belong to no sample: {}",
            strangers.len(),
            rows.keys.len(),
            named(&strangers)
        ));
    }
    let missing: Vec<String> = (listing.samples.iter())
        .filter(|sample| !sample.labels.classes().is_empty() && !row_of.contains_key(&sample.id))
        .map(|sample| sample.key.as_str().to_owned())
        .collect();
    if !missing.is_empty() {
        notes.push(format!(
            "{} labelled samples have no supplied row and were not judged: {}",
            missing.len(),
            named(&missing.iter().collect::<Vec<_>>())
        ));
    }
    let mut data = Vec::with_capacity(row_of.len() * rows.vectors.dim());
    for &row in row_of.values() {
        data.extend_from_slice(rows.vectors.row(row));
    }
    Ok(Supplied {
        ids: row_of.into_keys().collect(),
        vectors: Vectors::new(rows.vectors.dim(), data).unwrap_or_default(),
        columns: rows.columns,
        notes,
    })
}

/// A key as the listing writes it: `/` between parts, seen from the root.
fn plain(key: &str, root: Option<&Path>) -> String {
    let key = key.trim().replace('\\', "/");
    let key = key.strip_prefix("./").unwrap_or(&key);
    let inside = root.and_then(|root| Path::new(key).strip_prefix(root).ok());
    match inside.and_then(Path::to_str) {
        Some(inside) => inside.to_owned(),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests;
