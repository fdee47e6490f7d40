//! Finds images of a colour mode or bit depth that hardly any other has.

use super::flawed;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::quality::Flaw;

declare_check! { pub UNUSUAL_MODE = {
    code: "FILE015",
    family: File,
    name: "unusual-mode",
    summary: "an image has a colour mode or bit depth that hardly any other has",
    next_step: "convert them like the others: loaders treat palettes, CMYK, alpha and 16 bits differently",
    severity: Severity::Advice,
    docs: "unusual-mode.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &UNUSUAL_MODE
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
            Flaw::UnusualMode,
            "of an unusual colour mode or bit depth",
        );
        Ok(Ran::Completed)
    }
}
