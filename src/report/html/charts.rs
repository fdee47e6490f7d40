//! Figures laid out for drawing. The template draws.

use serde::Serialize;

use crate::finding::LabelFlag;
use crate::fingerprint::{ImageFacts, Statistics};
use crate::report::Report;
use crate::sample::{ClassId, SplitId};
use crate::statistics::wilson;
use crate::words::{percent, shown};

/// Classes drawn: at a thousand rows the chart is 30 screens long.
const CLASSES: usize = 1000;
/// Classes drawn before the rest is folded away.
const OPEN: usize = 30;
/// Classes of a confusion matrix: what fits a screen in width.
const CONFUSED: usize = 15;
/// Classes drawn of a figure: those that say most.
const BOXES: usize = 12;
/// Times the median class that the largest share may be: beyond, most bars of
/// a straight axis would be too short to be distinguished.
const STRAIGHT: f64 = 20.0;
/// Bars of a histogram.
const BINS: usize = 32;

/// Class shares by split.
#[derive(Debug, Serialize)]
pub(super) struct ShareChart {
    /// The splits, in drawing order.
    splits: Vec<String>,
    /// The classes whose shares differ most come first.
    rows: Vec<ShareRow>,
    /// Rows drawn before the rest is folded away.
    open: usize,
    /// Classes left out.
    left: usize,
    /// The share at the right end of the axis.
    widest: String,
    /// Places grow with the square root of the share.
    is_rooted: bool,
}

#[derive(Debug, Serialize)]
struct ShareRow {
    label: String,
    bars: Vec<ShareBar>,
    /// Between the lowest and the highest share.
    apart: String,
}

/// Places are in per cent of the axis.
#[derive(Debug, Serialize)]
struct ShareBar {
    split: String,
    tint: usize,
    at: f64,
    low: f64,
    high: f64,
    count: u64,
    share: String,
}

/// Class shares of every split; nothing where nothing is labelled.
pub(super) fn shares(report: &Report<'_>) -> Option<ShareChart> {
    let listing = &report.evidence.listing;
    let splits: Vec<_> = (report.classes.splits.iter())
        .filter(|split| split.labelled > 0)
        .collect();
    if splits.is_empty() || listing.classes.is_empty() {
        return None;
    }
    let classes = (0..listing.classes.len()).map(|index| ClassId(index as u32));
    let mut rows: Vec<(f64, ClassId)> = classes
        .map(|class| {
            let shares = splits.iter().map(|split| split.share(class));
            let high = shares.clone().fold(0.0, f64::max);
            let low = shares.fold(f64::INFINITY, f64::min);
            (high - low, class)
        })
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let left = rows.len().saturating_sub(CLASSES);
    rows.truncate(CLASSES);
    let widest = (rows.iter())
        .flat_map(|&(_, class)| splits.iter().map(move |split| (split, class)))
        .map(|(split, class)| wilson(split.count(class), split.labelled).high)
        .fold(0.0, f64::max)
        .max(f64::MIN_POSITIVE);
    let mut highest: Vec<f64> = (rows.iter())
        .map(|&(_, class)| {
            let shares = splits.iter().map(|split| split.share(class));
            shares.fold(0.0, f64::max)
        })
        .collect();
    highest.sort_unstable_by(f64::total_cmp);
    let is_rooted = highest[highest.len() / 2] * STRAIGHT < widest;
    let place = |share: f64| {
        let part = share / widest;
        rounded(if is_rooted { part.sqrt() } else { part } * 100.0)
    };
    let name = |split: Option<SplitId>| listing.split_name(split).unwrap_or("all").to_owned();
    Some(ShareChart {
        splits: splits.iter().map(|split| name(split.split)).collect(),
        open: OPEN,
        left,
        widest: percent(widest),
        is_rooted,
        rows: (rows.iter())
            .map(|&(apart, class)| ShareRow {
                label: shown(listing.class_name(class)),
                apart: percent(apart),
                bars: (splits.iter().enumerate())
                    .map(|(tint, split)| {
                        let interval = wilson(split.count(class), split.labelled);
                        ShareBar {
                            split: name(split.split),
                            tint: tint % 6,
                            at: place(split.share(class)),
                            low: place(interval.low),
                            high: place(interval.high),
                            count: split.count(class),
                            share: percent(split.share(class)),
                        }
                    })
                    .collect(),
            })
            .collect(),
    })
}

/// Given labels against suggested ones, of flagged samples.
#[derive(Debug, Serialize)]
pub(super) struct Confusion {
    /// The classes, those most in question first.
    classes: Vec<String>,
    rows: Vec<ConfusionRow>,
    /// Flagged samples whose classes are not among those shown.
    left: u64,
}

#[derive(Debug, Serialize)]
struct ConfusionRow {
    given: String,
    /// Samples by suggested class, with their depth of colour, 0 to 100.
    cells: Vec<(u64, u64)>,
}

/// The class confusion; nothing where no label is in question.
pub(super) fn confusion(report: &Report<'_>) -> Option<Confusion> {
    let pairs: Vec<(ClassId, ClassId)> = (report.listing.samples.iter())
        .zip(report.opinions())
        .filter(|(_, opinion)| opinion.flag >= LabelFlag::Likely)
        .filter_map(|(sample, opinion)| Some((sample.labels.single()?, opinion.suggested?.0)))
        .collect();
    let mut counts = vec![0u64; report.listing.classes.len()];
    for (given, suggested) in &pairs {
        counts[given.index()] += 1;
        counts[suggested.index()] += 1;
    }
    let mut classes: Vec<ClassId> = (0..counts.len())
        .filter(|&index| counts[index] > 0)
        .map(|index| ClassId(index as u32))
        .collect();
    classes.sort_by_key(|class| (std::cmp::Reverse(counts[class.index()]), *class));
    classes.truncate(CONFUSED);
    if classes.is_empty() {
        return None;
    }
    let count = |given: ClassId, suggested: ClassId| {
        let same = pairs.iter().filter(|&&pair| pair == (given, suggested));
        same.count() as u64
    };
    let cells: Vec<Vec<u64>> = (classes.iter())
        .map(|&given| classes.iter().map(|&other| count(given, other)).collect())
        .collect();
    let most = cells.iter().flatten().copied().max().unwrap_or(0).max(1);
    let inside: u64 = cells.iter().flatten().sum();
    let name = |class: &ClassId| shown(report.listing.class_name(*class));
    Some(Confusion {
        left: pairs.len() as u64 - inside,
        rows: (classes.iter().zip(cells))
            .map(|(given, cells)| ConfusionRow {
                given: name(given),
                cells: cells.iter().map(|&n| (n, n * 100 / most)).collect(),
            })
            .collect(),
        classes: classes.iter().map(name).collect(),
    })
}

/// One figure of the images, by split.
#[derive(Debug, Serialize)]
pub(super) struct Histogram {
    name: &'static str,
    low: String,
    high: String,
    lines: Vec<HistogramLine>,
    /// The classes furthest from the rest; empty where there is but one.
    classes: Vec<ClassBox>,
}

/// How a figure spreads over a class. Places are in per cent of the axis.
#[derive(Debug, Serialize)]
struct ClassBox {
    label: String,
    /// Twentieths, quartiles and median: 5%, 25%, 50%, 75%, 95%.
    at: [f64; 5],
}

#[derive(Debug, Serialize)]
struct HistogramLine {
    split: String,
    tint: usize,
    /// The points of an SVG path in a box of 320 × 100.
    points: String,
}

/// The figures drawn, and how to read one off an image.
type Figure = (&'static str, fn(&ImageFacts) -> f64);
const FIGURES: [Figure; 8] = [
    ("long side, pixels (log)", |f| {
        log(f64::from(f.header.width.max(f.header.height)))
    }),
    ("aspect (log)", |f| {
        log(f64::from(f.header.width) / f64::from(f.header.height.max(1)))
    }),
    ("brightness", |f| of(f, |s| s.brightness)),
    ("contrast", |f| of(f, |s| s.contrast)),
    ("sharpness (log)", |f| log(of(f, |s| s.sharpness) + 1.0)),
    ("entropy, bits", |f| of(f, |s| s.entropy)),
    ("colourfulness", |f| of(f, |s| s.colourfulness)),
    ("redness", |f| of(f, |s| s.mean_cr)),
];

fn of(facts: &ImageFacts, pick: fn(&Statistics) -> f32) -> f64 {
    f64::from(pick(&facts.statistics))
}

fn log(value: f64) -> f64 {
    value.max(f64::MIN_POSITIVE).log10()
}

/// The histograms of all figures that vary.
pub(super) fn histograms(report: &Report<'_>) -> Vec<Histogram> {
    (FIGURES.iter())
        .filter_map(|&(name, figure)| histogram(report, name, figure))
        .collect()
}

fn histogram(
    report: &Report<'_>,
    name: &'static str,
    figure: fn(&ImageFacts) -> f64,
) -> Option<Histogram> {
    let listing = &report.evidence.listing;
    let of_sample = |sample: &crate::sample::Sample| {
        let value = figure(report.fingerprints.facts(sample.id)?);
        value.is_finite().then_some((sample.split, value))
    };
    let values: Vec<(Option<SplitId>, f64)> =
        listing.samples.iter().filter_map(of_sample).collect();
    let low = values.iter().map(|v| v.1).fold(f64::INFINITY, f64::min);
    let high = values.iter().map(|v| v.1).fold(f64::NEG_INFINITY, f64::max);
    if !(high - low).is_normal() {
        return None;
    }
    let mut splits: Vec<Option<SplitId>> = values.iter().map(|v| v.0).collect();
    splits.sort_unstable();
    splits.dedup();
    let shares: Vec<[f64; BINS]> = (splits.iter())
        .map(|&split| {
            let mut bins = [0.0; BINS];
            let mut all = 0.0f64;
            for &(_, value) in values.iter().filter(|v| v.0 == split) {
                let place = ((value - low) / (high - low) * BINS as f64) as usize;
                bins[place.min(BINS - 1)] += 1.0;
                all += 1.0;
            }
            bins.map(|count| count / all.max(1.0))
        })
        .collect();
    let most = shares.iter().flatten().copied().fold(0.0, f64::max);
    let shown = |value: f64| {
        let value = if name.ends_with("(log)") {
            10f64.powf(value)
        } else {
            value
        };
        if value >= 100.0 {
            format!("{value:.0}")
        } else {
            format!("{value:.2}")
        }
    };
    Some(Histogram {
        name,
        low: shown(low),
        high: shown(high),
        lines: (splits.iter().zip(shares).enumerate())
            .map(|(tint, (&split, bins))| HistogramLine {
                split: listing.split_name(split).unwrap_or("all").to_owned(),
                tint: tint % 6,
                points: steps(&bins, most),
            })
            .collect(),
        classes: boxes(report, figure, low, high),
    })
}

/// The classes whose median lies furthest from the median of all medians.
fn boxes(
    report: &Report<'_>,
    figure: fn(&ImageFacts) -> f64,
    low: f64,
    high: f64,
) -> Vec<ClassBox> {
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); report.listing.classes.len()];
    for sample in &report.listing.samples {
        let value = report.fingerprints.facts(sample.id).map(figure);
        for class in sample.labels.classes() {
            values[class.index()].extend(value.filter(|value| value.is_finite()));
        }
    }
    let mut boxes: Vec<ClassBox> = (values.iter_mut().zip(&report.listing.classes))
        .filter(|(values, _)| !values.is_empty())
        .map(|(values, label)| {
            values.sort_unstable_by(f64::total_cmp);
            let quantile =
                |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
            let place = |value: f64| rounded((value - low) / (high - low) * 100.0);
            ClassBox {
                label: shown(label),
                at: [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| place(quantile(share))),
            }
        })
        .collect();
    if boxes.len() < 2 {
        return Vec::new();
    }
    let mut medians: Vec<f64> = boxes.iter().map(|class| class.at[2]).collect();
    medians.sort_unstable_by(f64::total_cmp);
    let middle = medians[medians.len() / 2];
    let far = |class: &ClassBox| (class.at[2] - middle).abs();
    boxes.sort_by(|a, b| {
        far(b)
            .total_cmp(&far(a))
            .then_with(|| a.label.cmp(&b.label))
    });
    boxes.truncate(BOXES);
    boxes
}

/// A line of steps over `bins` in a box of 320 × 100.
fn steps(bins: &[f64], most: f64) -> String {
    let width = 320.0 / bins.len() as f64;
    let mut points = String::from("M0 100");
    for (index, bin) in bins.iter().enumerate() {
        let height = rounded(100.0 - bin / most * 96.0);
        let end = rounded((index + 1) as f64 * width);
        points.push_str(&format!("V{height}H{end}"));
    }
    points.push_str("V100");
    points
}

/// To a tenth: no screen shows more.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
