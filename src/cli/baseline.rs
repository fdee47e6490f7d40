//! `splitlint baseline`: accepts what a report or a scan finds.

use std::collections::BTreeSet;

use super::command_args::BaselineArguments;
use super::console;
use super::prepare::{self, Volume};
use crate::calendar::Date;
use crate::checks::selector;
use crate::config::Options;
use crate::decisions;
use crate::error::{Error, Result};
use crate::finding::{FindingId, RunState, SUSPICIOUS_LABEL};
use crate::gate::Line;
use crate::report::write_file;
use crate::review::{ReportFolder, baseline_in, is_report};
use crate::scan::scan;

/// Accepts, and says what changed.
pub(super) fn run(arguments: &BaselineArguments) -> Result<u8> {
    let expires = arguments
        .expires
        .as_deref()
        .map(str::parse::<Date>)
        .transpose()
        .map_err(|e| Error::config(format!("`--expires`: {e}")))?;
    if let Some(day) = expires.filter(|day| *day < prepare::today()) {
        return Err(Error::config(format!(
            "`--expires {day}` has passed, so nothing would be accepted; name a day to come"
        )));
    }
    let selected = selector::resolve(&arguments.select, &[]).map_err(Error::Config)?;
    let known = found(arguments)?;
    let found: Vec<Line> = known
        .findings
        .iter()
        .filter(|(code, ..)| selected.contains(code.as_str()))
        .map(|(code, id, about)| Line {
            code: code.clone(),
            id: *id,
            reason: arguments.reason.clone(),
            who: arguments.who.clone(),
            expires,
            about: about.clone(),
        })
        .collect();
    let mut baseline = baseline_in(&arguments.baseline)?;
    let counts = baseline.accept(found);
    let is_stale = |line: &Line| selected.contains(line.code.as_str()) && known.lacks(line);
    let stale = match arguments.prune {
        true => baseline.prune(is_stale),
        false => baseline.lines().filter(|line| is_stale(line)).count(),
    };
    write_file(&arguments.baseline, &baseline.render())?;
    let file = arguments.baseline.display();
    console::print(&format!(
        "{} findings accepted in `{file}`: {} new, {} as before, {stale} no longer found{}\n\
         scan with `--baseline {file}`, or write `baseline = \"{file}\"` in splitlint.toml\n",
        baseline.len(),
        counts.new,
        counts.kept,
        match (stale, arguments.prune) {
            (0, _) => "",
            (_, true) => " and removed",
            (_, false) => " (`--prune` removes them after a scan)",
        }
    ))?;
    Ok(0)
}

/// What a report or a scan knows.
#[derive(Default)]
struct Known {
    /// Code, id and message of everything found, accepted findings too.
    findings: Vec<(String, FindingId, String)>,
    /// The checks that looked at everything; none for a report, which does not
    /// list what was accepted.
    judged: BTreeSet<&'static str>,
    /// Doubts about labels that the data set still has.
    labels: BTreeSet<FindingId>,
}

impl Known {
    /// Whether the finding of `line` was looked for and is not there.
    fn lacks(&self, line: &Line) -> bool {
        let is_found = || {
            let mut found = self.findings.iter();
            found.any(|(code, id, _)| *code == line.code && *id == line.id)
        };
        let is_label = line.code == SUSPICIOUS_LABEL && self.labels.contains(&line.id);
        self.judged.contains(line.code.as_str()) && !is_label && !is_found()
    }
}

/// What the report or the scan that the arguments name knows.
fn found(arguments: &BaselineArguments) -> Result<Known> {
    if is_report(&arguments.from) {
        if arguments.prune {
            return Err(Error::config(
                "`--prune` needs a scan: name the data set instead of the report",
            ));
        }
        let report = ReportFolder::open(&arguments.from)?;
        report.is_old().iter().for_each(console::note);
        let findings = report.findings.into_iter();
        return Ok(Known {
            findings: findings.map(|f| (f.code, f.id, f.message)).collect(),
            ..Known::default()
        });
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
    let judged = (scan.outcome.runs.iter())
        .filter(|run| run.state == RunState::Completed)
        .map(|run| run.check.code)
        .collect();
    let labels = decisions::label_ids(&scan.evidence.listing, &scan.evidence.fingerprints);
    let accepted = scan.outcome.accepted.into_iter().map(|a| a.finding);
    let findings = scan.outcome.findings.into_iter().chain(accepted);
    Ok(Known {
        findings: findings
            .map(|finding| (finding.check.code.to_owned(), finding.id, finding.message))
            .collect(),
        judged,
        labels: labels.into_iter().map(|(id, _)| id).collect(),
    })
}
