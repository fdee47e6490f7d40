//! From the name of a format to its printer. Prints nothing itself.

use crate::config::{Format, Output};
use crate::error::{Error, Result};
use crate::report::terminal::Screen;
use crate::report::{Report, json, terminal, write_file};

/// The report in `format`; `screen` is what text is made for.
///
/// # Errors
/// As the printer's.
pub(super) fn render(format: Format, report: &Report<'_>, screen: &Screen<'_>) -> Result<String> {
    match format {
        Format::Text => Ok(terminal::render(report, screen)),
        Format::Json => Ok(json::render(report)),
        other => Err(Error::config(format!("`{other}` cannot be written"))),
    }
}

/// Writes the report where `output` says, whole or not at all.
///
/// # Errors
/// [`Error::Output`] when the file cannot be written.
pub(super) fn write(output: &Output, report: &Report<'_>, place: &str) -> Result<()> {
    let screen = Screen {
        colour: false,
        width: None,
        report: Some(place),
    };
    write_file(&output.path, &render(output.format, report, &screen)?)
}
