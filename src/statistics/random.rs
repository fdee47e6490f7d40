//! Seeded random draws. Never asks the system for entropy: the same seed gives
//! the same draws on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use statrs::function::factorial::ln_factorial;

/// A stream of random draws.
///
/// ChaCha with 8 rounds: its output is fixed by its definition, not by a
/// library's version, so that a report can be made again years later.
#[derive(Debug, Clone)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform over `0.0..1.0`, 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform over `0..bound`; 0 for a bound of 0.
    ///
    /// Multiply-shift on 64 bits: the bias is below `bound`/2⁶⁴.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Puts `values` into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }

    /// How many of `marked` among `total` are in a draw of `draws` without
    /// replacement. Arguments above `total` count as `total`.
    pub fn hypergeometric(&mut self, total: u64, marked: u64, draws: u64) -> u64 {
        let (marked, draws) = (marked.min(total), draws.min(total));
        let lowest = draws.saturating_sub(total - marked);
        let highest = marked.min(draws);
        if lowest == highest {
            return lowest;
        }
        let ratio = |x: u64| hypergeometric_ratio(total, marked, draws, x);
        let mode = hypergeometric_mode(total, marked, draws).clamp(lowest, highest);
        let peak = hypergeometric_probability(total, marked, draws, mode);
        self.unimodal(lowest, highest, mode, peak, ratio)
    }

    /// How many of `trials` succeed, each with `probability`.
    pub fn binomial(&mut self, trials: u64, probability: f64) -> u64 {
        if trials == 0 || probability.is_nan() || probability <= 0.0 {
            return 0;
        }
        if probability >= 1.0 {
            return trials;
        }
        let odds = probability / (1.0 - probability);
        let mode = (((trials + 1) as f64 * probability) as u64).min(trials);
        let peak = (ln_factorial(trials) - ln_factorial(mode) - ln_factorial(trials - mode)
            + mode as f64 * probability.ln()
            + (trials - mode) as f64 * (-probability).ln_1p())
        .exp();
        self.unimodal(0, trials, mode, peak, |x| {
            (trials - x) as f64 / (x + 1) as f64 * odds
        })
    }

    /// A draw by inversion from the mode outwards: expected steps are about
    /// the standard deviation, whatever the range. `ratio(x)` is P(x+1)/P(x).
    fn unimodal(
        &mut self,
        lowest: u64,
        highest: u64,
        mode: u64,
        peak: f64,
        ratio: impl Fn(u64) -> f64,
    ) -> u64 {
        let mut left_to_go = self.uniform() - peak;
        let (mut below, mut p_below) = (mode, peak);
        let (mut above, mut p_above) = (mode, peak);
        while left_to_go >= 0.0 {
            if above < highest {
                p_above *= ratio(above);
                above += 1;
                left_to_go -= p_above;
                if left_to_go < 0.0 {
                    return above;
                }
            }
            if below > lowest {
                p_below /= ratio(below - 1);
                below -= 1;
                left_to_go -= p_below;
                if left_to_go < 0.0 {
                    return below;
                }
            }
            // All that is left to go is rounding error.
            if p_above + p_below < f64::MIN_POSITIVE || (above == highest && below == lowest) {
                break;
            }
        }
        mode
    }
}

/// The most probable number of marked ones in a draw without replacement.
pub(super) fn hypergeometric_mode(total: u64, marked: u64, draws: u64) -> u64 {
    let product = u128::from(draws + 1) * u128::from(marked + 1);
    u64::try_from(product / u128::from(total + 2)).unwrap_or(u64::MAX)
}

/// P(`x` of `marked` among `total` are in a draw of `draws`).
pub(super) fn hypergeometric_probability(total: u64, marked: u64, draws: u64, x: u64) -> f64 {
    let ln_choose = |n: u64, k: u64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    (ln_choose(marked, x) + ln_choose(total - marked, draws - x) - ln_choose(total, draws)).exp()
}

/// P(x + 1) / P(x) of the same distribution.
pub(super) fn hypergeometric_ratio(total: u64, marked: u64, draws: u64, x: u64) -> f64 {
    let up = (marked - x) as f64 * (draws - x) as f64;
    let down = (x + 1) as f64 * (total + x + 1 - marked - draws) as f64;
    up / down
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_variance(draws: impl Iterator<Item = u64>) -> (f64, f64) {
        let draws: Vec<f64> = draws.map(|x| x as f64).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let squares = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        (mean, squares / draws.len() as f64)
    }

    #[test]
    fn hypergeometric_draws_have_the_mean_and_variance_of_theory() {
        let mut random = Random::seeded(1);
        for (total, marked, draws) in [(50u64, 5, 10), (1000, 300, 400), (200_000, 90, 20_000)] {
            let (n, k, d) = (total as f64, marked as f64, draws as f64);
            let p = k / n;
            let theory = (d * p, d * p * (1.0 - p) * (n - d) / (n - 1.0));
            let seen =
                mean_and_variance((0..20_000).map(|_| random.hypergeometric(total, marked, draws)));
            // Five standard errors of the mean; the variance within a tenth.
            assert!((seen.0 - theory.0).abs() < 5.0 * (theory.1 / 20_000.0).sqrt());
            assert!((seen.1 / theory.1 - 1.0).abs() < 0.1, "{seen:?} {theory:?}");
        }
    }

    #[test]
    fn binomial_draws_have_the_mean_and_variance_of_theory() {
        let mut random = Random::seeded(2);
        for (trials, p) in [(10u64, 0.3), (1000, 0.01), (100_000, 0.6)] {
            let theory = (trials as f64 * p, trials as f64 * p * (1.0 - p));
            let seen = mean_and_variance((0..20_000).map(|_| random.binomial(trials, p)));
            assert!((seen.0 - theory.0).abs() < 5.0 * (theory.1 / 20_000.0).sqrt());
            assert!((seen.1 / theory.1 - 1.0).abs() < 0.1, "{seen:?} {theory:?}");
        }
    }

    #[test]
    fn impossible_and_certain_draws_need_no_chance() {
        let mut random = Random::seeded(3);
        assert_eq!(random.hypergeometric(10, 10, 4), 4);
        assert_eq!(random.hypergeometric(10, 0, 4), 0);
        assert_eq!(random.hypergeometric(0, 0, 0), 0);
        assert_eq!(random.binomial(7, 1.0), 7);
        assert_eq!(random.binomial(7, 0.0), 0);
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn shuffling_keeps_every_value_once() {
        let mut values: Vec<u32> = (0..100).collect();
        Random::seeded(4).shuffle(&mut values);
        assert_ne!(values[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        values.sort_unstable();
        assert!(values.iter().enumerate().all(|(i, &v)| i as u32 == v));
    }
}
