//! What goes to the terminal: text on standard output, notes and errors on
//! standard error. Words nothing.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use crate::error::{Error, Result};

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

/// Says something on standard error, one line or several.
pub(super) fn note(text: impl Display) {
    // Nothing is left to tell the user if standard error is gone.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Tells what ended the run, one line for each mistake.
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
