//! From the name of a format to its printer. Prints nothing itself.

use crate::config::{Format, Output};
use crate::error::Result;
use crate::report::terminal::Screen;
use crate::report::{Report, github, gitlab, json, junit, markdown, sarif, terminal, write_file};

/// The report in `format`; `screen` is what text is made for.
pub(super) fn render(format: Format, report: &Report<'_>, screen: &Screen<'_>) -> String {
    match format {
        Format::Text => terminal::render(report, screen),
        Format::Json => json::render(report),
        Format::Github => github::render(report),
        Format::Gitlab => gitlab::render(report),
        Format::Sarif => sarif::render(report),
        Format::Junit => junit::render(report),
        Format::Markdown => markdown::render(report),
    }
}

/// Writes the report where `output` says, whole or not at all.
///
/// # Errors
/// [`crate::Error::Output`] when the file cannot be written.
pub(super) fn write(output: &Output, report: &Report<'_>, place: &str) -> Result<()> {
    let screen = Screen {
        colour: false,
        width: None,
        report: Some(place),
    };
    write_file(&output.path, &render(output.format, report, &screen))
}
