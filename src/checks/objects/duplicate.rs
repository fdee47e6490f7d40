//! Finds objects that are annotated twice.

use super::{having, report, without_objects};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::object_flaws::BoxFlaw;

declare_check! { pub DUPLICATE_BOXES = {
    code: "OBJECT004",
    family: Object,
    name: "duplicate-boxes",
    summary: "an object is annotated twice: two boxes of one class lie on each other",
    next_step: "remove all but one box of each object: in evaluation the second one can never be found",
    severity: Severity::Warning,
    docs: "duplicate-boxes.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &DUPLICATE_BOXES
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
        let boxes = having(data, BoxFlaw::Duplicate);
        let ends = (
            "lies on another of its class (overlap above 0.95)",
            "lie on another of their class (overlap above 0.95)",
        );
        report(data, out, Severity::Warning, &boxes, ends);
        Ok(Ran::Completed)
    }
}
