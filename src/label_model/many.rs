//! Judges samples that carry several labels at once: each label against the
//! rest. Finds no clusters.

use serde::{Deserialize, Serialize};

use super::{Labelled, Level, Settings, regress};
use crate::executor::{Executor, Interrupted};
use crate::neighbors::Neighbor;
use crate::statistics::area_under_curve;

/// Samples that must carry, and must lack, a label before it is judged.
pub(super) const LEAST: usize = 10;
/// Area under the curve below which a label cannot be judged: guessing gives
/// 0.5, and flags of a model this weak are noise.
pub(super) const USABLE: f64 = 0.7;
/// Newton steps of the logistic fit; it settles in fewer.
const STEPS: usize = 25;
/// Smoothing and power of the neighbours' odds, as for single labels.
const SMOOTHING: f64 = 0.01;
const WITNESS_POWER: f64 = 0.5;

/// One label of one sample in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Doubt {
    /// Which label.
    pub label: u32,
    /// Whether the sample carries it (and likely should not), or lacks it (and
    /// likely should not).
    pub given: bool,
    /// Probability that what is given is right.
    pub score: f32,
    /// How sure.
    pub level: Level,
}

/// What the model says of one sample.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct JudgedMany {
    /// The least probability among its labels, given and not given.
    pub score: f32,
    /// Doubts, worst first.
    pub doubts: Vec<Doubt>,
}

/// All that the model says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManyJudgement {
    /// One for each sample.
    pub samples: Vec<JudgedMany>,
    /// Area under the curve of each label, `None` for one too rare to judge.
    pub aurocs: Vec<Option<f64>>,
    /// Why flags would mean nothing, where they would not.
    pub unusable: Option<String>,
}

/// Judges samples of which sample `i` carries the labels `labels[i]`;
/// `data.labels` is not read.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn judge_many(
    data: Labelled<'_>,
    labels: &[Vec<u32>],
    settings: &Settings,
    executor: &Executor,
) -> Result<ManyJudgement, Interrupted> {
    let (count, classes) = (labels.len(), data.classes);
    let mut carried = vec![false; count * classes];
    for (sample, own) in labels.iter().enumerate() {
        for &label in own {
            carried[sample * classes + label as usize] = true;
        }
    }
    let carries = |sample: usize, class: usize| carried[sample * classes + class];
    let totals: Vec<usize> = (0..classes)
        .map(|class| (0..count).filter(|&s| carries(s, class)).count())
        .collect();
    let prior: Vec<f32> = totals
        .iter()
        .map(|&t| t as f32 / count.max(1) as f32)
        .collect();
    let target = |sample, class| f32::from(carries(sample, class));
    let fitted = regress(data, &prior, target, settings, executor)?;
    let columns = executor.map(classes, |class| {
        let total = totals[class];
        if total.min(count - total) < LEAST {
            return None;
        }
        let scores: Vec<f64> = (0..count)
            .map(|s| f64::from(fitted.values[s * classes + class]))
            .collect();
        let given: Vec<bool> = (0..count).map(|s| carries(s, class)).collect();
        Some((auroc(&scores, &given), logistic(&scores, &given)))
    })?;
    let mut samples = vec![
        JudgedMany {
            score: 1.0,
            doubts: Vec::new()
        };
        count
    ];
    for (class, column) in columns.iter().enumerate() {
        let Some((auroc, probabilities)) = column else {
            continue;
        };
        for (sample, judged) in samples.iter_mut().enumerate() {
            let given = carries(sample, class);
            let present = probabilities[sample];
            let score = if given { present } else { 1.0 - present };
            judged.score = judged.score.min(score as f32);
            let near = &fitted.neighbors[sample];
            let with = near
                .iter()
                .filter(|n| carries(n.row as usize, class))
                .count();
            let usual = f64::from(prior[class]);
            if let Some(level) = level(score, given, usual, with, near, settings)
                && *auroc >= USABLE
            {
                judged.doubts.push(Doubt {
                    label: class as u32,
                    given,
                    score: score as f32,
                    level,
                });
            }
        }
    }
    let aurocs = columns.iter().map(|c| c.as_ref().map(|c| c.0)).collect();
    Ok(finished(samples, aurocs))
}

/// The judgement once every label has been looked at.
pub(super) fn finished(mut samples: Vec<JudgedMany>, aurocs: Vec<Option<f64>>) -> ManyJudgement {
    for judged in &mut samples {
        judged
            .doubts
            .sort_by(|a, b| a.score.total_cmp(&b.score).then(a.label.cmp(&b.label)));
    }
    let usable = aurocs.iter().flatten().any(|&a| a >= USABLE);
    let unusable = (!usable).then(|| {
        format!("no label is separated from the rest with an area under the ROC curve of {USABLE}")
    });
    ManyJudgement {
        samples,
        aurocs,
        unusable,
    }
}

/// How sure the odds and the neighbours make.
fn level(
    score: f64,
    given: bool,
    usual: f64,
    with: usize,
    near: &[Neighbor],
    settings: &Settings,
) -> Option<Level> {
    if near.is_empty() {
        return None;
    }
    let odds = odds_against(score, given, usual);
    let share = with as f64 / near.len() as f64;
    let against = if given { 1.0 - share } else { share };
    let witness = ((against + SMOOTHING) / (1.0 - against + SMOOTHING)).ln();
    let passes = |wanted: f64| odds > wanted.ln() && witness > WITNESS_POWER * wanted.ln();
    if passes(settings.strong) {
        Some(Level::Strong)
    } else if passes(settings.likely) {
        Some(Level::Likely)
    } else {
        None
    }
}

/// The odds against a label as it is, as a logarithm: the lesser of the odds and
/// of what they say beyond the label's own frequency `usual`. Of a label that one
/// in twenty carries, odds of 20 to 1 against it are no news.
pub(super) fn odds_against(score: f64, given: bool, usual: f64) -> f64 {
    let odds = logit(1.0 - score);
    let base = logit(1.0 - usual);
    odds.min(if given { odds - base } else { odds + base })
}

/// The odds of `probability`, as a logarithm.
pub(super) fn logit(probability: f64) -> f64 {
    probability.max(f64::MIN_POSITIVE).ln() - (1.0 - probability).max(f64::MIN_POSITIVE).ln()
}

/// Area under the curve of `scores` for telling `given` from the rest.
pub(super) fn auroc(scores: &[f64], given: &[bool]) -> f64 {
    let of = |wanted: bool| -> Vec<f64> {
        let scores = scores.iter().zip(given);
        let scores = scores.filter(|(_, given)| **given == wanted);
        scores.map(|(score, _)| *score).collect()
    };
    area_under_curve(&of(true), &of(false))
}

/// Platt's scaling: probabilities from one logistic slope and offset, fitted
/// by Newton's method.
pub(super) fn logistic(scores: &[f64], given: &[bool]) -> Vec<f64> {
    let share = given.iter().filter(|g| **g).count() as f64 / given.len().max(1) as f64;
    let mut offset = (share / (1.0 - share).max(f64::EPSILON)).ln();
    let mut slope = 0.0;
    let probability = |slope: f64, offset: f64, x: f64| 1.0 / (1.0 + (-(slope * x + offset)).exp());
    for _ in 0..STEPS {
        // A weak pull to zero keeps separable labels from infinite slopes.
        let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 1e-3 * slope, 1e-9, 0.0, 1e-3);
        for (&x, &y) in scores.iter().zip(given) {
            let p = probability(slope, offset, x);
            let (apart, weight) = (p - f64::from(u8::from(y)), p * (1.0 - p));
            g0 += apart;
            g1 += apart * x;
            h00 += weight;
            h01 += weight * x;
            h11 += weight * x * x;
        }
        let determinant = h00 * h11 - h01 * h01;
        if determinant.abs() < f64::MIN_POSITIVE {
            break;
        }
        let step0 = (h11 * g0 - h01 * g1) / determinant;
        let step1 = (h00 * g1 - h01 * g0) / determinant;
        offset -= step0;
        slope -= step1;
        if step0.abs() + step1.abs() < 1e-9 {
            break;
        }
    }
    scores
        .iter()
        .map(|&x| probability(slope, offset, x))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logistic_fit_recovers_the_share_at_each_score() {
        let scores: Vec<f64> = (0..1000).map(|i| f64::from(i % 2)).collect();
        let given: Vec<bool> = (0..1000)
            .map(|i| if i % 2 == 0 { i < 100 } else { i < 800 })
            .collect();
        let fitted = logistic(&scores, &given);
        assert!((fitted[0] - 0.1).abs() < 0.01);
        assert!((fitted[1] - 0.8).abs() < 0.01);
    }

    #[test]
    fn area_under_the_curve_counts_ties_half() {
        assert_eq!(
            auroc(&[0.0, 1.0, 1.0, 2.0], &[false, false, true, true]),
            0.875
        );
    }
}
