//! Finds boxes of two classes on one object.

use super::{having, report, without_objects};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::object_flaws::BoxFlaw;

declare_check! { pub BOX_UNDER_TWO_CLASSES = {
    code: "OBJECT005",
    family: Object,
    name: "box-under-two-classes",
    summary: "an object is annotated under two classes: two boxes lie on each other",
    next_step: "decide which class is right, or accept it where your classes overlap by design",
    severity: Severity::Warning,
    docs: "box-under-two-classes.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &BOX_UNDER_TWO_CLASSES
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
        let boxes = having(data, BoxFlaw::TwoClasses);
        let ends = (
            "lies on one of another class (overlap above 0.95)",
            "lie on one of another class (overlap above 0.95)",
        );
        report(data, out, Severity::Warning, &boxes, ends);
        Ok(Ran::Completed)
    }
}
