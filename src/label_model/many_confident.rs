//! Confident learning for samples that carry several labels at once, on
//! probabilities that the user brings: each label against the rest.

use super::many::{LEAST, USABLE, auroc, finished, logistic, logit, odds_against};
use super::{Doubt, JudgedMany, Level, ManyJudgement, Settings};

/// Judges samples of which sample `i` carries the labels `labels[i]`, by
/// `probabilities` (`rows × classes`, each of its own: a row need not sum to 1).
///
/// A label is doubted when confident learning counts the sample to the other
/// side: its probability there reaches the mean of those who are there, and is
/// the greater of those that do. As with single labels the odds must reach
/// `settings.likely` as well, brought to the labels' own scale by a logistic fit
/// of each label, and beyond the label's own frequency.
pub fn judge_many_probabilities(
    probabilities: &[f32],
    labels: &[Vec<u32>],
    classes: usize,
    settings: &Settings,
) -> ManyJudgement {
    let untouched = JudgedMany {
        score: 1.0,
        doubts: Vec::new(),
    };
    let mut samples = vec![untouched; labels.len()];
    let aurocs = (0..classes).map(|class| {
        let column: Vec<f64> = (probabilities.chunks_exact(classes))
            .map(|line| f64::from(line[class]).clamp(0.0, 1.0))
            .collect();
        let given: Vec<bool> = (labels.iter())
            .map(|own| own.contains(&(class as u32)))
            .collect();
        let total = given.iter().filter(|given| **given).count();
        if total.min(given.len() - total) < LEAST {
            return None;
        }
        let auroc = auroc(&column, &given);
        let logits: Vec<f64> = column
            .iter()
            .map(|&p| logit(p.clamp(LOWEST, 1.0 - LOWEST)))
            .collect();
        let scaled = logistic(&logits, &given);
        let side = Sides::of(&column, &given);
        let usual = total as f64 / given.len() as f64;
        for (sample, judged) in samples.iter_mut().enumerate() {
            let (p, given) = (column[sample], given[sample]);
            let own = |p: f64| if given { p } else { 1.0 - p };
            judged.score = judged.score.min(own(p) as f32);
            let odds = odds_against(own(scaled[sample]), given, usual);
            let doubted = side.counted(p).is_some_and(|present| present != given);
            if let Some(level) = Level::of(odds, settings)
                && doubted
                && auroc >= USABLE
            {
                judged.doubts.push(Doubt {
                    label: class as u32,
                    given,
                    score: own(p) as f32,
                    level,
                });
            }
        }
        Some(auroc)
    });
    let aurocs = aurocs.collect();
    finished(samples, aurocs)
}

/// Probabilities nearer to 0 or 1 count as this: rounding makes them 0, and a
/// logarithm of that would rule the fit.
const LOWEST: f64 = 1e-6;

/// What carriers and the others reach on average.
struct Sides {
    with: f64,
    without: f64,
}

impl Sides {
    fn of(column: &[f64], given: &[bool]) -> Self {
        let mean = |wanted: bool| {
            let side = column
                .iter()
                .zip(given)
                .filter(|(_, given)| **given == wanted);
            let (sum, count) = side.fold((0.0, 0.0), |(sum, count), (p, _)| (sum + p, count + 1.0));
            sum / f64::max(count, 1.0)
        };
        Self {
            with: mean(true),
            without: 1.0 - mean(false),
        }
    }

    /// Whether a sample of probability `p` counts as a carrier, if as either.
    fn counted(&self, p: f64) -> Option<bool> {
        match (p >= self.with, 1.0 - p >= self.without) {
            (true, true) => Some(p >= 0.5),
            (true, false) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 samples of three labels, each carried by some; a model that knows
    /// them, and one sample each with a label too many and one too few.
    fn planted() -> (Vec<f32>, Vec<Vec<u32>>) {
        let carries = |i: usize, label: usize| (i * 7 + label * 3).is_multiple_of(label + 2);
        let mut labels: Vec<Vec<u32>> = (0..300)
            .map(|i| {
                (0..3)
                    .filter(|&l| carries(i, l))
                    .map(|l| l as u32)
                    .collect()
            })
            .collect();
        let sure = |i: usize, l: usize| 0.9 + ((i * 5 + l) % 10) as f32 / 110.0;
        let probabilities = (0..300).flat_map(|i| {
            [0, 1, 2].map(|l| {
                if carries(i, l) {
                    sure(i, l)
                } else {
                    1.0 - sure(i, l)
                }
            })
        });
        let probabilities = probabilities.collect();
        // Of odd samples the model is surer than of even ones.
        let missing = (1..300).step_by(2).find(|&i| carries(i, 1)).unwrap_or(0);
        let wrong = (101..300).step_by(2).find(|&i| !carries(i, 2)).unwrap_or(0);
        labels[missing].retain(|&label| label != 1);
        labels[wrong].push(2);
        (probabilities, labels)
    }

    #[test]
    fn label_too_many_and_label_too_few_are_doubted_and_no_other() {
        let (probabilities, labels) = planted();
        let judged = judge_many_probabilities(&probabilities, &labels, 3, &Settings::default());
        assert_eq!(judged.unusable, None);
        let doubts: Vec<(u32, bool)> = (judged.samples.iter())
            .flat_map(|sample| &sample.doubts)
            .map(|doubt| (doubt.label, doubt.given))
            .collect();
        assert_eq!(doubts, [(1, false), (2, true)]);
    }

    #[test]
    fn probabilities_that_know_nothing_doubt_nothing() {
        let (_, labels) = planted();
        let blind: Vec<f32> = (0..900).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
        let judged = judge_many_probabilities(&blind, &labels, 3, &Settings::default());
        assert!(judged.unusable.is_some());
        assert!(judged.samples.iter().all(|sample| sample.doubts.is_empty()));
    }
}
