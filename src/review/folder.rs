//! A report folder, read back from its tables by column name. Judges nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use super::audit::Listed;
use crate::decisions::{self, Decision};
use crate::error::{Error, Result};
use crate::finding::{FindingId, Severity};
use crate::source::{Columns, LayoutName, Request};
use crate::spreadsheet;

/// The files without which a folder is no report.
const FINDINGS: &str = "findings.csv";
const SUMMARY: &str = "summary.json";

/// Whether `path` is a report folder.
pub fn is_report(path: &Path) -> bool {
    path.join(SUMMARY).is_file() && path.join(FINDINGS).is_file()
}

/// A finding as a report has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The check's code.
    pub code: String,
    /// Stable across runs.
    pub id: FindingId,
    /// How bad it is.
    pub severity: Severity,
    /// What it says.
    pub message: String,
    /// The keys of its samples joined by `;`.
    pub samples: String,
}

/// A line of `drop.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The sample's key.
    pub sample: String,
    /// The copy that stays.
    pub because_of: String,
    /// The finding's id.
    pub finding: String,
}

/// A report folder.
#[derive(Debug, Clone)]
pub struct ReportFolder {
    path: PathBuf,
    /// `summary.json`.
    pub summary: serde_json::Value,
    /// All findings that counted, in the report's order.
    pub findings: Vec<Found>,
}

impl ReportFolder {
    /// Reads the report in `path`.
    ///
    /// # Errors
    /// [`Error::Input`] when there is none, or it is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        if !is_report(path) {
            return Err(Error::Input(format!(
                "`{}` is no report: a report folder holds `{SUMMARY}` and `{FINDINGS}`; \
                 `splitlint scan` writes one",
                path.display()
            )));
        }
        let file = path.join(SUMMARY);
        let summary = fs::read_to_string(&file)
            .map_err(|e| damaged(&file, &e.to_string()))
            .and_then(|text| {
                serde_json::from_str(&text).map_err(|e| damaged(&file, &e.to_string()))
            })?;
        let mut report = Self {
            path: path.to_owned(),
            summary,
            findings: Vec::new(),
        };
        report.findings = rows(
            &path.join(FINDINGS),
            ["code", "id", "severity", "message", "samples"],
            |[code, id, severity, message, samples], _| {
                Ok(Found {
                    code: code.to_owned(),
                    id: FindingId::parse(id).ok_or_else(|| format!("`{id}` is no finding's id"))?,
                    severity: Severity::from_str(severity)?,
                    message: message.to_owned(),
                    samples: samples.to_owned(),
                })
            },
        )?;
        Ok(report)
    }

    /// Where the report lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The verdict in one word, if the summary has one.
    pub fn verdict(&self) -> Option<&str> {
        let verdict = self.summary.get("verdict")?;
        verdict
            .as_str()
            .or_else(|| verdict.get("result").and_then(|name| name.as_str()))
    }

    /// What a later scan that could not replace the report could not do: what the
    /// report lists may no longer be so.
    pub fn is_old(&self) -> Option<String> {
        let reasons = self
            .summary
            .get("verdict")
            .and_then(|verdict| verdict.get("reasons"));
        let reasons = reasons.and_then(|reasons| reasons.as_array());
        let why = (reasons.into_iter().flatten())
            .filter_map(|reason| reason.as_str())
            .find(|reason| reason.starts_with("the scan after this report reached no verdict"))?;
        Some(format!(
            "`{}` is of an earlier scan: {why}",
            self.path.display()
        ))
    }

    /// The data set that was scanned, as it was asked for.
    ///
    /// # Errors
    /// [`Error::Input`] when the summary does not say.
    pub fn request(&self) -> Result<Request> {
        let file = self.path.join(SUMMARY);
        let asked = self.summary.get("dataset").cloned().unwrap_or_default();
        let asked: Asked =
            serde_json::from_value(asked).map_err(|e| damaged(&file, &e.to_string()))?;
        let group_regex = asked
            .group_regex
            .map(|pattern| regex::Regex::new(&pattern))
            .transpose()
            .map_err(|e| damaged(&file, &e.to_string()))?;
        let layout = asked
            .layout
            .map(|name| name.parse::<LayoutName>())
            .transpose();
        Ok(Request {
            root: asked.root,
            layout: layout.map_err(|e| damaged(&file, &e))?,
            images: asked.images,
            splits: asked
                .splits
                .into_iter()
                .map(|split| (split.split, split.path))
                .collect(),
            reference: asked.reference,
            include: asked.include,
            exclude: asked.exclude,
            never_enter: vec![self.path.clone()],
            columns: Columns {
                path: asked.columns.path,
                label: asked.columns.label,
                split: asked.columns.split,
                group: asked.columns.group,
            },
            group_regex,
            group_file: asked.group_file,
            slices: asked.slices,
            show_identifiers: false,
        })
    }

    /// The copies to drop.
    ///
    /// # Errors
    /// [`Error::Input`] when the list is missing or damaged.
    pub fn drops(&self) -> Result<Vec<Dropped>> {
        // A person may take lines out of this list, in a spreadsheet too.
        let file = self.path.join("drop.csv");
        let bytes = fs::read(&file).map_err(|e| damaged(&file, &e.to_string()))?;
        let sheet = spreadsheet::read(&bytes, None).map_err(|e| damaged(&file, &e))?;
        let place = |name: &str| {
            (sheet.column(name))
                .ok_or_else(|| damaged(&file, &format!("the column `{name}` is missing")))
        };
        let (sample, because_of) = (place("sample")?, place("because_of")?);
        let finding = place("finding")?;
        let cell = |row: &spreadsheet::Row, place: usize| row.cells[place].clone();
        let rows = sheet.rows.iter().map(|row| Dropped {
            sample: cell(row, sample),
            because_of: cell(row, because_of),
            finding: cell(row, finding),
        });
        Ok(rows.collect())
    }

    /// The labels to decide on, from the report or from a `kept` list.
    ///
    /// # Errors
    /// [`Error::Input`] when the list is missing or damaged.
    pub fn decisions(&self, kept: Option<&Path>) -> Result<Vec<Decision>> {
        let file = kept.map_or_else(|| self.path.join(decisions::FILE), Path::to_owned);
        let wrong =
            |fact: String| Error::Input(format!("cannot read `{}`: {fact}", file.display()));
        let bytes = fs::read(&file).map_err(|e| wrong(e.to_string()))?;
        decisions::parse(&bytes).map_err(wrong)
    }

    /// The content hash of every sample that could be read, and whether its
    /// image could be decoded: key, hash, decoded.
    ///
    /// # Errors
    /// [`Error::Input`] when the table is missing or damaged.
    pub fn samples(&self) -> Result<Vec<(String, String, bool)>> {
        let columns = ["sample", "content_hash", "width"];
        rows(
            &self.path.join("samples.csv"),
            columns,
            |[sample, hash, width], _| Ok((sample.to_owned(), hash.to_owned(), !width.is_empty())),
        )
    }
}

/// The samples that a report or a list of samples holds: `file` is a report's
/// folder, a file in one, or a CSV file with the columns `sample`, `split`,
/// `label` and `content_hash`.
///
/// # Errors
/// [`Error::Input`] when it is none of these, or when the report does not know
/// the content of every sample.
pub fn audited(file: &Path) -> Result<Vec<Listed>> {
    let folder = match file.file_name() {
        Some(name) if name == SUMMARY || name == FINDINGS => file.parent().unwrap_or(file),
        _ => file,
    };
    let table = if file.is_dir() || is_report(folder) {
        let report = ReportFolder::open(folder)?;
        if report.summary.get("digest").is_none_or(|d| d.is_null()) {
            return Err(Error::Input(format!(
                "`{}` is a report of a scan that did not open every image, so nothing can be compared with it; scan again, with all checks",
                folder.display()
            )));
        }
        folder.join("samples.csv")
    } else {
        file.to_owned()
    };
    let some = |cell: &str| (!cell.is_empty()).then(|| cell.to_owned());
    rows(
        &table,
        ["sample", "split", "label", "content_hash"],
        |[sample, split, label, content], _| {
            Ok(Listed {
                sample: sample.to_owned(),
                split: some(split),
                label: some(label),
                content: some(content),
            })
        },
    )
}

/// The fields of `dataset` in the summary, version 1.
#[derive(Debug, Deserialize)]
struct Asked {
    root: Option<PathBuf>,
    layout: Option<String>,
    images: Option<PathBuf>,
    splits: Vec<AskedSplit>,
    reference: Option<PathBuf>,
    include: Vec<String>,
    exclude: Vec<String>,
    columns: AskedColumns,
    group_regex: Option<String>,
    /// Reports of before 0.2 do not say.
    #[serde(default)]
    group_file: Option<PathBuf>,
    #[serde(default)]
    slices: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct AskedSplit {
    split: String,
    path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct AskedColumns {
    path: Option<String>,
    label: Option<String>,
    split: Option<String>,
    group: Option<String>,
}

/// The rows of a table, its columns found by name.
fn rows<T, const N: usize>(
    file: &Path,
    columns: [&str; N],
    read: impl Fn([&str; N], u64) -> Result<T, String>,
) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_path(file).map_err(|e| damaged(file, &e.to_string()))?;
    let headers = reader
        .headers()
        .map_err(|e| damaged(file, &e.to_string()))?
        .clone();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        *place = headers
            .iter()
            .position(|header| header == column)
            .ok_or_else(|| damaged(file, &format!("the column `{column}` is missing")))?;
    }
    reader
        .records()
        .map(|row| {
            let row = row.map_err(|e| damaged(file, &e.to_string()))?;
            let line = row.position().map_or(0, csv::Position::line);
            read(places.map(|place| row.get(place).unwrap_or("")), line)
                .map_err(|e| damaged(file, &format!("line {line}: {e}")))
        })
        .collect()
}

pub(in crate::review) fn damaged(file: &Path, fact: &str) -> Error {
    Error::Input(format!(
        "cannot read `{}`: {fact}; `splitlint scan` writes the report anew",
        file.display()
    ))
}
