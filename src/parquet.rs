//! Opens Parquet files of others so that a damaged one is an error in words.
//! Knows no column.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use polars::prelude::{ParquetReader, PolarsResult, SerReader};

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
