//! Reads Parquet files with a column of sample keys and either one column of
//! lists of numbers or several columns of numbers.

use std::path::Path;

use polars::prelude::{AnyValue, DataFrame, DataType};

use super::Vectors;
use crate::parquet;

/// What the column of keys may be called.
const KEYS: [&str; 4] = ["sample", "path", "file", "key"];

type Parts = (Vec<String>, Vectors, Option<Vec<String>>);

/// Keys, rows, and the names of columns where each number has its own.
pub(super) fn read(path: &Path) -> Result<Parts, String> {
    let table = parquet::guarded(|| parquet::table(path, None))?;
    let names: Vec<String> = (table.get_column_names().iter())
        .map(|name| name.to_string())
        .collect();
    let key = (KEYS.iter().find(|key| names.iter().any(|n| n == *key)))
        .ok_or_else(|| format!("no column `sample` among {}", names.join(", ")))?;
    let keys = texts(&table, key)?;
    let of_type = |wanted: fn(&DataType) -> bool| -> Vec<String> {
        let columns = table.columns().iter();
        let columns = columns.filter(|c| c.name().as_str() != *key && wanted(c.dtype()));
        columns.map(|c| c.name().to_string()).collect()
    };
    let lists = of_type(|kind| matches!(kind, DataType::List(inner) if inner.is_numeric()));
    let numbers = of_type(|kind| kind.is_float());
    match (&lists[..], &numbers[..]) {
        ([list], _) => Ok((keys, from_lists(&table, list)?, None)),
        ([], []) => Err("no column of lists of numbers".to_owned()),
        ([], _) => Ok((keys, from_columns(&table, &numbers)?, Some(numbers))),
        (several, _) => Err(format!(
            "several columns of lists ({}); keep one",
            several.join(", ")
        )),
    }
}

fn texts(table: &DataFrame, name: &str) -> Result<Vec<String>, String> {
    let column = table.column(name).map_err(|e| e.to_string())?;
    (0..column.len())
        .map(|row| match column.get(row) {
            Ok(AnyValue::String(text)) => Ok(text.to_owned()),
            Ok(AnyValue::StringOwned(text)) => Ok(text.to_string()),
            Ok(AnyValue::Binary(bytes)) => {
                String::from_utf8(bytes.to_vec()).map_err(|e| e.to_string())
            }
            _ => Err(format!("row {} of `{name}` is no text", row + 1)),
        })
        .collect()
}

fn from_lists(table: &DataFrame, name: &str) -> Result<Vectors, String> {
    let column = table.column(name).map_err(|e| e.to_string())?;
    let mut data = Vec::new();
    let mut dim = None;
    for row in 0..column.len() {
        let Ok(AnyValue::List(list)) = column.get(row) else {
            return Err(format!("row {} of `{name}` is empty", row + 1));
        };
        let expected = *dim.get_or_insert(list.len());
        if list.len() != expected || expected == 0 {
            return Err(format!(
                "row {} of `{name}` holds {} numbers, the first {expected}",
                row + 1,
                list.len()
            ));
        }
        let list = list.cast(&DataType::Float32).map_err(|e| e.to_string())?;
        let numbers = list.f32().map_err(|e| e.to_string())?;
        // A missing number is reported with those that are not finite.
        data.extend(numbers.iter().map(|number| number.unwrap_or(f32::NAN)));
    }
    Vectors::new(dim.unwrap_or(0), data).ok_or_else(|| "not a whole number of rows".to_owned())
}

fn from_columns(table: &DataFrame, names: &[String]) -> Result<Vectors, String> {
    let mut data = vec![f32::NAN; table.height() * names.len()];
    for (place, name) in names.iter().enumerate() {
        let column = table.column(name).map_err(|e| e.to_string())?;
        let column = column.cast(&DataType::Float32).map_err(|e| e.to_string())?;
        let numbers = column.f32().map_err(|e| e.to_string())?;
        for (row, number) in numbers.iter().enumerate() {
            data[row * names.len() + place] = number.unwrap_or(f32::NAN);
        }
    }
    Vectors::new(names.len(), data).ok_or_else(|| "not a whole number of rows".to_owned())
}
