//! `decisions.csv` in memory: what is decided of each label, one line each. What
//! a person wrote into it stays. Writes no file.

use std::collections::HashMap;

use super::item::Label;
use super::loaded::Facts;
use crate::decisions::{COLUMNS, REVIEWER, class_named, content_cell};
use crate::sample::{Listing, SampleId};
use crate::spreadsheet::{self, Row, is_alike};

/// The column of what a person wrote beside a decision.
const NOTE: &str = "note";

/// Words that a decision may be; a class of that name has to be suggested.
const WORDS: [&str; 3] = ["keep", "drop", "change"];

/// The lines of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The line about each sample.
    of: HashMap<SampleId, usize>,
}

/// Who decided, and what they wrote beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct By<'a> {
    pub(super) reviewer: &'a str,
    pub(super) note: &'a str,
}

impl Sheet {
    /// Reads the file; one that is not there is blank.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(bytes: &[u8], listing: &Listing, facts: &[Facts]) -> Result<Self, String> {
        let read = spreadsheet::read(bytes, None)?;
        let mut sheet = Self {
            headers: read.headers,
            rows: read
                .rows
                .into_iter()
                .map(|Row { cells, .. }| cells)
                .collect(),
            of: HashMap::new(),
        };
        if sheet.headers.is_empty() {
            sheet.headers = COLUMNS.map(str::to_owned).to_vec();
        }
        for needed in ["sample", "decision", "given", "suggested"] {
            if sheet.column(needed).is_none() {
                return Err(format!("the column `{needed}` is missing"));
            }
        }
        sheet.find(listing, facts);
        Ok(sheet)
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|header| header == name)
    }

    fn cell(&self, row: usize, name: &str) -> &str {
        let place = self.column(name);
        let cell = place.and_then(|place| self.rows[row].get(place));
        cell.map_or("", |cell| cell.trim())
    }

    /// Finds the sample of each line: by content and label, the one at the same
    /// place first, as a scan does that carries decisions over.
    fn find(&mut self, listing: &Listing, facts: &[Facts]) {
        let mut by_key = HashMap::new();
        let mut by_content: HashMap<String, Vec<SampleId>> = HashMap::new();
        for sample in &listing.samples {
            by_key.insert(sample.key.as_str(), sample.id);
            if let Some(content) = facts[sample.id.index()].content {
                let cell = content_cell(&content.to_string());
                by_content.entry(cell).or_default().push(sample.id);
            }
        }
        let mut of = HashMap::new();
        for row in 0..self.rows.len() {
            let at_key = by_key.get(self.cell(row, "sample")).copied();
            let content = self.cell(row, "content").to_ascii_lowercase();
            let alike = by_content.get(&content).into_iter().flatten().copied();
            let here: Vec<SampleId> = match content.is_empty() {
                true => at_key.into_iter().collect(),
                false => {
                    let mut here: Vec<SampleId> = alike.collect();
                    here.sort_by_key(|&id| Some(id) != at_key);
                    here
                }
            };
            let given = self.cell(row, "given");
            let found = (here.into_iter())
                .filter(|&id| is_alike(given, &listing.label_text(id)))
                .find(|id| !of.contains_key(id));
            if let Some(id) = found {
                of.insert(id, row);
            }
        }
        self.of = of;
    }

    /// What is decided of a sample's label.
    pub(super) fn label(&self, id: SampleId, classes: &[String]) -> Option<Label> {
        let row = *self.of.get(&id)?;
        let (decision, suggested) = (self.cell(row, "decision"), self.cell(row, "suggested"));
        let class = |word: &str| {
            let class = class_named(word, classes).unwrap_or(word);
            Label::To(class.to_owned())
        };
        match decision.to_ascii_lowercase().as_str() {
            "" => None,
            "keep" => Some(Label::Keep),
            "drop" => Some(Label::Drop),
            "change" => Some(class(suggested)),
            _ => Some(class(decision)),
        }
    }

    /// Who decided on a sample and why, as far as the list says.
    pub(super) fn by(&self, id: SampleId) -> By<'_> {
        self.of.get(&id).map_or(By::default(), |&row| By {
            reviewer: self.cell(row, REVIEWER),
            note: self.cell(row, NOTE),
        })
    }

    /// Writes a decision, or takes one back.
    pub(super) fn set(
        &mut self,
        id: SampleId,
        label: Option<&Label>,
        by: By<'_>,
        listing: &Listing,
        facts: &[Facts],
    ) {
        let row = match self.of.get(&id) {
            Some(&row) => row,
            None if label.is_none() => return,
            None => self.add(id, listing, facts),
        };
        let suggested = self.cell(row, "suggested").to_owned();
        match label {
            None => self.write(row, "decision", ""),
            Some(Label::Keep) => self.write(row, "decision", "keep"),
            Some(Label::Drop) => self.write(row, "decision", "drop"),
            Some(Label::To(class)) if *class == suggested => self.write(row, "decision", "change"),
            Some(Label::To(class)) if WORDS.contains(&class.to_ascii_lowercase().as_str()) => {
                self.write(row, "suggested", class);
                self.write(row, "decision", "change");
            }
            Some(Label::To(class)) => self.write(row, "decision", class),
        }
        let by = label.map_or(By::default(), |_| by);
        for (column, text) in [(NOTE, by.note), (REVIEWER, by.reviewer)] {
            if !text.is_empty() && self.column(column).is_none() {
                self.headers.push(column.to_owned());
            }
            if self.column(column).is_some() {
                self.write(row, column, text);
            }
        }
    }

    /// A new line about a sample.
    fn add(&mut self, id: SampleId, listing: &Listing, facts: &[Facts]) -> usize {
        let row = self.rows.len();
        self.rows.push(vec![String::new(); self.headers.len()]);
        let sample = listing.sample(id);
        let facts = &facts[id.index()];
        let content = facts.content.map(|hash| content_cell(&hash.to_string()));
        for (column, text) in [
            ("sample", sample.key.as_str()),
            ("given", &listing.label_text(id)),
            ("suggested", facts.suggested.as_deref().unwrap_or_default()),
            (
                "label_score",
                &facts
                    .label_score
                    .map_or(String::new(), |score| score.to_string()),
            ),
            (
                "split",
                listing.split_name(sample.split).unwrap_or_default(),
            ),
            ("content", content.as_deref().unwrap_or_default()),
        ] {
            if self.column(column).is_some() {
                self.write(row, column, text);
            }
        }
        self.of.insert(id, row);
        row
    }

    fn write(&mut self, row: usize, column: &str, text: &str) {
        let Some(place) = self.column(column) else {
            return;
        };
        let cells = &mut self.rows[row];
        if cells.len() <= place {
            cells.resize(place + 1, String::new());
        }
        // One decision is one line, whatever was typed as its note.
        text.replace(['\n', '\r'], " ")
            .clone_into(&mut cells[place]);
    }

    /// The text of the file.
    pub(super) fn text(&self) -> String {
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .from_writer(Vec::new());
        // Writing to memory cannot fail.
        let _ = writer.write_record(&self.headers);
        for cells in &self.rows {
            let missing = self.headers.len().saturating_sub(cells.len());
            let padded = cells.iter().map(String::as_str);
            let _ = writer.write_record(padded.chain(std::iter::repeat_n("", missing)));
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decisions;
    use crate::sample::{ClassId, ContentHash, Labels, NO_OBJECTS, Sample, SampleKey};

    /// Two cats of one content, and a dog.
    fn listing() -> (Listing, Vec<Facts>) {
        let samples = [("a.jpg", 0), ("b;c.jpg", 0), ("d.jpg", 1)];
        let listing = Listing {
            classes: ["cat", "dog", "drop"].map(str::to_owned).to_vec(),
            samples: (0..)
                .zip(samples)
                .map(|(id, (key, class))| Sample {
                    id: SampleId(id),
                    key: SampleKey::from_path(key.as_ref()),
                    split: None,
                    labels: Labels::One(ClassId(class)),
                    objects: NO_OBJECTS,
                    group: None,
                })
                .collect(),
            ..Listing::default()
        };
        let facts = [1, 1, 2].map(|byte| Facts {
            content: Some(ContentHash([byte; 16])),
            ..Facts::default()
        });
        (listing, facts.to_vec())
    }

    fn cell(byte: u8) -> String {
        content_cell(&ContentHash([byte; 16]).to_string())
    }

    const BY: By<'_> = By {
        reviewer: "Ana",
        note: "two\nlines",
    };

    #[test]
    fn decision_goes_into_its_line_and_leaves_all_others_as_they_are() {
        let (listing, facts) = listing();
        let text = format!(
            "sample;given;suggested;decision;my own;content\n\
             old/a.jpg;cat;dog;;kept;{}\nb;c\n\"b;c.jpg\";cat;dog;keep;;{}\ngone.jpg;cat;dog;drop;x;{}\n",
            cell(1),
            cell(1),
            cell(9)
        );
        let mut sheet = Sheet::parse(text.as_bytes(), &listing, &facts).expect("read");
        let label = |sheet: &Sheet, id| sheet.label(SampleId(id), &listing.classes);
        assert_eq!(label(&sheet, 0), None);
        assert_eq!(label(&sheet, 1), Some(Label::Keep));
        let dog = Label::To("dog".to_owned());
        sheet.set(SampleId(0), Some(&dog), BY, &listing, &facts);
        sheet.set(
            SampleId(2),
            Some(&Label::To("drop".to_owned())),
            By::default(),
            &listing,
            &facts,
        );
        let text = sheet.text();
        let read = Sheet::parse(text.as_bytes(), &listing, &facts).expect("read");
        assert_eq!(label(&read, 0), Some(dog));
        assert_eq!(label(&read, 1), Some(Label::Keep));
        assert_eq!(label(&read, 2), Some(Label::To("drop".to_owned())));
        assert_eq!(
            read.by(SampleId(0)),
            By {
                reviewer: "Ana",
                note: "two lines"
            }
        );
        let decisions = decisions::parse(text.as_bytes()).expect("as `apply` reads it");
        let of = |key: &str| decisions.iter().find(|d| d.sample == key).expect("a line");
        assert_eq!(of("old/a.jpg").decision, "change");
        assert!(
            of("old/a.jpg")
                .more
                .contains(&("my own".to_owned(), "kept".to_owned()))
        );
        assert_eq!(of("gone.jpg").decision, "drop");
        assert_eq!(
            (
                of("d.jpg").decision.as_str(),
                of("d.jpg").suggested.as_str()
            ),
            ("change", "drop")
        );
    }

    #[test]
    fn decision_that_is_taken_back_leaves_a_blank() {
        let (listing, facts) = listing();
        let mut sheet = Sheet::parse(b"", &listing, &facts).expect("blank");
        sheet.set(SampleId(1), None, BY, &listing, &facts);
        assert_eq!(sheet.text().lines().count(), 1);
        sheet.set(SampleId(1), Some(&Label::Drop), BY, &listing, &facts);
        assert_eq!(
            sheet.label(SampleId(1), &listing.classes),
            Some(Label::Drop)
        );
        sheet.set(SampleId(1), None, BY, &listing, &facts);
        assert_eq!(sheet.label(SampleId(1), &listing.classes), None);
        assert_eq!(sheet.by(SampleId(1)), By::default());
    }

    #[test]
    fn line_about_another_content_or_label_is_no_decision_of_ours() {
        let (listing, facts) = listing();
        let lines = format!(
            "sample,given,suggested,decision,content\na.jpg,dog,,drop,{}\nd.jpg,dog,,drop,{}\n",
            cell(1),
            cell(7)
        );
        let sheet = Sheet::parse(lines.as_bytes(), &listing, &facts).expect("read");
        for id in 0..3 {
            assert_eq!(sheet.label(SampleId(id), &listing.classes), None, "{id}");
        }
        assert!(Sheet::parse(b"x,y\n1,2\n", &listing, &facts).is_err());
    }
}
