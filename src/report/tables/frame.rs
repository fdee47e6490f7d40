//! A table in memory and its two file forms. Knows no report.

use std::io::{self, Write};

use polars::prelude::{
    Column as Series, DataFrame, IntoColumn, IntoSeries, ListBuilderTrait,
    ListStringChunkedBuilder, NamedFrom, PlSmallStr, PolarsResult,
};

use crate::parquet::FileWriter;

/// Some rows of a table, column by column.
#[derive(Debug, Default)]
pub(super) struct Frame {
    columns: Vec<(&'static str, Cells)>,
}

/// The cells of one column.
#[derive(Debug)]
enum Cells {
    Text(Vec<Option<String>>),
    Count(Vec<Option<i64>>),
    Number(Vec<Option<f64>>),
    /// Kept apart from `Number`, because 0.3 as a 32-bit number is
    /// 0.30000001192092896 as a 64-bit one.
    Single(Vec<Option<f32>>),
    List(Vec<Vec<String>>),
}

impl Frame {
    /// Adds a column of text.
    pub(super) fn text(
        mut self,
        name: &'static str,
        cells: impl Iterator<Item = Option<String>>,
    ) -> Self {
        self.columns.push((name, Cells::Text(cells.collect())));
        self
    }

    /// Adds a column of whole numbers; one above 2⁶³ − 1 is held there.
    pub(super) fn count(
        mut self,
        name: &'static str,
        cells: impl Iterator<Item = Option<u64>>,
    ) -> Self {
        let held = |cell: Option<u64>| cell.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        self.columns
            .push((name, Cells::Count(cells.map(held).collect())));
        self
    }

    /// Adds a column of numbers; what is no number is left empty.
    pub(super) fn number(
        mut self,
        name: &'static str,
        cells: impl Iterator<Item = Option<f64>>,
    ) -> Self {
        let cells = cells.map(|cell| cell.filter(|n| n.is_finite())).collect();
        self.columns.push((name, Cells::Number(cells)));
        self
    }

    /// Adds a column of 32-bit numbers; what is no number is left empty.
    pub(super) fn single(
        mut self,
        name: &'static str,
        cells: impl Iterator<Item = Option<f32>>,
    ) -> Self {
        let cells = cells.map(|cell| cell.filter(|n| n.is_finite())).collect();
        self.columns.push((name, Cells::Single(cells)));
        self
    }

    /// Adds a column of lists of text.
    pub(super) fn list(
        mut self,
        name: &'static str,
        cells: impl Iterator<Item = Vec<String>>,
    ) -> Self {
        self.columns.push((name, Cells::List(cells.collect())));
        self
    }

    /// How many rows there are.
    fn height(&self) -> usize {
        self.columns.first().map_or(0, |(_, cells)| match cells {
            Cells::Text(cells) => cells.len(),
            Cells::Count(cells) => cells.len(),
            Cells::Number(cells) => cells.len(),
            Cells::Single(cells) => cells.len(),
            Cells::List(cells) => cells.len(),
        })
    }

    fn into_frame(self) -> PolarsResult<DataFrame> {
        let height = self.height();
        let columns = self
            .columns
            .into_iter()
            .map(|(name, cells)| into_series(name.into(), cells))
            .collect();
        DataFrame::new(height, columns)
    }
}

fn into_series(name: PlSmallStr, cells: Cells) -> Series {
    match cells {
        Cells::Text(cells) => polars::prelude::Series::new(name, cells).into_column(),
        Cells::Count(cells) => polars::prelude::Series::new(name, cells).into_column(),
        Cells::Number(cells) => polars::prelude::Series::new(name, cells).into_column(),
        Cells::Single(cells) => polars::prelude::Series::new(name, cells).into_column(),
        Cells::List(cells) => {
            let values = cells.iter().map(Vec::len).sum();
            let mut builder = ListStringChunkedBuilder::new(name, cells.len(), values);
            for cell in &cells {
                builder.append_values_iter(cell.iter().map(String::as_str));
            }
            builder.finish().into_series().into_column()
        }
    }
}

/// Writes frames of the same columns one after another to a Parquet file.
pub(super) struct ParquetFile<W: Write> {
    writer: FileWriter<W>,
}

impl<W: Write> ParquetFile<W> {
    /// Starts a file with the columns of `first`, and writes it.
    pub(super) fn start(out: W, first: Frame) -> io::Result<Self> {
        let frame = first.into_frame().map_err(io::Error::other)?;
        let mut writer = FileWriter::new(out, frame.schema(), None)?;
        writer.write(&frame)?;
        Ok(Self { writer })
    }

    /// Writes more rows.
    pub(super) fn more(&mut self, frame: Frame) -> io::Result<()> {
        let frame = frame.into_frame().map_err(io::Error::other)?;
        self.writer.write(&frame)
    }

    /// Writes the closing part.
    pub(super) fn finish(self) -> io::Result<()> {
        self.writer.finish()
    }
}

/// Writes frames of the same columns one after another as CSV, lists joined
/// by `;`.
pub(super) struct CsvFile<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvFile<W> {
    /// Starts a file with the columns of `first`, and writes it.
    pub(super) fn start(out: W, first: &Frame) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(first.columns.iter().map(|(name, _)| name))?;
        let mut file = Self { writer };
        file.more(first)?;
        Ok(file)
    }

    /// Writes more rows.
    pub(super) fn more(&mut self, frame: &Frame) -> io::Result<()> {
        let mut text = String::new();
        for row in 0..frame.height() {
            for (_, cells) in &frame.columns {
                text.clear();
                cells.push_text(row, &mut text);
                self.writer.write_field(&text)?;
            }
            self.writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    /// Writes what is still held back.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Cells {
    fn push_text(&self, row: usize, text: &mut String) {
        use std::fmt::Write;
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Text(cells) => write!(text, "{}", cells[row].as_deref().unwrap_or("")),
            Self::Count(cells) => cells[row].map_or(Ok(()), |n| write!(text, "{n}")),
            Self::Number(cells) => cells[row].map_or(Ok(()), |n| write!(text, "{n}")),
            Self::Single(cells) => cells[row].map_or(Ok(()), |n| write!(text, "{n}")),
            Self::List(cells) => write!(text, "{}", cells[row].join(";")),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame::default()
            .text("name", [Some("a;\"b\"\n".to_owned()), None].into_iter())
            .count("count", [Some(u64::MAX), None].into_iter())
            .number("number", [Some(f64::NAN), Some(1e-7)].into_iter())
            .single("single", [Some(0.3), None].into_iter())
            .list(
                "list",
                [vec!["x".to_owned(), "y".to_owned()], vec![]].into_iter(),
            )
    }

    #[test]
    fn csv_quotes_what_needs_it_and_leaves_absence_empty() {
        let mut out = Vec::new();
        CsvFile::start(&mut out, &frame())
            .and_then(CsvFile::finish)
            .expect("written");
        assert_eq!(
            String::from_utf8(out).expect("UTF-8"),
            "name,count,number,single,list\n\
             \"a;\"\"b\"\"\n\",9223372036854775807,,0.3,x;y\n\
             ,,0.0000001,,\n"
        );
    }

    #[test]
    fn parquet_of_no_rows_still_has_its_columns() {
        use polars::prelude::{ParquetReader, SerReader};
        let empty = Frame::default()
            .text("name", std::iter::empty())
            .list("list", std::iter::empty());
        let mut out = Vec::new();
        ParquetFile::start(&mut out, empty)
            .and_then(ParquetFile::finish)
            .expect("written");
        let back = ParquetReader::new(io::Cursor::new(out))
            .finish()
            .expect("read");
        assert_eq!(back.get_column_names(), ["name", "list"]);
        assert_eq!(back.height(), 0);
    }

    #[test]
    fn rows_of_several_frames_follow_one_another() {
        use polars::prelude::{ParquetReader, SerReader};
        let mut out = Vec::new();
        let mut file = ParquetFile::start(&mut out, frame()).expect("started");
        file.more(frame()).expect("more");
        file.finish().expect("written");
        let back = ParquetReader::new(io::Cursor::new(out))
            .finish()
            .expect("read");
        assert_eq!(back.height(), 4);
    }
}
