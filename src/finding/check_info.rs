//! What a check is called and how it ended. Holds no finding.

use std::fmt;
use std::str::FromStr;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Advice,
    /// Likely to hurt a model or its measurement.
    Warning,
    /// Spoils a measurement, or keeps a part of the data from being judged.
    Error,
}

impl Severity {
    /// All, worst first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Advice];

    /// The name in reports and configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == name)
            .ok_or_else(|| format!("unknown severity `{name}`; use error, warning or advice"))
    }
}

/// A check's code, e.g. `LEAK002`: family in capitals and three digits.
pub type Code = &'static str;

/// A check's declaration of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckInfo {
    /// Never reused.
    pub code: Code,
    /// The name for people, in kebab case.
    pub name: &'static str,
    /// One line: what it finds.
    pub summary: &'static str,
    /// One line: what to do about a finding.
    pub next_step: &'static str,
    /// Unless the user sets another.
    pub severity: Severity,
    /// The docs page, in Markdown.
    pub docs: &'static str,
}

impl CheckInfo {
    /// The code without its digits, e.g. `LEAK`.
    pub fn family(&self) -> &'static str {
        self.code.trim_end_matches(|c: char| c.is_ascii_digit())
    }

    /// Whether its findings are pairs and groups of copies as such.
    pub fn is_about_copies(&self) -> bool {
        matches!(self.code, "LEAK001" | "LEAK002" | "LEAK003" | "LEAK004")
    }
}

/// How a check ended. A check that did not run is not a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// It looked at all it wanted to see.
    Completed,
    /// The data has nothing it could look at; why.
    NotApplicable(String),
    /// It failed; why.
    Failed(String),
    /// The user left it out.
    NotSelected,
}

/// One check and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// Which.
    pub check: &'static CheckInfo,
    /// How.
    pub state: RunState,
}
