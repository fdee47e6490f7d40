//! Finds splits without any sample.

use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Evidence, FindingId, Severity};

declare_check! { pub EMPTY_SPLIT = {
    code: "DIST006",
    name: "empty-split",
    summary: "a split has no sample at all",
    next_step: "check the split's path and the patterns given with `--include` and `--exclude`, or leave the split out",
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
        for split in &data.classes.splits {
            let Some(id) = split.split.filter(|_| split.samples() == 0) else {
                continue;
            };
            let name = &data.listing.splits[id.index()].name;
            out.push(NewFinding {
                id: FindingId::of_names(EMPTY_SPLIT.code, [name.as_str()]),
                message: format!("`{name}` has no samples: nothing can be measured on it"),
                samples: Vec::new(),
                splits: vec![id],
                labels: Vec::new(),
                score: None,
                evidence: Evidence::None,
            });
        }
        Ok(Ran::Completed)
    }
}
