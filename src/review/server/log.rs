//! `review.csv`: who decided what on which finding, one line for each time, so
//! that nothing that was decided is lost; and the precision of each check that
//! follows from it. Writes no file.

use std::collections::BTreeMap;

use super::item::{REJECT, Verdict};
use crate::finding::FindingId;
use crate::review::rejected::Remark;
use crate::spreadsheet;
use crate::statistics::wilson;

/// The file in a report's folder. A later scan leaves it alone: findings are known
/// by content.
pub(super) const FILE: &str = "review.csv";

/// The precision of each check in a report's folder.
pub(super) const PRECISION: &str = "review-precision.csv";

const COLUMNS: [&str; 7] = [
    "finding", "code", "choice", "verdict", "note", "reviewer", "about",
];

/// One time that somebody decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) finding: FindingId,
    pub(super) code: String,
    /// Blank where a decision was taken back.
    pub(super) choice: String,
    pub(super) verdict: Option<Verdict>,
    pub(super) note: String,
    pub(super) reviewer: String,
    /// What the finding said: for people.
    pub(super) about: String,
}

/// All of them, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    entries: Vec<Entry>,
    /// By code and id the places in `entries`.
    of: BTreeMap<(String, FindingId), Vec<usize>>,
    text: String,
}

impl Log {
    /// Reads a file; a line that is none of ours, such as one that was cut off, is
    /// left out.
    ///
    /// # Errors
    /// What is wrong with it as a whole.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let sheet = spreadsheet::read(bytes, None)?;
        let mut log = Self::default();
        if sheet.headers.is_empty() {
            return Ok(log);
        }
        let places = COLUMNS.map(|name| sheet.column(name));
        if places[0].is_none() || places[2].is_none() {
            return Err("the columns `finding` and `choice` are missing".to_owned());
        }
        for row in &sheet.rows {
            let cells = places.map(|place| {
                let cell = place.and_then(|place| row.cells.get(place));
                cell.map_or("", String::as_str).to_owned()
            });
            let [finding, code, choice, verdict, note, reviewer, about] = cells;
            let Some(finding) = FindingId::parse(&finding) else {
                continue;
            };
            log.push(Entry {
                finding,
                code,
                choice,
                verdict: Verdict::named(&verdict),
                note,
                reviewer,
                about,
            });
        }
        Ok(log)
    }

    /// Adds one.
    pub(super) fn push(&mut self, entry: Entry) {
        if self.text.is_empty() {
            self.text = line(COLUMNS);
        }
        self.text.push_str(&line([
            &entry.finding.to_string(),
            &entry.code,
            &entry.choice,
            entry.verdict.map_or("", Verdict::name),
            &entry.note,
            &entry.reviewer,
            &entry.about,
        ]));
        let key = (entry.code.clone(), entry.finding);
        self.of.entry(key).or_default().push(self.entries.len());
        self.entries.push(entry);
    }

    /// The text of the file.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Those from the `from`-th on.
    pub(super) fn since(&self, from: usize) -> &[Entry] {
        self.entries.get(from..).unwrap_or_default()
    }

    /// The last about a finding, and how many there are.
    pub(super) fn last(&self, code: &str, finding: FindingId) -> Option<(&Entry, usize)> {
        let places = self.of.get(&(code.to_owned(), finding))?;
        Some((&self.entries[*places.last()?], places.len()))
    }

    /// The findings whose last decision is that they are false alarms.
    pub(super) fn rejected(&self) -> BTreeMap<FindingId, Remark> {
        let last = self.of.values().filter_map(|places| places.last());
        let last = last.map(|&place| &self.entries[place]);
        let remark = |entry: &Entry| Remark {
            note: entry.note.clone(),
            reviewer: entry.reviewer.clone(),
        };
        last.filter(|entry| entry.choice == REJECT)
            .map(|entry| (entry.finding, remark(entry)))
            .collect()
    }

    /// By check how many findings were found right and wrong, each finding by its
    /// last decision.
    pub(super) fn verdicts(&self) -> BTreeMap<&str, Verdicts> {
        let mut verdicts: BTreeMap<&str, Verdicts> = BTreeMap::new();
        for ((code, _), places) in &self.of {
            let last = places.last().map(|&place| &self.entries[place]);
            let Some(verdict) = last.and_then(|entry| entry.verdict) else {
                continue;
            };
            let of_check = verdicts.entry(code).or_default();
            match verdict {
                Verdict::Right => of_check.right += 1,
                Verdict::Wrong => of_check.wrong += 1,
            }
        }
        verdicts
    }

    /// The precision of each check as a table: of what was reviewed, with its 95%
    /// interval (Wilson).
    pub(super) fn precision(&self) -> String {
        let mut text = line(["code", "right", "wrong", "precision", "low", "high"]);
        for (code, verdicts) in self.verdicts() {
            let interval = wilson(verdicts.right, verdicts.all());
            text.push_str(&line([
                code,
                &verdicts.right.to_string(),
                &verdicts.wrong.to_string(),
                &format!("{:.4}", verdicts.precision()),
                &format!("{:.4}", interval.low),
                &format!("{:.4}", interval.high),
            ]));
        }
        text
    }
}

/// How many findings were found right and wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Verdicts {
    pub(super) right: u64,
    pub(super) wrong: u64,
}

impl Verdicts {
    pub(super) fn all(self) -> u64 {
        self.right + self.wrong
    }

    /// The share of right ones.
    pub(super) fn precision(self) -> f64 {
        self.right as f64 / self.all().max(1) as f64
    }
}

fn line<const N: usize>(cells: [&str; N]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(cells.map(|cell| cell.replace(['\n', '\r'], " ")));
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: &str, choice: &str, reviewer: &str) -> Entry {
        Entry {
            finding: FindingId::of_names("X001", [message]),
            code: "X001".to_owned(),
            choice: choice.to_owned(),
            verdict: Verdict::of(choice),
            note: "two\nlines, \"quoted\"".to_owned(),
            reviewer: reviewer.to_owned(),
            about: message.to_owned(),
        }
    }

    #[test]
    fn every_decision_stays_and_the_last_one_counts() {
        let mut log = Log::default();
        log.push(entry("a", "confirm", "Ana"));
        log.push(entry("b", "confirm", "Ana"));
        log.push(entry("a", "reject", "Ben"));
        let read = Log::parse(log.text().as_bytes()).expect("read");
        assert_eq!(read.text(), log.text());
        assert_eq!(read.text().lines().count(), 4);
        let (last, count) = read
            .last("X001", FindingId::of_names("X001", ["a"]))
            .expect("decided");
        assert_eq!(
            (last.reviewer.as_str(), last.choice.as_str(), count),
            ("Ben", "reject", 2)
        );
        assert_eq!(read.verdicts()["X001"], Verdicts { right: 1, wrong: 1 });
        log.push(entry("a", "", "Ben"));
        assert_eq!(log.verdicts()["X001"], Verdicts { right: 1, wrong: 0 });
        assert!(
            log.precision().contains("X001,1,0,1.0000,0.2065,1.0000"),
            "{}",
            log.precision()
        );
    }

    #[test]
    fn line_that_was_cut_off_loses_only_itself() {
        let mut log = Log::default();
        log.push(entry("a", "confirm", "Ana"));
        log.push(entry("b", "confirm", "Ana"));
        let cut = &log.text()[..log.text().len() - 30];
        let read = Log::parse(cut.as_bytes()).expect("read");
        assert!(read.len() >= 1);
        assert_eq!(read.since(0)[0].about, "a");
        assert_eq!(Log::parse(b"").expect("empty").len(), 0);
        assert!(Log::parse(b"a,b\n1,2\n").is_err());
    }
}
