//! Reads the file that says whose the rows of a NumPy array are.

use std::fs;
use std::path::Path;

/// The column of a CSV file that holds the keys.
const COLUMN: &str = "sample";

/// The keys in order: a line each, or the column `sample` of a CSV file.
pub(super) fn read(path: &Path) -> Result<Vec<String>, String> {
    let fault = |why: String| format!("keys `{}`: {why}", path.display());
    let text = fs::read_to_string(path).map_err(|e| fault(e.to_string()))?;
    let is_csv = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    if !is_csv {
        return Ok(text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect());
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| fault(e.to_string()))?.clone();
    let place = match headers.iter().position(|name| name == COLUMN) {
        Some(place) => place,
        None => return Err(fault(format!("no column `{COLUMN}`"))),
    };
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|e| fault(e.to_string()))?;
            Ok(record.get(place).unwrap_or("").to_owned())
        })
        .collect()
}
