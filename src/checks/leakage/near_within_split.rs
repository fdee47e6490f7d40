//! Finds altered copies in one split. Says nothing of other splits.

use serde::{Deserialize, Serialize};

use crate::checks::pairs::{self, Place};
use crate::checks::ranges;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::duplicates::Pair;
use crate::finding::{CheckInfo, Relation, Severity};

declare_check! { pub NEAR_DUPLICATE_WITHIN_SPLIT = {
    code: "LEAK004",
    family: Leak,
    counts_as: CopyWithinSplit,
    name: "near-duplicate-within-split",
    summary: "a split holds an image and altered copies of it",
    next_step: "keep one copy; the others count double in training and in every figure",
    severity: Severity::Advice,
    docs: "near-duplicate-within-split.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Similarity, 0 to 1, below which a verified pair is not reported. 0 reports
    /// every pair that verification let through.
    #[serde(deserialize_with = "ranges::share")]
    min_similarity: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_similarity: 0.0,
        }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &NEAR_DUPLICATE_WITHIN_SPLIT
    }

    fn needs(&self) -> Needs {
        Needs {
            duplicates: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.duplicates.across_only {
            return Ok(Ran::NotApplicable(
                "not all images of the training side were compared with each other: the pairs \
                 come from `splitlint match`"
                    .to_owned(),
            ));
        }
        let keep = |pair: &Pair| {
            pair.evidence.relation != Relation::Exact
                && pair.evidence.similarity >= self.settings.min_similarity
                && pairs::place(data, pair) == Place::WithinSplit
        };
        pairs::tell_groups(data, out, keep, |pair, samples| {
            pairs::describe(data, pair, samples)
        });
        data.all_opened()?;
        Ok(Ran::Completed)
    }
}
