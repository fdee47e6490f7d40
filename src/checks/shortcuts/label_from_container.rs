//! Finds classes that can be distinguished from the rest without looking at what the
//! images show.

use serde::{Deserialize, Serialize};

use super::columns::{Column, Kind};
use super::separable::{Bar, FEWEST_OF_CLASS, MOST_ROWS, Separable, judged_classes, separable};
use super::{features, thinned};
use crate::checks::ranges;
use crate::checks::words::{listed, percent, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::sample::{ClassId, Role, SampleId};

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

/// Where more classes than this are distinguished, that is one finding.
const MOST_FINDINGS: usize = 5;

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
        let counts = counts(data, &rows);
        let Some(asked) = judged_classes(&counts, rows.len()) else {
            return Ok(Ran::NotApplicable(format!(
                "there are no two classes with {FEWEST_OF_CLASS} images each"
            )));
        };
        let columns = features::columns(data, &rows);
        let mut reported = vec![false; data.listing.classes.len()];
        for (kind, accuracy, severity) in [
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
            let suspects: Vec<ClassId> = asked
                .iter()
                .copied()
                .filter(|class| !reported[class.index()])
                .collect();
            let bar = Bar {
                accuracy,
                level: self.settings.level,
            };
            let shortcuts = separable(data.executor, &columns, &suspects, bar, |class| {
                targets(data, &rows, class)
            })?;
            for shortcut in &shortcuts {
                reported[shortcut.class.index()] = true;
            }
            // What may be content is reported once, however many classes it predicts.
            let most = match kind {
                Kind::Container => MOST_FINDINGS,
                Kind::Appearance => 1,
            };
            if shortcuts.len() > most {
                let finding = together(data, kind, &shortcuts, asked.len());
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
    let enough = 2 * FEWEST_OF_CLASS * data.listing.classes.len();
    thinned(rows, MOST_ROWS.max(enough))
}

/// Rows of each class.
fn counts(data: &CheckContext<'_>, rows: &[SampleId]) -> Vec<usize> {
    let mut counts = vec![0; data.listing.classes.len()];
    for &row in rows {
        for class in data.listing.sample(row).labels.classes() {
            counts[class.index()] += 1;
        }
    }
    counts
}

fn targets(data: &CheckContext<'_>, rows: &[SampleId], class: ClassId) -> Vec<u32> {
    rows.iter()
        .map(|&row| u32::from(data.listing.sample(row).labels.classes().contains(&class)))
        .collect()
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

fn alone(data: &CheckContext<'_>, kind: Kind, shortcut: &Separable) -> NewFinding {
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
        measured: Measured::Figures(shortcut.figures()),
    }
}

fn together(
    data: &CheckContext<'_>,
    kind: Kind,
    shortcuts: &[Separable],
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
        measured: Measured::Figures(vec![figure("classes", shortcuts.len() as f64)]),
    }
}

fn figure(name: &'static str, value: f64) -> Figure {
    Figure { name, value }
}
