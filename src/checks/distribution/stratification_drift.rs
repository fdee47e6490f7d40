//! Finds splits whose class shares differ by more than chance and by enough
//! to matter. Leaves a class that is missing altogether to DIST002.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{class_words, figure};
use crate::checks::ranges;
use crate::checks::words::{counted, listed, percent};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::distribution::{ClassCounts, Division, Drift, SplitCounts};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{ClassId, Listing, SplitId};
use crate::statistics::{self, wilson};

declare_check! { pub STRATIFICATION_DRIFT = {
    code: "DIST001",
    family: Distribution,
    name: "stratification-drift",
    summary: "the class distributions of two splits differ by more than chance",
    next_step: "split anew with `splitlint resplit`, stratified by class, or weight the figures by the shares you expect in use",
    severity: Severity::Warning,
    docs: "stratification-drift.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// The part of labels that would have to move, 0 to 1, below which a
    /// difference does not matter however certain it is.
    #[serde(deserialize_with = "ranges::share")]
    min_effect: f64,
    /// How often a sound data set may be warned of a drift, 0 to 1.
    #[serde(deserialize_with = "ranges::level")]
    level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // A model's accuracy can move by no more than this share between
            // the splits on account of it; less drowns in other noise.
            min_effect: 0.05,
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
        &STRATIFICATION_DRIFT
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let counts = &data.evidence.classes;
        let pairs = &data.evidence.drift;
        if pairs.is_empty() {
            return Ok(Ran::NotApplicable(
                "there are no two splits with labels to compare".to_owned(),
            ));
        }
        let mut found = false;
        let drivers = Drivers::of(counts, pairs, self.settings.level);
        let p_values: Vec<f64> = pairs.iter().map(|pair| pair.p_value).collect();
        let adjusted = statistics::benjamini_hochberg(&p_values);
        for (index, pair) in pairs.iter().enumerate() {
            data.executor.stop().check()?;
            // Two families of questions, of pairs and of single classes, each
            // at half the level.
            let certain =
                2.0 * adjusted[index] <= self.settings.level || !drivers.of_pair[index].is_empty();
            let sets = pair.label_sets.map_or(0.0, |sets| sets.total_variation);
            if certain
                && pair.total_variation.max(sets) >= self.settings.min_effect
                && self.remains_without_absent(counts, pair)
            {
                found = true;
                out.push(finding(
                    &data.evidence.listing,
                    counts,
                    pair,
                    adjusted[index],
                    &drivers.of_pair[index],
                ));
            }
        }
        match doubt(&data.evidence.listing, pairs) {
            Some(doubt) if !found => Ok(Ran::NotApplicable(doubt)),
            _ => Ok(Ran::Completed),
        }
    }
}

impl ThisCheck {
    /// Whether the classes that both splits have differ on their own: else a
    /// missing class is all there is to say, and DIST002 says it.
    fn remains_without_absent(&self, counts: &ClassCounts, pair: &Drift) -> bool {
        let (a, b) = (counts_of(counts, pair.a), counts_of(counts, pair.b));
        let shared: Vec<(u64, u64)> = (a.counts.iter().copied())
            .zip(b.counts.iter().copied())
            .filter(|&(a, b)| a > 0 && b > 0)
            .collect();
        if shared.len() == a.classes().count() && shared.len() == b.classes().count() {
            return true;
        }
        let (a, b): (Vec<u64>, Vec<u64>) = shared.into_iter().unzip();
        statistics::total_variation(&a, &b) >= self.settings.min_effect
            && statistics::equal_shares(&a, &b, 999, 0).p_value <= self.settings.level
    }
}

/// Why nothing can be said, if no pair has samples enough.
fn doubt(listing: &Listing, pairs: &[Drift]) -> Option<String> {
    if pairs
        .iter()
        .any(|pair| pair.division != Division::CannotTell)
    {
        return None;
    }
    let (split, samples, pair) = pairs
        .iter()
        .flat_map(|pair| {
            [
                (pair.a, pair.samples.0, pair),
                (pair.b, pair.samples.1, pair),
            ]
        })
        .min_by_key(|&(split, samples, _)| (samples, split))?;
    Some(format!(
        "cannot tell: {} in `{}`, where a random split would differ by {}",
        counted(samples, "sample"),
        listing.split_name(Some(split)).unwrap_or_default(),
        percent(pair.by_chance),
    ))
}

/// The classes whose own shares differ beyond chance, by pair.
struct Drivers {
    of_pair: Vec<Vec<ClassId>>,
}

impl Drivers {
    /// Fisher's test of each class in each pair, adjusted for all of them
    /// together; at half the `level`. The largest difference comes first.
    fn of(counts: &ClassCounts, pairs: &[Drift], level: f64) -> Self {
        let mut asked = Vec::new();
        for (index, pair) in pairs.iter().enumerate() {
            let (a, b) = (counts_of(counts, pair.a), counts_of(counts, pair.b));
            for class in (0..a.counts.len() as u32).map(ClassId) {
                let (in_a, in_b) = (a.count(class), b.count(class));
                if in_a + in_b > 0 {
                    let p = statistics::fisher_exact(in_a, a.labelled, in_b, b.labelled);
                    asked.push((index, class, p));
                }
            }
        }
        let p_values: Vec<f64> = asked.iter().map(|&(_, _, p)| p).collect();
        let adjusted = statistics::benjamini_hochberg(&p_values);
        let mut of_pair = vec![Vec::new(); pairs.len()];
        for (&(index, class, _), p) in asked.iter().zip(adjusted) {
            if 2.0 * p <= level {
                of_pair[index].push(class);
            }
        }
        for (pair, classes) in pairs.iter().zip(&mut of_pair) {
            let (a, b) = (counts_of(counts, pair.a), counts_of(counts, pair.b));
            by_difference(classes, a, b);
        }
        Self { of_pair }
    }
}

fn by_difference(classes: &mut [ClassId], a: &SplitCounts, b: &SplitCounts) {
    // Differences in parts of 2⁶², so that equal ones keep class order.
    let weight = |class| ((a.share(class) - b.share(class)).abs() * (1u64 << 62) as f64) as u64;
    classes.sort_by_key(|&class| (Reverse(weight(class)), class));
}

fn counts_of(counts: &ClassCounts, split: SplitId) -> &SplitCounts {
    &counts.splits[split.index()]
}

fn finding(
    listing: &Listing,
    counts: &ClassCounts,
    pair: &Drift,
    adjusted: f64,
    drivers: &[ClassId],
) -> NewFinding {
    let (a, b) = (counts_of(counts, pair.a), counts_of(counts, pair.b));
    let name = |split| listing.split_name(Some(split)).unwrap_or_default();
    let mut shown: Vec<ClassId> = drivers.to_vec();
    if shown.is_empty() {
        shown = (0..a.counts.len() as u32).map(ClassId).collect();
        by_difference(&mut shown, a, b);
        shown.truncate(3);
    }
    let shares: Vec<String> = shown
        .iter()
        .zip(class_words(listing, &shown))
        .map(|(&class, words)| {
            let interval = wilson(b.count(class), b.labelled);
            format!(
                "{words} {} against {} ({}–{})",
                percent(a.share(class)),
                percent(b.share(class)),
                percent(interval.low),
                percent(interval.high),
            )
        })
        .collect();
    let sets = pair.label_sets.map_or_else(String::new, |sets| {
        format!(
            "; a sample has {:.1} labels against {:.1} on average",
            sets.mean.0, sets.mean.1
        )
    });
    let message = format!(
        "class distributions of `{}` and `{}` differ by {} (total variation, 95% interval {}–{}), and the same model's accuracy can differ by as much; {}{sets}",
        name(pair.a),
        name(pair.b),
        percent(pair.total_variation),
        percent(pair.interval.low),
        percent(pair.interval.high),
        listed(&shares, 4),
    );
    NewFinding {
        id: FindingId::of_names(STRATIFICATION_DRIFT.code, [name(pair.a), name(pair.b)]),
        message,
        samples: Vec::new(),
        splits: vec![pair.a, pair.b],
        labels: drivers.to_vec(),
        score: Some(pair.total_variation),
        measured: Measured::Figures(vec![
            figure("total_variation", pair.total_variation),
            figure("total_variation_low", pair.interval.low),
            figure("total_variation_high", pair.interval.high),
            figure("expected_by_chance", pair.by_chance),
            figure("cramers_v", pair.cramers_v),
            figure("jensen_shannon", pair.jensen_shannon),
            figure("psi", pair.psi),
            figure("chi2", pair.chi2),
            figure("p_value", pair.p_value),
            figure("p_value_adjusted", adjusted),
        ]),
    }
}
