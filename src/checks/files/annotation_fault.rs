//! Finds annotations that a training framework passes over in silence, or that
//! contradict each other. Judges no label.

use std::collections::BTreeMap;

use super::problems;
use crate::checks::words::{counted, listed, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::sample::{Problem, ProblemKind};

declare_check! { pub ANNOTATION_FAULT = {
    code: "FILE016",
    family: File,
    name: "annotation-fault",
    summary: "annotations are wrong, or lie where a training framework ignores them without a message",
    next_step: "correct or move the annotation files: until then these images are trained without them, or not at all",
    severity: Severity::Warning,
    docs: "annotation-fault.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &ANNOTATION_FAULT
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let mut by_kind: BTreeMap<&str, Vec<&Problem>> = BTreeMap::new();
        for problem in problems(&data.listing, &[ProblemKind::Annotation]) {
            by_kind.entry(parts(problem).0).or_default().push(problem);
        }
        for (kind, faults) in by_kind {
            out.push(finding(kind, &faults));
        }
        Ok(Ran::Completed)
    }
}

/// The kind of a fault, the same words for the same kind, and what is special
/// about this one: `KIND: SPECIAL`.
fn parts(problem: &Problem) -> (&str, &str) {
    (problem.detail.split_once(": ")).unwrap_or((&problem.detail, ""))
}

/// All faults of a kind are one finding: a wrong folder concerns thousands.
fn finding(kind: &str, faults: &[&Problem]) -> NewFinding {
    let facts: Vec<String> = faults
        .iter()
        .map(|problem| match parts(problem).1 {
            "" => quoted(problem.key.as_str()),
            special => format!("`{}` ({special})", problem.key),
        })
        .collect();
    let count = faults.len() as u64;
    NewFinding {
        id: FindingId::of_names(ANNOTATION_FAULT.code, [kind]),
        message: format!("{kind}, {}: {}", counted(count, "time"), listed(&facts, 4)),
        samples: faults.iter().filter_map(|problem| problem.sample).collect(),
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::Figures(vec![Figure {
            name: "faults",
            value: count as f64,
        }]),
    }
}
