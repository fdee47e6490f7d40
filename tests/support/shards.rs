//! Parquet shards as Hugging Face `datasets` stores them, for tests.

use std::fs::{self, File};
use std::path::Path;

use polars::prelude::{
    Column, DataFrame, IntoColumn, IntoSeries, KeyValueMetadata, NamedFrom, ParquetCompression,
    ParquetWriter, Series, StructChunked,
};

/// A row: the bytes and the name of an image, and its class.
pub(crate) type Row<'a> = (Option<&'a [u8]>, Option<&'a str>, Option<i64>);

/// How a shard is written.
#[derive(Clone, Copy)]
pub(crate) struct Style<'a> {
    /// The names of the classes, noted as `datasets` notes them.
    pub(crate) classes: &'a [&'a str],
    pub(crate) group_rows: usize,
    pub(crate) compression: ParquetCompression,
}

impl Default for Style<'_> {
    fn default() -> Self {
        Self {
            classes: &["bird", "cat"],
            group_rows: 5,
            compression: ParquetCompression::Snappy,
        }
    }
}

/// Writes a shard with the columns `image` and `label`, and more.
pub(crate) fn write(path: &Path, rows: &[Row<'_>], style: Style<'_>, more: Vec<Column>) {
    let bytes: Vec<Option<&[u8]>> = rows.iter().map(|row| row.0).collect();
    let names: Vec<Option<&str>> = rows.iter().map(|row| row.1).collect();
    let labels: Vec<Option<i64>> = rows.iter().map(|row| row.2).collect();
    let fields = [
        Series::new("bytes".into(), bytes),
        Series::new("path".into(), names),
    ];
    let image = StructChunked::from_series("image".into(), rows.len(), fields.iter());
    let image = image.expect("two columns of one length").into_series();
    let mut columns = vec![
        image.into_column(),
        Series::new("label".into(), labels).into_column(),
    ];
    columns.extend(more);
    let mut frame = DataFrame::new(rows.len(), columns).expect("columns of one length");
    let label = serde_json::json!({"_type": "ClassLabel", "names": style.classes});
    let notes = serde_json::json!({"info": {"features": {
        "image": {"_type": "Image"},
        "label": label,
    }}});
    let note = ("huggingface".to_owned(), notes.to_string());
    fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    ParquetWriter::new(File::create(path).expect("created"))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(vec![note])))
        .with_row_group_size(Some(style.group_rows))
        .with_compression(style.compression)
        .finish(&mut frame)
        .expect("written");
}
