//! `splitlint explain`: a check's docs page, or the checks of a family.

use super::args::ExplainArguments;
use super::console;
use crate::checks::{registry, selector};
use crate::error::{Error, Result};

/// Prints what `arguments` ask for.
pub(super) fn run(arguments: &ExplainArguments) -> Result<u8> {
    let word = arguments.check.trim();
    if let Some(declared) = registry::find(word) {
        console::print(declared.info.docs)?;
        return Ok(0);
    }
    let family: String = registry::all()
        .map(|declared| declared.info)
        .filter(|info| info.family().eq_ignore_ascii_case(word))
        .map(|info| format!("{} {}: {}\n", info.code, info.name, info.summary))
        .collect();
    if family.is_empty() {
        return Err(Error::config(selector::unknown(word)));
    }
    console::print(&family)?;
    Ok(0)
}
