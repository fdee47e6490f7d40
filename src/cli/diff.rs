//! `splitlint diff`: two reports, what changed, and whether for the worse.

use std::fmt::Write;

use super::args::DiffArguments;
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
    console::print(&text(&changes, worse))?;
    if new.verdict() == Some("incomplete") {
        return Err(Error::Input(format!(
            "`{}` is partial, so what is gone cannot be told; scan again",
            arguments.new.display()
        )));
    }
    Ok(u8::from(worse > 0))
}

fn text(changes: &Diff, worse: usize) -> String {
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
    let _ = match worse {
        0 => writeln!(text, "not worse"),
        count => writeln!(text, "worse: {count} findings that were not there before"),
    };
    text
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
