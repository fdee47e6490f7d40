//! Finds pictures in formats that are recognised but not decoded here.

use super::{about_sample, failures, one_line};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::decode::DecodeFailure;
use crate::finding::{CheckInfo, Severity};

declare_check! { pub UNSUPPORTED_FORMAT = {
    code: "FILE002",
    name: "unsupported-format",
    summary: "a picture is in a format that splitlint recognises and does not decode",
    next_step: "convert the picture to JPEG, PNG or WebP, or leave it out with `--exclude`",
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
        for (sample, failure) in failures(data) {
            if let DecodeFailure::Unsupported(format) = failure {
                let message = format!(
                    "`{}` cannot be decoded here: {}; no check on pixels has seen it",
                    sample.key,
                    one_line(format)
                );
                out.push(about_sample(UNSUPPORTED_FORMAT.code, sample, message));
            }
        }
        Ok(Ran::Completed)
    }
}
