//! The command line: arguments to options, errors to messages, verdicts to
//! exit codes. The only module that prints.

mod args;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::config::{self, Options};
use crate::error::{Error, Result};
use crate::executor::{Executor, StopFlag};
use crate::progress::Silent;
use crate::report::{Report, terminal};
use crate::scan::scan;

use args::{Arguments, Command, ScanArguments};

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is left to tell the user if the terminal is gone.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let answer = match arguments.command {
        Command::Scan(scan) => run_scan(scan),
    };
    match answer {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "splitlint: {error}");
            ExitCode::from(2)
        }
    }
}

fn run_scan(arguments: ScanArguments) -> Result<u8> {
    let settings = config::resolve(Options {
        root: arguments.root,
        ..Options::default()
    })?;
    let executor = Executor::new(settings.jobs, StopFlag::default())
        .map_err(|e| Error::Internal(e.to_string()))?;
    let scan = scan(&settings, &executor, &Silent)?;
    let report = Report {
        listing: &scan.listing,
        fingerprints: &scan.fingerprints,
        duplicates: &scan.duplicates,
        outcome: &scan.outcome,
    };
    let _ = write!(std::io::stdout(), "{}", terminal::render(&report));
    Ok(scan.outcome.verdict.exit_code())
}
