//! The file of accepted findings: one line each, sorted, so that a change to
//! it can be reviewed. Opens no file.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Date;
use crate::finding::FindingId;
use crate::spreadsheet;

/// The columns, in order.
const COLUMNS: [&str; 6] = ["code", "id", "reason", "who", "expires", "about"];

/// A finding by its check's code and its id.
type Key = (String, FindingId);

/// Findings accepted earlier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    lines: BTreeMap<Key, Line>,
    /// Lines of comment, by the line that follows them; at the end, by none.
    comments: Vec<(Option<Key>, String)>,
}

/// One accepted finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The check's code.
    pub code: String,
    /// The finding's id.
    pub id: FindingId,
    /// Why it is accepted.
    pub reason: String,
    /// Who accepted it; may be blank.
    pub who: String,
    /// The last day on which it is accepted.
    pub expires: Option<Date>,
    /// What the finding said when it was accepted: for people, not matched.
    pub about: String,
}

/// What accepting changed, in lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepting {
    /// Accepted now.
    pub new: usize,
    /// Accepted before and found again.
    pub kept: usize,
}

impl Baseline {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Every mistake in it, with its line.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let sheet = spreadsheet::read(text.as_bytes(), Some(b'#')).map_err(|e| vec![e])?;
        let (Some(code), Some(id)) = (sheet.column("code"), sheet.column("id")) else {
            return Err(vec![format!(
                "line 1: the columns `code` and `id` are missing; the first line is `{}`",
                COLUMNS.join(",")
            )]);
        };
        let (reason, who) = (sheet.column("reason"), sheet.column("who"));
        let (expires, about) = (sheet.column("expires"), sheet.column("about"));
        let (mut baseline, mut problems) = (Self::default(), Vec::new());
        let mut comments = comments(text).into_iter().peekable();
        for row in &sheet.rows {
            let place = row.line;
            let cell = |index: Option<usize>| {
                (index.and_then(|i| row.cells.get(i))).map_or("", |cell| cell.trim())
            };
            let (id, code) = (cell(Some(id)), cell(Some(code)));
            let Some(id) = FindingId::parse(id) else {
                problems.push(format!(
                    "line {place}: `{id}` is no finding's id, which has 16 hexadecimal digits"
                ));
                continue;
            };
            let expires = match cell(expires) {
                "" => None,
                day => match day.parse() {
                    Ok(day) => Some(day),
                    Err(e) => {
                        problems.push(format!("line {place}: {e}"));
                        continue;
                    }
                },
            };
            while let Some((_, text)) = comments.next_if(|&(line, _)| line < place) {
                let key = Some((code.to_owned(), id));
                baseline.comments.push((key, text.to_owned()));
            }
            baseline.add(Line {
                code: code.to_owned(),
                id,
                reason: cell(reason).to_owned(),
                who: cell(who).to_owned(),
                expires,
                about: cell(about).to_owned(),
            });
        }
        let rest = comments.map(|(_, text)| (None, text.to_owned()));
        baseline.comments.extend(rest);
        if problems.is_empty() {
            Ok(baseline)
        } else {
            Err(problems)
        }
    }

    /// The text of the file, the same for the same lines in any order.
    pub fn render(&self) -> String {
        let mut text = record(COLUMNS.map(str::to_owned));
        let comments = |is_here: &dyn Fn(Option<&Key>) -> bool| -> String {
            (self.comments.iter())
                .filter(|(key, _)| is_here(key.as_ref()))
                .map(|(_, line)| format!("{line}\n"))
                .collect()
        };
        for (key, line) in &self.lines {
            text.push_str(&comments(&|of| of == Some(key)));
            text.push_str(&record([
                line.code.clone(),
                line.id.to_string(),
                line.reason.clone(),
                line.who.clone(),
                line.expires.map(|day| day.to_string()).unwrap_or_default(),
                line.about.clone(),
            ]));
        }
        text.push_str(&comments(&|of| {
            of.is_none_or(|key| !self.lines.contains_key(key))
        }));
        text
    }

    /// Accepts all of `found`. What is accepted already stays as it is.
    pub fn accept(&mut self, found: Vec<Line>) -> Accepting {
        let before = self.lines.len();
        let met: BTreeSet<_> = (found.iter())
            .map(|line| (line.code.clone(), line.id))
            .collect();
        for line in found {
            self.lines
                .entry((line.code.clone(), line.id))
                .or_insert(line);
        }
        let new = self.lines.len() - before;
        Accepting {
            new,
            kept: met.len() - new,
        }
    }

    /// Takes out the lines that `is_stale` says so of, and returns how many.
    pub fn prune(&mut self, is_stale: impl Fn(&Line) -> bool) -> usize {
        let before = self.lines.len();
        self.lines.retain(|_, line| !is_stale(line));
        before - self.lines.len()
    }

    /// Adds a line, or replaces the one about the same finding.
    pub fn add(&mut self, line: Line) {
        self.lines.insert((line.code.clone(), line.id), line);
    }

    /// The line that accepts the finding `id` of the check `code`.
    pub fn get(&self, code: &str, id: FindingId) -> Option<&Line> {
        self.lines.get(&(code.to_owned(), id))
    }

    /// All lines, by code and id.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether nothing is accepted.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The lines of comment outside quotes, each with its number.
fn comments(text: &str) -> Vec<(u64, &str)> {
    let mut quotes = 0;
    let mut comments = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if quotes % 2 == 0 && line.starts_with('#') {
            comments.push((number, line.trim_end()));
        } else {
            quotes += line.matches('"').count();
        }
    }
    comments
}

/// One line of CSV.
fn record(cells: [String; COLUMNS.len()]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(cells.map(|cell| one_line(&cell)));
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// One finding is one line, whatever was typed as its reason.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(code: &str, name: &str, reason: &str) -> Line {
        Line {
            code: code.to_owned(),
            id: FindingId::of_names(code, [name]),
            reason: reason.to_owned(),
            who: String::new(),
            expires: "2027-01-31".parse().ok(),
            about: "`a,\"b\"` and c".to_owned(),
        }
    }

    #[test]
    fn what_is_written_reads_back_sorted_one_line_each() {
        let mut baseline = Baseline::default();
        baseline.add(line("LEAK002", "b", "seen, \"twice\"\nand kept"));
        baseline.add(line("LEAK001", "a", "burst"));
        let text = baseline.render();
        assert_eq!(text.lines().count(), 3);
        assert!(text.starts_with("code,id,reason,who,expires,about\nLEAK001,"));
        let read = Baseline::parse(&text).expect("well formed");
        assert_eq!(read.render(), text);
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn accepting_again_keeps_reasons_and_only_what_is_stale_is_pruned() {
        let mut baseline = Baseline::default();
        baseline.add(line("LEAK001", "old", "kept reason"));
        baseline.add(line("LEAK001", "gone", "x"));
        baseline.add(line("LABEL002", "another family", "y"));
        let found = vec![line("LEAK001", "old", "other"), line("LEAK001", "new", "n")];
        let messages = baseline.accept(found);
        assert_eq!((messages.new, messages.kept), (1, 1));
        assert!(baseline.lines().any(|line| line.reason == "kept reason"));
        let gone = FindingId::of_names("LEAK001", ["gone"]);
        assert_eq!(baseline.prune(|line| line.id == gone), 1);
        assert_eq!(baseline.len(), 3);
    }

    #[test]
    fn comments_stay_where_they_were_written() {
        let text = "# all of us\ncode,id\nLEAK001,0000000000000002\n# why\nLEAK001,0000000000000001\n# end\n";
        let mut read = Baseline::parse(text).expect("well formed");
        let again = read.render();
        assert_eq!(
            again,
            "code,id,reason,who,expires,about\n# why\nLEAK001,0000000000000001,,,,\n\
             # all of us\nLEAK001,0000000000000002,,,,\n# end\n"
        );
        read.prune(|line| line.id.to_string().ends_with('1'));
        assert!(
            read.render().ends_with(",,,,\n# why\n# end\n"),
            "{}",
            read.render()
        );
    }

    #[test]
    fn baseline_comes_back_from_a_spreadsheet() {
        let mut baseline = Baseline::default();
        baseline.add(line("LEAK001", "a", "burst; \"kept\""));
        let plain = baseline.render();
        let mut semicolons = csv::WriterBuilder::new()
            .delimiter(b';')
            .from_writer(Vec::new());
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(plain.as_bytes());
        for row in reader.records() {
            semicolons
                .write_record(&row.expect("a row"))
                .expect("written");
        }
        let text = String::from_utf8(semicolons.into_inner().expect("whole")).expect("UTF-8");
        let text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(Baseline::parse(&text).map(|read| read.render()), Ok(plain));
    }

    #[test]
    fn lines_typed_by_hand_may_be_short_and_commented() {
        let text = "code,id,reason\n# kept since 2025\nLEAK001, 00000000000000ff ,burst\nLEAK001,0000000000000001\n";
        let read = Baseline::parse(text).expect("well formed");
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "code,id,expires\nLEAK001,xyz,\nLEAK001,0000000000000001,tomorrow\n";
        let messages = Baseline::parse(text).expect_err("two mistakes");
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages[0].starts_with("line 2:") && messages[1].starts_with("line 3:"));
        assert!(Baseline::parse("a,b\n").is_err());
    }
}
