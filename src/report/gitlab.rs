//! The report as GitLab's code-quality JSON. Holds findings only: the format
//! has no place for a verdict.

use serde::Serialize;

use super::Report;
use crate::finding::{Finding, Severity};

/// An entry of the format (docs.gitlab.com, "code quality report format").
#[derive(Serialize)]
struct Problem<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// The findings as a JSON array, worst first.
pub fn render(report: &Report<'_>) -> String {
    let findings = report.outcome.findings.iter();
    let problems: Vec<Problem<'_>> = findings.map(|f| problem(report, f)).collect();
    // Text and numbers: nothing that JSON lacks.
    let mut text = serde_json::to_string_pretty(&problems).unwrap_or_default();
    text.push('\n');
    text
}

fn problem<'a>(report: &Report<'a>, finding: &'a Finding) -> Problem<'a> {
    let first = finding.samples.first();
    let member = first.map_or_else(String::new, |&id| report.container(id));
    Problem {
        description: format!("{}: {}{member}", finding.check.code, finding.message),
        check_name: finding.check.name,
        fingerprint: finding.id.to_string(),
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Advice => "info",
        },
        location: Location {
            // The format asks for a path; a finding about the whole set has
            // only the set's own.
            path: first.map_or_else(|| ".".to_owned(), |&id| report.file(id)),
            lines: Lines { begin: 1 },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn code_quality_of_the_fixture() {
        insta::assert_snapshot!(render(&Fixture::new().report()));
    }
}
