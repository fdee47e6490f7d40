//! Dates given beside a data set, as a CSV file writes them. Understands none.

use std::collections::HashMap;
use std::path::Path;

use crate::error::{Error, Result};

/// The date of each key or file name in the CSV file at `path`: in the column
/// `sample` or `path`, else the first; its date in `column`, else in `date`,
/// else the second.
///
/// # Errors
/// [`Error::Input`] when the file cannot be read or has no such column.
pub fn dates(path: &Path, column: Option<&str>) -> Result<HashMap<String, String>> {
    let fault = |why: String| Error::Input(format!("`--dates {}`: {why}", path.display()));
    let mut table = csv::Reader::from_path(path).map_err(|e| fault(e.to_string()))?;
    let headers = table.headers().map_err(|e| fault(e.to_string()))?.clone();
    let find = |name: &str| headers.iter().position(|header| header == name);
    let key = find("sample").or_else(|| find("path")).unwrap_or(0);
    let date = match column {
        Some(name) => find(name).ok_or_else(|| {
            let names: Vec<String> = headers.iter().map(|name| format!("`{name}`")).collect();
            fault(format!(
                "it has no column `{name}`; its columns are {}",
                names.join(", ")
            ))
        })?,
        None => find("date").unwrap_or(1),
    };
    let mut dates = HashMap::new();
    for row in table.records() {
        let row = row.map_err(|e| fault(e.to_string()))?;
        if let (Some(key), Some(date)) = (row.get(key), row.get(date))
            && !key.is_empty()
            && !date.trim().is_empty()
        {
            dates.insert(key.replace('\\', "/"), date.to_owned());
        }
    }
    match dates.is_empty() {
        true => Err(fault("it names no date".to_owned())),
        false => Ok(dates),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_or_by_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("dates.csv");
        std::fs::write(
            &path,
            "taken,path,date\n2020-01-01,a/1.png,2021-01-01\n,b.png,\n",
        )
        .expect("written");
        assert_eq!(dates(&path, None).expect("dates")["a/1.png"], "2021-01-01");
        assert_eq!(
            dates(&path, Some("taken")).expect("dates")["a/1.png"],
            "2020-01-01"
        );
        assert!(dates(&path, Some("when")).is_err());
    }
}
