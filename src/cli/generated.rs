//! Completion scripts and manual pages, made from the arguments' definition.

use clap::CommandFactory;

use super::args::Arguments;
use super::command_args::{CompletionsArguments, ManArguments};
use super::console;
use crate::error::{Error, Result};

/// Prints a completion script.
pub(super) fn completions(arguments: &CompletionsArguments) -> Result<u8> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "splitlint", &mut script);
    console::print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

/// Prints the manual page, or writes one for each command.
pub(super) fn man(arguments: &ManArguments) -> Result<u8> {
    let command = Arguments::command();
    if let Some(folder) = &arguments.out {
        std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .map_err(|e| Error::output(folder, e))?;
        return Ok(0);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|e| Error::Internal(e.to_string()))?;
    console::print(&String::from_utf8_lossy(&page))?;
    Ok(0)
}
