//! From the name of a format to its printer. Prints nothing itself.

use std::fs;

use crate::config::{Format, Output};
use crate::error::{Error, Result};
use crate::report::{Report, terminal};

/// The report in `format`.
///
/// # Errors
/// As the printer's.
pub(super) fn render(format: Format, report: &Report<'_>) -> Result<String> {
    match format {
        Format::Text => Ok(terminal::render(report)),
        other => Err(Error::config(format!("`{other}` cannot be written"))),
    }
}

/// Writes the report where `output` says, whole or not at all.
///
/// # Errors
/// [`Error::Output`] when the file cannot be written.
pub(super) fn write(output: &Output, report: &Report<'_>) -> Result<()> {
    let text = render(output.format, report)?;
    let folder = output.path.parent().unwrap_or("".as_ref());
    let failed = |e: std::io::Error| Error::output(&output.path, e);
    if !folder.as_os_str().is_empty() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = if folder.as_os_str().is_empty() {
        ".".as_ref()
    } else {
        folder
    };
    let mut file = tempfile::NamedTempFile::new_in(beside).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.persist(&output.path).map_err(|e| failed(e.error))?;
    Ok(())
}
