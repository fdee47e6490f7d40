//! Finds the same image in two splits. Leaves altered copies to LEAK002.

use crate::checks::pairs::{self, Concerned, Place};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::duplicates::Pair;
use crate::finding::{CheckInfo, Relation, Severity};

declare_check! { pub EXACT_DUPLICATE_ACROSS_SPLITS = {
    code: "LEAK001",
    family: Leak,
    counts_as: Leak,
    name: "exact-duplicate-across-splits",
    summary: "an image of one split is, byte for byte or pixel for pixel, an image of another",
    next_step: "drop the copies listed in `drop.csv`, which covers the pairs found, and scan again; or split anew with `splitlint resplit`, which keeps copies together",
    severity: Severity::Error,
    docs: "exact-duplicate-across-splits.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &EXACT_DUPLICATE_ACROSS_SPLITS
    }

    fn needs(&self) -> Needs {
        Needs {
            duplicates: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.listing.places() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has fewer than two splits".to_owned(),
            ));
        }
        let keep = |pair: &Pair| {
            pair.evidence.relation == Relation::Exact
                && pairs::place(data, pair) == Place::AcrossSplits
        };
        pairs::tell(data, out, keep, Concerned::All, |pair, samples| {
            pairs::describe(data, pair, samples)
        });
        Ok(Ran::Completed)
    }
}
