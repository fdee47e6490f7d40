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

/// What part of the data a check questions: the capitals of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Whether a split holds what another has.
    Leak,
    /// Whether labels are right.
    Label,
    /// How samples are spread over splits and classes.
    Distribution,
    /// Whether boxes are drawn where something is.
    Object,
    /// Whether something besides the content predicts the label or the split.
    Shortcut,
    /// Whether files can be used.
    File,
}

impl Family {
    /// All, in the order of reports.
    pub const ALL: [Self; 6] = [
        Self::Leak,
        Self::Label,
        Self::Distribution,
        Self::Object,
        Self::Shortcut,
        Self::File,
    ];

    /// The capitals of its codes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leak => "LEAK",
            Self::Label => "LABEL",
            Self::Distribution => "DIST",
            Self::Object => "OBJECT",
            Self::Shortcut => "SHORTCUT",
            Self::File => "FILE",
        }
    }

    /// The family of a code as it stands in a report or a baseline.
    pub fn of_code(code: &str) -> Option<Self> {
        let letters = code.trim_end_matches(|c: char| c.is_ascii_digit());
        (Self::ALL.into_iter()).find(|family| family.name() == letters)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the findings of a check count as in the headline figures and the
/// limits held against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountsAs {
    /// A verified copy in another split.
    Leak,
    /// A verified copy in the same split.
    CopyWithinSplit,
    /// Copies under different labels.
    LabelConflict,
    /// One label that may be wrong.
    SuspectLabel,
    /// The class of one object, which may be wrong.
    SuspectObject,
    /// The one label of many samples, which may be wrong.
    SuspectCluster,
    /// An image that cannot be read or decoded.
    Unreadable,
    /// Nothing but a finding of its severity.
    Remark,
}

/// The code of the check whose findings are [`CountsAs::LabelConflict`], for
/// readers of reports and baselines, which hold codes and know no check.
pub const CONFLICTING_LABELS: Code = "LABEL001";

/// The same of [`CountsAs::SuspectLabel`].
pub const SUSPICIOUS_LABEL: Code = "LABEL002";

/// A check's code, e.g. `LEAK002`: family in capitals and three digits.
pub type Code = &'static str;

/// A check's declaration of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckInfo {
    /// Never reused.
    pub code: Code,
    /// The family that the code names.
    pub family: Family,
    /// What its findings count as.
    pub counts_as: CountsAs,
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
    /// Whether its findings are pairs and groups of copies as such.
    pub fn is_about_copies(&self) -> bool {
        matches!(self.counts_as, CountsAs::Leak | CountsAs::CopyWithinSplit)
    }
}

/// How a check ended. A check that did not run is not a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// It checked all that it had to.
    Completed,
    /// Nothing in the data can be checked; why.
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
