//! `splitlint scan`: from flags to the exit code.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{self, PathBuf};

use serde_json::json;

use super::args::{JudgeArguments, ScanArguments};
use super::page::page;
use super::prepare::{self, Volume};
use super::{cache, console, destination, events, models, print};
use crate::config::{Format, Options, Settings};
use crate::decisions::{self, Carried};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::progress::{Progress, Stage};
use crate::report::{self, Report, markdown, write_folder};
use crate::scan::{Scan, scan};

/// Scans, writes every report asked for, and answers with the verdict.
pub(super) fn run(arguments: ScanArguments) -> Result<u8> {
    let asked = Asked::of(&arguments.judge);
    let options = arguments.into_options();
    asked.judge(options, |settings, executor, progress| {
        scan(settings, executor, progress)
    })
}

/// What is asked of a run beside its settings.
pub(super) struct Asked {
    volume: Volume,
    config: Option<PathBuf>,
    events: bool,
    /// A table to write of the images that could not be opened.
    pub(super) wanted: Option<PathBuf>,
}

impl Asked {
    pub(super) fn of(arguments: &JudgeArguments) -> Self {
        Self {
            volume: match (arguments.run.quiet, arguments.run.verbose) {
                (true, _) => Volume::Quiet,
                (_, true) => Volume::Verbose,
                _ => Volume::Normal,
            },
            config: arguments.run.config.clone(),
            events: arguments.events.are_wanted(),
            wanted: None,
        }
    }

    /// Judges by what `scan` finds out, writes every report asked for, and answers with the
    /// verdict. `scan` may change the settings before it goes by them.
    pub(super) fn judge(
        &self,
        options: Options,
        scan: impl FnOnce(&mut Settings, &Executor, &dyn Progress) -> Result<Scan>,
    ) -> Result<u8> {
        let place = prepare::report_folder(&options, self.config.as_deref());
        judge(options, self, scan).inspect_err(|e| {
            // Whoever looks at it next must not take it for the answer to this scan.
            let why = e.to_string();
            if let Err(e) = report::mark_old(&place, why.lines().next().unwrap_or_default()) {
                console::note(format!("{e}"));
            }
        })
    }
}

/// The scan itself, from what was asked to the exit code.
fn judge(
    options: Options,
    asked: &Asked,
    scan: impl FnOnce(&mut Settings, &Executor, &dyn Progress) -> Result<Scan>,
) -> Result<u8> {
    let (volume, events) = (asked.volume, asked.events);
    let mut settings = prepare::settings(options, asked.config.as_deref(), volume)?;
    let caches = cache::with_models(&settings);
    models::place(&mut settings, &caches)?;
    destination::check(&settings)?;
    let executor = prepare::executor(&settings)?;
    let progress = prepare::watched(volume, events);
    let scan = scan(&mut settings, &executor, progress.as_ref())?;
    if volume == Volume::Verbose {
        print_stages(&scan);
    }
    if volume != Volume::Quiet {
        let notes = scan.notes.iter().chain(&scan.outcome.notes);
        notes.for_each(console::note);
    }
    let (decided, notes) = decided(&settings, &scan)?;
    if volume != Volume::Quiet {
        notes.iter().for_each(console::note);
    }
    let dataset = dataset(&settings);
    let report = Report {
        dataset: &dataset,
        request: &settings.request,
        evidence: &scan.evidence,
        outcome: &scan.outcome,
        headlines: &scan.headlines,
        drops: &scan.drops,
        decided: &decided,
        resplit: scan.resplit.as_ref(),
    };
    let place = settings.report.display().to_string();
    progress.begin(Stage::Report, None);
    let page = page(&report, &scan, &settings.report, &executor)?;
    if let Some(file) = &asked.wanted {
        // The page has asked for the last of them.
        report::write_file(file, &unopened(&scan)?)?;
    }
    let written = write_folder(&report, Some(&page), &settings.report).and_then(|()| {
        let mut outputs = settings.outputs.iter();
        outputs.try_for_each(|output| print::write(output, &report, &place))
    });
    progress.end(Stage::Report, &place);
    written?;
    if events {
        let folder = path::absolute(&settings.report).unwrap_or(settings.report.clone());
        events::write(&json!({ "report": folder.display().to_string() }));
    }
    summarise(&report);
    if volume != Volume::Quiet || settings.format != Format::Text {
        let screen = console::screen(&place);
        console::print(&print::render(settings.format, &report, &screen))?;
    }
    Ok(scan.outcome.verdict.exit_code())
}

/// What a person wrote into an earlier report, carried over to this scan; and
/// what a person should know of it.
fn decided(settings: &Settings, scan: &Scan) -> Result<(Carried, Vec<String>)> {
    let earlier = decisions::earlier(&settings.report)?;
    let content = |id| Some(scan.evidence.fingerprints.get(id)?.content?.to_string());
    let decided = decisions::carry(earlier.decisions, &scan.evidence.listing, content);
    let mut notes = earlier.notes;
    if !decided.kept.is_empty() {
        notes.push(format!(
            "{} carried over into `decisions.csv`",
            counted(decided.kept.len(), "decision was", "decisions were")
        ));
    }
    let open = decided.aside.iter().filter(|aside| !aside.is_done).count();
    if !decided.aside.is_empty() {
        notes.push(format!(
            "{} kept in `{}`: {} done, {open} about images or labels that are no longer in the data set",
            counted(
                decided.aside.len(),
                "decision that no longer applies is",
                "decisions that no longer apply are"
            ),
            decisions::ASIDE,
            decided.aside.len() - open,
        ));
    }
    Ok((decided, notes))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The images that were asked for in vain, as a table.
fn unopened(scan: &Scan) -> Result<String> {
    let failed = |e: csv::Error| Error::Internal(e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(["sample", "content_hash"])
        .map_err(failed)?;
    for id in scan.images.access.unopened() {
        let content = scan
            .evidence
            .fingerprints
            .get(id)
            .and_then(|row| row.content);
        let content = content.map_or_else(String::new, |content| content.to_string());
        let key = scan.evidence.listing.sample(id).key.to_string();
        writer.write_record([key, content]).map_err(failed)?;
    }
    let bytes = writer.into_inner();
    let bytes = bytes.map_err(|e| Error::Internal(e.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Adds the Markdown summary to the page of a GitHub run. A page that cannot
/// be written changes no verdict.
fn summarise(report: &Report<'_>) {
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return;
    };
    let added = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(markdown::render(report).as_bytes()));
    if let Err(e) = added {
        console::note(format!("`GITHUB_STEP_SUMMARY` cannot be written: {e}"));
    }
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

/// How many candidates each stage of the duplicate search kept.
fn print_stages(scan: &Scan) {
    for (stage, count) in &scan.evidence.duplicates.stages {
        console::note(format!("{:<12} {count:>9}  {stage}", ""));
    }
}
