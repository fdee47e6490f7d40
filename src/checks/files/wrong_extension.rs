//! Finds files whose name ends as another format's would.

use super::flawed;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::quality::Flaw;

declare_check! { pub WRONG_EXTENSION = {
    code: "FILE014",
    family: File,
    name: "wrong-extension",
    summary: "a file's extension belongs to another format than its content",
    next_step: "rename the file after its content, or save it in the format that its name promises",
    severity: Severity::Advice,
    docs: "wrong-extension.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &WRONG_EXTENSION
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        flawed::tell(data, out, Flaw::WrongExtension, "named as another format");
        Ok(Ran::Completed)
    }
}
