//! The baseline in a file, if there is one. Accepts nothing.

use std::path::Path;

use crate::error::{Error, Result};
use crate::gate::Baseline;
use crate::spreadsheet;

/// The baseline in `file`; empty where there is none yet.
///
/// # Errors
/// [`Error::Config`] with every mistake in it.
pub fn baseline_in(file: &Path) -> Result<Baseline> {
    if !file.exists() {
        return Ok(Baseline::default());
    }
    let wrong = |problem: String| format!("baseline `{}`: {problem}", file.display());
    let bytes = std::fs::read(file).map_err(|e| Error::config(wrong(e.to_string())))?;
    let text = spreadsheet::decoded(&bytes).map_err(|e| Error::config(wrong(e)))?;
    Baseline::parse(&text)
        .map_err(|problems| Error::Config(problems.into_iter().map(wrong).collect()))
}
