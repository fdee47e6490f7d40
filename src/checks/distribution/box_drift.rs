//! Finds splits whose boxes differ in size, shape or place.

use serde::{Deserialize, Serialize};

use super::object_sides::{Side, Values, comparable, draws};
use crate::checks::differences::{self, Difference, Limits, to_report};
use crate::checks::ranges;
use crate::checks::words::{listed, percent};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Severity};
use crate::object_flaws::{BoxFlaw, CocoSizes};
use crate::sample::{Rect, SampleId, SplitId};

declare_check! { pub BOX_DRIFT = {
    code: "DIST011",
    family: Distribution,
    name: "box-drift",
    summary: "boxes of two splits differ in size, shape or place",
    next_step: "find out whether the splits were collected, scaled or annotated differently",
    severity: Severity::Advice,
    docs: "box-drift.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// The Kolmogorov–Smirnov distance, 0 to 1, from which a difference matters.
    #[serde(deserialize_with = "ranges::share")]
    min_effect: f64,
    /// How often a sound data set may be warned of a drift, 0 to 1.
    #[serde(deserialize_with = "ranges::level")]
    level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Classes of objects that differ by less than a tenth, as DIST010
            // reports, move no distribution of boxes so far.
            min_effect: 0.15,
            level: 0.01,
        }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

/// A figure of a box in its image.
struct Feature {
    name: &'static str,
    read: fn(&Rect, (f64, f64)) -> f64,
    /// A share, for words.
    is_share: bool,
}

const FEATURES: [Feature; 4] = [
    Feature {
        name: "size (side of the square of equal area, as a share of the image's)",
        read: |rect, (width, height)| (rect.area() / (width * height)).sqrt(),
        is_share: true,
    },
    Feature {
        name: "ratio of width to height",
        read: |rect, _| f64::from(rect.width) / f64::from(rect.height),
        is_share: false,
    },
    Feature {
        name: "horizontal place of the centre",
        read: |rect, (width, _)| f64::from(rect.x + rect.width / 2.0) / width,
        is_share: true,
    },
    Feature {
        name: "vertical place of the centre",
        read: |rect, (_, height)| f64::from(rect.y + rect.height / 2.0) / height,
        is_share: true,
    },
];

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &BOX_DRIFT
    }

    fn needs(&self) -> Needs {
        Needs {
            boxes: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let pairs = match comparable(data) {
            Ok(pairs) => pairs,
            Err(ran) => return Ok(ran),
        };
        let questions = pairs.len() * FEATURES.len();
        let draws = draws(questions, self.settings.level);
        let asked = data.executor.map(questions, |index| {
            let pair = &pairs[index / FEATURES.len()];
            compare(data, pair, &FEATURES[index % FEATURES.len()], draws)
        })?;
        let of_pairs = asked.chunks(FEATURES.len()).map(<[Difference]>::to_vec);
        let limits = Limits {
            effect: self.settings.min_effect,
            level: self.settings.level,
        };
        for (pair, clear) in pairs.iter().zip(to_report(of_pairs.collect(), limits)) {
            if !clear.is_empty() {
                out.push(finding(data, pair, &clear));
            }
        }
        Ok(Ran::Completed)
    }
}

fn compare(
    data: &CheckContext<'_>,
    pair: &[Side; 2],
    feature: &Feature,
    draws: usize,
) -> Difference {
    let values = Values::of(pair, |id, values| read(data, id, feature, values));
    let (effect, significance) = values.compare(draws);
    let [a, b] = values.medians();
    let shown = |value: f64| match feature.is_share {
        true => percent(value),
        false => format!("{value:.2}"),
    };
    Difference {
        effect,
        p_value: significance.p_value,
        words: format!(
            "{}: median {} against {} (distance {})",
            feature.name,
            shown(a),
            shown(b),
            percent(effect)
        ),
    }
}

/// The figure of every box of an image that has one.
fn read(data: &CheckContext<'_>, id: SampleId, feature: &Feature, values: &mut Vec<f64>) {
    let Some(facts) = data.fingerprints.facts(id) else {
        return;
    };
    let size = (
        f64::from(facts.header.width.max(1)),
        f64::from(facts.header.height.max(1)),
    );
    for row in data.objects.of_sample(&data.listing, id) {
        let meant_so = [BoxFlaw::Misread, BoxFlaw::Unturned, BoxFlaw::Degenerate]
            .iter()
            .all(|&flaw| !row.flaws.contains(flaw));
        if let (Some(rect), true) = (&row.rect, meant_so) {
            values.push((feature.read)(rect, size));
        }
    }
}

fn finding(data: &CheckContext<'_>, pair: &[Side; 2], clear: &[Difference]) -> NewFinding {
    let splits = [0, 1].map(|side| pair[side].split);
    let name = |split: SplitId| data.listing.splits[split.index()].name.as_str();
    let words: Vec<String> = clear.iter().map(|one| one.words.clone()).collect();
    let sizes = |split: SplitId| {
        let found = (data.objects.splits.iter()).find(|figures| figures.split == Some(split));
        let sizes = found.map_or(CocoSizes::default(), |figures| figures.sizes);
        let share = |count: u64| percent(count as f64 / sizes.total().max(1) as f64);
        format!(
            "{} small, {} medium and {} large",
            share(sizes.small),
            share(sizes.medium),
            share(sizes.large)
        )
    };
    let [a, b] = splits;
    let message = format!(
        "boxes of `{}` and `{}` differ in {}; by COCO's sizes, {} against {}",
        name(a),
        name(b),
        listed(&words, 4),
        sizes(a),
        sizes(b),
    );
    differences::finding(data, &BOX_DRIFT, splits, clear, "features", message)
}
