//! Turns scores into probabilities by one softmax temperature fitted to the
//! given labels (Guo et al. 2017). Leaves the order of classes as it is.

use std::collections::BTreeMap;

/// Numbers looked at while fitting: more change no third digit.
const FITTED_VALUES: usize = 2_000_000;
/// Bounds of the temperature: at one end the first class is certain, at the
/// other all classes are alike. Sets without any doubt end at the first.
const RANGE: (f64, f64) = (0.03, 20.0);
/// Halvings of the search interval: four digits.
const STEPS: usize = 32;

/// `scores` (`rows × classes`) as probabilities, and the temperature. A group
/// counts as one sample: the frames of a mislabelled burst are one mistake, and
/// must not make the model doubt itself as many would.
pub(super) fn probabilities(
    mut scores: Vec<f32>,
    labels: &[u32],
    groups: &[u32],
    classes: usize,
) -> (Vec<f32>, f64) {
    if classes == 0 || scores.is_empty() {
        return (scores, 1.0);
    }
    let temperature = temperature(&scores, labels, groups, classes);
    for line in scores.chunks_exact_mut(classes) {
        let highest = line.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for value in line.iter_mut() {
            *value = ((f64::from(*value - highest)) / temperature).exp() as f32;
            sum += *value;
        }
        line.iter_mut().for_each(|v| *v /= sum);
    }
    (scores, temperature)
}

/// The temperature of least log loss, by golden-section search over its
/// logarithm; the loss has one valley in 1 / temperature.
fn temperature(scores: &[f32], labels: &[u32], groups: &[u32], classes: usize) -> f64 {
    let mut sizes: BTreeMap<u32, u32> = BTreeMap::new();
    for &group in groups {
        *sizes.entry(group).or_default() += 1;
    }
    let weights: Vec<f64> = (groups.iter())
        .map(|group| 1.0 / f64::from(sizes.get(group).copied().unwrap_or(1)))
        .collect();
    let stride = scores.len().div_ceil(FITTED_VALUES).max(1);
    let loss = |log: f64| -> f64 {
        let inverse = (-log).exp();
        scores
            .chunks_exact(classes)
            .zip(labels)
            .zip(&weights)
            .step_by(stride)
            .map(|((line, &label), weight)| {
                let highest = line.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let sum: f64 = line
                    .iter()
                    .map(|v| (f64::from(v - highest) * inverse).exp())
                    .sum();
                weight * (sum.ln() - f64::from(line[label as usize] - highest) * inverse)
            })
            .sum()
    };
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let (mut low, mut high) = (RANGE.0.ln(), RANGE.1.ln());
    let mut a = high - (high - low) * GOLDEN;
    let mut b = low + (high - low) * GOLDEN;
    let (mut loss_a, mut loss_b) = (loss(a), loss(b));
    for _ in 0..STEPS {
        if loss_a <= loss_b {
            (high, b, loss_b) = (b, a, loss_a);
            a = high - (high - low) * GOLDEN;
            loss_a = loss(a);
        } else {
            (low, a, loss_a) = (a, b, loss_b);
            b = low + (high - low) * GOLDEN;
            loss_b = loss(b);
        }
    }
    f64::midpoint(low, high).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_temperature_is_found() {
        // Two classes whose odds are e^(score / 0.25): of 100 rows with score
        // 0.25, 73 are of the first class.
        let scores: Vec<f32> = (0..1000).flat_map(|_| [0.25, 0.0]).collect();
        let labels: Vec<u32> = (0..1000).map(|i| u32::from(i % 1000 >= 731)).collect();
        let groups: Vec<u32> = (0..1000).collect();
        let (probabilities, temperature) = probabilities(scores, &labels, &groups, 2);
        assert!((temperature - 0.25).abs() < 0.005, "{temperature}");
        assert!((probabilities[0] - 0.731).abs() < 0.005);
    }
}
