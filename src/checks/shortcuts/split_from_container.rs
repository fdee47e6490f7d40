//! Finds splits that can be distinguished from each other without looking at what the
//! images show (adversarial validation).

use serde::{Deserialize, Serialize};

use super::columns::Column;
use super::words::rule;
use super::{FOLDS, TREE, comparable, features};
use crate::checks::ranges;
use crate::checks::words::percent;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::sample::{SampleId, SplitId};
use crate::statistics::{
    self, Chance, Feature, Interval, Random, Size, Task, area_interval, area_under_curve,
    beyond_chance, cross_validate,
};

declare_check! { pub SPLIT_FROM_CONTAINER = {
    code: "SHORTCUT002",
    family: Shortcut,
    name: "split-from-container",
    summary: "the split of an image can be predicted without its content",
    next_step: "prepare all splits by one program with one set of options, and split at random after that",
    severity: Severity::Warning,
    docs: "split-from-container.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Area under the ROC curve, 0.5 to 1, from which it is a finding.
    #[serde(deserialize_with = "ranges::share")]
    min_area: f64,
    /// How often a sound data set may be warned of it, 0 to 1.
    #[serde(deserialize_with = "ranges::level")]
    level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Splits with other class shares differ a little in everything;
            // three of four pairs ordered correctly is more than that.
            min_area: 0.75,
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
        &SPLIT_FROM_CONTAINER
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
        let answers = data.executor.map(pairs.len(), |index| {
            let [(a, of_a), (b, of_b)] = &pairs[index];
            // Several pairs are asked: the level is shared out (Bonferroni).
            let level = self.settings.level / pairs.len() as f64;
            self.compare(data, (*a, *b), of_a, of_b, level)
        })?;
        for finding in answers.into_iter().flatten() {
            out.push(finding);
        }
        Ok(Ran::Completed)
    }
}

impl ThisCheck {
    fn compare(
        &self,
        data: &CheckContext<'_>,
        (a, b): (SplitId, SplitId),
        of_a: &[SampleId],
        of_b: &[SampleId],
        level: f64,
    ) -> Option<NewFinding> {
        let rows: Vec<SampleId> = of_a.iter().chain(of_b).copied().collect();
        let columns = features::columns(data, &rows);
        let columns: Vec<&Column> = columns.iter().collect();
        let features: Vec<Feature> = columns.iter().map(|c| c.feature.clone()).collect();
        let targets: Vec<u32> = (0..rows.len())
            .map(|row| u32::from(row >= of_a.len()))
            .collect();
        let seed = u64::from(b.0);
        let area = validated(&features, &targets, &mut Random::seeded(seed));
        if area < self.settings.min_area {
            return None;
        }
        let chance = beyond_chance(area, level, seed, |random| {
            let mut dealt = targets.clone();
            random.shuffle(&mut dealt);
            validated(&features, &dealt, random)
        });
        if !chance.is_beyond {
            return None;
        }
        let interval = area_interval(area, of_b.len(), of_a.len());
        let small = Size { leaves: 3, ..TREE };
        let words = rule(&columns, &features, &targets, small);
        Some(finding(data, (a, b), area, interval, &chance, &words))
    }
}

/// Cross-validated area under the ROC curve of a small tree.
fn validated(features: &[Feature], targets: &[u32], random: &mut Random) -> f64 {
    let task = Task {
        features,
        targets,
        classes: 2,
    };
    let fold_of = statistics::folds(targets, FOLDS, random);
    let shares = cross_validate(&task, &fold_of, FOLDS, TREE);
    let scores = |wanted: u32| -> Vec<f64> {
        let rows = shares.chunks_exact(2).zip(targets);
        rows.filter(|&(_, &target)| target == wanted)
            .map(|(of_row, _)| of_row[1])
            .collect()
    };
    area_under_curve(&scores(1), &scores(0))
}

fn finding(
    data: &CheckContext<'_>,
    (a, b): (SplitId, SplitId),
    area: f64,
    interval: Interval,
    chance: &Chance,
    words: &str,
) -> NewFinding {
    let name = |split: SplitId| data.listing.splits[split.index()].name.as_str();
    let figure = |name, value| Figure { name, value };
    NewFinding {
        id: FindingId::of_names(SPLIT_FROM_CONTAINER.code, [name(a), name(b)]),
        message: format!(
            "images of `{1}` can be separated from those of `{0}` without image content, {2} of the time ({3}–{4}; {5} is chance, permuted splits reach {6}): in `{1}` {7}; figures on `{1}` depend on its preparation too",
            name(a),
            name(b),
            percent(area),
            percent(interval.low),
            percent(interval.high),
            percent(0.5),
            percent(chance.best),
            words,
        ),
        samples: Vec::new(),
        splits: vec![a, b],
        labels: Vec::new(),
        score: Some(area),
        measured: Measured::Figures(vec![
            figure("area_under_curve", area),
            figure("area_under_curve_low", interval.low),
            figure("area_under_curve_high", interval.high),
            figure("permuted_best", chance.best),
            figure("permutations", chance.draws as f64),
        ]),
    }
}
