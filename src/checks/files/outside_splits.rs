//! Finds images beside the splits, which nobody scans.

use super::{about_problem, problems};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::sample::ProblemKind;

declare_check! { pub OUTSIDE_SPLITS = {
    code: "FILE009",
    family: File,
    name: "outside-splits",
    summary: "images lie in no split, and so are not scanned",
    next_step: "name the splits with `--split NAME=PATH`, move the images, or exclude them with `--exclude`",
    severity: Severity::Warning,
    docs: "outside-splits.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &OUTSIDE_SPLITS
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        for problem in problems(&data.evidence.listing, &[ProblemKind::OutsideSplits]) {
            let message = format!("`{}`: {}", problem.key, problem.detail);
            out.push(about_problem(
                OUTSIDE_SPLITS.code,
                &data.evidence.listing,
                problem,
                message,
            ));
        }
        Ok(Ran::Completed)
    }
}
