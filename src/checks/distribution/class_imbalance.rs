//! Finds classes that outnumber others by far in what a model learns from.
//! Says nothing of splits that differ.

use serde::{Deserialize, Serialize};

use super::{figure, role, split_words};
use crate::checks::ranges;
use crate::checks::words::{counted, listed, percent};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::distribution::{ClassCounts, SplitCounts};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{Listing, Role};

declare_check! { pub CLASS_IMBALANCE = {
    code: "DIST003",
    family: Distribution,
    name: "class-imbalance",
    summary: "one class has many times the samples of another",
    next_step: "report class-balanced accuracy beside plain accuracy; weight or resample when training",
    severity: Severity::Advice,
    docs: "class-imbalance.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Samples of the largest class for each one of the smallest.
    #[serde(deserialize_with = "ranges::ratio")]
    min_ratio: f64,
}

impl Default for Settings {
    fn default() -> Self {
        // Above 9 the literature on learning from imbalanced data speaks of
        // high imbalance (Fernández et al. 2008, the KEEL collection).
        Self { min_ratio: 10.0 }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CLASS_IMBALANCE
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let counts = &data.evidence.classes;
        let learnt_from = learnt_from(&data.evidence.listing, counts);
        if learnt_from.classes().count() < 2 {
            return Ok(Ran::NotApplicable(
                "there are no two classes with samples".to_owned(),
            ));
        }
        if let Some(finding) = self.finding(&data.evidence.listing, counts, &learnt_from) {
            out.push(finding);
        }
        Ok(Ran::Completed)
    }
}

/// The training split, or all samples where there is none.
fn learnt_from(listing: &Listing, counts: &ClassCounts) -> SplitCounts {
    let train = counts
        .splits
        .iter()
        .find(|split| split.labelled > 0 && role(listing, split.split) == Role::Train);
    train.cloned().unwrap_or_else(|| counts.together())
}

impl ThisCheck {
    fn finding(
        &self,
        listing: &Listing,
        counts: &ClassCounts,
        learnt_from: &SplitCounts,
    ) -> Option<NewFinding> {
        let (largest, most) = learnt_from.majority()?;
        let (smallest, fewest) = learnt_from
            .classes()
            .map(|class| (class, learnt_from.count(class)))
            .reduce(|least, next| if next.1 < least.1 { next } else { least })?;
        let ratio = most as f64 / fewest as f64;
        if ratio < self.settings.min_ratio {
            return None;
        }
        let effective = effective_classes(learnt_from);
        let baselines: Vec<String> = counts
            .splits
            .iter()
            .filter_map(|split| {
                let (_, count) = split.majority()?;
                let share = count as f64 / split.labelled as f64;
                Some(format!(
                    "{} in {}",
                    percent(share),
                    split_words(listing, split.split)
                ))
            })
            .collect();
        let message = format!(
            "in {}, `{}` has {} for each one of `{}` ({most} against {fewest}): {} have an effective number of {effective:.1}, and always predicting the largest scores {}",
            split_words(listing, learnt_from.split),
            listing.class_name(largest),
            counted(ratio.round() as u64, "sample"),
            listing.class_name(smallest),
            counted(learnt_from.classes().count() as u64, "class"),
            listed(&baselines, 5),
        );
        let split = listing.split_name(learnt_from.split).unwrap_or_default();
        let names = [
            split,
            listing.class_name(largest),
            listing.class_name(smallest),
        ];
        Some(NewFinding {
            id: FindingId::of_names(CLASS_IMBALANCE.code, names),
            message,
            samples: Vec::new(),
            splits: learnt_from.split.into_iter().collect(),
            labels: vec![largest, smallest],
            score: None,
            measured: Measured::Figures(vec![
                figure("ratio", ratio),
                figure("effective_classes", effective),
                figure("majority_share", most as f64 / learnt_from.labelled as f64),
            ]),
        })
    }
}

/// The exponential of Shannon's entropy of the shares: as many classes of
/// equal size would be as uncertain (Hill's number of order 1).
fn effective_classes(split: &SplitCounts) -> f64 {
    let total = split.counts.iter().sum::<u64>() as f64;
    let entropy: f64 = split
        .counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| count as f64 / total)
        .map(|share| -share * share.ln())
        .sum();
    entropy.exp()
}
