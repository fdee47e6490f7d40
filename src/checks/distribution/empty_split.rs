//! Finds splits without any sample.

use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{Listing, ProblemKind, SplitId, canonical_split};

declare_check! { pub EMPTY_SPLIT = {
    code: "DIST006",
    family: Distribution,
    name: "empty-split",
    summary: "a split has no sample at all",
    next_step: "check the split's path and the patterns given with `--include` and `--exclude`, or remove the split",
    severity: Severity::Error,
    docs: "empty-split.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &EMPTY_SPLIT
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.listing.splits.is_empty() {
            return Ok(Ran::NotApplicable("the data set has no splits".to_owned()));
        }
        for problem in &data.listing.problems {
            if problem.kind == ProblemKind::EmptyFolder
                && let Some(name) = split_meant(&data.evidence.listing, problem.key.as_str())
            {
                out.push(finding(name, None));
            }
        }
        for split in &data.classes.splits {
            let Some(id) = split.split.filter(|_| split.samples() == 0) else {
                continue;
            };
            let name = &data.listing.splits[id.index()].name;
            out.push(finding(name, Some(id)));
        }
        Ok(Ran::Completed)
    }
}

/// The split that an empty folder stands for, unless another folder fills it.
fn split_meant(listing: &Listing, key: &str) -> Option<&'static str> {
    let name = canonical_split(key.rsplit('/').next().unwrap_or(key))?;
    let filled = listing.splits.iter().any(|split| split.name == name);
    (!filled).then_some(name)
}

fn finding(name: &str, split: Option<SplitId>) -> NewFinding {
    NewFinding {
        id: FindingId::of_names(EMPTY_SPLIT.code, [name]),
        message: format!("`{name}` has no samples: nothing can be measured on it"),
        samples: Vec::new(),
        splits: split.into_iter().collect(),
        labels: Vec::new(),
        score: None,
        measured: Measured::None,
    }
}
