//! Finds boxes that are less than a pixel wide or high.

use super::{having, report, without_objects};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::object_flaws::BoxFlaw;

declare_check! { pub DEGENERATE_BOX = {
    code: "OBJECT002",
    family: Object,
    name: "degenerate-box",
    summary: "a box is less than a pixel wide or high",
    next_step: "remove the boxes: no model can learn from them, and some trainers stop at them",
    severity: Severity::Warning,
    docs: "degenerate-box.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &DEGENERATE_BOX
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if let Some(ran) = without_objects(data) {
            return Ok(ran);
        }
        let boxes = having(data, BoxFlaw::Degenerate);
        let ends = (
            "is less than a pixel wide or high",
            "are less than a pixel wide or high",
        );
        report(data, out, Severity::Warning, &boxes, ends);
        Ok(Ran::Completed)
    }
}
