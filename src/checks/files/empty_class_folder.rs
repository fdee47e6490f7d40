//! Finds class folders without any picture. What loaders make of them is told
//! by DIST008.

use super::{about_problem, problems};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::sample::ProblemKind;

declare_check! { pub EMPTY_CLASS_FOLDER = {
    code: "FILE006",
    name: "empty-class-folder",
    summary: "a class folder has no picture in it",
    next_step: "restore its pictures or remove the folder; some loaders still count it as a class",
    severity: Severity::Warning,
    docs: "empty-class-folder.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &EMPTY_CLASS_FOLDER
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        for problem in problems(data.listing, &[ProblemKind::EmptyFolder]) {
            // A folder with a split's name is an empty split, which DIST006 tells.
            if problem.detail.starts_with("a split folder") {
                continue;
            }
            let message = format!("folder `{}` has no picture in it", problem.key);
            out.push(about_problem(
                EMPTY_CLASS_FOLDER.code,
                data.listing,
                problem,
                message,
            ));
        }
        Ok(Ran::Completed)
    }
}
