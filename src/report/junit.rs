//! The report as JUnit XML: a suite for each family, a test case for each
//! check.

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::Report;
use crate::finding::{CheckRun, Finding, RunState, Severity};
use crate::words::{counted, number, shown};

/// Findings shown in the text of a failed case; the rest is counted.
const TOLD: usize = 50;

/// The report as JUnit XML. A check passes if it completed and found nothing;
/// it is skipped, with the reason, if it did not look.
pub fn render(report: &Report<'_>) -> String {
    let mut document = Document::new("splitlint");
    let families = (report.outcome.runs).chunk_by(|a, b| a.check.family == b.check.family);
    for runs in families {
        let name = runs.first().map_or("", |run| run.check.family.name());
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(runs.iter().map(|run| case(report, run)));
        document.add_test_suite(suite);
    }
    // Writing XML to memory cannot fail.
    let text = document.to_string().unwrap_or_default();
    without_total_skipped(&text)
}

/// The common schema (Jenkins, `junit-10.xsd`) knows `skipped` on a suite and
/// not on all of them together.
fn without_total_skipped(text: &str) -> String {
    let total = (text.split_once("<testsuites "))
        .and_then(|(_, rest)| rest.split_once('>'))
        .and_then(|(attributes, _)| {
            let from = attributes.find(" skipped=\"")?;
            let value = &attributes[from + " skipped=\"".len()..];
            attributes.get(from..attributes.len() - value.len() + value.find('"')? + 1)
        });
    total.map_or_else(|| text.to_owned(), |total| text.replacen(total, "", 1))
}

fn case(report: &Report<'_>, run: &CheckRun) -> TestCase {
    let findings: Vec<&Finding> = report.of_check(run.check.code).collect();
    let status = match &run.state {
        RunState::Failed(why) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(shown(why)).set_type("failed");
            status
        }
        RunState::NotApplicable(why) => skipped(&format!("not applicable: {why}")),
        RunState::NotSelected => skipped("not selected"),
        RunState::Completed if findings.is_empty() => TestCaseStatus::success(),
        RunState::Completed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let worst = findings.iter().map(|finding| finding.severity).max();
            status
                .set_message(format!(
                    "{}: {}",
                    counted(findings.len() as u64, "finding", "findings"),
                    run.check.summary
                ))
                .set_type(worst.map_or("", Severity::name))
                .set_description(description(run, &findings));
            status
        }
    };
    let mut case = TestCase::new(format!("{} {}", run.check.code, run.check.name), status);
    case.set_classname(format!("splitlint.{}", run.check.family.name()));
    case
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(shown(why));
    status
}

fn description(run: &CheckRun, findings: &[&Finding]) -> String {
    let mut lines: Vec<String> = (findings.iter().take(TOLD))
        .map(|f| format!("{} {} {}", f.severity, f.id, shown(&f.message)))
        .collect();
    let left = findings.len().saturating_sub(TOLD) as u64;
    if left > 0 {
        lines.push(format!("… and {} more, see findings.csv", number(left)));
    }
    lines.push(format!("next: {}", run.check.next_step));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn junit_of_the_fixture() {
        insta::assert_snapshot!(render(&Fixture::new().report()));
    }
}
