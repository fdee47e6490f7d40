//! The report as Markdown that fits a pull-request comment.

use std::fmt::Write;

use super::Report;
use super::headline_sentences::{self, Tone};
use crate::finding::{Finding, Severity};
use crate::gate::Verdict;
use crate::words::{counted, number, shown};

/// Bytes that a comment may take: GitHub's limit is 65,536 characters, and
/// other text may stand around ours.
const ROOM: usize = 60_000;

/// Findings shown of one check.
const OF_A_CHECK: usize = 10;

/// The report as Markdown, at most 60,000 bytes long.
pub fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    let outcome = report.outcome;
    let mark = match outcome.verdict {
        Verdict::Clean => "✅",
        Verdict::Breached(_) => "❌",
        Verdict::Incomplete(_) => "⚠️",
    };
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "## {mark} splitlint: {}\n", outcome.verdict);
    let reasons: Vec<&str> = match &outcome.verdict {
        Verdict::Clean => Vec::new(),
        Verdict::Breached(breaches) => breaches.iter().map(|b| b.reason.as_str()).collect(),
        Verdict::Incomplete(reasons) => reasons.iter().map(String::as_str).collect(),
    };
    for reason in &reasons {
        let _ = writeln!(text, "- {}", inline(reason));
    }
    if !reasons.is_empty() {
        text.push('\n');
    }
    for sentence in headline_sentences::headlines(report) {
        let mark = match sentence.tone {
            Tone::Bad => "🔴",
            Tone::Doubtful => "🟡",
            Tone::Good => "🟢",
        };
        let _ = write!(text, "{mark} **{}**", inline(&sentence.text));
        if let Some(detail) = &sentence.detail {
            let _ = write!(text, "<br>{}", inline(detail));
        }
        text.push_str("\n\n");
    }
    let mut left_out = 0;
    for group in (outcome.findings).chunk_by(|a, b| a.check.code == b.check.code) {
        let block = block(group);
        if text.len() + block.len() > ROOM {
            left_out += group.len() as u64;
        } else {
            text.push_str(&block);
        }
    }
    if left_out > 0 {
        let findings = counted(left_out, "more finding", "more findings");
        let _ = writeln!(text, "{findings}: see `findings.csv`\n");
    }
    let mut ending = String::new();
    not_checked(report, &mut ending);
    for note in &outcome.notes {
        let _ = writeln!(ending, "{}\n", inline(note));
    }
    if !outcome.accepted.is_empty() {
        let accepted = counted(outcome.accepted.len() as u64, "finding", "findings");
        let _ = writeln!(ending, "{accepted} accepted earlier\n");
    }
    if text.len() + ending.len() <= ROOM + ROOM / 20 {
        text.push_str(&ending);
    }
    text
}

fn block(group: &[Finding]) -> String {
    let Some(first) = group.first() else {
        return String::new();
    };
    let mut text = String::new();
    let mark = match first.severity {
        Severity::Error => "🔴",
        Severity::Warning => "🟡",
        Severity::Advice => "🔵",
    };
    let _ = writeln!(
        text,
        "<details><summary>{mark} {} {}: {}</summary>\n",
        first.check.code,
        first.check.name,
        counted(group.len() as u64, "finding", "findings"),
    );
    for finding in group.iter().take(OF_A_CHECK) {
        let _ = writeln!(text, "- {}", inline(&finding.message));
    }
    let left = group.len().saturating_sub(OF_A_CHECK) as u64;
    if left > 0 {
        let _ = writeln!(text, "- … and {} more, see `findings.csv`", number(left));
    }
    let _ = writeln!(
        text,
        "\nNext: {}\n\n</details>\n",
        inline(first.check.next_step)
    );
    text
}

fn not_checked(report: &Report<'_>, text: &mut String) {
    let mut any = false;
    for (code, state, why) in headline_sentences::not_checked(report) {
        if !any {
            text.push_str("<details><summary>Not checked</summary>\n\n");
        }
        any = true;
        let _ = writeln!(text, "- {code} {state}: {}", inline(why));
    }
    if any {
        text.push_str("\n</details>\n\n");
    }
}

/// `text` so that Markdown shows it as it is: what stands between back-quotes
/// as code, the rest with everything escaped that has a meaning, so that a
/// file's name can neither bring in HTML nor mention a person.
fn inline(text: &str) -> String {
    let text = shown(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut parts = text.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        let is_closed = parts.peek().is_some();
        if is_code && is_closed {
            let _ = write!(out, "`{part}`");
        } else {
            if is_code {
                // A back-quote without a partner.
                out.push_str("\\`");
            }
            escape_into(part, &mut out);
        }
        is_code = !is_code;
    }
    out
}

fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A blank nobody sees keeps the name from calling somebody.
            '@' => out.push_str("@\u{200b}"),
            '\\' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn markdown_of_the_fixture() {
        insta::assert_snapshot!(render(&Fixture::new().report()));
    }

    #[test]
    fn names_bring_in_no_html_and_call_nobody() {
        assert_eq!(
            inline("`<b>` <b> @all [x](y)"),
            "`<b>` &lt;b&gt; @\u{200b}all \\[x\\](y)"
        );
        assert_eq!(inline("odd ` one <i>"), "odd \\` one &lt;i&gt;");
    }

    #[test]
    fn comment_stays_within_its_room() {
        let mut fixture = Fixture::new();
        let mut long = fixture.outcome.findings[0].clone();
        long.message = "x".repeat(40_000);
        let other = fixture.outcome.findings[1].clone();
        fixture.outcome.findings = vec![long.clone(), other, long];
        let text = render(&fixture.report());
        assert!(text.len() < 65_536, "{}", text.len());
        assert!(text.contains("more finding"));
    }
}
