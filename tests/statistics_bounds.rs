//! Every statistic on input that real data sets do bring: nothing in common,
//! empty, a single category, enormous counts. None panics, and each stays in
//! the range that it promises.

use proptest::prelude::*;
use splitlint::statistics as ours;

/// As many samples as a listing can hold.
const MOST: u64 = u32::MAX as u64;

/// Two rows of counts of one length: of anything, with no category in common,
/// of one category, and without any sample.
fn rows(most: u64) -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
    let cell = move || prop_oneof![Just(0), 1..20u64, 0..=most];
    let anything = proptest::collection::vec((cell(), cell()), 0..40)
        .prop_map(|cells| cells.into_iter().unzip());
    let disjoint = proptest::collection::vec((cell(), any::<bool>()), 1..300).prop_map(|cells| {
        let side = |wanted: bool| {
            let side = cells
                .iter()
                .map(move |&(n, side)| if side == wanted { n } else { 0 });
            side.collect::<Vec<u64>>()
        };
        (side(true), side(false))
    });
    let single = (cell(), cell()).prop_map(|(a, b)| (vec![a], vec![b]));
    let empty = (0..5usize, cell()).prop_map(|(n, count)| (vec![0; n], vec![count; n]));
    prop_oneof![anything, disjoint, single, empty]
}

fn is_share(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn effect_sizes_stay_in_their_ranges((a, b) in rows(u64::MAX)) {
        prop_assert!(is_share(ours::total_variation(&a, &b)));
        prop_assert!(is_share(ours::jensen_shannon(&a, &b)));
        prop_assert!(is_share(ours::cramers_v(&a, &b)));
        let psi = ours::population_stability(&a, &b);
        prop_assert!(psi >= -1e-9 && psi.is_finite(), "{psi}");
        let test = ours::chi_square(&a, &b);
        prop_assert!(test.statistic >= 0.0 && test.statistic.is_finite());
        prop_assert!(is_share(test.p_value));
    }

    #[test]
    fn shares_and_tails_are_shares(hits in 0..=MOST, total in 0..=MOST, other in 0..=MOST, p in 0.0..=1.0f64) {
        let interval = ours::wilson(hits, total);
        prop_assert!(0.0 <= interval.low && interval.low <= interval.high && interval.high <= 1.0);
        prop_assert!(is_share(ours::binomial_upper_tail(hits, total, p)));
        prop_assert!(is_share(ours::absence_probability(total, hits, other)));
        prop_assert!(is_share(ours::chi_square_upper_tail(hits as f64, total as usize % 10_000)));
        let area = ours::area_interval(p, hits as usize % 1000, total as usize);
        prop_assert!(area.low <= area.high || (hits % 1000 == 0 || total == 0));
    }

    #[test]
    fn numbers_of_any_kind_are_compared(
        a in proptest::collection::vec(proptest::num::f64::ANY, 0..30),
        b in proptest::collection::vec(proptest::num::f64::ANY, 0..30),
    ) {
        let test = ours::kolmogorov_smirnov(&a, &b);
        prop_assert!(is_share(test.p_value), "{test:?}");
        prop_assert!(is_share(test.statistic), "{test:?}");
        prop_assert!(!ours::wasserstein(&a, &b).is_nan());
        prop_assert!(is_share(ours::area_under_curve(&a, &b)));
    }

    #[test]
    fn adjusted_p_values_are_shares(p in proptest::collection::vec(0.0..=1.0f64, 0..40)) {
        prop_assert!(ours::benjamini_hochberg(&p).into_iter().all(is_share));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    // What is drawn at random takes steps of the standard deviation: of a
    // million, a few hundred.
    #[test]
    fn drawn_figures_stay_in_their_ranges((a, b) in rows(1_000_000)) {
        let interval = ours::total_variation_interval(&a, &b, 20, 1);
        let seen = ours::total_variation(&a, &b);
        prop_assert!(is_share(interval.low) && is_share(interval.high));
        prop_assert!(interval.low <= seen && seen <= interval.high);
        let test = ours::equal_shares(&a, &b, 20, 1);
        prop_assert!(is_share(test.p_value) && is_share(test.p_alike));
    }

    #[test]
    fn fisher_test_is_a_share(a in 0..2_000_000u64, x in 0..2_000_000u64, b in 0..2_000_000u64, y in 0..2_000_000u64) {
        prop_assert!(is_share(ours::fisher_exact(a, x, b, y)));
    }
}

#[test]
fn two_hundred_disjoint_classes_of_odd_sizes_have_an_interval() {
    let a: Vec<u64> = (0..200)
        .map(|i| if i % 2 == 0 { 1 + i * 7 % 13 } else { 0 })
        .collect();
    let b: Vec<u64> = (0..200)
        .map(|i| if i % 2 == 1 { 1 + i * 5 % 11 } else { 0 })
        .collect();
    let interval = ours::total_variation_interval(&a, &b, 99, 7);
    assert_eq!(interval.high, 1.0);
    assert_eq!(ours::total_variation(&a, &b), 1.0);
}
