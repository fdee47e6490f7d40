//! Writes tables of ours as Parquet files whose bytes are the same on every machine.
//! Knows no column.

use std::io::{self, Write};

use polars::io::parquet::write::{BatchedWriter, KeyValueMetadata, ParquetCompression};
use polars::prelude::{
    ArrowDataType, ArrowField, ArrowSchema, DataFrame, DataType, ParquetWriter, Schema,
};

/// The name that the Parquet specification gives to the values of a list.
const LIST_VALUE: &str = "element";

/// Writes frames of the same columns one after another to a Parquet file.
pub struct FileWriter<W: Write> {
    writer: BatchedWriter<W>,
}

impl<W: Write> FileWriter<W> {
    /// Starts a file with the columns of `schema`; `note` is a key and its value that the
    /// file carries beside them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, schema: &Schema, note: Option<(&str, String)>) -> io::Result<Self> {
        let writer = ParquetWriter::new(out)
            .with_compression(ParquetCompression::Zstd(None))
            .with_key_value_metadata(Some(metadata(schema, note)))
            // Our own threads are the only ones.
            .set_parallel(false)
            .batched(schema)
            .map_err(io::Error::other)?;
        Ok(Self { writer })
    }

    /// Writes more rows, as a row group of their own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, frame: &DataFrame) -> io::Result<()> {
        if frame.height() == 0 {
            return Ok(());
        }
        self.writer.write_batch(frame).map_err(io::Error::other)
    }

    /// Writes the closing part.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<()> {
        self.writer.finish().map(drop).map_err(io::Error::other)
    }
}

/// The schema as Arrow readers should restore it, and `note`. polars would have them make
/// string views and large lists of our columns, which not all of them can turn
/// into plain strings.
fn metadata(schema: &Schema, note: Option<(&str, String)>) -> KeyValueMetadata {
    let plain: ArrowSchema = schema
        .iter()
        .map(|(name, kind)| ArrowField::new(name.clone(), plain_type(kind), true))
        .collect();
    let entry = polars_parquet::write::schema_to_metadata_key(&plain);
    let note = note.map(|(key, value)| (key.to_owned(), value));
    let types = entry.value.map(|value| (entry.key, value));
    KeyValueMetadata::from_static(types.into_iter().chain(note).collect())
}

fn plain_type(kind: &DataType) -> ArrowDataType {
    match kind {
        DataType::String => ArrowDataType::Utf8,
        DataType::Binary => ArrowDataType::Binary,
        DataType::List(inner) => ArrowDataType::List(Box::new(ArrowField::new(
            LIST_VALUE.into(),
            plain_type(inner),
            true,
        ))),
        DataType::Int64 => ArrowDataType::Int64,
        DataType::Boolean => ArrowDataType::Boolean,
        DataType::Float32 => ArrowDataType::Float32,
        _ => ArrowDataType::Float64,
    }
}
