//! What tests do without a program that not every machine has.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

/// Passes over a test, because `why`; where `CI` is set, fails instead: a test
/// that is passed over there would never run anywhere.
pub(crate) fn skip(why: &str) {
    let ci = std::env::var("CI").unwrap_or_default();
    assert!(!is_set(&ci), "{why}, and `CI` is set");
    eprintln!("skipped: {why}");
}

fn is_set(ci: &str) -> bool {
    !["", "0", "false"].contains(&ci)
}

#[test]
fn ci_is_set_by_anything_but_no() {
    assert!(is_set("true") && is_set("1"));
    assert!(!is_set("") && !is_set("false") && !is_set("0"));
}
