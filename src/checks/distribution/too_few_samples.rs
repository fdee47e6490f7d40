//! Finds splits and classes too small to measure anything on. Leaves empty
//! ones to DIST002 and DIST006.

use serde::{Deserialize, Serialize};

use super::{class_words, figure, role, split_words};
use crate::checks::words::{counted, listed, percent};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::distribution::SplitCounts;
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{ClassId, Listing, Role};
use crate::statistics::{Interval, wilson};

declare_check! { pub TOO_FEW_SAMPLES = {
    code: "DIST004",
    family: Distribution,
    name: "too-few-samples",
    summary: "a split, or a class in a split, has too few samples to measure anything on",
    next_step: "collect more samples, move some here from a larger split, or cross-validate",
    severity: Severity::Warning,
    docs: "too-few-samples.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Samples below which a split is reported.
    min_split_samples: u64,
    /// Samples below which a class in a split is reported.
    min_class_samples: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // With 20 samples an accuracy is known to ±20 points at worst:
            // two models that differ by less cannot be distinguished.
            min_split_samples: 20,
            // With 5 samples a recall is known to ±34 points at worst.
            min_class_samples: 5,
        }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &TOO_FEW_SAMPLES
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let counts = &data.evidence.classes;
        for split in &counts.splits {
            let of_role = role(&data.evidence.listing, split.split);
            if split.samples() == 0 || of_role == Role::Reference {
                continue;
            }
            if split.samples() < self.settings.min_split_samples {
                out.push(small_split(&data.evidence.listing, split, of_role));
                continue;
            }
            let small: Vec<ClassId> = split
                .classes()
                .filter(|&class| split.count(class) < self.settings.min_class_samples)
                .collect();
            if !small.is_empty() {
                // Long tails are common and often meant: good to know, no more.
                out.push_at(
                    Severity::Advice,
                    small_classes(&data.evidence.listing, split, of_role, &small),
                );
            }
        }
        Ok(Ran::Completed)
    }
}

/// The interval of a share of about one half: the widest there is.
fn widest(samples: u64) -> Interval {
    wilson(samples.div_ceil(2), samples)
}

fn points(interval: &Interval) -> String {
    format!("±{:.0} points", 100.0 * interval.half_width())
}

fn small_split(listing: &Listing, split: &SplitCounts, of_role: Role) -> NewFinding {
    let samples = split.samples();
    let width = widest(samples);
    let words = split_words(listing, split.split);
    let consequence = if of_role == Role::Evaluation {
        let right = (samples as f64 * 0.9).round() as u64;
        let interval = wilson(right, samples);
        format!(
            "an accuracy of {} measured on it may really be {} or {}",
            percent(right as f64 / samples as f64),
            percent(interval.low),
            percent(interval.high)
        )
    } else {
        "too few to learn from, and too few to compare with".to_owned()
    };
    NewFinding {
        id: FindingId::of_names(
            TOO_FEW_SAMPLES.code,
            [listing.split_name(split.split).unwrap_or_default()],
        ),
        message: format!("{words} has {}: {consequence}", counted(samples, "sample")),
        samples: Vec::new(),
        splits: split.split.into_iter().collect(),
        labels: Vec::new(),
        score: None,
        measured: Measured::Figures(vec![
            figure("samples", samples as f64),
            figure("interval_half_width", width.half_width()),
        ]),
    }
}

fn small_classes(
    listing: &Listing,
    split: &SplitCounts,
    of_role: Role,
    small: &[ClassId],
) -> NewFinding {
    let classes: Vec<String> = small
        .iter()
        .zip(class_words(listing, small))
        .map(|(&class, words)| format!("{words} ({})", split.count(class)))
        .collect();
    let most = small.iter().map(|&class| split.count(class)).max();
    let width = widest(most.unwrap_or(0));
    let consequence = match of_role {
        Role::Evaluation => format!(
            "recall measured on so few is uncertain by {} or more",
            points(&width)
        ),
        _ => "too few to learn from".to_owned(),
    };
    let name = listing.split_name(split.split).unwrap_or_default();
    let names = small.iter().map(|&class| listing.class_name(class));
    NewFinding {
        id: FindingId::of_names(TOO_FEW_SAMPLES.code, std::iter::once(name).chain(names)),
        message: format!(
            "{} has few samples of {}: {consequence}",
            split_words(listing, split.split),
            listed(&classes, 10),
        ),
        samples: Vec::new(),
        splits: split.split.into_iter().collect(),
        labels: small.to_vec(),
        score: None,
        measured: Measured::Figures(vec![
            figure("classes", small.len() as f64),
            figure("interval_half_width", width.half_width()),
        ]),
    }
}
