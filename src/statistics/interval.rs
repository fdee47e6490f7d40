//! Intervals around estimates. Judges none.

use super::contingency::total_variation;
use super::random::Random;

/// A closed interval of shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Half its width: the "±" of a message.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// The 97.5% point of the normal distribution, for intervals of 95%.
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// The 95% interval of a share of `hits` among `total` (Wilson 1927). The
/// whole range for no samples.
pub fn wilson(hits: u64, total: u64) -> Interval {
    if total == 0 {
        return Interval {
            low: 0.0,
            high: 1.0,
        };
    }
    let n = total as f64;
    let (share, z2) = (hits as f64 / n, NORMAL_975 * NORMAL_975);
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let reach =
        NORMAL_975 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Interval {
        // At the ends the formula gives 0 and 1 up to rounding.
        low: if hits == 0 {
            0.0
        } else {
            (middle - reach).max(0.0)
        },
        high: if hits >= total {
            1.0
        } else {
            (middle + reach).min(1.0)
        },
    }
}

/// The 95% bootstrap interval of the total variation between two rows of
/// counts, from `draws` resamples.
///
/// The *basic* interval (Davison & Hinkley 1997, section 5.2), not the
/// percentile one: resampling adds noise, noise adds total variation, and the
/// basic interval takes that bias off where the percentile interval doubles it.
pub fn total_variation_interval(a: &[u64], b: &[u64], draws: usize, seed: u64) -> Interval {
    // Differences of shares add up to a little more than 1 by rounding, where
    // two places have no category in common.
    let seen = total_variation(a, b).min(1.0);
    let mut random = Random::seeded(seed);
    let (mut again_a, mut again_b) = (vec![0; a.len()], vec![0; b.len()]);
    let mut resampled: Vec<f64> = (0..draws)
        .map(|_| {
            multinomial(a, &mut again_a, &mut random);
            multinomial(b, &mut again_b, &mut random);
            total_variation(&again_a, &again_b)
        })
        .collect();
    resampled.sort_unstable_by(f64::total_cmp);
    Interval {
        low: (2.0 * seen - quantile(&resampled, 0.975)).clamp(0.0, seen),
        high: (2.0 * seen - quantile(&resampled, 0.025)).clamp(seen, 1.0),
    }
}

/// Draws as many samples as `counts` hold, with their shares, into `out`.
fn multinomial(counts: &[u64], out: &mut [u64], random: &mut Random) {
    let mut weight: u64 = counts.iter().sum();
    let mut left = weight;
    for (out, &count) in out.iter_mut().zip(counts) {
        let share = if weight == 0 {
            0.0
        } else {
            count as f64 / weight as f64
        };
        *out = random.binomial(left, share);
        left -= *out;
        weight -= count;
    }
}

/// The value below which `share` of the `sorted` values lie, interpolated;
/// 0 of none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_of_total_variation_holds_the_truth_about_as_often_as_it_says() {
        let (p, q) = ([500u64, 300, 200], [380u64, 300, 320]);
        let truth = total_variation(&p, &q);
        let mut random = Random::seeded(5);
        let mut held = 0;
        for round in 0..300 {
            let (mut a, mut b) = ([0; 3], [0; 3]);
            multinomial(&p, &mut a, &mut random);
            multinomial(&q, &mut b, &mut random);
            let interval = total_variation_interval(&a, &b, 199, round);
            held += u32::from(interval.low <= truth && truth <= interval.high);
        }
        // 95% of 300 is 285; four standard deviations below is 270.
        assert!(held >= 270, "{held} of 300");
    }

    #[test]
    fn interval_without_samples_is_the_whole_range() {
        assert_eq!((wilson(0, 0).low, wilson(0, 0).high), (0.0, 1.0));
        assert_eq!(wilson(0, 9).low, 0.0);
        assert_eq!(wilson(9, 9).high, 1.0);
    }
}
