//! Opens Parquet files of others so that a damaged one is an error in words, and
//! writes ours. Knows no column.

mod header;
mod write;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use polars::prelude::{
    DataFrame, ParallelStrategy, ParquetReader, PolarsError, PolarsResult, SerReader,
};
use polars_parquet::read::{ColumnChunkMetadata, FileMetadata};

pub(crate) use header::{Fault, Header, Kind, header};
pub use write::FileWriter;

/// Bytes in which the header of a page is looked for first, and at most:
/// statistics may hold two values of the column.
const HEADER: usize = 256;
const MAX_HEADER: usize = 16 << 20;

/// Values of a column in a row group, at most. The library makes room for all
/// that a page announces.
const MAX_VALUES: i64 = 1 << 28;

/// The columns `names` of the file at `path`, or all; their pages are looked at
/// first.
///
/// # Errors
/// When the file is damaged; call it inside [`guarded`].
pub fn table(path: &Path, names: Option<Vec<String>>) -> PolarsResult<DataFrame> {
    let mut reader = reader(path)?;
    let metadata = Arc::clone(reader.get_metadata()?);
    check(&mut File::open(path)?, &metadata, names.as_deref())?;
    reader
        .read_parallel(ParallelStrategy::None)
        .with_columns(names)
        .finish()
}

/// The rows of a range of the file at `path`, of the columns `names` or of all; its
/// pages are looked at by [`check_pages`].
///
/// # Errors
/// When the file is damaged; call it inside [`guarded`].
pub fn rows(
    path: &Path,
    rows: std::ops::Range<usize>,
    names: Option<Vec<String>>,
) -> PolarsResult<DataFrame> {
    reader(path)?
        .with_slice(Some((rows.start, rows.len())))
        .with_columns(names)
        .read_parallel(ParallelStrategy::None)
        .finish()
}

/// The notes of the file at `path` on its own layout, once all its pages have been
/// looked at.
///
/// # Errors
/// When the file is damaged; call it inside [`guarded`].
pub fn check_pages(path: &Path) -> PolarsResult<FileMetadata> {
    let metadata = polars_parquet::read::read_metadata(&mut File::open(path)?)?;
    check(&mut File::open(path)?, &metadata, None)?;
    Ok(metadata)
}

/// A reader that goes by the Parquet types alone. The Arrow types that pandas
/// stores beside them would turn text into dictionaries.
///
/// # Errors
/// When the file cannot be opened or is no Parquet file; call it inside
/// [`guarded`].
pub fn reader(path: &Path) -> PolarsResult<ParquetReader<File>> {
    let mut reader = ParquetReader::new(File::open(path)?);
    let mut metadata = (**reader.get_metadata()?).clone();
    metadata.key_value_metadata = None;
    reader.set_metadata(Arc::new(metadata));
    Ok(reader)
}

/// What `work` reads from a Parquet file. Damaged files make the library fail
/// or, at worst, panic: either is an error in words.
///
/// # Errors
/// Why the file is not readable.
pub fn guarded<T>(work: impl FnOnce() -> PolarsResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("not readable as Parquet: {error}")),
        Err(_) => Err("not readable as Parquet: the file is damaged".to_owned()),
    }
}

/// Refuses pages that announce more values than their column. The library takes
/// a negative number for one near 2^64, and ends the program when there is no
/// memory for so many.
fn check(file: &mut File, metadata: &FileMetadata, names: Option<&[String]>) -> PolarsResult<()> {
    for group in &metadata.row_groups {
        for chunk in group.parquet_columns() {
            let name = chunk.descriptor().path_in_schema.first();
            let name = name.map_or("", |name| name.as_str());
            if names.is_none_or(|names| names.iter().any(|wanted| wanted == name)) {
                check_column(file, chunk).map_err(|why| {
                    PolarsError::ComputeError(format!("column `{name}`: {why}").into())
                })?;
            }
        }
    }
    Ok(())
}

fn check_column(file: &mut File, chunk: &ColumnChunkMetadata) -> Result<(), String> {
    let mut left = chunk.num_values();
    if !(0..=MAX_VALUES).contains(&left) {
        return Err(format!("{left} values in a row group"));
    }
    let range = chunk.byte_range();
    let mut at = range.start;
    while left > 0 {
        let header = page_header(at, range.end, |at, length| {
            let mut bytes = Vec::with_capacity(length);
            file.seek(SeekFrom::Start(at))?;
            file.take(length as u64).read_to_end(&mut bytes)?;
            match bytes.len() == length {
                true => Ok(bytes),
                false => Err(io::ErrorKind::UnexpectedEof.into()),
            }
        })?;
        at += header.length as u64 + u64::from(header.stored);
        if at > range.end {
            return Err("a page ends behind its column".to_owned());
        }
        if matches!(header.kind, Kind::First | Kind::Second { .. }) {
            left -= i64::from(header.values);
        }
    }
    match left {
        0 => Ok(()),
        _ => Err("its pages hold more values than it announces".to_owned()),
    }
}

/// The header of the page at `at` of a column that ends at `end`, in a file of
/// which `read` gives stretches.
///
/// # Errors
/// When there is none.
pub(crate) fn page_header(
    at: u64,
    end: u64,
    mut read: impl FnMut(u64, usize) -> io::Result<Vec<u8>>,
) -> Result<Header, String> {
    let mut most = HEADER;
    loop {
        let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        if left == 0 {
            return Err("its pages hold fewer values than it announces".to_owned());
        }
        let bytes = read(at, most.min(left)).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "the file ends inside it".to_owned(),
            _ => error.to_string(),
        })?;
        match header(&bytes) {
            Ok(header) => return Ok(header),
            Err(Fault::Short) if most < left.min(MAX_HEADER) => most *= 16,
            Err(_) => return Err("a page has a damaged header".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_of_the_library_is_a_damaged_file() {
        let answer: Result<(), String> = guarded(|| panic!("an index out of range"));
        assert_eq!(
            answer,
            Err("not readable as Parquet: the file is damaged".to_owned())
        );
    }

    #[test]
    fn foreign_bytes_are_an_error_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, b"PAR1 and nothing that follows").expect("written");
        let answer = guarded(|| reader(&path).map(|_| ()));
        let why = answer.expect_err("no Parquet");
        assert!(why.starts_with("not readable as Parquet: "), "{why}");
    }
}
