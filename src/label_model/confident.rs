//! Confident learning (Northcutt, Jiang & Chuang 2021) on probabilities that
//! the user brings. They must come from a model that did not train on the
//! sample.

use super::{Belief, Judgement, Level, Settings, belief, calibrate, flags, shares};

/// Judges `labels` by `probabilities` (`rows × classes`, each row summing to
/// 1): a sample's score is its self-confidence, the probability given to its
/// own label. It is suspected when confident learning counts it to another
/// class, that is when another class reaches the mean self-confidence of its
/// members and is the most probable that does, and when the odds, brought to
/// the labels' own scale by one temperature, reach `settings.likely` as well;
/// confident learning alone suspects a tenth of a clean but hard set. Rows of
/// one of `groups` count as one where the temperature is fitted.
pub fn judge_probabilities(
    probabilities: &[f32],
    labels: &[u32],
    groups: &[u32],
    classes: usize,
    settings: &Settings,
) -> Judgement {
    let thresholds = thresholds(probabilities, labels, classes);
    let logs = probabilities
        .iter()
        .map(|p| p.max(f32::MIN_POSITIVE).ln())
        .collect();
    let (scaled, temperature) = calibrate::probabilities(logs, labels, groups, classes);
    let belief = Belief {
        temperature,
        ..belief(probabilities, labels, classes, &shares(labels, classes))
    };
    let usable = belief.unusable.is_none();
    let width = classes.max(1);
    let samples = probabilities
        .chunks_exact(width)
        .zip(scaled.chunks_exact(width))
        .zip(labels)
        .map(|((line, scaled), &given)| {
            let counted = counted_to(line, &thresholds).filter(|&class| class != given);
            let odds = flags::from_probabilities(scaled, given);
            let mut judged = flags::from_probabilities(line, given);
            judged.log_odds = odds.log_odds;
            if usable && counted == Some(odds.alternative) {
                judged.level = Level::of(f64::from(odds.log_odds), settings);
            }
            judged
        })
        .collect();
    Judgement {
        samples,
        belief,
        clusters: Vec::new(),
        outliers: Vec::new(),
        advice: super::ClassAdvice::default(),
    }
}

/// Mean self-confidence of each class; a class nobody carries is never reached.
fn thresholds(probabilities: &[f32], labels: &[u32], classes: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0_u32); classes];
    for (line, &label) in probabilities.chunks_exact(classes.max(1)).zip(labels) {
        let (sum, count) = &mut sums[label as usize];
        *sum += f64::from(line[label as usize]);
        *count += 1;
    }
    sums.into_iter()
        .map(|(sum, count)| {
            if count == 0 {
                f64::INFINITY
            } else {
                sum / f64::from(count)
            }
        })
        .collect()
}

/// The most probable class among those that reach their threshold.
fn counted_to(line: &[f32], thresholds: &[f64]) -> Option<u32> {
    let mut best: Option<usize> = None;
    for (class, (p, threshold)) in line.iter().zip(thresholds).enumerate() {
        if f64::from(*p) >= *threshold && best.is_none_or(|b| *p > line[b]) {
            best = Some(class);
        }
    }
    best.map(|b| b as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_the_model_is_sure_of_is_suspected() {
        let count = 200;
        let mut labels: Vec<u32> = (0..count).map(|i| i % 2).collect();
        let probabilities: Vec<f32> = labels
            .iter()
            .enumerate()
            .flat_map(|(i, &label)| {
                let sure = 0.9 + (i % 10) as f32 / 110.0;
                if label == 0 {
                    [sure, 1.0 - sure]
                } else {
                    [1.0 - sure, sure]
                }
            })
            .collect();
        labels[19] = 0;
        let groups: Vec<u32> = (0..labels.len() as u32).collect();
        let judged = judge_probabilities(&probabilities, &labels, &groups, 2, &Settings::default());
        let flagged: Vec<usize> = (0..labels.len())
            .filter(|&i| judged.samples[i].level.is_some())
            .collect();
        assert_eq!(flagged, [19]);
        assert_eq!(judged.samples[19].suggested, 1);
        assert!((judged.samples[19].score - probabilities[38]).abs() < 1e-6);
    }

    #[test]
    fn probabilities_that_know_nothing_suspect_nobody() {
        let labels: Vec<u32> = (0..100).map(|i| i % 3 % 2).collect();
        let probabilities: Vec<f32> = (0..100)
            .flat_map(|i| {
                if i % 7 < 3 {
                    [0.99, 0.01]
                } else {
                    [0.01, 0.99]
                }
            })
            .collect();
        let groups: Vec<u32> = (0..labels.len() as u32).collect();
        let judged = judge_probabilities(&probabilities, &labels, &groups, 2, &Settings::default());
        assert!(judged.belief.unusable.is_some());
        assert!(judged.samples.iter().all(|s| s.level.is_none()));
    }
}
