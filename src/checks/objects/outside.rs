//! Finds boxes that reach out of their image. Leaves those of an image turned by EXIF
//! to OBJECT008, and whole splits to OBJECT009.

use super::{having, report, without_objects};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::object_flaws::BoxFlaw;

declare_check! { pub BOX_OUTSIDE_IMAGE = {
    code: "OBJECT001",
    family: Object,
    name: "box-outside-image",
    summary: "a box reaches out of its image",
    next_step: "correct the boxes: trainers cut them off, or leave out the image",
    severity: Severity::Warning,
    docs: "box-outside-image.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &BOX_OUTSIDE_IMAGE
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
        let boxes = having(data, BoxFlaw::Outside);
        let ends = ("reaches out of its image", "reach out of their images");
        report(data, out, Severity::Warning, &boxes, ends);
        Ok(Ran::Completed)
    }
}
