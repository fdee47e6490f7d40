//! Holds our statistics against scipy and statsmodels on kept cases; the
//! command that made them stands in tests/statistics/reference.py.

use serde_json::Value;
use splitlint::statistics as ours;

fn cases(name: &str) -> Vec<Value> {
    let all: Value =
        serde_json::from_str(include_str!("statistics/reference.json")).expect("reference values");
    let cases = all[name].as_array().expect("cases").clone();
    assert!(!cases.is_empty(), "{name}");
    cases
}

fn counts(value: &Value) -> Vec<u64> {
    let list = value.as_array().expect("counts");
    list.iter().map(|n| n.as_u64().expect("a count")).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("numbers");
    list.iter().map(|n| n.as_f64().expect("a number")).collect()
}

/// Equal to 1e-9, and for tiny values to 1e-9 of their size.
#[track_caller]
fn same(ours: f64, reference: &Value, what: &str) {
    let reference = reference.as_f64().expect("a number");
    let allowed = 1e-9 * reference.abs().min(1.0);
    assert!(
        (ours - reference).abs() <= allowed.max(1e-300),
        "{what}: {ours} is not {reference}"
    );
}

#[test]
fn effect_sizes_and_chi_square_are_those_of_scipy() {
    for case in cases("contingency") {
        let (a, b) = (counts(&case["a"]), counts(&case["b"]));
        let what = format!("{a:?} {b:?}");
        // Differences of nearly equal numbers keep 1e-9 in absolute terms only.
        let near = |value: f64, name: &str| {
            let reference = case[name].as_f64().expect("a number");
            assert!(
                (value - reference).abs() <= 1e-9,
                "{name} of {what}: {value}, {reference}"
            );
        };
        near(ours::total_variation(&a, &b), "total_variation");
        near(
            ours::jensen_shannon(&a, &b).powi(2),
            "jensen_shannon_squared",
        );
        near(ours::population_stability(&a, &b), "psi");
        near(ours::cramers_v(&a, &b), "cramers_v");
        let test = ours::chi_square(&a, &b);
        near(test.statistic, "chi2");
        assert_eq!(Some(test.degrees_of_freedom as u64), case["dof"].as_u64());
        near(test.p_value, "p_value");
    }
}

#[test]
fn tails_of_chi_square_are_those_of_scipy() {
    for case in cases("tails") {
        let dof = case["dof"].as_u64().expect("degrees") as usize;
        let statistic = case["statistic"].as_f64().expect("a number");
        same(
            ours::chi_square_upper_tail(statistic, dof),
            &case["p"],
            "tail",
        );
    }
}

#[test]
fn fisher_test_is_that_of_scipy() {
    for case in cases("fisher") {
        let table = counts(&case["table"]);
        let p = ours::fisher_exact(table[0], table[1], table[2], table[3]);
        same(p, &case["p_value"], &format!("{table:?}"));
    }
}

#[test]
fn chance_of_absence_is_the_hypergeometric_of_scipy() {
    for case in cases("absences") {
        let number = |name: &str| case[name].as_u64().expect("a count");
        let p = ours::absence_probability(number("total"), number("marked"), number("draws"));
        same(p, &case["p"], "absence");
    }
}

#[test]
fn wilson_interval_is_that_of_statsmodels() {
    for case in cases("wilson") {
        let number = |name: &str| case[name].as_u64().expect("a count");
        let interval = ours::wilson(number("hits"), number("total"));
        // At the ends statsmodels gives 0 and 1 up to rounding.
        for (ours, name) in [(interval.low, "low"), (interval.high, "high")] {
            let reference = case[name].as_f64().expect("a number");
            assert!(
                (ours - reference).abs() <= 1e-9,
                "{name} {ours} {reference}"
            );
        }
    }
}

#[test]
fn adjusted_p_values_are_those_of_statsmodels() {
    for case in cases("adjusted") {
        let adjusted = ours::benjamini_hochberg(&numbers(&case["raw"]));
        for (ours, reference) in adjusted
            .iter()
            .zip(case["adjusted"].as_array().expect("list"))
        {
            same(*ours, reference, "adjusted");
        }
    }
}

#[test]
fn distances_of_samples_are_those_of_scipy() {
    for case in cases("samples") {
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        let test = ours::kolmogorov_smirnov(&a, &b);
        same(test.statistic, &case["ks"], "statistic");
        same(test.p_value, &case["ks_p_value"], "p");
        same(
            ours::wasserstein(&a, &b),
            &case["wasserstein"],
            "wasserstein",
        );
        same(ours::area_under_curve(&a, &b), &case["area"], "area");
    }
}
