//! Finds files among the images that are no images by name. Leaves those
//! that claim to be to FILE001.

use std::collections::{BTreeMap, BTreeSet};

use super::problems;
use crate::checks::words::{counted, listed, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{Problem, ProblemKind};

declare_check! { pub NOT_AN_IMAGE_FILE = {
    code: "FILE004",
    family: File,
    name: "not-an-image-file",
    summary: "files that are not images lie among the images",
    next_step: "move what is neither an image nor a label elsewhere: some training frameworks stop at a file they cannot open",
    severity: Severity::Advice,
    docs: "not-an-image-file.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &NOT_AN_IMAGE_FILE
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let kinds = [ProblemKind::NotAnImage];
        let images: BTreeSet<&str> = (data.listing.samples.iter())
            .map(|sample| without_extension(sample.key.as_str()))
            .collect();
        let (labels, others): (Vec<&Problem>, Vec<&Problem>) =
            problems(&data.evidence.listing, &kinds)
                .partition(|file| is_of_labels(file.key.as_str(), &images));
        if !others.is_empty() {
            let (is, kinds, names) = finding(&others);
            out.push(new(
                [],
                format!("{is} of no image format ({kinds}): {names}"),
            ));
        }
        if !labels.is_empty() {
            let (is, kinds, names) = finding(&labels);
            let message = format!(
                "{is} of no image format but may hold labels, which were not read ({kinds}): {names}; \
                 leave them where your training code expects them"
            );
            out.push(new(["labels"], message));
        }
        Ok(Ran::Completed)
    }
}

fn new<const N: usize>(names: [&str; N], message: String) -> NewFinding {
    NewFinding {
        id: FindingId::of_names(NOT_AN_IMAGE_FILE.code, names),
        message,
        samples: Vec::new(),
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::None,
    }
}

/// "3 files are", "2 .txt and 1 .csv", and some of their names.
fn finding(files: &[&Problem]) -> (String, String, String) {
    let mut by_extension: BTreeMap<String, u64> = BTreeMap::new();
    for file in files {
        *by_extension
            .entry(extension(file.key.as_str()))
            .or_default() += 1;
    }
    let kinds: Vec<String> = by_extension
        .into_iter()
        .map(|(extension, count)| format!("{count} {extension}"))
        .collect();
    let names: Vec<String> = files.iter().map(|file| quoted(file.key.as_str())).collect();
    let is = match files.len() as u64 {
        1 => "1 file is".to_owned(),
        many => format!("{} are", counted(many, "file")),
    };
    (is, listed(&kinds, 6), listed(&names, 6))
}

/// Formats in which nothing but tables, annotations and settings comes.
const TABLES: [&str; 13] = [
    "csv", "tsv", "json", "jsonl", "ndjson", "xml", "yaml", "yml", "parquet", "arrow", "names",
    "labels", "mat",
];

/// Names of text files that list classes or images.
const LISTS: [&str; 10] = [
    "classes",
    "class",
    "labels",
    "label",
    "annotations",
    "names",
    "train",
    "val",
    "test",
    "list",
];

/// Whether a file may hold labels: a table, a list, or what goes by an image's
/// name beside it (YOLO and others write `7.txt` for `7.jpg`).
fn is_of_labels(key: &str, images: &BTreeSet<&str>) -> bool {
    let stem = without_extension(key);
    let name = stem.rsplit('/').next().unwrap_or(stem).to_lowercase();
    let extension = key[stem.len()..].trim_start_matches('.').to_lowercase();
    let is_text = extension == "txt";
    TABLES.contains(&extension.as_str())
        || (is_text && LISTS.contains(&name.as_str()))
        || (is_text && images.contains(stem))
}

fn without_extension(key: &str) -> &str {
    let folder = key.rfind('/').map_or(0, |slash| slash + 1);
    match key[folder..].rfind('.') {
        Some(dot) if dot > 0 => &key[..folder + dot],
        _ => key,
    }
}

/// ".txt", or "without extension".
fn extension(key: &str) -> String {
    let name = key.rsplit('/').next().unwrap_or(key);
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!(".{}", extension.to_lowercase()),
        _ => "without extension".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_known_by_format_by_name_and_by_their_image() {
        let images: BTreeSet<&str> = ["train/cat/7", "a.b/8"].into_iter().collect();
        for key in [
            "train/cat/7.txt",
            "a.b/8.txt",
            "x/7.xml",
            "labels.csv",
            "train/classes.txt",
        ] {
            assert!(is_of_labels(key, &images), "{key}");
        }
        for key in [
            "train/cat/readme.txt",
            "train/dog/7.txt",
            "a.b/8",
            "notes.pdf",
            ".txt",
        ] {
            assert!(!is_of_labels(key, &images), "{key}");
        }
    }
}
