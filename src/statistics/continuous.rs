//! How differently numbers are spread in two samples. Values that are infinite
//! or no numbers are left out of every figure.

use super::interval::Interval;

/// The Kolmogorov–Smirnov test of two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The largest difference of the two shares at or below a value, 0 to 1.
    pub statistic: f64,
    /// By Kolmogorov's limit distribution with the effective sample size
    /// n·m/(n+m); on ties, which rounded numbers have, it is too large rather
    /// than too small.
    pub p_value: f64,
}

/// The Kolmogorov–Smirnov test; both samples are sorted here.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> KolmogorovSmirnov {
    let (a, b) = (sorted(a), sorted(b));
    if a.is_empty() || b.is_empty() {
        return KolmogorovSmirnov {
            statistic: 0.0,
            p_value: 1.0,
        };
    }
    let statistic = steps(&a, &b)
        .map(|step| step.difference.abs())
        .fold(0.0, f64::max);
    let (n, m) = (a.len() as f64, b.len() as f64);
    KolmogorovSmirnov {
        statistic,
        p_value: kolmogorov_tail((n * m / (n + m)).sqrt() * statistic),
    }
}

/// The mean distance by which values must move to turn one sample into the
/// other, in the values' own unit. 0 if a sample is empty.
pub fn wasserstein(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (sorted(a), sorted(b));
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    steps(&a, &b)
        // No difference over a distance too large for a number is none.
        .filter(|step| step.difference != 0.0)
        .map(|step| step.difference.abs() * step.width)
        .sum()
}

/// How often a random member of `positive` scores above one of `negative`,
/// ties counting half (the area under the ROC curve). ½ if one is empty.
pub fn area_under_curve(positive: &[f64], negative: &[f64]) -> f64 {
    let (positive, negative) = (sorted(positive), sorted(negative));
    if positive.is_empty() || negative.is_empty() {
        return 0.5;
    }
    let wins: f64 = positive
        .iter()
        .map(|score| {
            let below = negative.partition_point(|other| other < score);
            let up_to = negative.partition_point(|other| other <= score);
            (below + up_to) as f64 / 2.0
        })
        .sum();
    wins / (positive.len() as f64 * negative.len() as f64)
}

/// The 95% interval of an area under the curve (Hanley & McNeil 1982).
pub fn area_interval(area: f64, positive: usize, negative: usize) -> Interval {
    let (n, m) = (positive as f64, negative as f64);
    if positive == 0 || negative == 0 {
        return Interval {
            low: 0.0,
            high: 1.0,
        };
    }
    let (q1, q2) = (area / (2.0 - area), 2.0 * area * area / (1.0 + area));
    let spread =
        area * (1.0 - area) + (n - 1.0) * (q1 - area * area) + (m - 1.0) * (q2 - area * area);
    let reach = 1.96 * (spread / (n * m)).max(0.0).sqrt();
    Interval {
        low: (area - reach).max(0.0),
        high: (area + reach).min(1.0),
    }
}

/// Between two neighbouring values: by how much the shares at or below differ,
/// and how far the next value is.
struct Step {
    difference: f64,
    width: f64,
}

fn steps<'a>(a: &'a [f64], b: &'a [f64]) -> impl Iterator<Item = Step> + 'a {
    let (mut i, mut j) = (0, 0);
    std::iter::from_fn(move || {
        let value = match (a.get(i), b.get(j)) {
            (Some(&x), Some(&y)) => x.min(y),
            (Some(&x), None) => x,
            (None, Some(&y)) => y,
            (None, None) => return None,
        };
        while a.get(i).is_some_and(|&x| x <= value) {
            i += 1;
        }
        while b.get(j).is_some_and(|&y| y <= value) {
            j += 1;
        }
        let next = match (a.get(i), b.get(j)) {
            (Some(&x), Some(&y)) => x.min(y),
            (Some(&x), None) => x,
            (None, Some(&y)) => y,
            (None, None) => value,
        };
        Some(Step {
            difference: i as f64 / a.len() as f64 - j as f64 / b.len() as f64,
            width: next - value,
        })
    })
}

/// The finite values in order.
fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The upper tail of Kolmogorov's distribution.
fn kolmogorov_tail(x: f64) -> f64 {
    if x < 0.2 {
        // The tail is 1 up to 1e-12 here, where the series converges slowly.
        return 1.0;
    }
    let mut sum = 0.0;
    for k in 1..=100 {
        let k = f64::from(k);
        let term = (-2.0 * k * k * x * x).exp();
        sum += if k as i32 % 2 == 1 { term } else { -term };
        if term < 1e-17 {
            break;
        }
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_samples_do_not_differ() {
        let values = [3.0, 1.0, 2.0, 2.0];
        assert_eq!(kolmogorov_smirnov(&values, &values).statistic, 0.0);
        assert_eq!(wasserstein(&values, &values), 0.0);
        assert_eq!(area_under_curve(&values, &values), 0.5);
    }

    #[test]
    fn shifting_a_sample_moves_it_by_the_shift() {
        let a: Vec<f64> = (0..50).map(f64::from).collect();
        let b: Vec<f64> = a.iter().map(|v| v + 7.5).collect();
        assert!((wasserstein(&a, &b) - 7.5).abs() < 1e-9);
        assert_eq!(area_under_curve(&[5.0, 6.0], &[1.0, 2.0]), 1.0);
    }

    #[test]
    fn nothing_is_compared_with_nothing() {
        assert_eq!(kolmogorov_smirnov(&[], &[1.0]).p_value, 1.0);
        assert_eq!(wasserstein(&[1.0], &[]), 0.0);
        assert_eq!(area_under_curve(&[], &[1.0]), 0.5);
    }

    #[test]
    fn values_that_are_no_numbers_are_left_out_of_every_figure() {
        let (a, b) = ([1.0, f64::NAN, 2.0], [f64::INFINITY, 3.0, 4.0]);
        let (finite_a, finite_b) = ([1.0, 2.0], [3.0, 4.0]);
        assert_eq!(
            kolmogorov_smirnov(&a, &b),
            kolmogorov_smirnov(&finite_a, &finite_b)
        );
        assert_eq!(wasserstein(&a, &b), 2.0);
        assert_eq!(area_under_curve(&b, &a), 1.0);
        assert_eq!(kolmogorov_smirnov(&[f64::NAN], &a).p_value, 1.0);
        assert_eq!(wasserstein(&[f64::NAN], &a), 0.0);
        assert_eq!(area_under_curve(&[f64::NAN], &a), 0.5);
        let far = [f64::MIN, f64::MAX];
        assert_eq!(wasserstein(&far, &far), 0.0);
    }
}
