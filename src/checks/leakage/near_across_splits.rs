//! Finds altered copies in two splits. Leaves identical ones to LEAK001.

use serde::{Deserialize, Serialize};

use crate::checks::pairs::{self, Concerned, Place};
use crate::checks::ranges;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::duplicates::Pair;
use crate::finding::{CheckInfo, Relation, Severity};

declare_check! { pub NEAR_DUPLICATE_ACROSS_SPLITS = {
    code: "LEAK002",
    family: Leak,
    counts_as: Leak,
    name: "near-duplicate-across-splits",
    summary: "an image of one split is an altered copy of an image of another",
    next_step: "drop the copies listed in `drop.csv`, which covers the pairs found, and scan again; or split anew with `splitlint resplit`, which keeps copies together",
    severity: Severity::Error,
    docs: "near-duplicate-across-splits.md",
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
        &NEAR_DUPLICATE_ACROSS_SPLITS
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
            pair.evidence.relation != Relation::Exact
                && pair.evidence.similarity >= self.settings.min_similarity
                && pairs::place(data, pair) == Place::AcrossSplits
        };
        pairs::tell(data, out, keep, Concerned::All, |pair, samples| {
            pairs::describe(data, pair, samples)
        });
        data.all_opened()?;
        Ok(Ran::Completed)
    }
}
