//! `splitlint scan`: from flags to the exit code.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::args::{RunArguments, ScanArguments};
use super::progress::Shown;
use super::{console, destination, interrupt, print};
use crate::config::{self, Format, Options, Settings};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::gate::Date;
use crate::progress::{Progress, Stage};
use crate::report::{Report, write_folder};
use crate::scan::{Scan, scan};

/// Scans, writes every report asked for, and answers with the verdict.
pub(super) fn run(arguments: ScanArguments) -> Result<u8> {
    let (quiet, verbose) = (arguments.run.quiet, arguments.run.verbose);
    let settings = settings(arguments)?;
    destination::check(&settings)?;
    let executor = executor(&settings)?;
    let progress = Shown::new(!quiet && io::stderr().is_terminal(), verbose);
    let scan = scan(&settings, &executor, &progress)?;
    if verbose {
        tell_kept(&scan);
    }
    if !quiet {
        scan.outcome.notes.iter().for_each(console::note);
    }
    let dataset = dataset(&settings);
    let report = Report {
        dataset: &dataset,
        listing: &scan.listing,
        fingerprints: &scan.fingerprints,
        duplicates: &scan.duplicates,
        outcome: &scan.outcome,
        headlines: &scan.headlines,
        classes: &scan.classes,
        drift: &scan.drift,
        labels: &[],
        drops: &scan.drops,
    };
    let place = settings.report.display().to_string();
    progress.begin(Stage::Report, None);
    let written = write_folder(&report, None, &settings.report).and_then(|()| {
        let mut outputs = settings.outputs.iter();
        outputs.try_for_each(|output| print::write(output, &report, &place))
    });
    progress.end(Stage::Report, &place);
    written?;
    if !(quiet && settings.format == Format::Text) {
        let screen = console::screen(&place);
        console::print(&print::render(settings.format, &report, &screen)?)?;
    }
    Ok(scan.outcome.verdict.exit_code())
}

/// The data set as the user named it.
fn dataset(settings: &Settings) -> String {
    let request = &settings.request;
    match &request.root {
        Some(root) => root.display().to_string(),
        None => {
            let splits = request.splits.iter();
            let splits: Vec<String> = splits
                .map(|(name, path)| format!("{name}={}", path.display()))
                .collect();
            splits.join(" ")
        }
    }
}

/// The flags above the settings file, with defaults filled in.
fn settings(arguments: ScanArguments) -> Result<Settings> {
    let quiet = arguments.run.quiet;
    let file = match config_file(&arguments.run, arguments.data.root.as_deref()) {
        Some(file) => {
            if !quiet && arguments.run.config.is_none() {
                console::note(format!("settings: {}", file.display()));
            }
            config::load(&file)?
        }
        None => Options::default(),
    };
    let mut settings = config::resolve(arguments.into_options().over(file))?;
    settings.policy.acceptance.today = Some(today());
    Ok(settings)
}

/// Today in UTC, so that an acceptance ends everywhere at once.
fn today() -> Date {
    const SECONDS_A_DAY: u64 = 86_400;
    let days = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() / SECONDS_A_DAY);
    Date::from_unix_days(u32::try_from(days).unwrap_or(u32::MAX))
}

fn config_file(run: &RunArguments, root: Option<&Path>) -> Option<PathBuf> {
    run.config
        .clone()
        .or_else(|| config::find("".as_ref(), root))
}

fn executor(settings: &Settings) -> Result<Executor> {
    Executor::new(settings.jobs, interrupt::stop_flag()).map_err(|e| {
        Error::config(format!(
            "`jobs` is {}: threads cannot be started: {e}",
            settings.jobs
        ))
    })
}

/// How many candidates each stage of the duplicate search kept.
fn tell_kept(scan: &Scan) {
    for (stage, kept) in &scan.duplicates.kept {
        console::note(format!("{:<12} {kept:>9}  {stage}", ""));
    }
}
