//! Differences between two splits that are both certain, when many are asked
//! at once, and large enough to matter. Measures none.

use super::NewFinding;
use super::context::CheckContext;
use crate::finding::{CheckInfo, Figure, FindingId, Measured};
use crate::sample::SplitId;
use crate::statistics::benjamini_hochberg;

/// One way in which two splits differ.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// How much, 0 to 1: a Kolmogorov–Smirnov distance, a total variation.
    pub(super) effect: f64,
    /// How often chance alone makes as large a one, 0 to 1.
    pub(super) p_value: f64,
    /// The thing, and its values in both splits.
    pub(super) words: String,
}

/// From where on a difference is reported.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The smallest effect.
    pub(super) effect: f64,
    /// The share of false reports among all, 0 to 1.
    pub(super) level: f64,
}

/// Of each pair of splits the differences to report, the largest first: those
/// that matter and hold among all that were asked (Benjamini and Hochberg,
/// "Controlling the false discovery rate", 1995).
pub(super) fn to_report(asked: Vec<Vec<Difference>>, limits: Limits) -> Vec<Vec<Difference>> {
    let p_values: Vec<f64> = asked.iter().flatten().map(|one| one.p_value).collect();
    let mut adjusted = benjamini_hochberg(&p_values).into_iter();
    asked
        .into_iter()
        .map(|of_pair| {
            let with_p = of_pair.into_iter().zip(adjusted.by_ref());
            let mut clear: Vec<Difference> = with_p
                .filter(|(one, p)| *p <= limits.level && one.effect >= limits.effect)
                .map(|(one, _)| one)
                .collect();
            clear.sort_by(|x, y| y.effect.total_cmp(&x.effect));
            clear
        })
        .collect()
}

/// The finding that two splits differ so. `count` names the number of
/// differences among its figures.
pub(super) fn finding(
    data: &CheckContext<'_>,
    check: &'static CheckInfo,
    splits: [SplitId; 2],
    differences: &[Difference],
    count: &'static str,
    message: String,
) -> NewFinding {
    let name = |split: SplitId| data.listing.splits[split.index()].name.as_str();
    let largest = differences.iter().map(|one| one.effect).fold(0.0, f64::max);
    let figure = |name, value| Figure { name, value };
    NewFinding {
        id: FindingId::of_names(check.code, splits.map(name)),
        message,
        samples: Vec::new(),
        splits: splits.to_vec(),
        labels: Vec::new(),
        score: Some(largest),
        measured: Measured::Figures(vec![
            figure(count, differences.len() as f64),
            figure("largest_effect", largest),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_certain_among_all_asked_and_large() {
        let one = |effect, p_value| Difference {
            effect,
            p_value,
            words: String::new(),
        };
        let limits = Limits {
            effect: 0.2,
            level: 0.01,
        };
        let asked = vec![
            vec![one(0.3, 0.001), one(0.5, 0.002), one(0.1, 0.0001)],
            vec![one(0.9, 0.011)],
        ];
        let reported = to_report(asked, limits);
        assert_eq!(reported[0], [one(0.5, 0.002), one(0.3, 0.001)]);
        assert_eq!(reported[1], []);
        // Certain alone, one in thirty by chance among many.
        let many: Vec<Difference> = (1..=30).map(|_| one(0.9, 0.5)).collect();
        let asked = vec![vec![one(0.9, 0.005)], many];
        assert_eq!(to_report(asked, limits)[0], []);
    }
}
