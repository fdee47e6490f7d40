//! The report for a person at a terminal.

use std::fmt::Write;

use super::Report;

/// The report as text.
pub fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    for finding in &report.outcome.findings {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{} {}: {}",
            finding.severity, finding.check.code, finding.message
        );
    }
    let _ = writeln!(text, "verdict: {}", report.outcome.verdict);
    text
}
