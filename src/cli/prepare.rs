//! What every command that reads a data set does first: settings, threads,
//! progress.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::events::Events;
use super::progress::Shown;
use super::{cache, console, interrupt};
use crate::calendar::Date;
use crate::config::{self, Options, Settings};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::progress::Progress;

/// What is said while a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Volume {
    /// Errors only.
    Quiet,
    /// Progress and notes.
    Normal,
    /// What each stage kept, too.
    Verbose,
}

/// `flags` above the settings file, with defaults filled in. The file is
/// `config`, or the one that goes with the data set.
pub(super) fn settings(flags: Options, config: Option<&Path>, volume: Volume) -> Result<Settings> {
    let file = match config {
        Some(file) => config::load(file)?,
        None => match config::find("".as_ref(), flags.root.as_deref()) {
            Some(file) => {
                if volume != Volume::Quiet {
                    console::note(format!("settings: {}", file.display()));
                }
                config::load(&file)?
            }
            None => Options::default(),
        },
    };
    let mut settings = config::resolve(flags.over(file))?;
    settings.policy.acceptance.today = Some(today());
    cache::place(&mut settings);
    Ok(settings)
}

/// Where the report of such a scan lies, even where the settings are wrong in
/// other points.
pub(super) fn report_folder(flags: &Options, config: Option<&Path>) -> PathBuf {
    let file = || config::find("".as_ref(), flags.root.as_deref());
    let in_file = || {
        config::load(&config.map(Path::to_owned).or_else(file)?)
            .ok()?
            .report
    };
    let named = flags.report.clone().or_else(in_file);
    named.unwrap_or_else(|| PathBuf::from(config::REPORT))
}

/// The scan's threads, which Ctrl-C stops.
pub(super) fn executor(settings: &Settings) -> Result<Executor> {
    threads(settings.jobs)
}

/// `jobs` threads, one for each core where that is 0, which Ctrl-C stops.
pub(super) fn threads(jobs: usize) -> Result<Executor> {
    Executor::new(jobs, interrupt::stop_flag())
        .map_err(|e| Error::config(format!("`jobs` is {jobs}: threads cannot be started: {e}")))
}

/// Lines for the program that started this one, else a bar where a person
/// watches.
pub(super) fn watched(volume: Volume, events: bool) -> Box<dyn Progress> {
    let shown = progress(volume);
    match events {
        true => Box::new(Events::new(shown)),
        false => Box::new(shown),
    }
}

/// A bar where a person watches.
pub(super) fn progress(volume: Volume) -> Shown {
    let bars = volume != Volume::Quiet && io::stderr().is_terminal();
    Shown::new(bars, volume == Volume::Verbose)
}

/// Today in UTC, so that an acceptance ends everywhere at once.
pub(super) fn today() -> Date {
    Date::of(SystemTime::now())
}
