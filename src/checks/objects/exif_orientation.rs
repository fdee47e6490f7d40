//! Finds boxes drawn on an image before EXIF turned it.

use super::{having, report, without_objects};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::object_flaws::BoxFlaw;

declare_check! { pub BOX_OF_UNTURNED_IMAGE = {
    code: "OBJECT008",
    family: Object,
    name: "box-of-unturned-image",
    summary: "boxes fit the image as it is stored, but not as EXIF turns it",
    next_step: "turn the pixels and remove the EXIF orientation, or turn the boxes; check how your trainer loads these images",
    severity: Severity::Error,
    docs: "box-of-unturned-image.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &BOX_OF_UNTURNED_IMAGE
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
        let boxes = having(data, BoxFlaw::Unturned);
        let ends = (
            "fits the stored image, but not the image as EXIF turns it",
            "fit the stored images, but not the images as EXIF turns them",
        );
        report(data, out, Severity::Error, &boxes, ends);
        Ok(Ran::Completed)
    }
}
