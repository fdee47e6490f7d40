//! Finds the same bytes or pixels in two splits. Leaves altered copies to
//! LEAK002.

use serde::{Deserialize, Serialize};

use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Evidence, Relation, Severity};

declare_check! { pub EXACT_DUPLICATE_ACROSS_SPLITS = {
    code: "LEAK001",
    name: "exact-duplicate-across-splits",
    summary: "an image of one split is, byte for byte or pixel for pixel, an image of another",
    next_step: "drop the copies listed in `drop.csv` from one side, or split anew by group",
    severity: Severity::Error,
    docs: "exact-duplicate-across-splits.md",
} }

/// This check has no settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {}

#[derive(Debug)]
struct ThisCheck {
    #[expect(dead_code, reason = "every check has settings, this one none")]
    settings: Settings,
}

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
        if data.listing.splits.len() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has a single split".to_owned(),
            ));
        }
        for pair in &data.duplicates.pairs {
            let (a, b) = (data.listing.sample(pair.a), data.listing.sample(pair.b));
            if pair.evidence.relation != Relation::Exact || a.split == b.split {
                continue;
            }
            let message = format!("`{}` is the same picture as `{}`", b.key, a.key);
            let evidence = Evidence::Pair(pair.evidence.clone());
            out.push_about(data, vec![pair.b, pair.a], message, Some(1.0), evidence);
        }
        Ok(Ran::Completed)
    }
}
