//! Finds splits whose objects differ in their classes, in their number an image,
//! or in how many images have none. Leaves their boxes to DIST011.

use serde::{Deserialize, Serialize};

use super::class_id_words;
use super::object_sides::{Side, class_significance, comparable, draws};
use crate::checks::differences::{self, Difference, Limits, to_report};
use crate::checks::ranges;
use crate::checks::words::{listed, percent};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::distribution::SplitCounts;
use crate::finding::{CheckInfo, Severity};
use crate::object_flaws::SplitObjects;
use crate::sample::{ClassId, SplitId};
use crate::statistics::{fisher_exact, kolmogorov_smirnov, total_variation};

declare_check! { pub OBJECT_DRIFT = {
    code: "DIST010",
    family: Distribution,
    name: "object-drift",
    summary: "objects of two splits differ in their classes, in their number an image, or in how many images have none",
    next_step: "split anew, or find out whether the splits were collected or annotated differently",
    severity: Severity::Warning,
    docs: "object-drift.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// The part of objects or images that would have to move, 0 to 1, below
    /// which a difference does not matter however certain it is.
    #[serde(deserialize_with = "ranges::share")]
    min_effect: f64,
    /// How often a sound data set may be warned of a drift, 0 to 1.
    #[serde(deserialize_with = "ranges::level")]
    level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // As for the classes of images (DIST001), doubled because objects of
            // one image share its class as a rule.
            min_effect: 0.1,
            level: 0.01,
        }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

/// Ways in which two splits are compared.
const QUESTIONS: usize = 3;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &OBJECT_DRIFT
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let pairs = match comparable(data) {
            Ok(pairs) => pairs,
            Err(ran) => return Ok(ran),
        };
        let draws = draws(QUESTIONS * pairs.len(), self.settings.level);
        let asked = data.executor.map(pairs.len(), |index| {
            let pair = &pairs[index];
            vec![
                classes(data, pair, draws),
                numbers(data, pair),
                background(data, pair),
            ]
        })?;
        let limits = Limits {
            effect: self.settings.min_effect,
            level: self.settings.level,
        };
        for (pair, clear) in pairs.iter().zip(to_report(asked, limits)) {
            if !clear.is_empty() {
                out.push(finding(data, pair, &clear));
            }
        }
        Ok(Ran::Completed)
    }
}

fn counts_of<'a>(data: &'a CheckContext<'_>, split: SplitId) -> &'a SplitCounts {
    &data.classes.splits[split.index()]
}

/// Shares of classes among objects, of the classes that both splits have: of
/// the others DIST002 reports.
fn classes(data: &CheckContext<'_>, pair: &[Side; 2], draws: usize) -> Difference {
    let [a, b] = [0, 1].map(|side| counts_of(data, pair[side].split));
    let in_both: Vec<bool> = (a.objects.iter().zip(&b.objects))
        .map(|(&a, &b)| a > 0 && b > 0)
        .collect();
    let shared = |counts: &SplitCounts| -> Vec<u64> {
        let counts = counts.objects.iter().zip(&in_both);
        counts.map(|(&n, &both)| if both { n } else { 0 }).collect()
    };
    let (of_a, of_b) = (shared(a), shared(b));
    let significance = class_significance(data, pair, &in_both, draws);
    let total = |counts: &[u64]| counts.iter().sum::<u64>().max(1) as f64;
    let share = |counts: &[u64], class: usize| counts[class] as f64 / total(counts);
    let mut order: Vec<usize> = (0..in_both.len()).filter(|&class| in_both[class]).collect();
    let apart = |class: usize| (share(&of_a, class) - share(&of_b, class)).abs();
    order.sort_by(|&x, &y| apart(y).total_cmp(&apart(x)).then(x.cmp(&y)));
    let words: Vec<String> = (order.iter().take(3))
        .map(|&class| {
            format!(
                "{} {} against {}",
                class_id_words(&data.listing, ClassId(class as u32)),
                percent(share(&of_a, class)),
                percent(share(&of_b, class)),
            )
        })
        .collect();
    let effect = total_variation(&of_a, &of_b);
    Difference {
        effect,
        p_value: significance.p_value,
        words: format!(
            "the classes of objects ({} would have to change): {}",
            percent(effect),
            listed(&words, 3)
        ),
    }
}

/// Objects an image, of images that have any.
fn numbers(data: &CheckContext<'_>, pair: &[Side; 2]) -> Difference {
    let [a, b] = [0, 1].map(|side: usize| -> Vec<f64> {
        let images = pair[side].images.iter();
        images
            .map(|&id| data.listing.objects_of(id).len() as f64)
            .collect()
    });
    let test = kolmogorov_smirnov(&a, &b);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    Difference {
        effect: test.statistic,
        p_value: test.p_value,
        words: format!(
            "objects an image: {:.1} against {:.1} on average (distance {})",
            mean(&a),
            mean(&b),
            percent(test.statistic),
        ),
    }
}

/// Images without objects.
fn background(data: &CheckContext<'_>, pair: &[Side; 2]) -> Difference {
    let figures = |split: SplitId| -> (u64, u64) {
        let found = (data.objects.splits.iter()).find(|figures| figures.split == Some(split));
        found.map_or(
            (0, 0),
            |SplitObjects {
                 images, background, ..
             }| { (*background, images + background) },
        )
    };
    let [(empty_a, all_a), (empty_b, all_b)] = [0, 1].map(|side| figures(pair[side].split));
    let share = |empty: u64, all: u64| empty as f64 / all.max(1) as f64;
    let (a, b) = (share(empty_a, all_a), share(empty_b, all_b));
    Difference {
        effect: (a - b).abs(),
        p_value: fisher_exact(empty_a, all_a, empty_b, all_b),
        words: format!(
            "images without objects: {} against {}",
            percent(a),
            percent(b)
        ),
    }
}

fn finding(data: &CheckContext<'_>, pair: &[Side; 2], clear: &[Difference]) -> NewFinding {
    let splits = [0, 1].map(|side| pair[side].split);
    let [a, b] = splits.map(|split: SplitId| data.listing.splits[split.index()].name.as_str());
    let words: Vec<&str> = clear.iter().map(|one| one.words.as_str()).collect();
    let message = format!("`{a}` and `{b}` differ in {}", words.join("; in "));
    differences::finding(data, &OBJECT_DRIFT, splits, clear, "differences", message)
}
