//! From findings to a verdict: a pure function. Knows nothing of checks,
//! reports or files.

mod acceptance;
mod baseline;
mod thresholds;

use std::fmt;

pub use acceptance::{Acceptance, Accepted, Rule};
pub use baseline::{Accepting, Baseline, Line};
pub use thresholds::{AtMost, PerSplit, Thresholds};

use crate::distribution::Drift;
use crate::finding::{CheckRun, Code, Finding, FindingId, Headlines, RunState, Severity};
use crate::sample::{Listing, SampleId};
use thresholds::Figures;

/// From which severity on a finding breaches the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailOn {
    /// Errors only.
    #[default]
    Error,
    /// Warnings and errors.
    Warning,
    /// Everything does.
    Advice,
    /// Nothing does.
    Never,
}

/// What a check that failed means for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenIncomplete {
    /// There can be no verdict.
    #[default]
    Fail,
    /// The other checks decide.
    Allow,
}

/// Checks that must have looked for there to be a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    /// As the user named them.
    pub word: String,
    /// Their codes.
    pub codes: Vec<Code>,
}

/// What the user allows.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The bar for findings.
    pub fail_on: FailOn,
    /// What a failed check means.
    pub when_incomplete: WhenIncomplete,
    /// What must have been looked at.
    pub require: Vec<Required>,
    /// Limits on headline figures.
    pub thresholds: Thresholds,
    /// What was accepted earlier.
    pub acceptance: Acceptance,
}

/// All that a verdict rests on.
#[derive(Debug)]
pub struct Case<'a> {
    /// What was found, in any order.
    pub findings: Vec<Finding>,
    /// Every check there is and how it ended.
    pub runs: Vec<CheckRun>,
    /// The samples that the findings are about.
    pub listing: &'a Listing,
    /// The figures that thresholds are held against.
    pub headlines: &'a Headlines,
    /// How far each two splits lie apart.
    pub drift: &'a [Drift],
    /// The id of a doubt about each label given, with its sample, sorted; may be
    /// empty where no label was accepted.
    pub label_ids: &'a [(FindingId, SampleId)],
    /// The scan stopped before it had seen everything.
    pub interrupted: bool,
}

/// Why the gate is closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// "2 errors, and `fail-on` is error".
    pub reason: String,
}

/// Pass or fail.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing at or above the bar.
    Clean,
    /// Something is; why.
    Breached(Vec<Breach>),
    /// Not all could be judged; why.
    Incomplete(Vec<String>),
}

impl Verdict {
    /// The process exit code: 0 clean, 1 breached, 2 could not judge.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Breached(_) => 1,
            Self::Incomplete(_) => 2,
        }
    }

    /// One word for tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Breached(_) => "breached",
            Self::Incomplete(_) => "incomplete",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The findings, worst first, and the verdict on them.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Those that count, sorted by severity, worst first, then code, then
    /// score, then sample.
    pub findings: Vec<Finding>,
    /// Those accepted earlier, in the same order. They do not count.
    pub accepted: Vec<Accepted>,
    /// Every check there is and how it ended, in registry order.
    pub runs: Vec<CheckRun>,
    /// Pass or fail.
    pub verdict: Verdict,
    /// Findings at or above the bar that close no gate, and why: one line each.
    pub allowed: Vec<String>,
    /// What a person should know of the policy itself: stale and expired
    /// acceptances, limits that could not be held. One line each.
    pub notes: Vec<String>,
}

/// Judges.
pub fn judge(case: Case<'_>, policy: &Policy) -> Outcome {
    let mut case = case;
    let mut findings = std::mem::take(&mut case.findings);
    findings.sort_by(|a, b| {
        (b.severity.cmp(&a.severity))
            .then_with(|| a.check.code.cmp(b.check.code))
            .then_with(|| b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)))
            .then_with(|| a.samples.cmp(&b.samples))
            .then_with(|| a.id.cmp(&b.id))
    });
    let sorted = policy.acceptance.sort(findings, &case);
    let held = policy.thresholds.hold(&Figures {
        headlines: case.headlines,
        drift: case.drift,
        listing: case.listing,
        label_ids: case.label_ids,
        new: &sorted.new,
        accepted: &sorted.accepted,
    });
    let mut missing = missing(&case.runs, policy, case.interrupted);
    let mut notes = sorted.notes;
    match policy.when_incomplete {
        // A limit that nothing was held against is no limit.
        WhenIncomplete::Fail => missing.extend(held.not_held),
        WhenIncomplete::Allow => notes.extend(held.not_held),
    }
    missing.extend(policy.thresholds.unknown_splits(case.listing));
    let allowed = allowed(&sorted.new, policy, case.listing);
    let mut reasons = over_the_bar(&sorted.new, policy, case.listing);
    reasons.extend(held.breaches);
    let verdict = if !missing.is_empty() {
        Verdict::Incomplete(missing)
    } else if reasons.is_empty() {
        Verdict::Clean
    } else {
        Verdict::Breached(
            reasons
                .into_iter()
                .map(|reason| Breach { reason })
                .collect(),
        )
    };
    Outcome {
        findings: sorted.new,
        accepted: sorted.accepted,
        runs: case.runs,
        verdict,
        allowed,
        notes,
    }
}

/// Why no verdict is possible.
fn missing(runs: &[CheckRun], policy: &Policy, interrupted: bool) -> Vec<String> {
    let mut missing = Vec::new();
    if interrupted {
        missing.push("the scan was interrupted".to_owned());
    }
    if policy.when_incomplete == WhenIncomplete::Fail {
        missing.extend(failures(runs));
    }
    missing.extend(policy.require.iter().filter_map(|it| uncovered(it, runs)));
    missing
}

/// "`require` names LEAK, but LEAK001 did not look: …".
fn uncovered(required: &Required, runs: &[CheckRun]) -> Option<String> {
    let why = |code: &Code| {
        let run = runs.iter().find(|run| run.check.code == *code);
        match run.map(|run| &run.state) {
            Some(RunState::Completed) => None,
            Some(RunState::NotApplicable(why)) => Some(why.clone()),
            Some(RunState::Failed(why)) => Some(format!("it failed: {why}")),
            Some(RunState::NotSelected) | None => Some("it was not selected".to_owned()),
        }
    };
    let mut by_reason: Vec<(String, Vec<Code>)> = Vec::new();
    for code in &required.codes {
        let Some(why) = why(code) else { continue };
        match by_reason.iter_mut().find(|(known, _)| *known == why) {
            Some((_, codes)) => codes.push(code),
            None => by_reason.push((why, vec![code])),
        }
    }
    let parts: Vec<String> = (by_reason.iter())
        .map(|(why, codes)| format!("{} did not run: {why}", codes.join(", ")))
        .collect();
    (!parts.is_empty()).then(|| {
        format!(
            "`require` names {}, but {}",
            required.word,
            parts.join("; ")
        )
    })
}

/// Checks named one by one in a reason; of more only their number is reported.
const NAMED: usize = 3;

/// "LEAK001, LEAK002 failed: no room": checks that failed for one reason are
/// one reason.
fn failures(runs: &[CheckRun]) -> impl Iterator<Item = String> {
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for run in runs {
        let RunState::Failed(why) = &run.state else {
            continue;
        };
        match by_reason.iter_mut().find(|(known, _)| known == why) {
            Some((_, codes)) => codes.push(run.check.code),
            None => by_reason.push((why, vec![run.check.code])),
        }
    }
    by_reason.into_iter().map(|(why, codes)| {
        if codes.len() > NAMED {
            format!("{} checks failed: {why}", codes.len())
        } else {
            format!("{} failed: {why}", codes.join(", "))
        }
    })
}

/// "2 errors; `fail-on` is error". Leaks that a threshold judges are left to
/// it: a limit of 0.5% that any leak breaks would be none.
fn over_the_bar(findings: &[Finding], policy: &Policy, listing: &Listing) -> Vec<String> {
    let Some((bar, name)) = bar(policy.fail_on) else {
        return Vec::new();
    };
    Severity::ALL
        .into_iter()
        .filter(|&severity| severity >= bar)
        .filter_map(|severity| {
            let count = findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .filter(|finding| !policy.thresholds.judge_leak(finding, listing))
                .count();
            (count > 0).then(|| format!("{}; `fail-on` is {name}", counted(count, severity)))
        })
        .collect()
}

fn bar(fail_on: FailOn) -> Option<(Severity, &'static str)> {
    match fail_on {
        FailOn::Error => Some((Severity::Error, "error")),
        FailOn::Warning => Some((Severity::Warning, "warning")),
        FailOn::Advice => Some((Severity::Advice, "advice")),
        FailOn::Never => None,
    }
}

/// "1 error", "2 warnings", "3 advice".
fn counted(count: usize, severity: Severity) -> String {
    let plural = if count == 1 || severity == Severity::Advice {
        ""
    } else {
        "s"
    };
    format!("{count} {severity}{plural}")
}

/// "11 errors are left to `max-leaked-share`": a verdict beside findings that
/// it passes says why.
fn allowed(findings: &[Finding], policy: &Policy, listing: &Listing) -> Vec<String> {
    let is_open = |finding: &&Finding| match bar(policy.fail_on) {
        None => finding.severity == Severity::Error,
        Some((bar, _)) => finding.severity >= bar && policy.thresholds.judge_leak(finding, listing),
    };
    let why = match policy.fail_on {
        FailOn::Never => "allowed, because `fail-on` is never",
        _ => "judged by `max-leaked-share` alone",
    };
    Severity::ALL
        .into_iter()
        .map(|severity| {
            let of = findings.iter().filter(|f| f.severity == severity);
            (severity, of.filter(is_open).count())
        })
        .filter(|&(_, count)| count > 0)
        .map(|(severity, count)| {
            let verb = if count == 1 { "is" } else { "are" };
            format!("{} {verb} {why}", counted(count, severity))
        })
        .collect()
}

#[cfg(test)]
mod tests;
