//! Finds one picture under two labels. Judges no label by the picture itself.

use crate::checks::pairs::{self, Concerned, Place};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::duplicates::Pair;
use crate::finding::{CheckInfo, Severity};

declare_check! { pub CONFLICTING_LABELS = {
    code: "LABEL001",
    family: Label,
    counts_as: LabelConflict,
    name: "conflicting-labels",
    summary: "copies of one picture carry different labels",
    next_step: "decide which label is right and fix or drop the others",
    severity: Severity::Error,
    docs: "conflicting-labels.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CONFLICTING_LABELS
    }

    fn needs(&self) -> Needs {
        Needs {
            duplicates: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.listing.classes.len() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has fewer than two classes".to_owned(),
            ));
        }
        let keep = |pair: &Pair| pairs::place(data, pair) != Place::InReference;
        pairs::tell(data, out, keep, Concerned::OtherLabels, |pair, samples| {
            let directed = pair.directed(&data.listing);
            format!(
                "{}, but is labelled `{}` and not `{}`",
                pairs::describe(data, pair, samples),
                data.listing.label_text(directed.to),
                data.listing.label_text(directed.from),
            )
        });
        Ok(Ran::Completed)
    }
}
