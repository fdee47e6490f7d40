//! Finds class folders without any image. What loaders make of them is reported
//! by DIST008.

use super::{about_problem, problems};
use crate::checks::words::{listed, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::sample::{Problem, ProblemKind};

declare_check! { pub EMPTY_CLASS_FOLDER = {
    code: "FILE006",
    family: File,
    name: "empty-class-folder",
    summary: "a class folder has no image in it",
    next_step: "restore its images or remove the folder; some loaders still count it as a class",
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
        // A folder with a split's name is an empty split, which DIST006 reports.
        let empty: Vec<&Problem> = problems(&data.evidence.listing, &[ProblemKind::EmptyFolder])
            .filter(|problem| !problem.detail.starts_with("a split folder"))
            .collect();
        if empty.len() > ONE_BY_ONE {
            out.push(together(&empty));
            return Ok(Ran::Completed);
        }
        for problem in empty {
            let message = format!("folder `{}` has no image in it", problem.key);
            out.push(about_problem(
                EMPTY_CLASS_FOLDER.code,
                &data.evidence.listing,
                problem,
                message,
            ));
        }
        Ok(Ran::Completed)
    }
}

/// Folders up to which each is a finding; more have one cause, and are one.
const ONE_BY_ONE: usize = 5;

fn together(empty: &[&Problem]) -> NewFinding {
    let mut names: Vec<String> = empty.iter().map(|p| quoted(p.key.as_str())).collect();
    names.sort_unstable();
    NewFinding {
        id: FindingId::of_names(EMPTY_CLASS_FOLDER.code, names.iter().map(String::as_str)),
        message: format!(
            "{} class folders have no image in them: {}",
            empty.len(),
            listed(&names, 4)
        ),
        samples: Vec::new(),
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::Figures(vec![Figure {
            name: "folders",
            value: empty.len() as f64,
        }]),
    }
}
