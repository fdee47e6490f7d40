//! The rows of tables that lie beside images. Looks for no image.

use crate::source::Columns;
use crate::source::manifest::cell::labels;
use crate::source::manifest::columns::{pick, truth};
use crate::source::manifest::indicators;
use crate::spreadsheet;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `_classes.csv` of Roboflow: a column for each class.
    OneHot,
    /// `val_annotations.txt` of tiny-imagenet: name, class and box, with tabs.
    Words,
    /// `LOC_val_solution.csv` of ImageNet: the class before each box.
    Solution,
    /// Any table with a column of names or ids.
    Table,
}

/// A row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) line: u64,
    /// Of the image, as written.
    pub(super) name: String,
    pub(super) labels: Vec<String>,
    pub(super) split: Option<String>,
    pub(super) group: Option<String>,
}

/// A table as read.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) entries: Vec<Entry>,
    /// Which columns were taken for what.
    pub(super) columns: String,
    /// There are labels in it.
    pub(super) is_labelled: bool,
}

impl Form {
    /// What a set with such a table is called.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::OneHot => "folders with `_classes.csv`",
            Self::Words => "tiny-imagenet folders",
            Self::Solution => "ImageNet folders",
            Self::Table => "image folders and a table",
        }
    }
}

/// The rows of a table.
///
/// # Errors
/// What is wrong with it, with the line where there is one.
pub(super) fn entries(bytes: &[u8], form: Form, wanted: &Columns) -> Result<Rows, String> {
    match form {
        Form::Words => words(bytes),
        Form::Solution => solution(bytes),
        Form::OneHot | Form::Table => table(bytes, form, wanted),
    }
}

fn table(bytes: &[u8], form: Form, wanted: &Columns) -> Result<Rows, String> {
    let sheet = spreadsheet::read(bytes, None)?;
    let own = Columns::default();
    let wanted = if form == Form::OneHot { &own } else { wanted };
    let mut picked = pick(&sheet.headers, wanted)?;
    picked.take_indicators(indicators(&sheet, &picked));
    if form == Form::OneHot && picked.indicators.is_empty() {
        // One class alone is a class here.
        picked.indicators = picked.candidates(&sheet.headers);
        let wrong = (sheet.rows.iter()).find(|row| {
            let mut cells = (picked.indicators.iter()).map(|column| &row.cells[column.index]);
            cells.any(|cell| truth(cell).is_none())
        });
        if let Some(row) = wrong {
            return Err(format!("line {}: a cell is neither 0 nor 1", row.line));
        }
    }
    let cell = |row: &spreadsheet::Row, index: usize| row.cells[index].trim().to_owned();
    let some = |text: String| (!text.is_empty()).then_some(text);
    let entries = (sheet.rows.iter())
        .filter(|row| !row.cells[picked.path.index].trim().is_empty())
        .map(|row| Entry {
            line: row.line,
            name: cell(row, picked.path.index),
            labels: match &picked.label {
                Some(column) => labels(&row.cells[column.index], picked.label_is_list),
                None => picked.indicated(|column| truth(&row.cells[column.index]) == Some(true)),
            },
            split: (picked.split.as_ref()).and_then(|column| some(cell(row, column.index))),
            group: (picked.group.as_ref()).and_then(|column| some(cell(row, column.index))),
        })
        .collect();
    Ok(Rows {
        entries,
        columns: picked.in_words(),
        is_labelled: picked.label.is_some() || !picked.indicators.is_empty(),
    })
}

fn words(bytes: &[u8]) -> Result<Rows, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut entries = Vec::new();
    for (line, words) in (1..).zip(text.lines()) {
        let mut words = words.split_whitespace();
        let (name, class) = (words.next(), words.next());
        match (name, class) {
            (None, _) => {}
            (Some(_), None) => return Err(format!("line {line}: no class behind the name")),
            (Some(name), Some(class)) => entries.push(Entry {
                line,
                name: name.to_owned(),
                labels: vec![class.to_owned()],
                split: None,
                group: None,
            }),
        }
    }
    Ok(labelled(entries))
}

fn solution(bytes: &[u8]) -> Result<Rows, String> {
    let sheet = spreadsheet::read(bytes, None)?;
    let column = |name: &str| {
        let missing = || format!("no column `{name}`: LOC_val_solution.csv of ImageNet has it");
        sheet.column(name).ok_or_else(missing)
    };
    let (id, prediction) = (column("ImageId")?, column("PredictionString")?);
    let mut entries = Vec::new();
    for row in &sheet.rows {
        // "n01751748 111 108 230 230 n01751748 …": a class and a box each.
        let words: Vec<&str> = row.cells[prediction].split_whitespace().collect();
        if words.is_empty() || !words.len().is_multiple_of(5) {
            return Err(format!(
                "line {}: `PredictionString` is not a class and four numbers for each box",
                row.line
            ));
        }
        let mut classes: Vec<String> = words.iter().step_by(5).map(|&w| w.to_owned()).collect();
        classes.sort_unstable();
        classes.dedup();
        entries.push(Entry {
            line: row.line,
            name: row.cells[id].trim().to_owned(),
            labels: classes,
            split: None,
            group: None,
        });
    }
    Ok(labelled(entries))
}

fn labelled(entries: Vec<Entry>) -> Rows {
    Rows {
        entries,
        columns: String::new(),
        is_labelled: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, form: Form) -> Result<Vec<String>, String> {
        let rows = entries(text.as_bytes(), form, &Columns::default())?;
        let shown = |e: &Entry| format!("{} {} {}", e.line, e.name, e.labels.join("+"));
        Ok(rows.entries.iter().map(shown).collect())
    }

    #[test]
    fn each_form_is_read_with_its_lines() {
        assert_eq!(
            read(
                "filename, cat, dog\na.jpg, 1, 0\nb.jpg, 1, 1\n",
                Form::OneHot
            ),
            Ok(vec!["2 a.jpg cat".into(), "3 b.jpg cat+dog".into()])
        );
        assert_eq!(
            read("filename, cat\na.jpg, 0\nb.jpg, 1\n", Form::OneHot),
            Ok(vec!["2 a.jpg ".into(), "3 b.jpg cat".into()])
        );
        assert_eq!(
            read("val_0.JPEG\tn03444034\t0\t32\t44\t62\n", Form::Words),
            Ok(vec!["1 val_0.JPEG n03444034".into()])
        );
        let solution = "ImageId,PredictionString\nv_1,n01 1 2 3 4 n01 5 6 7 8 \n";
        assert_eq!(read(solution, Form::Solution), Ok(vec!["2 v_1 n01".into()]));
        assert_eq!(
            read("Id,Label\n7,cat\n\n8,dog\n", Form::Table),
            Ok(vec!["2 7 cat".into(), "4 8 dog".into()])
        );
    }

    #[test]
    fn damage_is_told_with_its_line() {
        for (text, form, part) in [
            ("filename, cat\na.jpg, 2\n", Form::OneHot, "line 2"),
            ("a.jpg n01\nb.jpg\n", Form::Words, "line 2"),
            (
                "ImageId,PredictionString\nv,n01 1 2\n",
                Form::Solution,
                "line 2",
            ),
            ("a,b\n", Form::Solution, "`ImageId`"),
            ("a,b\n", Form::Table, "--path-column"),
        ] {
            let why = read(text, form).expect_err(text);
            assert!(why.contains(part), "{part} in {why}");
        }
    }
}
