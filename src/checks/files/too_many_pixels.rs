//! Finds images above the pixel limit, which are not decoded.

use super::failures;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::decode::DecodeFailure;
use crate::finding::{CheckInfo, Severity};

declare_check! { pub TOO_MANY_PIXELS = {
    code: "FILE003",
    family: File,
    counts_as: Unreadable,
    name: "too-many-pixels",
    summary: "an image has more pixels than the limit and was not decoded",
    next_step: "make the image smaller, or raise `--max-pixels` if it is meant to be so large",
    severity: Severity::Error,
    docs: "too-many-pixels.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &TOO_MANY_PIXELS
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        for failed in failures(data, TOO_MANY_PIXELS.code) {
            if let DecodeFailure::TooLarge { pixels, limit } = failed.why {
                let message = format!(
                    "`{}` has {} megapixels, more than the limit of {}: it was not decoded",
                    failed.sample.key,
                    megapixels(*pixels),
                    megapixels(*limit),
                );
                out.push(failed.finding(message));
            }
        }
        Ok(Ran::Completed)
    }
}

fn megapixels(pixels: u64) -> String {
    let millions = pixels as f64 / 1e6;
    if millions >= 10.0 {
        format!("{millions:.0}")
    } else {
        format!("{millions:.3}")
    }
}
