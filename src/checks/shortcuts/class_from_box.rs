//! Finds classes that can be predicted by where a box is, or by its size and
//! shape, without what it shows.

use serde::{Deserialize, Serialize};

use super::columns::{Column, Kind, Values};
use super::label_from_container::{best_single_cut, validated};
use super::words::rule;
use super::{TREE, thinned};
use crate::checks::ranges;
use crate::checks::words::{percent, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Evidence, Figure, FindingId, Severity};
use crate::objects::BoxFlaw;
use crate::sample::{ClassId, ObjectId, Role, SampleId};
use crate::statistics::{Chance, Feature, Interval, Random, Size, beyond_chance};

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

/// With fewer boxes a class cannot be cross-validated: four a fold.
const FEWEST: usize = 20;

/// Images looked at: an accuracy is then known to a hundredth.
const MOST_ROWS: usize = 6_000;

/// A class goes on to cross-validation only if some single cut separates it from the
/// rest at least so well.
const SCREEN: f64 = 0.7;

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
        let classes = judged_classes(data, &rows);
        if classes.len() < 2 {
            return Ok(Ran::NotApplicable(format!(
                "there are no two classes with objects in {FEWEST} images each"
            )));
        }
        // The second of two classes says what the first does.
        let asked = match classes.len() {
            2 => &classes[..1],
            _ => &classes[..],
        };
        let (place, size) = columns(data, &rows);
        let mut reported = vec![false; data.listing.classes.len()];
        for (columns, bar, severity, by) in [
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
            for found in self.shortcuts(data, &rows, &columns, &suspects, bar)? {
                reported[found.class.index()] = true;
                out.push_at(severity, finding(data, &found, by));
            }
        }
        Ok(Ran::Completed)
    }
}

/// An object that stands for its image.
type Row = (SampleId, ObjectId);

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
        rows: &[Row],
        columns: &[&Column],
        classes: &[ClassId],
        bar: f64,
    ) -> Result<Vec<Shortcut>, CheckError> {
        let features: Vec<Feature> = columns.iter().map(|c| c.feature.clone()).collect();
        let class_of = |row: &Row| data.listing.objects[row.1.index()].class;
        let judged = data.executor.map(classes.len(), |index| {
            let class = classes[index];
            let targets: Vec<u32> = rows
                .iter()
                .map(|row| u32::from(class_of(row) == class))
                .collect();
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
        Ok(judged.into_iter().flatten().collect())
    }
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

fn judged_classes(data: &CheckContext<'_>, rows: &[Row]) -> Vec<ClassId> {
    let mut counts = vec![0usize; data.listing.classes.len()];
    for (_, object) in rows {
        counts[data.listing.objects[object.index()].class.index()] += 1;
    }
    let enough = |&count: &usize| count >= FEWEST && rows.len() - count >= FEWEST;
    (0..)
        .map(ClassId)
        .zip(&counts)
        .filter(|(_, count)| enough(count))
        .map(|(class, _)| class)
        .collect()
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

fn finding(data: &CheckContext<'_>, found: &Shortcut, by: &str) -> NewFinding {
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
        evidence: Evidence::Figures(vec![
            Figure {
                name: "balanced_accuracy",
                value: found.accuracy,
            },
            Figure {
                name: "permuted_best",
                value: found.chance.best,
            },
        ]),
    }
}
