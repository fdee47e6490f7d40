//! Finds images in formats that are recognised but not decoded here.

use super::{failures, one_line};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::decode::DecodeFailure;
use crate::finding::{CheckInfo, Severity};

declare_check! { pub UNSUPPORTED_FORMAT = {
    code: "FILE002",
    family: File,
    counts_as: Unreadable,
    name: "unsupported-format",
    summary: "an image is in a format that splitlint recognises but cannot decode",
    next_step: "convert the image to JPEG, PNG or WebP, or leave it out with `--exclude`",
    severity: Severity::Error,
    docs: "unsupported-format.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &UNSUPPORTED_FORMAT
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        for failed in failures(data, UNSUPPORTED_FORMAT.code) {
            if let DecodeFailure::Unsupported(format) = failed.why {
                let message = format!(
                    "`{}` cannot be decoded here: {}; no check on pixels has examined it",
                    failed.sample.key,
                    one_line(format)
                );
                out.push(failed.finding(message));
            }
        }
        Ok(Ran::Completed)
    }
}
