//! Finds images that cannot be seen because the file is missing or broken.
//! Leaves formats not decoded here to FILE002 and giants to FILE003.

use super::{about_problem, failures, one_line, problems};
use crate::checks::words::{listed, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::decode::DecodeFailure;
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{ProblemKind, Sample};

declare_check! { pub UNREADABLE_IMAGE = {
    code: "FILE001",
    family: File,
    counts_as: Unreadable,
    name: "unreadable-image",
    summary: "an image is missing, empty, truncated, corrupt or not an image at all",
    next_step: "restore the file from its source, or remove it and its row in the manifest",
    severity: Severity::Error,
    docs: "unreadable-image.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &UNREADABLE_IMAGE
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let code = UNREADABLE_IMAGE.code;
        let mut pointers = Vec::new();
        for failed in failures(data, code) {
            if *failed.why == DecodeFailure::LfsPointer {
                pointers.push(failed.sample);
                continue;
            }
            let elsewhere = matches!(
                failed.why,
                DecodeFailure::Unsupported(_) | DecodeFailure::TooLarge { .. }
            );
            if !elsewhere {
                let why = one_line(&failed.why.to_string());
                out.push(failed.finding(format!("`{}` {why}", failed.sample.key)));
            }
        }
        if !pointers.is_empty() {
            out.push(not_fetched(&pointers));
        }
        let kinds = [
            ProblemKind::MissingFile,
            ProblemKind::Unreadable,
            ProblemKind::BadMember,
        ];
        // A listed sample that cannot be read has been reported above.
        let unlisted =
            problems(&data.evidence.listing, &kinds).filter(|problem| problem.sample.is_none());
        for problem in unlisted {
            let fact = match problem.kind {
                ProblemKind::MissingFile => "is missing",
                _ => "cannot be read",
            };
            let message = format!("`{}` {fact}: {}", problem.key, problem.detail);
            out.push(about_problem(
                code,
                &data.evidence.listing,
                problem,
                message,
            ));
        }
        Ok(Ran::Completed)
    }
}

/// A clone without Git LFS is one missing command, not as many broken files.
fn not_fetched(pointers: &[&Sample]) -> NewFinding {
    let names: Vec<String> = (pointers.iter())
        .map(|sample| quoted(sample.key.as_str()))
        .collect();
    let count = pointers.len() as u64;
    let are = if count == 1 { "file is a" } else { "files are" };
    let pointer = if count == 1 { "pointer" } else { "pointers" };
    NewFinding {
        id: FindingId::of_names(UNREADABLE_IMAGE.code, ["git-lfs"]),
        message: format!(
            "{count} {are} Git LFS {pointer}, not images: fetch them with `git lfs pull`: {}",
            listed(&names, 4)
        ),
        samples: pointers.iter().map(|sample| sample.id).collect(),
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::None,
    }
}
