//! How many labels are wrong, from how the given ones scatter about the model:
//! classes that overlap make many labels a little improbable, wrong labels make
//! a few very improbable. Judges no single label.
//!
//! The given labels are fitted as a mixture (label noise of one rate, as in
//! Natarajan et al. 2013): `1 − ε` follow the model, sharpened by one power, and
//! `ε` are another class, any alike. One temperature alone has to explain wrong
//! labels by doubt in every image; of two classes with 10% of wrong labels no
//! label then reaches odds of 9 against it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The mixture that fits best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Where it fits best.
    pub best: Point,
    /// The lowest rate and the highest that are not excluded (95%, profile
    /// likelihood).
    pub low: Point,
    /// See `low`.
    pub high: Point,
    /// Twice the gain in log likelihood over no wrong label at all.
    pub ratio: f64,
    /// Classes that a wrong label may be of.
    classes: f64,
}

/// One mixture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Share of wrong labels.
    pub rate: f64,
    /// What the model's probabilities are raised to before they are scaled again.
    pub power: f64,
}

/// Chi-square of one degree of freedom at 95%: the width of the interval.
const INTERVAL: f64 = 3.84;
/// The same at 99%. Rates cannot be negative, so that half of that, 0.5%, of the
/// sets without any wrong label exceed it.
const SIGNIFICANT: f64 = 6.63;
/// Powers tried, 1 to 8 in steps of 9%: beyond, the sharpest are alike.
const POWERS: i32 = 25;
/// Rates tried beside none, 0.0001 to 0.5 in steps of 30%.
const RATES: i32 = 34;
/// Probabilities that are read: more change no second digit.
const FITTED_VALUES: usize = 1_000_000;

impl Noise {
    /// Fits the mixture to `labels`; a group counts as one sample. `None` for
    /// fewer than two classes.
    pub(super) fn fit(
        probabilities: &[f32],
        labels: &[u32],
        groups: &[u32],
        classes: usize,
    ) -> Option<Self> {
        let mut used: Vec<u32> = labels.to_vec();
        used.sort_unstable();
        used.dedup();
        if used.len() < 2 {
            return None;
        }
        let rates: Vec<f64> = (0..=RATES)
            .map(|i| {
                if i == 0 {
                    0.0
                } else {
                    0.5 * 1.3_f64.powi(i - RATES)
                }
            })
            .collect();
        let set = Set {
            probabilities,
            labels,
            groups,
            classes,
            others: used.len() as f64 - 1.0,
        };
        let best = set.likelihoods(&rates);
        let top = best
            .iter()
            .fold(f64::NEG_INFINITY, |top, fit| top.max(fit.0));
        let within = |loss: f64| move |fit: &(f64, f64)| 2.0 * (top - fit.0) <= loss;
        let point = |place: usize| Point {
            rate: rates[place],
            power: best[place].1,
        };
        Some(Self {
            best: point(best.iter().position(within(0.0))?),
            low: point(best.iter().position(within(INTERVAL))?),
            high: point(best.iter().rposition(within(INTERVAL))?),
            ratio: 2.0 * (top - best[0].0),
            classes: used.len() as f64,
        })
    }

    /// The same rates for other probabilities of the same labels: where a wrong label no
    /// longer blurs those of the images around it, the labels alone do not distinguish
    /// doubt in every image from a few wrong labels any more.
    pub(super) fn carried(
        mut self,
        probabilities: &[f32],
        labels: &[u32],
        groups: &[u32],
        classes: usize,
    ) -> Self {
        let set = Set {
            probabilities,
            labels,
            groups,
            classes,
            others: self.classes - 1.0,
        };
        let points = [&mut self.best, &mut self.low, &mut self.high];
        let fits = set.likelihoods(&points.each_ref().map(|point| point.rate));
        for (point, fit) in points.into_iter().zip(fits) {
            point.power = fit.1;
        }
        self
    }

    /// There are certainly wrong labels.
    pub(super) fn is_certain(&self) -> bool {
        self.ratio >= SIGNIFICANT
    }

    /// The probability that `given` is wrong, by one of the mixtures.
    pub(super) fn wrong(&self, point: Point, line: &[f32], given: u32) -> f64 {
        let [right, wrong] = self.weights(point, line, given);
        wrong / (right + wrong).max(f64::MIN_POSITIVE)
    }

    /// The probability that `given` is right, by the best mixture; at least half a label
    /// of `count` is taken to be wrong, so that the least fitting come first in any set.
    pub(super) fn right(&self, line: &[f32], given: u32, count: usize) -> f64 {
        let least = 0.5 / count.max(1) as f64;
        let point = Point {
            rate: self.best.rate.max(least),
            power: self.best.power,
        };
        let [right, wrong] = self.weights(point, line, given);
        right / (right + wrong).max(f64::MIN_POSITIVE)
    }

    /// How probable `given` is as a right label, and as a wrong one.
    fn weights(&self, point: Point, line: &[f32], given: u32) -> [f64; 2] {
        let p = sharpened(line, given, point.power);
        let right = p * (1.0 - point.rate);
        [right, (1.0 - p) * point.rate / (self.classes - 1.0)]
    }

    /// Sets `target` to the probability of each class where `line` is what the model
    /// predicts and `given` what the label says.
    pub(super) fn cleaned(&self, line: &[f32], given: u32, target: &mut [f32]) {
        let log = |p: f32| f64::from(p.max(f32::MIN_POSITIVE)).ln() * self.best.power;
        let others = || (0_u32..).zip(line).filter(|(class, _)| *class != given);
        let highest = others()
            .map(|(_, &p)| log(p))
            .fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = others().map(|(_, &p)| (log(p) - highest).exp()).sum();
        let wrong = self.wrong(self.best, line, given);
        for (class, &p) in others() {
            target[class as usize] = (wrong * (log(p) - highest).exp() / sum) as f32;
        }
        target[given as usize] = (1.0 - wrong) as f32;
    }

    /// A share of votes that wrong labels have watered down, as it would be
    /// without them.
    pub(super) fn cleared(&self, share: f64) -> f64 {
        let spread = self.best.rate / (self.classes - 1.0);
        let kept = 1.0 - spread * self.classes;
        // At a rate near chance nothing is left to clear.
        ((share - spread) / kept.max(0.05)).clamp(0.0, 1.0)
    }
}

/// What a mixture is fitted to.
struct Set<'a> {
    probabilities: &'a [f32],
    labels: &'a [u32],
    groups: &'a [u32],
    classes: usize,
    /// Classes that a wrong label may be of.
    others: f64,
}

impl Set<'_> {
    /// The log likelihood of each of `rates` under its best power, and that power.
    fn likelihoods(&self, rates: &[f64]) -> Vec<(f64, f64)> {
        let mut sizes: BTreeMap<u32, f64> = BTreeMap::new();
        for &group in self.groups {
            *sizes.entry(group).or_default() += 1.0;
        }
        let stride = self.probabilities.len().div_ceil(FITTED_VALUES).max(1);
        let mut best = vec![(f64::NEG_INFINITY, 1.0); rates.len()];
        for power in (0..POWERS).map(|i| 1.09_f64.powi(i)) {
            let mut sums = vec![0.0; rates.len()];
            let lines = self.probabilities.chunks_exact(self.classes);
            let lines = lines.zip(self.labels).zip(self.groups);
            for ((line, &label), group) in lines.step_by(stride) {
                let p = sharpened(line, label, power);
                let weight = 1.0 / sizes.get(group).copied().unwrap_or(1.0);
                for (sum, rate) in sums.iter_mut().zip(rates) {
                    let given = p * (1.0 - rate) + (1.0 - p) * rate / self.others;
                    *sum += weight * given.max(f64::MIN_POSITIVE).ln();
                }
            }
            for (best, sum) in best.iter_mut().zip(sums) {
                if sum > best.0 {
                    *best = (sum, power);
                }
            }
        }
        best
    }
}

/// The probability of `class` after all of `line` are raised to `power`.
fn sharpened(line: &[f32], class: u32, power: f64) -> f64 {
    let log = |p: f32| f64::from(p.max(f32::MIN_POSITIVE)).ln();
    let own = line
        .get(class as usize)
        .map_or(f64::NEG_INFINITY, |&p| log(p));
    let sum: f64 = line.iter().map(|&p| ((log(p) - own) * power).exp()).sum();
    1.0 / sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes; image `i` is of the first with a probability that runs from
    /// `sure` to `1 − sure`, and labelled so, but for every `wrong`th.
    fn set(count: u32, sure: f64, wrong: Option<u32>) -> (Vec<f32>, Vec<u32>) {
        let mut labels = Vec::new();
        let mut line = Vec::new();
        let logit = (sure / (1.0 - sure)).ln();
        let mut seed = 1_u32;
        for i in 0..count {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let place = f64::from(i) / f64::from(count - 1) * 2.0 - 1.0;
            let p = 1.0 / (1.0 + (-logit * place.signum() * place.abs().sqrt()).exp());
            let first = f64::from(seed >> 8) / f64::from(1 << 24) < p;
            let flipped = wrong.is_some_and(|n| i % n == 3);
            labels.push(u32::from(first == flipped));
            line.extend([p as f32, 1.0 - p as f32]);
        }
        (line, labels)
    }

    fn fitted(line: &[f32], labels: &[u32]) -> Noise {
        let groups: Vec<u32> = (0..labels.len() as u32).collect();
        Noise::fit(line, labels, &groups, 2).expect("two classes")
    }

    #[test]
    fn overlap_of_classes_is_no_wrong_label() {
        for sure in [0.8, 0.95, 0.999] {
            let (line, labels) = set(400, sure, None);
            let noise = fitted(&line, &labels);
            assert!(!noise.is_certain(), "{sure}: {noise:?}");
            assert!(noise.low.rate <= 0.002, "{sure}: {noise:?}");
        }
    }

    #[test]
    fn rate_of_wrong_labels_lies_in_the_interval() {
        let (sharp, labels) = set(400, 0.999_9, Some(10));
        // What one temperature makes of them.
        let blurred: Vec<f32> = (sharp.chunks_exact(2))
            .flat_map(|p| {
                let [a, b] = [p[0].powf(0.25), p[1].powf(0.25)];
                [a / (a + b), b / (a + b)]
            })
            .collect();
        let noise = fitted(&blurred, &labels);
        assert!(noise.is_certain(), "{noise:?}");
        assert!((0.05..0.15).contains(&noise.best.rate), "{noise:?}");
        assert!(noise.low.rate <= 0.1 && noise.high.rate >= 0.1, "{noise:?}");
        // An image that is surely of the first class and labelled as the second.
        let wrong = noise.wrong(noise.best, &blurred[798..], 1);
        assert!(wrong > 0.95, "{wrong}");
        assert!(noise.wrong(noise.best, &blurred[798..], 0) < 0.01);
    }

    #[test]
    fn cleaned_labels_are_probabilities_that_keep_what_is_surely_right() {
        let (line, labels) = set(400, 0.999_9, Some(5));
        let noise = fitted(&line, &labels);
        let mut target = [0.0; 2];
        noise.cleaned(&line[798..], 1, &mut target);
        assert!(target[0] > 0.95 && (target[0] + target[1] - 1.0).abs() < 1e-6);
        noise.cleaned(&line[798..], 0, &mut target);
        assert!(target[0] > 0.99 && (target[0] + target[1] - 1.0).abs() < 1e-6);
        let right = noise.right(&line[798..], 1, 400);
        let wrong = noise.wrong(noise.best, &line[798..], 1);
        assert!((right + wrong - 1.0).abs() < 1e-9);
    }

    #[test]
    fn votes_are_cleared_of_what_wrong_labels_add() {
        let (line, labels) = set(400, 0.999_9, Some(5));
        let noise = fitted(&line, &labels);
        let rate = noise.best.rate;
        assert!(
            (noise.cleared(rate)).abs() < 1e-9 && (noise.cleared(1.0 - rate) - 1.0).abs() < 1e-9
        );
        assert!((noise.cleared(0.5) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn one_class_has_no_noise() {
        assert_eq!(Noise::fit(&[1.0, 1.0], &[0, 0], &[0, 1], 1), None);
    }
}
