//! `splitlint explain`: a check's docs page, the checks of a family, or the
//! page "Why is my accuracy stuck at 1?".

use super::command_args::ExplainArguments;
use super::console;
use crate::checks::{registry, selector};
use crate::error::{Error, Result};

/// The word for the page that leads from an accuracy of 1 to its causes.
const STUCK_AT_ONE: &str = "stuck-at-one";

/// Prints what `arguments` ask for.
pub(super) fn run(arguments: &ExplainArguments) -> Result<u8> {
    let word = arguments.check.trim();
    if let Some(declared) = registry::find(word) {
        console::print(declared.info.docs)?;
        return Ok(0);
    }
    if word.eq_ignore_ascii_case(STUCK_AT_ONE) {
        console::print(include_str!("../../docs/stuck-at-one.md"))?;
        return Ok(0);
    }
    let family: String = registry::all()
        .map(|declared| declared.info)
        .filter(|info| info.family.name().eq_ignore_ascii_case(word))
        .map(|info| format!("{} {}: {}\n", info.code, info.name, info.summary))
        .collect();
    if family.is_empty() {
        return Err(Error::config(selector::unknown(word)));
    }
    console::print(&family)?;
    Ok(0)
}
