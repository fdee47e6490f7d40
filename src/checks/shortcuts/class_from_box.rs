//! Finds classes that can be predicted by where a box is, or by its size and
//! shape, without what it shows.

use serde::{Deserialize, Serialize};

use super::columns::{Column, Kind, Values};
use super::separable::{Bar, FEWEST_OF_CLASS, MOST_ROWS, Separable, judged_classes, separable};
use super::thinned;
use crate::checks::ranges;
use crate::checks::words::{percent, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::object_flaws::BoxFlaw;
use crate::sample::{ClassId, ObjectId, Role, SampleId};

declare_check! { pub CLASS_FROM_BOX = {
    code: "SHORTCUT004",
    family: Shortcut,
    name: "class-from-box",
    summary: "the class of an object can be predicted by the place or the size of its box",
    next_step: "check whether this holds where the model is to be used; augment with crops, shifts and scales if not",
    severity: Severity::Warning,
    docs: "class-from-box.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Balanced accuracy, 0.5 to 1, from which a class that is predicted by the
    /// place of its boxes is a finding.
    #[serde(deserialize_with = "ranges::share")]
    min_place_accuracy: f64,
    /// The same for a class that is predicted by the size and shape of its boxes,
    /// which may well be its content.
    #[serde(deserialize_with = "ranges::share")]
    min_size_accuracy: f64,
    /// How often a sound data set may be warned of a shortcut, 0 to 1.
    #[serde(deserialize_with = "ranges::level")]
    level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // As for SHORTCUT001: half of the way from chance to certainty and
            // half of the rest, and for what may be content hardly any doubt.
            min_place_accuracy: 0.85,
            min_size_accuracy: 0.95,
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
        &CLASS_FROM_BOX
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.listing.objects.is_empty() {
            return Ok(Ran::NotApplicable("the data set has no objects".to_owned()));
        }
        let rows = rows(data);
        let Some(asked) = judged_classes(&counts(data, &rows), rows.len()) else {
            return Ok(Ran::NotApplicable(format!(
                "there are no two classes with objects in {FEWEST_OF_CLASS} images each"
            )));
        };
        let (place, size) = columns(data, &rows);
        let mut reported = vec![false; data.listing.classes.len()];
        for (columns, accuracy, severity, by) in [
            (
                &place,
                self.settings.min_place_accuracy,
                Severity::Warning,
                "place",
            ),
            (
                &size,
                self.settings.min_size_accuracy,
                Severity::Advice,
                "size and shape",
            ),
        ] {
            let columns: Vec<&Column> = columns.iter().collect();
            let suspects = asked.iter().copied();
            let suspects: Vec<ClassId> =
                suspects.filter(|class| !reported[class.index()]).collect();
            let bar = Bar {
                accuracy,
                level: self.settings.level,
            };
            let targets = |class| targets(data, &rows, class);
            for found in separable(data.executor, &columns, &suspects, bar, targets)? {
                reported[found.class.index()] = true;
                out.push_at(severity, finding(data, &found, by));
            }
        }
        Ok(Ran::Completed)
    }
}

/// An object that stands for its image.
type Row = (SampleId, ObjectId);

fn class_of(data: &CheckContext<'_>, &(_, object): &Row) -> ClassId {
    data.listing.objects[object.index()].class
}

fn targets(data: &CheckContext<'_>, rows: &[Row], class: ClassId) -> Vec<u32> {
    rows.iter()
        .map(|row| u32::from(class_of(data, row) == class))
        .collect()
}

/// One object of each image, so that rows are independent: the first of the
/// class that the fewest images have, so that rare classes are judged too.
fn rows(data: &CheckContext<'_>) -> Vec<Row> {
    let own = (data.listing.samples.iter())
        .filter(|sample| data.listing.role(sample.id) != Some(Role::Reference))
        .map(|sample| sample.id)
        .filter(|&id| data.fingerprints.facts(id).is_some());
    let own: Vec<SampleId> = own.collect();
    let mut images = vec![0u64; data.listing.classes.len()];
    for &id in &own {
        for class in data.listing.sample(id).labels.classes() {
            images[class.index()] += 1;
        }
    }
    let chosen = |id: SampleId| -> Option<ObjectId> {
        let start = data.listing.sample(id).objects.start.0;
        let objects = (start..).map(ObjectId).zip(data.listing.objects_of(id));
        objects
            .zip(data.objects.of_sample(&data.listing, id))
            .filter(|(_, row)| {
                row.rect.is_some()
                    && !row.flaws.contains(BoxFlaw::Misread)
                    && !row.flaws.contains(BoxFlaw::Degenerate)
            })
            .min_by_key(|((id, object), _)| (images[object.class.index()], *id))
            .map(|((id, _), _)| id)
    };
    let with_object: Vec<SampleId> = own.into_iter().filter(|&id| chosen(id).is_some()).collect();
    thinned(with_object, MOST_ROWS)
        .into_iter()
        .filter_map(|id| Some((id, chosen(id)?)))
        .collect()
}

/// Rows of each class.
fn counts(data: &CheckContext<'_>, rows: &[Row]) -> Vec<usize> {
    let mut counts = vec![0; data.listing.classes.len()];
    for row in rows {
        counts[class_of(data, row).index()] += 1;
    }
    counts
}

/// Features of place, and of size and shape.
fn columns(data: &CheckContext<'_>, rows: &[Row]) -> (Vec<Column>, Vec<Column>) {
    let values = |read: fn(&crate::sample::Rect, (f64, f64)) -> f64| -> Values {
        let value = |&(id, object): &Row| -> Option<f64> {
            let header = &data.fingerprints.facts(id)?.header;
            let size = (
                f64::from(header.width.max(1)),
                f64::from(header.height.max(1)),
            );
            Some(read(&data.objects.get(object)?.rect?, size))
        };
        Values::Numbers(
            rows.iter()
                .map(|row| value(row).unwrap_or(f64::NAN))
                .collect(),
        )
    };
    let column = |name, values| Column::new(name, Kind::Container, values);
    let place = [
        column(
            "centre from the left (share)",
            values(|rect, (width, _)| f64::from(rect.x + rect.width / 2.0) / width),
        ),
        column(
            "centre from the top (share)",
            values(|rect, (_, height)| f64::from(rect.y + rect.height / 2.0) / height),
        ),
    ];
    let size = [
        column(
            "width (share)",
            values(|rect, (width, _)| f64::from(rect.width) / width),
        ),
        column(
            "height (share)",
            values(|rect, (_, height)| f64::from(rect.height) / height),
        ),
        column(
            "area (share)",
            values(|rect, (width, height)| rect.area() / (width * height)),
        ),
        column(
            "width over height",
            values(|rect, _| f64::from(rect.width) / f64::from(rect.height)),
        ),
    ];
    (
        place.into_iter().flatten().collect(),
        size.into_iter().flatten().collect(),
    )
}

fn finding(data: &CheckContext<'_>, found: &Separable, by: &str) -> NewFinding {
    let name = data.listing.class_name(found.class);
    NewFinding {
        id: FindingId::of_names(CLASS_FROM_BOX.code, [name]),
        message: format!(
            "{} can be separated from the other classes by the {by} of its boxes alone, {} of the \
             time ({}–{}; {} is chance, permuted labels reach {}): {}",
            quoted(name),
            percent(found.accuracy),
            percent(found.interval.low),
            percent(found.interval.high),
            percent(0.5),
            percent(found.chance.best),
            found.rule,
        ),
        samples: Vec::new(),
        splits: Vec::new(),
        labels: vec![found.class],
        score: Some(found.accuracy),
        measured: Measured::Figures(found.figures()),
    }
}
