//! Finds the same image twice in one split. Says nothing of other splits.

use crate::checks::pairs::{self, Place};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::duplicates::Pair;
use crate::finding::{CheckInfo, Relation, Severity};

declare_check! { pub EXACT_DUPLICATE_WITHIN_SPLIT = {
    code: "LEAK003",
    family: Leak,
    counts_as: CopyWithinSplit,
    name: "exact-duplicate-within-split",
    summary: "a split holds the same image more than once",
    next_step: "keep one copy; the others count double in training and in every figure",
    severity: Severity::Warning,
    docs: "exact-duplicate-within-split.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &EXACT_DUPLICATE_WITHIN_SPLIT
    }

    fn needs(&self) -> Needs {
        Needs {
            duplicates: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let keep = |pair: &Pair| {
            pair.evidence.relation == Relation::Exact
                && pairs::place(data, pair) == Place::WithinSplit
        };
        pairs::tell_groups(data, out, keep, |pair, samples| {
            pairs::describe(data, pair, samples)
        });
        Ok(Ran::Completed)
    }
}
