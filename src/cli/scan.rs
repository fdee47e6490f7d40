//! `splitlint scan`: from flags to the exit code.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path;

use serde_json::json;

use super::args::ScanArguments;
use super::prepare::{self, Volume};
use super::{console, destination, events, print};
use crate::config::{Format, Settings};
use crate::error::Result;
use crate::executor::Executor;
use crate::progress::Stage;
use crate::report::{Report, html, markdown, write_folder};
use crate::scan::{Scan, scan};

/// Scans, writes every report asked for, and answers with the verdict.
pub(super) fn run(arguments: ScanArguments) -> Result<u8> {
    let volume = match (arguments.run.quiet, arguments.run.verbose) {
        (true, _) => Volume::Quiet,
        (_, true) => Volume::Verbose,
        _ => Volume::Normal,
    };
    let config = arguments.run.config.clone();
    let events = arguments.events.are_wanted();
    let settings = prepare::settings(arguments.into_options(), config.as_deref(), volume)?;
    destination::check(&settings)?;
    let executor = prepare::executor(&settings)?;
    let progress = prepare::watched(volume, events);
    let scan = scan(&settings, &executor, progress.as_ref())?;
    if volume == Volume::Verbose {
        tell_kept(&scan);
    }
    if volume != Volume::Quiet {
        let notes = scan.notes.iter().chain(&scan.outcome.notes);
        notes.for_each(console::note);
    }
    let dataset = dataset(&settings);
    let report = Report {
        dataset: &dataset,
        request: &settings.request,
        evidence: &scan.evidence,
        outcome: &scan.outcome,
        headlines: &scan.headlines,
        drops: &scan.drops,
    };
    let place = settings.report.display().to_string();
    progress.begin(Stage::Report, None);
    let page = page(&report, &scan, &executor)?;
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

/// `report.html`, without pictures where the user asked to stop.
fn page(report: &Report<'_>, scan: &Scan, executor: &Executor) -> Result<String> {
    let shown = html::shown(report);
    let jpegs = executor.map(shown.len(), |index| {
        scan.images.access.jpeg(shown[index], html::THUMBNAIL_SIDE)
    });
    let jpegs = jpegs.unwrap_or_default();
    let thumbnails = (shown.into_iter().zip(jpegs))
        .filter_map(|(id, jpeg)| Some((id, jpeg?)))
        .collect();
    html::render(report, &thumbnails)
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
fn tell_kept(scan: &Scan) {
    for (stage, kept) in &scan.evidence.duplicates.kept {
        console::note(format!("{:<12} {kept:>9}  {stage}", ""));
    }
}
