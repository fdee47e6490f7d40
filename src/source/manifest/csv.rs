//! Manifests as text with separators: CSV and TSV.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use super::Table;
use super::cell::{Cells, Place, Row, labels, text};
use super::columns::{Column, Picked, truth};
use crate::error::{Error, Result};
use crate::spreadsheet::{separator_of, windows_1252};

/// A CSV file. Cells need not be UTF-8, because file names need not.
pub(super) struct Csv {
    path: PathBuf,
    /// Known from the extension, or else from the header.
    delimiter: Option<u8>,
}

impl Csv {
    pub(super) fn new(path: &Path, delimiter: Option<u8>) -> Self {
        Self {
            path: path.to_owned(),
            delimiter,
        }
    }

    fn reader(&self) -> Result<csv::Reader<Text>, String> {
        let delimiter = match self.delimiter {
            Some(delimiter) => delimiter,
            None => delimiter_of(&self.path)?,
        };
        let text = open(&self.path).map_err(|error| error.to_string())?;
        Ok(ReaderBuilder::new()
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text))
    }
}

impl Table for Csv {
    fn columns(&mut self) -> Result<Vec<String>, String> {
        let mut reader = self.reader()?;
        let header = reader.byte_headers().map_err(|error| error.to_string())?;
        if header.is_empty() {
            return Err("the manifest is empty; its first line must name the columns".to_owned());
        }
        Ok(header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect())
    }

    fn rows(&mut self, picked: &Picked, visit: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
        let failure = |why: String| Error::Input(format!("`{}`: {why}", self.path.display()));
        let mut reader = self.reader().map_err(failure)?;
        let width = (reader.byte_headers())
            .map_err(|error| failure(error.to_string()))?
            .len();
        let mut record = ByteRecord::new();
        // The reader counts a line when it meets `\n`: after `\r\n`, one late.
        let late = u64::from(header_line(&self.path).is_ok_and(|line| line.ends_with(b"\r\n")));
        let mut row = 0;
        while (reader.read_byte_record(&mut record)).map_err(|e| failure(e.to_string()))? {
            // Spreadsheets write rows of nothing but separators.
            let is_blank = record.iter().all(|cell| cell.trim_ascii().is_empty());
            if is_blank && width > 1 {
                continue;
            }
            row += 1;
            while record.len() > width && record.get(record.len() - 1).is_some_and(<[u8]>::is_empty)
            {
                record.truncate(record.len() - 1);
            }
            let cells = if record.len() == width {
                cells(&record, picked)
            } else {
                Err(format!(
                    "{} cells where the header has {width}",
                    record.len()
                ))
            };
            let line = record.position().map(|place| place.line() + late);
            visit(Row {
                place: Place { row, line },
                cells,
            })?;
        }
        Ok(())
    }

    fn indicators(&mut self, mut columns: Vec<Column>) -> Result<Vec<Column>, String> {
        let mut reader = self.reader()?;
        let mut record = ByteRecord::new();
        let mut any = false;
        while columns.len() >= 2
            && (reader.read_byte_record(&mut record)).map_err(|error| error.to_string())?
        {
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            any = true;
            columns.retain(|column| {
                let cell = record.get(column.index).unwrap_or_default();
                std::str::from_utf8(cell).is_ok_and(|cell| truth(cell).is_some())
            });
        }
        Ok(if any { columns } else { Vec::new() })
    }
}

fn cells(record: &ByteRecord, picked: &Picked) -> Result<Cells, String> {
    let cell = |index: usize| record.get(index).unwrap_or_default().trim_ascii();
    let words = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(words) => words.to_owned(),
        // The likeliest other coding: no two cells become one.
        Err(_) => windows_1252(bytes),
    };
    let path = cell(picked.path.index);
    Ok(Cells {
        more: Vec::new(),
        path: match path {
            [] => None,
            bytes => Some(os_string(bytes)?.into()),
        },
        labels: picked.label.as_ref().map_or_else(
            || picked.indicated(|column| truth(&words(cell(column.index))) == Some(true)),
            |column| labels(&words(cell(column.index)), picked.label_is_list),
        ),
        split: (picked.split.as_ref()).and_then(|column| text(&words(cell(column.index)))),
        group: (picked.group.as_ref()).and_then(|column| text(&words(cell(column.index)))),
    })
}

/// The bytes as a file name of this system.
#[cfg(unix)]
fn os_string(bytes: &[u8]) -> Result<std::ffi::OsString, String> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(bytes).to_owned())
}

/// The bytes as a file name of this system.
#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> Result<std::ffi::OsString, String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(_) => Err("a cell is not UTF-8".to_owned()),
    }
}

/// The separator that the header has most of.
fn delimiter_of(path: &Path) -> Result<u8, String> {
    let header = header_line(path).map_err(|error| error.to_string())?;
    Ok(separator_of(&String::from_utf8_lossy(&header)))
}

/// The bytes of the first line, with its end.
fn header_line(path: &Path) -> io::Result<Vec<u8>> {
    let mut header = Vec::new();
    BufReader::new(open(path)?).read_until(b'\n', &mut header)?;
    Ok(header)
}

/// A file as it is, or as UTF-8 where its first bytes say that it is UTF-16.
type Text = DecodeReaderBytes<File, Vec<u8>>;

fn open(path: &Path) -> io::Result<Text> {
    let mut builder = DecodeReaderBytesBuilder::new();
    builder.utf8_passthru(true).strip_bom(true);
    Ok(builder.build(File::open(path)?))
}
