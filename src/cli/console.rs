//! What goes to the terminal: text on standard output, notes and errors on
//! standard error. Words nothing.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use crate::error::{Error, Result};
use crate::report::terminal::Screen;

/// Prints to standard output. A reader that went away (`| head`) is no error.
///
/// # Errors
/// [`Error::Output`] when the output is there and cannot be written, as on a
/// full disk.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Error::output("standard output", e)),
        _ => Ok(()),
    }
}

/// What standard output understands; the report lies at `place`.
pub(super) fn screen(place: &str) -> Screen<'_> {
    let is_terminal = io::stdout().is_terminal();
    // https://no-color.org, and terminals that say they know nothing.
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let plain = is_set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    Screen {
        colour: is_terminal && !plain,
        width: is_terminal
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| usize::from(width.0)),
        report: Some(place),
    }
}

/// Says something on standard error, one line or several.
pub(super) fn note(text: impl Display) {
    // Nothing is left to tell the user if standard error is gone.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints what ended the run, one line for each mistake.
pub(super) fn error(error: &Error) {
    match error {
        Error::Config(problems) if problems.len() > 1 => {
            note(format!(
                "splitlint: {} mistakes in the settings:",
                problems.len()
            ));
            for problem in problems {
                note(format!("  {problem}"));
            }
        }
        other => note(format!("splitlint: {other}")),
    }
}
