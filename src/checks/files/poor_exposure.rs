//! Finds images that are too dark, too bright or too even to show much.

use super::flawed;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::quality::Flaw;

declare_check! { pub POOR_EXPOSURE = {
    code: "FILE011",
    family: File,
    name: "poor-exposure",
    summary: "an image is too dark, too bright or without contrast",
    next_step: "inspect them, and remove those that show nothing",
    severity: Severity::Advice,
    docs: "poor-exposure.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &POOR_EXPOSURE
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        flawed::tell(data, out, Flaw::TooDark, "too dark");
        flawed::tell(data, out, Flaw::TooBright, "too bright");
        flawed::tell(data, out, Flaw::LowContrast, "of low contrast");
        Ok(Ran::Completed)
    }
}
