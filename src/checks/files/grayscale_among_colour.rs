//! Finds images without colour in a set of colour images.

use super::flawed;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::quality::Flaw;

declare_check! { pub GRAYSCALE_AMONG_COLOUR = {
    code: "FILE013",
    family: File,
    name: "grayscale-among-colour",
    summary: "an image has no colour while nearly all others have",
    next_step: "check that colour was not lost in processing, and that gray images are not of one class only",
    severity: Severity::Advice,
    docs: "grayscale-among-colour.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &GRAYSCALE_AMONG_COLOUR
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
            Flaw::Grayscale,
            "without colour among colour images",
        );
        Ok(Ran::Completed)
    }
}
