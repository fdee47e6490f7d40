//! How differently the same categories are filled in two places: effect sizes
//! and the chi-square statistic. Counts come as two slices of equal length,
//! one cell a category; a category beyond the shorter slice is not seen.

use super::significance::chi_square_upper_tail;

/// Pearson's chi-square of two rows of counts against equal shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    /// Σ (observed − expected)² / expected, without continuity correction.
    pub statistic: f64,
    /// Categories seen in either place, less one; 0 where nothing can differ.
    pub degrees_of_freedom: usize,
    /// The smallest expected count among cells of categories seen.
    pub smallest_expected: f64,
    /// The upper tail of the chi-square distribution; 1 without freedom.
    pub p_value: f64,
}

/// The share of one place's samples that would have to change category to
/// give the other's shares, 0 to 1: half the sum of absolute differences.
/// 0 if a place is empty.
pub fn total_variation(a: &[u64], b: &[u64]) -> f64 {
    let Some((total_a, total_b)) = totals(a, b) else {
        return 0.0;
    };
    let differences = a.iter().zip(b);
    // Exact here, where the sum of many shares comes near it only.
    if differences.clone().all(|(&a, &b)| a == 0 || b == 0) {
        return 1.0;
    }
    let sum: f64 = differences
        .map(|(&a, &b)| (a as f64 / total_a - b as f64 / total_b).abs())
        .sum();
    // Rounding alone can take the sum of many shares above 2.
    (0.5 * sum).min(1.0)
}

/// The Jensen–Shannon *distance* to base 2, 0 to 1: the square root of the
/// Jensen–Shannon divergence, as `scipy.spatial.distance.jensenshannon(p, q,
/// base=2)`. 0 if a place is empty.
pub fn jensen_shannon(a: &[u64], b: &[u64]) -> f64 {
    let Some((total_a, total_b)) = totals(a, b) else {
        return 0.0;
    };
    let divergence: f64 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| {
            let (p, q) = (a as f64 / total_a, b as f64 / total_b);
            let middle = (p + q) / 2.0;
            let part = |x: f64| {
                if x > 0.0 {
                    x * (x / middle).log2()
                } else {
                    0.0
                }
            };
            (part(p) + part(q)) / 2.0
        })
        .sum();
    divergence.clamp(0.0, 1.0).sqrt()
}

/// The population stability index Σ (p − q) ln(p / q), 0 and up.
///
/// The logarithm of an empty cell is infinite; an empty cell therefore counts
/// as half a sample (Jeffreys), while cells with samples keep their count, so
/// that without empty cells this is the textbook's figure. A category empty in
/// both places adds nothing. 0 if a place is empty.
pub fn population_stability(a: &[u64], b: &[u64]) -> f64 {
    let Some((total_a, total_b)) = totals(a, b) else {
        return 0.0;
    };
    let share = |count: u64, total: f64| (count as f64).max(0.5) / total;
    a.iter()
        .zip(b)
        .filter(|&(&a, &b)| a > 0 || b > 0)
        .map(|(&a, &b)| {
            let (p, q) = (share(a, total_a), share(b, total_b));
            (p - q) * (p / q).ln()
        })
        .sum()
}

/// Pearson's chi-square test of the 2 × k table of counts.
pub fn chi_square(a: &[u64], b: &[u64]) -> ChiSquare {
    let nothing = ChiSquare {
        statistic: 0.0,
        degrees_of_freedom: 0,
        smallest_expected: 0.0,
        p_value: 1.0,
    };
    let Some((total_a, total_b)) = totals(a, b) else {
        return nothing;
    };
    let total = total_a + total_b;
    let (mut statistic, mut seen, mut smallest) = (0.0, 0usize, f64::INFINITY);
    for (&a, &b) in a.iter().zip(b).filter(|&(&a, &b)| a > 0 || b > 0) {
        let of_category = a as f64 + b as f64;
        seen += 1;
        for (observed, total_row) in [(a as f64, total_a), (b as f64, total_b)] {
            let expected = of_category * total_row / total;
            statistic += (observed - expected).powi(2) / expected;
            smallest = smallest.min(expected);
        }
    }
    let degrees_of_freedom = seen.saturating_sub(1);
    if degrees_of_freedom == 0 {
        return nothing;
    }
    ChiSquare {
        statistic,
        degrees_of_freedom,
        smallest_expected: smallest,
        p_value: chi_square_upper_tail(statistic, degrees_of_freedom),
    }
}

/// Cramér's V of the 2 × k table with the bias correction of Bergsma (2013),
/// "A bias-correction for Cramér's V and Tschuprow's T", 0 to 1. Without the
/// correction two random halves of one population with many classes look
/// related.
pub fn cramers_v(a: &[u64], b: &[u64]) -> f64 {
    let test = chi_square(a, b);
    let total: f64 = a.iter().chain(b).map(|&count| count as f64).sum();
    if test.degrees_of_freedom == 0 || total < 2.0 {
        return 0.0;
    }
    let freedom = test.degrees_of_freedom as f64;
    let (rows, columns) = (2.0, freedom + 1.0);
    let phi = (test.statistic / total - freedom / (total - 1.0)).max(0.0);
    let corrected = |side: f64| side - (side - 1.0).powi(2) / (total - 1.0);
    let smaller = corrected(rows).min(corrected(columns)) - 1.0;
    if smaller <= 0.0 {
        0.0
    } else {
        (phi / smaller).sqrt().min(1.0)
    }
}

/// The two totals, unless one is 0.
fn totals(a: &[u64], b: &[u64]) -> Option<(f64, f64)> {
    // As numbers with a point: whole ones overflow, and these are exact up to 2⁵³.
    let total = |counts: &[u64]| counts.iter().map(|&count| count as f64).sum::<f64>();
    let (total_a, total_b) = (total(a), total(b));
    (total_a > 0.0 && total_b > 0.0).then_some((total_a, total_b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_shares_differ_in_nothing() {
        let (a, b) = ([30, 60, 10], [3, 6, 1]);
        assert!(total_variation(&a, &b) < 1e-15);
        assert!(jensen_shannon(&a, &b) < 1e-7);
        assert!(population_stability(&a, &b).abs() < 1e-15);
        assert_eq!(cramers_v(&a, &b), 0.0);
    }

    #[test]
    fn disjoint_categories_are_as_far_apart_as_can_be() {
        let (a, b) = ([500, 0], [0, 500]);
        assert_eq!(total_variation(&a, &b), 1.0);
        assert_eq!(jensen_shannon(&a, &b), 1.0);
        assert!((cramers_v(&a, &b) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn nothing_is_compared_with_an_empty_place() {
        let (a, b) = ([5, 5], [0, 0]);
        assert_eq!(total_variation(&a, &b), 0.0);
        assert_eq!(chi_square(&a, &b).p_value, 1.0);
        assert_eq!(population_stability(&a, &b), 0.0);
    }

    #[test]
    fn a_rare_class_among_a_hundred_is_not_merged_away() {
        let mut a = vec![100u64; 100];
        let b = a.clone();
        a[7] = 0;
        assert!((total_variation(&a, &b) - 0.01).abs() < 1e-12);
        assert_eq!(chi_square(&a, &b).degrees_of_freedom, 99);
    }
}
