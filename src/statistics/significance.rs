//! How often chance alone would do the same. Knows no thresholds.

use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::checked_gamma_ur;

use super::contingency::chi_square;
use super::random::{
    Random, hypergeometric_mode, hypergeometric_probability, hypergeometric_ratio,
};

/// The answer of a test for equal shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Significance {
    /// How often a random division of the same samples differs at least as
    /// much as the one seen.
    pub p_value: f64,
    /// How often it differs at most as much: small where the division follows
    /// the shares more closely than chance would, as a stratified one does.
    pub p_alike: f64,
    /// Random divisions drawn; 0 where the chi-square distribution was used.
    pub draws: usize,
}

/// The upper tail of the chi-square distribution.
pub fn chi_square_upper_tail(statistic: f64, degrees_of_freedom: usize) -> f64 {
    if degrees_of_freedom == 0 || statistic.is_nan() || statistic <= 0.0 {
        return 1.0;
    }
    checked_gamma_ur(degrees_of_freedom as f64 / 2.0, statistic / 2.0)
        .map_or(0.0, |p| p.clamp(0.0, 1.0))
}

/// Below this expected count the chi-square distribution is not trusted and
/// random divisions are drawn: the rule of Cochran (1954), "Some methods for
/// strengthening the common χ² tests", in its strict form.
const SMALLEST_EXPECTED: f64 = 5.0;

/// Whether two rows of counts share one distribution: by the chi-square
/// distribution, or by up to `draws` random divisions with the same margins
/// where an expected count is small.
pub fn equal_shares(a: &[u64], b: &[u64], draws: usize, seed: u64) -> Significance {
    let test = chi_square(a, b);
    if test.degrees_of_freedom == 0 {
        return Significance {
            p_value: 1.0,
            p_alike: 1.0,
            draws: 0,
        };
    }
    if test.smallest_expected >= SMALLEST_EXPECTED {
        return Significance {
            p_value: test.p_value,
            p_alike: 1.0 - test.p_value,
            draws: 0,
        };
    }
    let both: Vec<u64> = a.iter().zip(b).map(|(a, b)| a + b).collect();
    let (total, drawn) = (both.iter().sum::<u64>(), a.iter().sum::<u64>());
    let (mut again_a, mut again_b) = (vec![0; both.len()], vec![0; both.len()]);
    randomised(test.statistic, draws, seed, |random| {
        let (mut pool, mut left) = (total, drawn);
        for (index, &count) in both.iter().enumerate() {
            let taken = random.hypergeometric(pool, count, left);
            (again_a[index], again_b[index]) = (taken, count - taken);
            pool -= count;
            left -= taken;
        }
        chi_square(&again_a, &again_b).statistic
    })
}

/// How a statistic `seen` stands among up to `draws` of chance.
///
/// Stops early once the answer is clear (Besag & Clifford 1991, "Sequential
/// Monte Carlo p-values"): after [`FEWEST_DRAWS`] at least and as many draws at
/// or above `seen` as fix p to about a fifth of its value.
pub fn randomised(
    seen: f64,
    draws: usize,
    seed: u64,
    mut statistic: impl FnMut(&mut Random) -> f64,
) -> Significance {
    let mut random = Random::seeded(seed);
    let (mut above, mut below, mut drawn) = (0usize, 0usize, 0usize);
    // The same table drawn again must count as equal in spite of rounding.
    let slack = 1e-9 * seen.abs();
    while drawn < draws && (drawn < FEWEST_DRAWS || above < ENOUGH_ABOVE) {
        let chance = statistic(&mut random);
        drawn += 1;
        above += usize::from(chance >= seen - slack);
        below += usize::from(chance <= seen + slack);
    }
    let share = |count: usize| (count + 1) as f64 / (drawn + 1) as f64;
    Significance {
        p_value: share(above),
        p_alike: share(below),
        draws: drawn,
    }
}

/// Enough to tell a lower tail of one in fifty.
const FEWEST_DRAWS: usize = 199;

/// 1/√25: p is then known to a fifth of its value.
const ENOUGH_ABOVE: usize = 25;

/// How far above chance a score stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance {
    /// The best score that chance reached.
    pub best: f64,
    /// Scores drawn.
    pub draws: usize,
    /// Whether chance reaches the score seen at most as often as the level.
    pub is_beyond: bool,
}

/// Whether a score `seen` is beyond chance at a `level`, from scores drawn by
/// chance. Stops as soon as the answer is clear: too many draws reach it, or
/// it stands eight standard deviations above them all.
pub fn beyond_chance(
    seen: f64,
    level: f64,
    seed: u64,
    mut score: impl FnMut(&mut Random) -> f64,
) -> Chance {
    let mut random = Random::seeded(seed);
    // As many as are needed for a p-value of the level with one to spare.
    let most = (2.0 / level.max(1e-4)).ceil() as usize;
    let mut scores: Vec<f64> = Vec::new();
    let mut reached = 0;
    while scores.len() < most {
        let chance = score(&mut random);
        reached += usize::from(chance >= seen);
        scores.push(chance);
        if (reached + 1) as f64 / (most + 1) as f64 > level {
            break;
        }
        if scores.len() >= FEWEST_SCORES && reached == 0 && is_far_above(seen, &scores) {
            break;
        }
    }
    Chance {
        best: scores.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        draws: scores.len(),
        is_beyond: (reached + 1) as f64 / (most + 1) as f64 <= level,
    }
}

/// Enough to know the standard deviation to a sixth.
const FEWEST_SCORES: usize = 19;

fn is_far_above(seen: f64, scores: &[f64]) -> bool {
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let squares = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>();
    // Scores all alike say nothing of their spread: a hundredth stands in.
    let deviation = (squares / (count - 1.0)).sqrt().max(0.01);
    seen > mean + 8.0 * deviation
}

/// How often `trials`, each of which succeeds with `probability`, succeed
/// `hits` times or more: the upper tail of the binomial distribution.
pub fn binomial_upper_tail(hits: u64, trials: u64, probability: f64) -> f64 {
    if hits == 0 || probability >= 1.0 {
        return 1.0;
    }
    if hits > trials || probability <= 0.0 {
        return 0.0;
    }
    let (above, rest) = (hits as f64, (trials - hits + 1) as f64);
    checked_beta_reg(above, rest, probability).unwrap_or(1.0)
}

/// Fisher's exact test, two-sided, of `hits_a` among `total_a` against
/// `hits_b` among `total_b`: all tables no more probable than the one seen.
pub fn fisher_exact(hits_a: u64, total_a: u64, hits_b: u64, total_b: u64) -> f64 {
    let (hits_a, hits_b) = (hits_a.min(total_a), hits_b.min(total_b));
    let (total, marked) = (total_a + total_b, hits_a + hits_b);
    let lowest = total_a.saturating_sub(total - marked);
    let highest = marked.min(total_a);
    if lowest == highest {
        return 1.0;
    }
    let ratio = |x: u64| hypergeometric_ratio(total, marked, total_a, x);
    let mode = hypergeometric_mode(total, marked, total_a).clamp(lowest, highest);
    let peak = hypergeometric_probability(total, marked, total_a, mode);
    let seen = hypergeometric_probability(total, marked, total_a, hits_a);
    // Tables as probable as the one seen belong to the tail in spite of
    // rounding (the tolerance of R's and scipy's fisher test).
    let bar = seen * (1.0 + 1e-7);
    let tail = |p: f64| if p <= bar { p } else { 0.0 };
    let mut sum = tail(peak);
    let (mut x, mut p) = (mode, peak);
    while x < highest && p > 0.0 {
        p *= ratio(x);
        x += 1;
        sum += tail(p);
    }
    (x, p) = (mode, peak);
    while x > lowest && p > 0.0 {
        p /= ratio(x - 1);
        x -= 1;
        sum += tail(p);
    }
    sum.min(1.0)
}

/// How often a random draw of `draws` among `total` holds none of `marked`.
pub fn absence_probability(total: u64, marked: u64, draws: u64) -> f64 {
    let (marked, draws) = (marked.min(total), draws.min(total));
    if draws > total - marked {
        return 0.0;
    }
    hypergeometric_probability(total, marked, draws, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomial_tails_are_those_of_counting() {
        // Three coins: 8 outcomes.
        for (hits, outcomes) in [(0, 8.0), (1, 7.0), (2, 4.0), (3, 1.0)] {
            let tail = binomial_upper_tail(hits, 3, 0.5);
            assert!((tail - outcomes / 8.0).abs() < 1e-12, "{hits}: {tail}");
        }
        assert_eq!(binomial_upper_tail(4, 3, 0.5), 0.0);
        assert_eq!(binomial_upper_tail(2, 3, 1.0), 1.0);
    }

    #[test]
    fn p_values_of_random_divisions_are_spread_evenly() {
        let mut random = Random::seeded(6);
        let mut below_a_tenth = 0;
        for round in 0..400 {
            // Eight rare classes, so that the drawn test is used.
            let both = [3u64, 5, 2, 8, 4, 6, 3, 9];
            let (mut pool, mut left) = (40, 15);
            let a: Vec<u64> = both
                .iter()
                .map(|&count| {
                    let taken = random.hypergeometric(pool, count, left);
                    pool -= count;
                    left -= taken;
                    taken
                })
                .collect();
            let b: Vec<u64> = both.iter().zip(&a).map(|(both, a)| both - a).collect();
            let answer = equal_shares(&a, &b, 199, round);
            assert!(answer.draws > 0);
            below_a_tenth += u32::from(answer.p_value <= 0.1);
        }
        // 40 expected, standard deviation 6.
        assert!((16..=64).contains(&below_a_tenth), "{below_a_tenth}");
    }

    #[test]
    fn perfectly_proportional_division_is_more_alike_than_chance() {
        let a = [4, 8, 2, 6, 4, 8, 2, 6];
        let b = [2, 4, 1, 3, 2, 4, 1, 3];
        let answer = equal_shares(&a, &b, 999, 0);
        assert_eq!(answer.p_value, 1.0);
        assert!(answer.p_alike < 0.02);
    }

    #[test]
    fn chance_is_asked_only_until_the_answer_is_clear() {
        let far = beyond_chance(0.99, 0.01, 1, |random| 0.4 + 0.2 * random.uniform());
        assert!(far.is_beyond && far.draws == FEWEST_SCORES && far.best < 0.6);
        let within = beyond_chance(0.5, 0.01, 1, |random| random.uniform());
        assert!(!within.is_beyond && within.draws < 10);
    }

    #[test]
    fn a_class_without_samples_to_draw_is_surely_absent() {
        assert_eq!(absence_probability(10, 0, 4), 1.0);
        assert_eq!(absence_probability(10, 7, 4), 0.0);
        assert!((absence_probability(4, 1, 2) - 0.5).abs() < 1e-12);
    }
}
