//! Finds images that the data set lists more than once: repeated rows of a
//! manifest, and files reached by two names. Copies are reported by LEAK001 and
//! LEAK003; this says that they are no copies but one file.

use super::{about_problem, problems};
use crate::checks::words::{counted, listed};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{Problem, ProblemKind};

declare_check! { pub LISTED_TWICE = {
    code: "FILE008",
    family: File,
    name: "listed-twice",
    summary: "one file is listed twice: by a repeated row, a link or a hard link",
    next_step: "remove the repeated row or link, so that the image counts once",
    severity: Severity::Warning,
    docs: "listed-twice.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &LISTED_TWICE
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        for problem in problems(&data.evidence.listing, &[ProblemKind::DuplicateRow]) {
            let message = format!("`{}` is listed twice: {}", problem.key, problem.detail);
            out.push(about_problem(
                LISTED_TWICE.code,
                &data.evidence.listing,
                problem,
                message,
            ));
        }
        let linked: Vec<&Problem> =
            problems(&data.evidence.listing, &[ProblemKind::SameFileTwice]).collect();
        if !linked.is_empty() {
            // The harm is reported by the checks of copies: this is the cause.
            out.push_at(Severity::Advice, same_files(&linked));
        }
        Ok(Ran::Completed)
    }
}

fn same_files(linked: &[&Problem]) -> NewFinding {
    let facts: Vec<String> = linked
        .iter()
        .map(|problem| format!("`{}` is {}", problem.key, problem.detail))
        .collect();
    NewFinding {
        id: FindingId::of_names(LISTED_TWICE.code, []),
        message: format!(
            "{} reached by a second name: {}",
            match linked.len() as u64 {
                1 => "1 file is".to_owned(),
                many => format!("{} are", counted(many, "file")),
            },
            listed(&facts, 4)
        ),
        samples: linked.iter().filter_map(|problem| problem.sample).collect(),
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::None,
    }
}
