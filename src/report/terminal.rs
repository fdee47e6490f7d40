//! The report for a person at a terminal: one screen. Fits its lines to the
//! width it is given.

use unicode_width::UnicodeWidthStr;

use super::Report;
use super::headline_sentences::{self, Tone};
use crate::finding::{Finding, Severity};
use crate::gate::Verdict;
use crate::words::{counted, number, shown};

/// What the text is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen<'a> {
    /// Whether colours are understood.
    pub colour: bool,
    /// Columns; longer lines are broken between words. `None`: as long as
    /// they come.
    pub width: Option<usize>,
    /// Where the report lies, if one was written.
    pub report: Option<&'a str>,
}

/// The lines that findings may take: with the headlines before and the next
/// steps after them, a screen of 40 lines.
const FINDING_LINES: usize = 18;

/// Findings shown of one check, however much room there is.
const MOST_OF_A_CHECK: usize = 5;

/// Next steps shown; more than three is a list nobody starts on.
const NEXT_STEPS: usize = 3;

/// The width of the column before a message, at least.
const MARGIN: usize = 10;

/// The report as text.
pub fn render(report: &Report<'_>, screen: &Screen<'_>) -> String {
    let codes = report.outcome.findings.iter().map(|f| f.check.code.len());
    let mut page = Page {
        screen,
        // The severity's letter, the code, and a blank after each.
        margin: codes.max().map_or(0, |longest| longest + 3).max(MARGIN),
        text: String::new(),
    };
    headlines(report, &mut page);
    findings(report, &mut page);
    not_checked(report, &mut page);
    ending(report, &mut page);
    page.text
}

fn headlines(report: &Report<'_>, page: &mut Page<'_>) {
    let layout = &report.listing.layout;
    if !layout.summary.is_empty() {
        page.line("read as", Ink::Dim, &layout.summary, Ink::Plain);
    }
    if !layout.correction.is_empty() {
        page.line("", Ink::Dim, &layout.correction, Ink::Dim);
    }
    if let Some(objects) = headline_sentences::objects(report) {
        page.line("objects", Ink::Dim, &objects, Ink::Plain);
    }
    page.blank();
    for sentence in headline_sentences::headlines(report) {
        let (mark, ink) = match sentence.tone {
            Tone::Bad => ("✗", Ink::Red),
            Tone::Doubtful => ("!", Ink::Yellow),
            Tone::Good => ("✓", Ink::Green),
        };
        page.indented(mark, ink, &sentence.text, Ink::Bold, 2);
        if let Some(detail) = &sentence.detail {
            page.indented("", Ink::Plain, detail, Ink::Dim, 2);
        }
    }
    page.blank();
}

/// Findings of one check at one severity, worst first.
fn groups<'a>(report: &Report<'a>) -> Vec<&'a [Finding]> {
    let findings = &report.outcome.findings;
    findings
        .chunk_by(|a, b| (a.severity, a.check.code) == (b.severity, b.check.code))
        .collect()
}

fn findings(report: &Report<'_>, page: &mut Page<'_>) {
    let groups = groups(report);
    let most = (FINDING_LINES / groups.len().max(1)).clamp(1, MOST_OF_A_CHECK);
    for group in &groups {
        let room = if group.len() == most + 1 {
            most + 1
        } else {
            most
        };
        for finding in group.iter().take(room) {
            let code = format!("{} {}", mark(finding.severity), finding.check.code);
            page.line(&code, ink(finding.severity), &finding.message, Ink::Plain);
        }
        let more = group.len().saturating_sub(room) as u64;
        if more > 0 {
            let text = format!("… and {} more, see findings.csv", number(more));
            page.line("", Ink::Plain, &text, Ink::Dim);
        }
    }
    if !groups.is_empty() {
        page.blank();
    }
}

/// One letter, so that severity can be read without colour.
fn mark(severity: Severity) -> char {
    match severity {
        Severity::Error => 'E',
        Severity::Warning => 'W',
        Severity::Advice => 'A',
    }
}

fn ink(severity: Severity) -> Ink {
    match severity {
        Severity::Error => Ink::Red,
        Severity::Warning => Ink::Yellow,
        Severity::Advice => Ink::Blue,
    }
}

fn not_checked(report: &Report<'_>, page: &mut Page<'_>) {
    let mut any = false;
    for (reason, codes) in by_reason(report) {
        let title = if any { "" } else { "unchecked" };
        let text = format!("{}: {reason}", codes.join(", "));
        page.line(title, Ink::Dim, &text, Ink::Dim);
        any = true;
    }
    if any {
        page.blank();
    }
}

/// The reasons for which checks did not look, each with its checks, in the
/// order of the first of them.
fn by_reason(report: &Report<'_>) -> Vec<(String, Vec<&'static str>)> {
    let mut all: Vec<(String, Vec<&'static str>)> = Vec::new();
    for (code, state, why) in headline_sentences::not_checked(report) {
        let reason = format!("{state}, {why}");
        match all.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, codes)) => codes.push(code),
            None => all.push((reason, vec![code])),
        }
    }
    all
}

fn ending(report: &Report<'_>, page: &mut Page<'_>) {
    let outcome = report.outcome;
    let (ink, reasons): (Ink, Vec<&str>) = match &outcome.verdict {
        Verdict::Clean => (Ink::Green, Vec::new()),
        Verdict::Breached(breaches) => (
            Ink::Red,
            breaches.iter().map(|b| b.reason.as_str()).collect(),
        ),
        Verdict::Incomplete(reasons) => (Ink::Yellow, reasons.iter().map(String::as_str).collect()),
    };
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .map(|severity| (severity, report.count(severity)))
        .filter(|&(_, count)| count > 0)
        .map(|(severity, count)| match severity {
            Severity::Error => counted(count, "error", "errors"),
            Severity::Warning => counted(count, "warning", "warnings"),
            Severity::Advice => format!("{} advice", number(count)),
        })
        .collect();
    let mut verdict = outcome.verdict.name().to_owned();
    if !counts.is_empty() {
        // "clean: 11 errors" would contradict itself.
        let joint = match outcome.verdict {
            Verdict::Clean => ", with",
            _ => ":",
        };
        verdict.push_str(&format!("{joint} {}", counts.join(", ")));
    }
    page.line("verdict", ink, &verdict, Ink::Bold);
    for reason in reasons
        .into_iter()
        .chain(outcome.allowed.iter().map(String::as_str))
    {
        page.line("", Ink::Plain, reason, Ink::Plain);
    }
    if !outcome.accepted.is_empty() {
        let accepted = outcome.accepted.len() as u64;
        let text = format!(
            "{} accepted earlier",
            counted(accepted, "finding was", "findings were")
        );
        page.line("", Ink::Plain, &text, Ink::Dim);
    }
    if let Some(place) = page.screen.report {
        page.line("report", Ink::Dim, place, Ink::Plain);
    }
    let mut messages: Vec<&str> = Vec::new();
    for group in groups(report) {
        let step = group[0].check.next_step;
        if messages.len() < NEXT_STEPS && !messages.contains(&step) {
            let title = if messages.is_empty() { "next" } else { "" };
            let text = format!("{step} ({})", group[0].check.code);
            page.line(title, Ink::Dim, &text, Ink::Plain);
            messages.push(step);
        }
    }
    if let Some(worst) = outcome.findings.first() {
        let text = format!(
            "`splitlint explain {}` describes the check",
            worst.check.code
        );
        page.line("", Ink::Dim, &text, Ink::Dim);
    }
}

/// Colours by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
    Blue,
}

impl Ink {
    /// The number of the ANSI sequence that starts it.
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("1"),
            Self::Dim => Some("2"),
            Self::Red => Some("31"),
            Self::Yellow => Some("33"),
            Self::Green => Some("32"),
            Self::Blue => Some("34"),
        }
    }
}

struct Page<'a> {
    screen: &'a Screen<'a>,
    margin: usize,
    text: String,
}

impl Page<'_> {
    fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A title in the margin and a text beside it.
    fn line(&mut self, title: &str, title_ink: Ink, text: &str, ink: Ink) {
        self.indented(title, title_ink, text, ink, self.margin);
    }

    fn indented(&mut self, title: &str, title_ink: Ink, text: &str, ink: Ink, margin: usize) {
        let room = self
            .screen
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(margin).max(20));
        for (index, part) in broken(&shown(text), room).iter().enumerate() {
            let title = if index == 0 { title } else { "" };
            self.inked(title, title_ink);
            let pad = margin.saturating_sub(title.width());
            self.text.extend(std::iter::repeat_n(' ', pad));
            self.inked(part, ink);
            self.text.push('\n');
        }
    }

    fn inked(&mut self, text: &str, ink: Ink) {
        match ink.code() {
            Some(code) if self.screen.colour && !text.is_empty() => {
                self.text.push_str(&format!("\x1b[{code}m{text}\x1b[0m"));
            }
            _ => self.text.push_str(text),
        }
    }
}

/// `text` in lines of at most `room` columns, broken at blanks outside
/// back-quotes, so that a path can be copied whole.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    let mut quoted = false;
    let words = text.split_inclusive(|c| {
        quoted ^= c == '`';
        c == ' ' && !quoted
    });
    for word in words {
        let width = word.trim_end().width();
        if used > 0 && used + width > room {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
        used += word.width();
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn lines_break_between_words_and_never_inside_a_path() {
        assert_eq!(broken("one two three", 8), ["one two", "three"]);
        assert_eq!(
            broken("`a b c d e f` is long", 6),
            ["`a b c d e f`", "is", "long"]
        );
        assert_eq!(broken("猫猫 猫猫", 5), ["猫猫", "猫猫"]);
        assert_eq!(broken("", 5), [""]);
    }

    fn plain() -> Screen<'static> {
        Screen {
            colour: false,
            width: Some(100),
            report: Some("splitlint-report"),
        }
    }

    #[test]
    fn screen_of_the_fixture() {
        let fixture = Fixture::new();
        insta::assert_snapshot!(render(&fixture.report(), &plain()));
    }

    #[test]
    fn no_name_steers_the_terminal() {
        let fixture = Fixture::new();
        let text = render(&fixture.report(), &plain());
        assert!(!text.contains('\u{202e}') && !text.contains('\x1b'));
    }

    #[test]
    fn colour_adds_nothing_but_colour() {
        let fixture = Fixture::new();
        let coloured = Screen {
            colour: true,
            ..plain()
        };
        let mut text = render(&fixture.report(), &coloured);
        assert!(text.contains("\x1b[31m"));
        for code in ["0", "1", "2", "31", "32", "33", "34"] {
            text = text.replace(&format!("\x1b[{code}m"), "");
        }
        assert_eq!(text, render(&fixture.report(), &plain()));
    }

    #[test]
    fn many_findings_of_a_check_are_capped_with_the_number_left_out() {
        let mut fixture = Fixture::new();
        let leak = fixture.outcome.findings[0].clone();
        fixture.outcome.findings = vec![leak; 1205];
        let text = render(&fixture.report(), &plain());
        assert!(
            text.contains("… and 1,200 more, see findings.csv"),
            "{text}"
        );
    }
}
