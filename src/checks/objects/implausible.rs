//! Finds boxes whose size or shape hardly fits their class.

use super::{having, report, without_objects};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::object_flaws::BoxFlaw;

declare_check! { pub IMPLAUSIBLE_BOX = {
    code: "OBJECT006",
    family: Object,
    name: "implausible-box",
    summary: "a box is far larger, smaller, longer or wider than others of its class",
    next_step: "inspect them: often the class is wrong, or a corner was dragged too far",
    severity: Severity::Advice,
    docs: "implausible-box.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &IMPLAUSIBLE_BOX
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
        let sizes = having(data, BoxFlaw::OddSize);
        let ends = (
            "is far larger or smaller in its image than others of its class",
            "are far larger or smaller in their images than others of their class",
        );
        report(data, out, Severity::Advice, &sizes, ends);
        let mut shapes = having(data, BoxFlaw::OddAspect);
        shapes.retain(|found| !sizes.contains(found));
        let ends = (
            "is far longer or wider than others of its class",
            "are far longer or wider than others of their class",
        );
        report(data, out, Severity::Advice, &shapes, ends);
        Ok(Ran::Completed)
    }
}
