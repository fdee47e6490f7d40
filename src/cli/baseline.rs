//! `splitlint baseline`: accepts what a report or a scan finds.

use std::path::Path;

use super::args::BaselineArguments;
use super::console;
use super::prepare::{self, Volume};
use crate::checks::selector;
use crate::config::Options;
use crate::error::{Error, Result};
use crate::finding::FindingId;
use crate::gate::{Baseline, Line};
use crate::report::write_file;
use crate::review::{ReportFolder, is_report};
use crate::scan::scan;

/// Accepts, and says what changed.
pub(super) fn run(arguments: &BaselineArguments) -> Result<u8> {
    let expires = arguments
        .expires
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|e| Error::config(format!("`--expires`: {e}")))?;
    let selected = selector::resolve(&arguments.select, &[]).map_err(Error::Config)?;
    let found: Vec<Line> = found(arguments)?
        .into_iter()
        .filter(|(code, ..)| selected.contains(code.as_str()))
        .map(|(code, id, about)| Line {
            code,
            id,
            reason: arguments.reason.clone(),
            who: arguments.who.clone(),
            expires,
            about,
        })
        .collect();
    let mut baseline = existing(&arguments.baseline)?;
    let told = baseline.accept(found, arguments.prune);
    write_file(&arguments.baseline, &baseline.render())?;
    let file = arguments.baseline.display();
    console::print(&format!(
        "{} findings accepted in `{file}`: {} new, {} as before, {} found no more{}\n\
         scan with `--baseline {file}`, or write `baseline = \"{file}\"` in splitlint.toml\n",
        baseline.len(),
        told.new,
        told.kept,
        told.stale,
        match (told.stale, arguments.prune) {
            (0, _) => "",
            (_, true) => " and taken out",
            (_, false) => " (`--prune` takes them out after a scan)",
        }
    ))?;
    Ok(0)
}

/// Code, id and message of everything found in a report or by a scan.
fn found(arguments: &BaselineArguments) -> Result<Vec<(String, FindingId, String)>> {
    if is_report(&arguments.from) {
        if arguments.prune {
            return Err(Error::config(
                "`--prune` needs a scan: name the data set instead of the report",
            ));
        }
        let report = ReportFolder::open(&arguments.from)?;
        return Ok(report
            .findings
            .into_iter()
            .map(|found| (found.code, found.id, found.message))
            .collect());
    }
    if !arguments.from.exists() {
        // The message of a missing report is of more help than the one of a
        // missing data set, because the default is a report.
        ReportFolder::open(&arguments.from)?;
    }
    let flags = Options {
        root: Some(arguments.from.clone()),
        ..Options::default()
    };
    let settings = prepare::settings(flags, arguments.config.as_deref(), Volume::Normal)?;
    let executor = prepare::executor(&settings)?;
    let scan = scan(&settings, &executor, &prepare::progress(Volume::Normal))?;
    if scan.interrupted {
        return Err(Error::Interrupted);
    }
    let accepted = scan.outcome.accepted.into_iter().map(|a| a.finding);
    Ok(scan
        .outcome
        .findings
        .into_iter()
        .chain(accepted)
        .map(|finding| (finding.check.code.to_owned(), finding.id, finding.message))
        .collect())
}

/// The baseline in `file`; empty where there is none yet.
pub(super) fn existing(file: &Path) -> Result<Baseline> {
    if !file.exists() {
        return Ok(Baseline::default());
    }
    let wrong = |problem: String| format!("baseline `{}`: {problem}", file.display());
    let text = std::fs::read_to_string(file).map_err(|e| Error::config(wrong(e.to_string())))?;
    Baseline::parse(&text)
        .map_err(|problems| Error::Config(problems.into_iter().map(wrong).collect()))
}
