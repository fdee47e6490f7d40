//! Features in bins, as trees want them, with what is needed to say in words
//! what a bin means. Knows no sample.

use std::collections::BTreeMap;

use crate::statistics::{Feature, Test};

/// Bins of a feature at most: fine enough to find a cut, few enough to count.
const MOST_BINS: usize = 32;

/// What kind of feature it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// How the image is stored: nothing of what it shows.
    Container,
    /// Trivial properties of the pixels: they may well follow from content.
    Appearance,
}

/// The values of one feature for all rows.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// Numbers; one that is none stands for "not there".
    Numbers(Vec<f64>),
    /// Names.
    Names(Vec<String>),
}

/// A feature with its bins.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// In words, e.g. "JPEG quality".
    pub(super) name: &'static str,
    /// What kind it is.
    pub(super) kind: Kind,
    /// The values.
    pub(super) values: Values,
    /// The bins.
    pub(super) feature: Feature,
    labels: Labels,
}

#[derive(Debug, Clone)]
enum Labels {
    /// The largest value of each bin; the first bin is "not there".
    Edges(Vec<f64>),
    /// The name of each bin; the last may be all others.
    Names(Vec<String>),
}

impl Column {
    /// Puts values into bins; `None` if all rows have the same.
    pub(super) fn new(name: &'static str, kind: Kind, values: Values) -> Option<Self> {
        let (feature, labels) = match &values {
            Values::Numbers(numbers) => bin_numbers(numbers),
            Values::Names(names) => bin_names(names),
        };
        let first = feature.bins.first()?;
        if feature.bins.iter().all(|bin| bin == first) {
            return None;
        }
        Some(Self {
            name,
            kind,
            values,
            feature,
            labels,
        })
    }

    /// In words, what answers to questions about this feature say together:
    /// "height above 300 and at most 400".
    pub(super) fn words(&self, answers: &[(Test, bool)]) -> String {
        match &self.labels {
            Labels::Edges(edges) => self.range_words(edges, answers),
            Labels::Names(names) => self.name_words(names, answers),
        }
    }

    fn range_words(&self, edges: &[f64], answers: &[(Test, bool)]) -> String {
        let bins = |wanted: bool| {
            answers.iter().filter_map(move |&(test, holds)| match test {
                Test::AtMost(bin) if holds == wanted => Some(usize::from(bin)),
                _ => None,
            })
        };
        let name = self.name;
        match (bins(false).max(), bins(true).min()) {
            // Bin 0 is "not there".
            (_, Some(0)) => format!("no {name}"),
            (Some(0) | None, None) => format!("some {name}"),
            (Some(0) | None, Some(high)) => format!("{name} at most {}", short(edges[high])),
            (Some(low), None) => format!("{name} above {}", short(edges[low])),
            (Some(low), Some(high)) => format!(
                "{name} above {} and at most {}",
                short(edges[low]),
                short(edges[high])
            ),
        }
    }

    fn name_words(&self, names: &[String], answers: &[(Test, bool)]) -> String {
        let name = self.name;
        let values = |wanted: bool| {
            answers.iter().filter_map(move |&(test, holds)| match test {
                Test::Is(bin) if holds == wanted => Some(names[usize::from(bin)].as_str()),
                _ => None,
            })
        };
        // What it is says more than all that it is not.
        match values(true).next() {
            Some("") => format!("no {name}"),
            Some(value) => format!("{name} `{value}`"),
            None => {
                let others: Vec<String> = values(false)
                    .map(|value| match value {
                        "" => format!("some {name}"),
                        value => format!("{name} other than `{value}`"),
                    })
                    .collect();
                others.join(" and ")
            }
        }
    }
}

/// A number with three or four digits that count.
pub(super) fn short(number: f64) -> String {
    let size = number.abs();
    if size >= 100.0 || number.fract() == 0.0 {
        format!("{number:.0}")
    } else if size >= 10.0 {
        format!("{number:.1}")
    } else {
        format!("{number:.3}")
    }
}

fn bin_numbers(numbers: &[f64]) -> (Feature, Labels) {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    // Bin 0 is "not there"; the others hold about as many values each, and
    // equal values share a bin.
    let mut edges = vec![f64::NEG_INFINITY];
    let bins = MOST_BINS - 1;
    for part in 1..=bins {
        let place = (sorted.len() * part).div_ceil(bins).saturating_sub(1);
        if let Some(&edge) = sorted.get(place)
            && edges.last().is_none_or(|&last| edge > last)
        {
            edges.push(edge);
        }
    }
    let bin = |value: f64| {
        if value.is_nan() {
            0
        } else {
            let place = edges[1..].partition_point(|&edge| edge < value) + 1;
            place.min(edges.len() - 1) as u8
        }
    };
    let feature = Feature {
        bins: numbers.iter().map(|&value| bin(value)).collect(),
        count: edges.len(),
        ordered: true,
    };
    (feature, Labels::Edges(edges))
}

fn bin_names(names: &[String]) -> (Feature, Labels) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut order: Vec<(&str, usize)> = counts.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let some_left_over = order.len() > MOST_BINS;
    order.truncate(if some_left_over {
        MOST_BINS - 1
    } else {
        MOST_BINS
    });
    let bin_of: BTreeMap<&str, u8> = (order.iter().zip(0u8..))
        .map(|(&(name, _), bin)| (name, bin))
        .collect();
    let mut labels: Vec<String> = order.iter().map(|(name, _)| (*name).to_owned()).collect();
    if some_left_over {
        labels.push("a rare one".to_owned());
    }
    let others = (labels.len() - 1) as u8;
    let feature = Feature {
        bins: names
            .iter()
            .map(|name| bin_of.get(name.as_str()).copied().unwrap_or(others))
            .collect(),
        count: labels.len(),
        ordered: false,
    };
    (feature, Labels::Names(labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_get_a_bin_each_and_missing_ones_their_own() {
        let values = Values::Numbers(vec![75.0, f64::NAN, 90.0, 75.0]);
        let column = Column::new("JPEG quality", Kind::Container, values).expect("two values");
        assert_eq!(column.feature.bins, [1, 0, 2, 1]);
        assert_eq!(
            column.words(&[(Test::AtMost(1), true)]),
            "JPEG quality at most 75"
        );
        assert_eq!(column.words(&[(Test::AtMost(0), true)]), "no JPEG quality");
        assert_eq!(
            column.words(&[(Test::AtMost(0), false)]),
            "some JPEG quality"
        );
        let between = [(Test::AtMost(1), false), (Test::AtMost(2), true)];
        assert_eq!(
            column.words(&between),
            "JPEG quality above 75 and at most 90"
        );
    }

    #[test]
    fn many_values_share_bins_evenly() {
        let values = Values::Numbers((0..3100).map(f64::from).collect());
        let column = Column::new("width", Kind::Container, values).expect("values");
        assert_eq!(column.feature.count, MOST_BINS);
        for bin in 1..MOST_BINS as u8 {
            let held = column.feature.bins.iter().filter(|&&b| b == bin).count();
            assert_eq!(held, 100);
        }
    }

    #[test]
    fn rare_names_share_the_last_bin() {
        let names: Vec<String> = (0..100).map(|i| format!("m{:02}", i % 50)).collect();
        let column = Column::new("camera model", Kind::Container, Values::Names(names));
        let column = column.expect("names");
        assert_eq!(column.feature.count, MOST_BINS);
        assert_eq!(column.words(&[(Test::Is(0), true)]), "camera model `m00`");
    }

    #[test]
    fn constant_feature_is_none() {
        let values = Values::Names(vec!["jpeg".to_owned(); 5]);
        assert!(Column::new("format", Kind::Container, values).is_none());
    }
}
