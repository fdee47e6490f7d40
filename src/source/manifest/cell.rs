//! A row of a manifest, whatever stored it. Resolves no path.

use std::fmt;
use std::path::PathBuf;

/// A row: its place and the cells of the picked columns, or why it cannot be
/// read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) cells: Result<Cells, String>,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::source) struct Place {
    /// From 1, the header not counted.
    pub(in crate::source) row: u64,
    /// From 1, in formats made of lines.
    pub(in crate::source) line: Option<u64>,
}

/// The cells of a row; empty text and no text are the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cells {
    pub(super) path: Option<PathBuf>,
    /// Further paths of a cell that is a list.
    pub(super) more: Vec<PathBuf>,
    pub(super) labels: Vec<String>,
    pub(super) split: Option<String>,
    pub(super) group: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        match self.line {
            Some(line) if line != self.row => write!(f, " (line {line})"),
            _ => Ok(()),
        }
    }
}

/// Text without the white space around it; `None` if nothing is left.
pub(super) fn text(cell: &str) -> Option<String> {
    let trimmed = cell.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// The classes in a cell of text: one, unless the column's name is plural
/// (`is_list`; then `;` or else `|` separates them), or the cell is a list in
/// brackets as JSON or Python writes it.
pub(in crate::source) fn labels(cell: &str, is_list: bool) -> Vec<String> {
    let cell = cell.trim();
    if let Some(inside) = cell.strip_prefix('[').and_then(|c| c.strip_suffix(']'))
        && let Some(list) = json_list(cell).or_else(|| bracket_list(inside))
    {
        return list;
    }
    let separator = match is_list {
        true if cell.contains(';') => ';',
        true if cell.contains('|') => '|',
        _ => return text(cell).into_iter().collect(),
    };
    cell.split(separator).filter_map(text).collect()
}

fn json_list(cell: &str) -> Option<Vec<String>> {
    match serde_json::from_str(cell).ok()? {
        serde_json::Value::Array(list) => list.iter().map(|v| json_text(v).ok()).collect(),
        _ => None,
    }
    .map(|list: Vec<Option<String>>| list.into_iter().flatten().collect())
}

/// A list as Python prints it: quoted with `'`, or numbers as numpy prints
/// them, separated by spaces. `None` where quotes do not close.
fn bracket_list(inside: &str) -> Option<Vec<String>> {
    if !inside.contains(['\'', '"', ',']) {
        return Some(inside.split_whitespace().map(str::to_owned).collect());
    }
    let (mut list, mut rest) = (Vec::new(), inside.trim());
    while !rest.is_empty() {
        let first = rest.chars().next();
        let (entry, after) = match first.filter(|c| matches!(c, '\'' | '"')) {
            Some(quote) => rest[1..].split_once(quote)?,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        list.extend(text(entry));
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(list)
}

/// A JSON scalar as text: numbers in decimal, `null` and empty text as none.
pub(super) fn json_text(value: &serde_json::Value) -> Result<Option<String>, &'static str> {
    use serde_json::Value;
    match value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(truth.to_string())),
        Value::Number(number) => Ok(match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (None, None, Some(float)) => decimal(float),
            _ => Some(number.to_string()),
        }),
        Value::String(string) => Ok(text(string)),
        Value::Array(_) => Err("a list"),
        Value::Object(_) => Err("an object"),
    }
}

/// `3` for 3.0, the shortest decimal for others, nothing for what is no number.
pub(super) fn decimal(value: f64) -> Option<String> {
    // `{}` writes whole floats without a point and never an exponent.
    value.is_finite().then(|| format!("{}", value + 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_class_unless_the_column_is_plural() {
        assert_eq!(labels(" cat;dog ", false), ["cat;dog"]);
        assert_eq!(labels("cat; dog;", true), ["cat", "dog"]);
        assert_eq!(labels("cat|dog", true), ["cat", "dog"]);
        assert_eq!(labels("cat|dog;bird", true), ["cat|dog", "bird"]);
        assert_eq!(labels("t-shirt, white", true), ["t-shirt, white"]);
        assert!(labels("  ", true).is_empty());
    }

    #[test]
    fn a_list_in_brackets_is_a_list_in_any_column() {
        assert_eq!(labels(r#"["cat", "a, b", 3]"#, false), ["cat", "a, b", "3"]);
        assert_eq!(labels("['cat', 'a, b']", false), ["cat", "a, b"]);
        assert_eq!(labels("[1, 2]", false), ["1", "2"]);
        assert_eq!(labels("[1 2]", false), ["1", "2"]);
        assert!(labels("[]", false).is_empty());
        assert_eq!(labels("[it's', x]", false), ["it's'", "x"]);
        assert_eq!(labels("['open, x]", false), ["['open, x]"]);
    }

    #[test]
    fn numbers_become_decimal_text() {
        let text = |json: &str| json_text(&serde_json::from_str(json).expect("JSON"));
        assert_eq!(text("3"), Ok(Some("3".into())));
        assert_eq!(text("3.0"), Ok(Some("3".into())));
        assert_eq!(text("-0.0"), Ok(Some("0".into())));
        assert_eq!(text("0.5"), Ok(Some("0.5".into())));
        assert_eq!(
            text("18446744073709551615"),
            Ok(Some("18446744073709551615".into()))
        );
        assert_eq!(text("null"), Ok(None));
        assert!(text("{}").is_err());
    }

    #[test]
    fn a_place_tells_row_and_line() {
        let place = Place {
            row: 2,
            line: Some(3),
        };
        assert_eq!(place.to_string(), "row 2 (line 3)");
        let place = Place { row: 2, line: None };
        assert_eq!(place.to_string(), "row 2");
    }
}
