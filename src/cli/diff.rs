//! `splitlint diff`: two reports, what changed, and whether for the worse.

use std::fmt::Write;

use super::command_args::DiffArguments;
use super::console;
use crate::error::{Error, Result};
use crate::finding::Severity;
use crate::review::{Diff, Found, ReportFolder, diff};

/// Findings of one kind that are printed one by one; the reports hold all.
const SHOWN: usize = 20;

/// Compares; 1 when the new report is worse, 2 when it is not whole.
pub(super) fn run(arguments: &DiffArguments) -> Result<u8> {
    let (old, new) = (
        ReportFolder::open(&arguments.old)?,
        ReportFolder::open(&arguments.new)?,
    );
    let bar = match arguments.fail_on.as_str() {
        "never" => None,
        name => Some(name.parse::<Severity>().map_err(Error::config)?),
    };
    let changes = diff(&old, &new);
    let worse = bar.map_or(0, |bar| changes.worse(bar).count());
    console::print(&text(&changes, bar))?;
    if new.verdict() == Some("incomplete") {
        return Err(Error::Input(format!(
            "`{}` is partial, so fixed findings cannot be determined; scan again",
            arguments.new.display()
        )));
    }
    Ok(u8::from(worse > 0))
}

fn text(changes: &Diff, bar: Option<Severity>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{} new, {} gone, {} of another severity, {} unchanged",
        changes.new.len(),
        changes.gone.len(),
        changes.changed.len(),
        changes.unchanged
    );
    list(&mut text, '+', &changes.new);
    list(&mut text, '-', &changes.gone);
    for change in &changes.changed {
        let (now, before) = (&change.now, change.before);
        let _ = writeln!(
            text,
            "~ {} (was {before}) {}: {}",
            now.severity, now.code, now.message
        );
    }
    let _ = writeln!(text, "{}", balance(changes, bar));
    text
}

/// "25 gone (20 errors, 5 advice), 7 new (2 errors, 5 advice): worse, because of
/// 2 new errors".
fn balance(changes: &Diff, bar: Option<Severity>) -> String {
    let counts = |findings: &[&Found]| {
        let counts = Diff::by_severity(findings.iter().copied());
        let words: Vec<String> = (counts.into_iter())
            .map(|(severity, count)| counted(count, severity))
            .collect();
        words.join(", ")
    };
    let part = |findings: &[Found], what: &str| {
        let all: Vec<&Found> = findings.iter().collect();
        match all.is_empty() {
            true => format!("0 {what}"),
            false => format!("{} {what} ({})", all.len(), counts(&all)),
        }
    };
    let worse: Vec<&Found> = bar.map_or_else(Vec::new, |bar| changes.worse(bar).collect());
    let mut because = Vec::new();
    let new: Vec<&Found> = (worse.iter().copied())
        .filter(|found| changes.new.contains(found))
        .collect();
    if !new.is_empty() {
        because.push(format!("new: {}", counts(&new)));
    }
    let grown: Vec<&Found> = (worse.iter().copied())
        .filter(|found| !changes.new.contains(found))
        .collect();
    if !grown.is_empty() {
        because.push(format!("more severe than before: {}", counts(&grown)));
    }
    let judgement = match (because.is_empty(), bar) {
        (false, _) => format!("worse, because of what is {}", because.join("; and ")),
        (true, _) if changes.gone.len() > changes.new.len() => "better".to_owned(),
        (true, _) => "not worse".to_owned(),
    };
    format!(
        "balance: {}, {}; {judgement}",
        part(&changes.gone, "gone"),
        part(&changes.new, "new")
    )
}

/// "1 error", "2 warnings", "3 advice".
fn counted(count: usize, severity: Severity) -> String {
    let plural = if count == 1 || severity == Severity::Advice {
        ""
    } else {
        "s"
    };
    format!("{count} {severity}{plural}")
}

fn list(text: &mut String, sign: char, findings: &[Found]) {
    for found in findings.iter().take(SHOWN) {
        let _ = writeln!(
            text,
            "{sign} {} {}: {}",
            found.severity, found.code, found.message
        );
    }
    if let Some(more) = findings.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        let _ = writeln!(text, "{sign} and {more} more");
    }
}
