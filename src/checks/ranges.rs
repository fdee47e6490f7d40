//! The ranges that settings of checks lie in. Knows no check.

use serde::de::{Deserialize, Deserializer, Error};

/// A share: 0 to 1.
pub(super) fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    within(
        deserializer,
        |n| (0.0..=1.0).contains(&n),
        "between 0 and 1",
    )
}

/// A level of significance: above 0, because nothing is ever below it, and below
/// 1, because everything is.
pub(super) fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    within(
        deserializer,
        |n| n > 0.0 && n < 1.0,
        "above 0 and below 1, as in 0.01",
    )
}

/// How many times one is the other.
pub(super) fn ratio<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    within(
        deserializer,
        |n| (1.0..=1e9).contains(&n),
        "between 1 and 1,000,000,000",
    )
}

/// A length.
pub(super) fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    within(
        deserializer,
        |n| (0.0..=1e7).contains(&n),
        "between 0 and 10,000,000",
    )
}

fn within<'de, D: Deserializer<'de>>(
    deserializer: D,
    is_inside: fn(f64) -> bool,
    range: &str,
) -> Result<f64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    match is_inside(number) {
        true => Ok(number),
        false => Err(D::Error::custom(format!("{number} is not {range}"))),
    }
}
