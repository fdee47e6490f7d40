//! Finds symbolic links that lead nowhere or back.

use super::{about_problem, problems};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::sample::ProblemKind;

declare_check! { pub BAD_LINK = {
    code: "FILE005",
    family: File,
    name: "bad-link",
    summary: "a symbolic link has no target, or its target is a folder above it",
    next_step: "repair or remove the link; its target was not scanned",
    severity: Severity::Warning,
    docs: "bad-link.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &BAD_LINK
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let kinds = [ProblemKind::LinkLoop, ProblemKind::BrokenLink];
        for problem in problems(&data.evidence.listing, &kinds) {
            let fact = match problem.kind {
                ProblemKind::LinkLoop => "is a link to a folder above it",
                _ => "is a link whose target does not exist",
            };
            let message = format!("`{}` {fact}: {}", problem.key, problem.detail);
            out.push(about_problem(
                BAD_LINK.code,
                &data.evidence.listing,
                problem,
                message,
            ));
        }
        Ok(Ran::Completed)
    }
}
