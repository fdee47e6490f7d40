//! The command line: arguments to options, errors to messages, verdicts to
//! exit codes. The only module that prints, reads the environment or exits.

mod apply;
mod args;
mod baseline;
mod cache;
mod checks;
mod command_args;
mod console;
mod destination;
mod diff;
mod digest;
mod events;
mod explain;
mod generated;
mod init;
mod interrupt;
mod links;
mod mistakes;
mod models;
mod page;
mod panics;
mod prepare;
mod print;
mod progress;
mod python;
mod resplit;
mod resplit_args;
mod resplit_ground;
mod resplit_review;
mod resplit_words;
mod resplit_write;
mod review;
mod scan;
mod shard_args;
mod shards;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

/// The exit code of a run that could not judge.
const COULD_NOT_JUDGE: u8 = 2;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is left to tell the user if the terminal is gone.
            let _ = error.print();
            if let Some(tip) = mistakes::tip(&error) {
                console::note(format!("tip: {tip}"));
            }
            let code = if error.use_stderr() {
                COULD_NOT_JUDGE
            } else {
                0
            };
            return ExitCode::from(code);
        }
    };
    let answer = panics::caught(|| match arguments.command {
        Command::Scan(arguments) => scan::run(*arguments),
        Command::Baseline(arguments) => baseline::run(&arguments),
        Command::Review(arguments) => review::run(arguments),
        Command::Apply(arguments) => apply::run(&arguments),
        Command::Resplit(arguments) => resplit::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Fingerprint(arguments) => shards::fingerprint(*arguments),
        Command::Match(arguments) => shards::match_files(&arguments),
        Command::Merge(arguments) => shards::merge(*arguments),
        Command::Digest(arguments) => digest::run(*arguments),
        Command::Checks => checks::run(),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Cache(arguments) => cache::run(&arguments),
        Command::Completions(arguments) => generated::completions(&arguments),
        Command::Man(arguments) => generated::man(&arguments),
        Command::Python => python::run(),
    });
    ExitCode::from(answer.unwrap_or_else(|error| {
        console::error(&error);
        COULD_NOT_JUDGE
    }))
}
