//! The report as GitHub workflow commands, which become annotations.

use std::fmt::Write;

use super::Report;
use super::headline_sentences;
use crate::finding::{Finding, Severity};
use crate::words::{counted, number, shown};

/// Annotations GitHub shows of one step and level; the rest it drops without
/// a word (docs.github.com, "workflow commands": 10 of each).
const SHOWN: usize = 10;

/// The report as workflow commands, one a line.
///
/// Of each severity the first ten findings are written, and one more line
/// says how many there are besides, because GitHub drops what comes after.
pub fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    for severity in Severity::ALL {
        let all: Vec<&Finding> = (report.outcome.findings.iter())
            .filter(|finding| finding.severity == severity)
            .collect();
        // The last of the ten says how many are left, if any are.
        let room = if all.len() > SHOWN {
            SHOWN - 1
        } else {
            all.len()
        };
        for finding in &all[..room] {
            annotate(report, finding, &mut text);
        }
        let left = all.len() - room;
        if left > 0 {
            let more = counted(left as u64, "more finding", "more findings");
            let line = format!("{more} of severity {severity}; see findings.csv");
            command(level(severity), &[("title", "splitlint")], &line, &mut text);
        }
    }
    for (code, state, why) in
        headline_sentences::not_checked(report).filter(|(_, state, _)| *state == "failed")
    {
        let line = format!("{code} {state}: {why}");
        command("error", &[("title", "splitlint")], &line, &mut text);
    }
    let outcome = report.outcome;
    let line = format!(
        "splitlint: {}, {}",
        outcome.verdict,
        counted(outcome.findings.len() as u64, "finding", "findings")
    );
    // No command, so that it stands in the log as it is.
    let _ = writeln!(text, "{}", shown(&line));
    text
}

fn annotate(report: &Report<'_>, finding: &Finding, text: &mut String) {
    let title = format!("{} {}", finding.check.code, finding.check.name);
    let first = finding.samples.first();
    let key = first.map(|&id| report.file(id));
    let member = first.map_or_else(String::new, |&id| report.container(id));
    let mut properties = vec![("title", title.as_str())];
    if let Some(key) = &key {
        properties.push(("file", key));
    }
    let more = finding.samples.len().saturating_sub(2) as u64;
    let others = if more > 0 {
        format!(" (and {} more)", number(more))
    } else {
        String::new()
    };
    let line = format!(
        "{}{member}{others}; {}",
        finding.message, finding.check.next_step
    );
    command(level(finding.severity), &properties, &line, text);
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    }
}

/// `::level name=value,…::message`, escaped as the runner reads it back
/// (actions/toolkit, `command.ts`).
fn command(level: &str, properties: &[(&str, &str)], message: &str, text: &mut String) {
    text.push_str("::");
    text.push_str(level);
    for (index, (name, value)) in properties.iter().enumerate() {
        text.push(if index == 0 { ' ' } else { ',' });
        text.push_str(name);
        text.push('=');
        let value = escaped(value).replace(':', "%3A").replace(',', "%2C");
        text.push_str(&value);
    }
    text.push_str("::");
    text.push_str(&escaped(message));
    text.push('\n');
}

fn escaped(text: &str) -> String {
    // Per cent signs first: the other two add their own.
    shown(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn annotations_of_the_fixture() {
        insta::assert_snapshot!(render(&Fixture::new().report()));
    }

    #[test]
    fn no_name_starts_a_command_of_its_own() {
        let text = render(&Fixture::new().report());
        for line in text.lines().filter(|line| line.contains("%250A")) {
            assert!(line.starts_with("::error title="), "{line}");
        }
        assert!(!text.lines().any(|line| line.starts_with("::error::x")));
    }

    #[test]
    fn beyond_ten_of_a_severity_the_rest_is_counted() {
        let mut fixture = Fixture::new();
        let leak = fixture.outcome.findings[0].clone();
        fixture.outcome.findings = vec![leak; 25];
        let text = render(&fixture.report());
        let errors = text.lines().filter(|l| l.starts_with("::error")).count();
        // Ten, and the check that failed.
        assert_eq!(errors, 11);
        assert!(
            text.contains("16 more findings of severity error"),
            "{text}"
        );
    }
}
