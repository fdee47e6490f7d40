//! Finds single features that are spread differently in two splits. How well
//! all of them together tell the splits apart is asked by SHORTCUT002.

use serde::{Deserialize, Serialize};

use super::columns::{Column, Values, short};
use super::{comparable, features};
use crate::checks::differences::{self, Difference, Limits, to_report};
use crate::checks::ranges;
use crate::checks::words::{listed, percent};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::sample::{SampleId, SplitId};
use crate::statistics::{equal_shares, kolmogorov_smirnov, total_variation, wasserstein};

declare_check! { pub FEATURE_DRIFT = {
    code: "SHORTCUT003",
    family: Shortcut,
    name: "feature-drift",
    summary: "size, compression, brightness or another simple feature is distributed differently in two splits",
    next_step: "find out whether the splits were collected or prepared differently, and treat both the same",
    severity: Severity::Advice,
    docs: "feature-drift.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// The Kolmogorov–Smirnov distance of a number, or the total variation of
    /// a name, 0 to 1, from which a difference matters.
    #[serde(deserialize_with = "ranges::share")]
    min_effect: f64,
    /// How often a sound data set may be warned of a drift, 0 to 1.
    #[serde(deserialize_with = "ranges::level")]
    level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // A quarter of the images: class shares that differ by less, as
            // DIST001 reports, cannot bring it about.
            min_effect: 0.25,
            level: 0.01,
        }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &FEATURE_DRIFT
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let pairs = match comparable(data) {
            Ok(pairs) => pairs,
            Err(ran) => return Ok(ran),
        };
        let asked = data.executor.map(pairs.len(), |index| {
            let [(_, of_a), (_, of_b)] = &pairs[index];
            let rows: Vec<SampleId> = of_a.iter().chain(of_b).copied().collect();
            let columns = features::columns(data, &rows);
            columns
                .iter()
                .map(|column| compare(column, of_a.len()))
                .collect::<Vec<_>>()
        })?;
        let limits = Limits {
            effect: self.settings.min_effect,
            level: self.settings.level,
        };
        for ([(a, _), (b, _)], clear) in pairs.iter().zip(to_report(asked, limits)) {
            if !clear.is_empty() {
                out.push(finding(data, [*a, *b], &clear));
            }
        }
        Ok(Ran::Completed)
    }
}

fn compare(column: &Column, rows_of_a: usize) -> Difference {
    match &column.values {
        Values::Numbers(numbers) => {
            let present = |values: &[f64]| -> Vec<f64> {
                values.iter().copied().filter(|v| v.is_finite()).collect()
            };
            let (a, b) = numbers.split_at(rows_of_a);
            let (a, b) = (present(a), present(b));
            let test = kolmogorov_smirnov(&a, &b);
            Difference {
                effect: test.statistic,
                p_value: test.p_value,
                words: format!(
                    "{} (distance {}, moved by {} on average)",
                    contrasted(column.name, &a, &b),
                    percent(test.statistic),
                    short(wasserstein(&a, &b)),
                ),
            }
        }
        Values::Names(_) => {
            let count = |bins: &[u8]| {
                let mut counts = vec![0u64; column.feature.count];
                bins.iter().for_each(|&bin| counts[usize::from(bin)] += 1);
                counts
            };
            let (a, b) = column.feature.bins.split_at(rows_of_a);
            let (a, b) = (count(a), count(b));
            let effect = total_variation(&a, &b);
            Difference {
                effect,
                p_value: equal_shares(&a, &b, 999, 0).p_value,
                words: format!("{} ({} of images differ)", column.name, percent(effect)),
            }
        }
    }
}

/// "median brightness 131 against 92.4"; where the medians read alike,
/// at the value where the shares differ most: "width above 224 for 0% against
/// 38%".
fn contrasted(name: &str, a: &[f64], b: &[f64]) -> String {
    let (middle_a, middle_b) = (short(median(a.to_vec())), short(median(b.to_vec())));
    if middle_a != middle_b {
        return format!("median {name} {middle_a} against {middle_b}");
    }
    let share_above = |values: &[f64], bar: f64| {
        values.iter().filter(|&&value| value > bar).count() as f64 / values.len().max(1) as f64
    };
    let mut bars = [a, b].concat();
    bars.sort_unstable_by(f64::total_cmp);
    bars.dedup();
    let apart = |bar: f64| (share_above(a, bar) - share_above(b, bar)).abs();
    // Enough of the values to come near the widest gap, few enough to count.
    let step = (bars.len() / MOST_BARS).max(1);
    let widest = bars
        .into_iter()
        .step_by(step)
        .max_by(|&x, &y| apart(x).total_cmp(&apart(y)));
    let bar = widest.unwrap_or(f64::NAN);
    format!(
        "{name} above {} for {} against {}",
        short(bar),
        percent(share_above(a, bar)),
        percent(share_above(b, bar)),
    )
}

/// Values tried as a bar where medians read alike.
const MOST_BARS: usize = 256;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn finding(data: &CheckContext<'_>, splits: [SplitId; 2], clear: &[Difference]) -> NewFinding {
    let [a, b] = splits.map(|split: SplitId| data.listing.splits[split.index()].name.as_str());
    let words: Vec<String> = clear.iter().map(|one| one.words.clone()).collect();
    let message = format!(
        "`{a}` and `{b}` differ in {}; images in `{b}` differ from those in `{a}` for a model",
        listed(&words, 5)
    );
    differences::finding(data, &FEATURE_DRIFT, splits, clear, "features", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_middles_are_contrasted_where_shares_differ_most() {
        let a = [224.0; 10];
        let b = [
            224.0, 224.0, 224.0, 224.0, 224.0, 224.0, 300.0, 310.0, 320.0, 100.0,
        ];
        assert_eq!(
            contrasted("width", &a, &b),
            "width above 224 for 0% against 30%"
        );
        assert_eq!(
            contrasted("width", &a, &[300.0; 4]),
            "median width 224 against 300"
        );
    }
}
