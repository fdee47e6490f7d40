//! Finds images without detail even in the thumbnail.

use super::flawed;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::quality::Flaw;

declare_check! { pub BLURRY = {
    code: "FILE012",
    family: File,
    name: "blurry",
    summary: "an image is so blurred that even its thumbnail has no detail",
    next_step: "inspect them, and remove those that cannot be recognised",
    severity: Severity::Advice,
    docs: "blurry.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &BLURRY
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        flawed::tell(data, out, Flaw::Blurry, "blurred");
        Ok(Ran::Completed)
    }
}
