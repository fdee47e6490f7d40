//! Finds classes that can be distinguished from the rest without looking at what the
//! images show.

use serde::{Deserialize, Serialize};

use super::columns::{Column, Kind};
use super::words::rule;
use super::{FOLDS, TREE, features, thinned};
use crate::checks::ranges;
use crate::checks::words::{listed, percent, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Evidence, Figure, FindingId, Severity};
use crate::sample::{ClassId, Role, SampleId};
use crate::statistics::{
    self, Chance, Feature, Interval, Random, Size, Task, balanced_accuracy, beyond_chance,
    cross_validate, wilson,
};

declare_check! { pub LABEL_FROM_CONTAINER = {
    code: "SHORTCUT001",
    family: Shortcut,
    name: "label-from-container",
    summary: "a class can be predicted without image content: by size, format, compression, camera or mean colour",
    next_step: "convert all classes to one size, format and quality, and check where the class's images come from",
    severity: Severity::Warning,
    docs: "label-from-container.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Balanced accuracy, 0.5 to 1, from which a class that is predicted by how its
    /// files are stored is a finding.
    #[serde(deserialize_with = "ranges::share")]
    min_container_accuracy: f64,
    /// The same for a class that is predicted by mean colour, brightness and the
    /// like, which may well be its content.
    #[serde(deserialize_with = "ranges::share")]
    min_appearance_accuracy: f64,
    /// How often a sound data set may be warned of a shortcut, 0 to 1.
    #[serde(deserialize_with = "ranges::level")]
    level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Half of the way from chance to certainty and half of the rest:
            // a model gains most of its accuracy there without any content.
            min_container_accuracy: 0.85,
            // Night and day differ in brightness: only what leaves hardly any
            // doubt is reported, and as advice.
            min_appearance_accuracy: 0.95,
            level: 0.01,
        }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

/// With fewer samples a class cannot be cross-validated: four a fold.
const FEWEST_OF_CLASS: u64 = 20;

/// Samples looked at: an accuracy is then known to a hundredth.
const MOST_ROWS: usize = 6_000;

/// Where more classes than this are distinguished, that is one finding.
const MOST_FINDINGS: usize = 5;

/// A class goes on to cross-validation only if some single cut separates it from
/// the rest at least so well: far below any bar, and far above noise.
const SCREEN: f64 = 0.7;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &LABEL_FROM_CONTAINER
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let rows = rows(data);
        let classes = judged_classes(data, &rows);
        if classes.len() < 2 {
            return Ok(Ran::NotApplicable(format!(
                "there are no two classes with {FEWEST_OF_CLASS} images each"
            )));
        }
        let columns = features::columns(data, &rows);
        let mut reported = vec![false; data.listing.classes.len()];
        for (kind, bar, severity) in [
            (
                Kind::Container,
                self.settings.min_container_accuracy,
                Severity::Error,
            ),
            (
                Kind::Appearance,
                self.settings.min_appearance_accuracy,
                Severity::Advice,
            ),
        ] {
            let columns: Vec<&Column> = columns.iter().filter(|c| c.kind == kind).collect();
            // The second of two classes says what the first does.
            let asked = if classes.len() == 2 {
                &classes[..1]
            } else {
                &classes[..]
            };
            let suspects: Vec<ClassId> = asked
                .iter()
                .copied()
                .filter(|class| !reported[class.index()])
                .collect();
            let shortcuts = self.shortcuts(data, &rows, &columns, &suspects, bar)?;
            for shortcut in &shortcuts {
                reported[shortcut.class.index()] = true;
            }
            // What may be content is reported once, however many classes it predicts.
            let most = match kind {
                Kind::Container => MOST_FINDINGS,
                Kind::Appearance => 1,
            };
            if shortcuts.len() > most {
                let finding = together(data, kind, &shortcuts, classes.len());
                out.push_at(severity, finding);
            } else {
                for shortcut in &shortcuts {
                    out.push_at(severity, alone(data, kind, shortcut));
                }
            }
        }
        Ok(Ran::Completed)
    }
}

/// A class that can be predicted.
struct Shortcut {
    class: ClassId,
    accuracy: f64,
    interval: Interval,
    chance: Chance,
    rule: String,
}

impl ThisCheck {
    fn shortcuts(
        &self,
        data: &CheckContext<'_>,
        rows: &[SampleId],
        columns: &[&Column],
        classes: &[ClassId],
        bar: f64,
    ) -> Result<Vec<Shortcut>, CheckError> {
        let features: Vec<Feature> = columns.iter().map(|c| c.feature.clone()).collect();
        let judged = data.executor.map(classes.len(), |index| {
            let class = classes[index];
            let targets = targets(data, rows, class);
            if best_single_cut(&features, &targets) < SCREEN {
                return None;
            }
            let seed = u64::from(class.0);
            let accuracy = validated(&features, &targets, &mut Random::seeded(seed));
            if accuracy.0 < bar {
                return None;
            }
            let chance = beyond_chance(accuracy.0, self.settings.level, seed, |random| {
                let mut dealt = targets.clone();
                random.shuffle(&mut dealt);
                validated(&features, &dealt, random).0
            });
            let small = Size { leaves: 3, ..TREE };
            chance.is_beyond.then(|| Shortcut {
                class,
                accuracy: accuracy.0,
                interval: accuracy.1,
                chance,
                rule: rule(columns, &features, &targets, small),
            })
        })?;
        let mut found: Vec<Shortcut> = judged.into_iter().flatten().collect();
        found.sort_by(|a, b| {
            b.accuracy
                .total_cmp(&a.accuracy)
                .then(a.class.cmp(&b.class))
        });
        Ok(found)
    }
}

/// The labelled samples whose images were seen, the data used before left
/// out, thinned where there are many.
fn rows(data: &CheckContext<'_>) -> Vec<SampleId> {
    let ours = |split: Option<crate::sample::SplitId>| {
        split.is_none_or(|split| data.listing.splits[split.index()].role != Role::Reference)
    };
    let samples = data.listing.samples.iter();
    let rows: Vec<SampleId> = samples
        .filter(|sample| !sample.labels.classes().is_empty() && ours(sample.split))
        .map(|sample| sample.id)
        .filter(|&id| data.fingerprints.facts(id).is_some())
        .collect();
    // Enough of each class where there are many.
    let enough = 2 * FEWEST_OF_CLASS as usize * data.listing.classes.len();
    thinned(rows, MOST_ROWS.max(enough))
}

fn judged_classes(data: &CheckContext<'_>, rows: &[SampleId]) -> Vec<ClassId> {
    let mut counts = vec![0u64; data.listing.classes.len()];
    for &row in rows {
        for class in data.listing.sample(row).labels.classes() {
            counts[class.index()] += 1;
        }
    }
    let total = rows.len() as u64;
    let enough = |&count: &u64| count >= FEWEST_OF_CLASS && total - count >= FEWEST_OF_CLASS;
    (0..)
        .map(ClassId)
        .zip(&counts)
        .filter(|(_, count)| enough(count))
        .map(|(class, _)| class)
        .collect()
}

fn targets(data: &CheckContext<'_>, rows: &[SampleId], class: ClassId) -> Vec<u32> {
    rows.iter()
        .map(|&row| u32::from(data.listing.sample(row).labels.classes().contains(&class)))
        .collect()
}

/// The balanced accuracy, on the rows themselves, of the best single question.
pub(super) fn best_single_cut(features: &[Feature], targets: &[u32]) -> f64 {
    let positives = targets.iter().filter(|&&target| target == 1).count() as f64;
    let negatives = targets.len() as f64 - positives;
    let mut best = 0.5f64;
    for feature in features {
        let mut counts = vec![[0u32; 2]; feature.count];
        for (&bin, &target) in feature.bins.iter().zip(targets) {
            counts[usize::from(bin)][target as usize] += 1;
        }
        let (mut no, mut yes) = (0.0, 0.0);
        for [of_no, of_yes] in counts {
            if feature.ordered {
                no += f64::from(of_no);
                yes += f64::from(of_yes);
            } else {
                (no, yes) = (f64::from(of_no), f64::from(of_yes));
            }
            let difference: f64 = yes / positives - no / negatives;
            best = best.max(0.5 + difference.abs() / 2.0);
        }
    }
    best
}

/// Cross-validated balanced accuracy of a small tree, and its 95% interval
/// (the mean of the two recalls' Wilson intervals).
pub(super) fn validated(
    features: &[Feature],
    targets: &[u32],
    random: &mut Random,
) -> (f64, Interval) {
    let task = Task {
        features,
        targets,
        classes: 2,
    };
    let fold_of = statistics::folds(targets, FOLDS, random);
    let shares = cross_validate(&task, &fold_of, FOLDS, TREE);
    let (mut right, mut total) = ([0u64; 2], [0u64; 2]);
    for (of_row, &target) in shares.chunks_exact(2).zip(targets) {
        total[target as usize] += 1;
        right[target as usize] += u64::from((of_row[1] > of_row[0]) == (target == 1));
    }
    let recalls = [wilson(right[0], total[0]), wilson(right[1], total[1])];
    let interval = Interval {
        low: (recalls[0].low + recalls[1].low) / 2.0,
        high: (recalls[0].high + recalls[1].high) / 2.0,
    };
    (balanced_accuracy(&task, &shares), interval)
}

fn without(kind: Kind) -> &'static str {
    match kind {
        Kind::Container => "without image content",
        Kind::Appearance => "by simple properties, which may be content",
    }
}

/// What it means for training, at the end of a message.
fn consequence(kind: Kind) -> &'static str {
    match kind {
        Kind::Container => "; a model learns this before image content",
        Kind::Appearance => "",
    }
}

fn alone(data: &CheckContext<'_>, kind: Kind, shortcut: &Shortcut) -> NewFinding {
    let name = data.listing.class_name(shortcut.class);
    NewFinding {
        id: FindingId::of_names(LABEL_FROM_CONTAINER.code, [name]),
        message: format!(
            "`{name}` can be separated from the other classes {}, {} of the time ({}–{}; {} is chance, permuted labels reach {}): {}{}",
            without(kind),
            percent(shortcut.accuracy),
            percent(shortcut.interval.low),
            percent(shortcut.interval.high),
            percent(0.5),
            percent(shortcut.chance.best),
            shortcut.rule,
            consequence(kind),
        ),
        samples: Vec::new(),
        splits: Vec::new(),
        labels: vec![shortcut.class],
        score: Some(shortcut.accuracy),
        evidence: Evidence::Figures(vec![
            figure("balanced_accuracy", shortcut.accuracy),
            figure("balanced_accuracy_low", shortcut.interval.low),
            figure("balanced_accuracy_high", shortcut.interval.high),
            figure("permuted_best", shortcut.chance.best),
            figure("permutations", shortcut.chance.draws as f64),
        ]),
    }
}

fn together(
    data: &CheckContext<'_>,
    kind: Kind,
    shortcuts: &[Shortcut],
    classes: usize,
) -> NewFinding {
    let names: Vec<&str> = (shortcuts.iter())
        .map(|shortcut| data.listing.class_name(shortcut.class))
        .collect();
    let shown: Vec<String> = shortcuts
        .iter()
        .map(|shortcut| {
            format!(
                "{} ({}: {})",
                quoted(data.listing.class_name(shortcut.class)),
                percent(shortcut.accuracy),
                shortcut.rule
            )
        })
        .collect();
    let mut sorted_names = names;
    sorted_names.sort_unstable();
    NewFinding {
        id: FindingId::of_names(LABEL_FROM_CONTAINER.code, sorted_names),
        message: format!(
            "{} of {classes} classes can be separated from the rest {}: {}{}",
            shortcuts.len(),
            without(kind),
            listed(&shown, 4),
            consequence(kind),
        ),
        samples: Vec::new(),
        splits: Vec::new(),
        labels: shortcuts.iter().map(|shortcut| shortcut.class).collect(),
        score: shortcuts.first().map(|shortcut| shortcut.accuracy),
        evidence: Evidence::Figures(vec![figure("classes", shortcuts.len() as f64)]),
    }
}

fn figure(name: &'static str, value: f64) -> Figure {
    Figure { name, value }
}
