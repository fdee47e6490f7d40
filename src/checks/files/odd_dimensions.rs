//! Finds images of a size or shape unlike the others'.

use super::flawed;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::quality::Flaw;

declare_check! { pub ODD_DIMENSIONS = {
    code: "FILE010",
    family: File,
    name: "odd-dimensions",
    summary: "an image is far larger, smaller, longer or wider than the others",
    next_step: "inspect them: thumbnails, strips and screenshots are seldom meant to be in the set",
    severity: Severity::Advice,
    docs: "odd-dimensions.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &ODD_DIMENSIONS
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        flawed::tell(
            data,
            out,
            Flaw::OddSize,
            "of unusual size (ten times the pixels of the median image, or a tenth)",
        );
        flawed::tell(
            data,
            out,
            Flaw::OddAspect,
            "of unusual shape (the short side below 0.35 of the long one)",
        );
        Ok(Ran::Completed)
    }
}
