//! From findings to a verdict: a pure function. Knows nothing of checks,
//! reports or files.

use std::fmt;

use crate::finding::{CheckRun, Finding, RunState, Severity};

/// From which severity on a finding breaches the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailOn {
    /// Errors only.
    #[default]
    Error,
    /// Warnings and errors.
    Warning,
    /// Nothing does.
    Never,
}

/// What the user allows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    /// The bar for findings.
    pub fail_on: FailOn,
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
    /// Sorted by severity, worst first, then code, then score, then sample.
    pub findings: Vec<Finding>,
    /// Every check there is and how it ended, in registry order.
    pub runs: Vec<CheckRun>,
    /// Pass or fail.
    pub verdict: Verdict,
}

/// Judges. `interrupted` says the scan stopped before it had seen everything.
pub fn judge(
    mut findings: Vec<Finding>,
    runs: Vec<CheckRun>,
    policy: &Policy,
    interrupted: bool,
) -> Outcome {
    findings.sort_by(|a, b| {
        (b.severity.cmp(&a.severity))
            .then_with(|| a.check.code.cmp(b.check.code))
            .then_with(|| b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)))
            .then_with(|| a.samples.cmp(&b.samples))
            .then_with(|| a.id.cmp(&b.id))
    });
    let verdict = verdict(&findings, &runs, policy, interrupted);
    Outcome {
        findings,
        runs,
        verdict,
    }
}

fn verdict(findings: &[Finding], runs: &[CheckRun], policy: &Policy, interrupted: bool) -> Verdict {
    let mut missing: Vec<String> = runs
        .iter()
        .filter_map(|run| match &run.state {
            RunState::Failed(why) => Some(format!("{} failed: {why}", run.check.code)),
            _ => None,
        })
        .collect();
    if interrupted {
        missing.insert(0, "the scan was interrupted".to_owned());
    }
    if !missing.is_empty() {
        return Verdict::Incomplete(missing);
    }
    let bar = match policy.fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Never => return Verdict::Clean,
    };
    let breaches: Vec<Breach> = Severity::ALL
        .into_iter()
        .filter(|&severity| severity >= bar)
        .filter_map(|severity| {
            let count = findings.iter().filter(|f| f.severity == severity).count();
            (count > 0).then(|| Breach {
                reason: format!("{count} findings of severity {severity}"),
            })
        })
        .collect();
    if breaches.is_empty() {
        Verdict::Clean
    } else {
        Verdict::Breached(breaches)
    }
}
