//! Finds files among the pictures that are no pictures by name. Leaves those
//! that claim to be to FILE001.

use std::collections::BTreeMap;

use super::problems;
use crate::checks::words::{counted, listed, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Evidence, FindingId, Severity};
use crate::sample::ProblemKind;

declare_check! { pub NOT_AN_IMAGE_FILE = {
    code: "FILE004",
    name: "not-an-image-file",
    summary: "files that are no pictures lie among the pictures",
    next_step: "move them elsewhere: some training frameworks stop at a file they cannot open",
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
        let files: Vec<_> = problems(data.listing, &kinds).collect();
        if files.is_empty() {
            return Ok(Ran::Completed);
        }
        let mut by_extension: BTreeMap<String, u64> = BTreeMap::new();
        for file in &files {
            *by_extension
                .entry(extension(file.key.as_str()))
                .or_default() += 1;
        }
        let kinds: Vec<String> = by_extension
            .into_iter()
            .map(|(extension, count)| format!("{count} {extension}"))
            .collect();
        let names: Vec<String> = files.iter().map(|file| quoted(file.key.as_str())).collect();
        let message = format!(
            "{} no picture ({}): {}",
            match files.len() as u64 {
                1 => "1 file is".to_owned(),
                many => format!("{} are", counted(many, "file")),
            },
            listed(&kinds, 6),
            listed(&names, 6),
        );
        out.push(NewFinding {
            id: FindingId::of_names(NOT_AN_IMAGE_FILE.code, []),
            message,
            samples: Vec::new(),
            splits: Vec::new(),
            labels: Vec::new(),
            score: None,
            evidence: Evidence::None,
        });
        Ok(Ran::Completed)
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
