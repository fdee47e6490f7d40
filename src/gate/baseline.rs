//! The file of accepted findings: one line each, sorted, so that a change to
//! it can be reviewed. Opens no file.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Date;
use crate::finding::FindingId;

/// The columns, in order.
const COLUMNS: [&str; 6] = ["code", "id", "reason", "who", "expires", "about"];

/// Findings accepted earlier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    lines: BTreeMap<(String, FindingId), Line>,
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
    /// Accepted before and not among what was found.
    pub stale: usize,
}

impl Baseline {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Every mistake in it, with its line.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let headers = reader.headers().map_err(|e| vec![e.to_string()])?.clone();
        let column = |name: &str| headers.iter().position(|header| header == name);
        let (Some(code), Some(id)) = (column("code"), column("id")) else {
            return Err(vec![format!(
                "line 1: the columns `code` and `id` are missing; the first line is `{}`",
                COLUMNS.join(",")
            )]);
        };
        let (reason, who) = (column("reason"), column("who"));
        let (expires, about) = (column("expires"), column("about"));
        let (mut baseline, mut problems) = (Self::default(), Vec::new());
        for row in reader.records() {
            let row = match row {
                Ok(row) => row,
                Err(e) => {
                    problems.push(e.to_string());
                    continue;
                }
            };
            let place = row.position().map_or(0, csv::Position::line);
            let cell = |index: Option<usize>| index.and_then(|i| row.get(i)).unwrap_or("");
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
            baseline.add(Line {
                code: code.to_owned(),
                id,
                reason: cell(reason).to_owned(),
                who: cell(who).to_owned(),
                expires,
                about: cell(about).to_owned(),
            });
        }
        if problems.is_empty() {
            Ok(baseline)
        } else {
            Err(problems)
        }
    }

    /// The text of the file, the same for the same lines in any order.
    pub fn render(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory cannot fail.
        let _ = writer.write_record(COLUMNS);
        for line in self.lines() {
            let id = line.id.to_string();
            let expires = line.expires.map(|day| day.to_string()).unwrap_or_default();
            let cells = [
                &line.code,
                &id,
                &line.reason,
                &line.who,
                &expires,
                &line.about,
            ];
            let _ = writer.write_record(cells.map(|cell| one_line(cell)));
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Accepts all of `found`. What is accepted already stays as it is;
    /// with `prune`, lines that are not in `found` go.
    pub fn accept(&mut self, found: Vec<Line>, prune: bool) -> Accepting {
        let met: BTreeSet<_> = found
            .iter()
            .map(|line| (line.code.clone(), line.id))
            .collect();
        let before = self.lines.len();
        let stale = self.lines.keys().filter(|key| !met.contains(key)).count();
        if prune {
            self.lines.retain(|key, _| met.contains(key));
        }
        for line in found {
            self.lines
                .entry((line.code.clone(), line.id))
                .or_insert(line);
        }
        Accepting {
            new: met.len() - (before - stale),
            kept: before - stale,
            stale,
        }
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
    fn accepting_again_keeps_reasons_and_prunes_only_when_asked() {
        let mut baseline = Baseline::default();
        baseline.add(line("LEAK001", "old", "kept reason"));
        baseline.add(line("LEAK001", "gone", "x"));
        let found = || vec![line("LEAK001", "old", "other"), line("LEAK001", "new", "n")];
        let told = baseline.accept(found(), false);
        assert_eq!((told.new, told.kept, told.stale), (1, 1, 1));
        assert_eq!(baseline.len(), 3);
        assert!(baseline.lines().any(|line| line.reason == "kept reason"));
        assert_eq!(baseline.accept(found(), true).new, 0);
        assert_eq!(baseline.len(), 2);
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
        let told = Baseline::parse(text).expect_err("two mistakes");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("line 2:") && told[1].starts_with("line 3:"));
        assert!(Baseline::parse("a,b\n").is_err());
    }
}
