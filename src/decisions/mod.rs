//! What a person wrote into `decisions.csv`, and how it is carried from one
//! report to the next. Acts on none of it.

mod carry;
mod file;
mod label_ids;

pub(crate) use carry::content_cell;
pub use carry::{Aside, Carried, Kept, carry};
pub use file::{ASIDE, Earlier, FILE, earlier, parse};
pub use label_ids::label_ids;

use crate::spreadsheet::is_alike;

/// The columns of the file, in order. A person may add columns of their own.
pub const COLUMNS: [&str; 8] = [
    "sample",
    "given",
    "suggested",
    "label_score",
    "decision",
    "split",
    "checks",
    "content",
];

/// The column of who decided, in lists that a review wrote.
pub const REVIEWER: &str = "reviewer";

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// The sample's key.
    pub sample: String,
    /// Its label, classes joined by `;`.
    pub given: String,
    /// The label it looks like, or that a copy of it has.
    pub suggested: String,
    /// What a person decided; blank while nobody has.
    pub decision: String,
    /// The content hash, where the line has one.
    pub content: Option<String>,
    /// What stands in columns that are not ours: name and cell.
    pub more: Vec<(String, String)>,
    /// The line in the file, for messages.
    pub line: u64,
}

impl Decision {
    /// Whether a person wrote anything into the line.
    pub fn is_written(&self) -> bool {
        !self.decision.is_empty() || self.more.iter().any(|(_, cell)| !cell.trim().is_empty())
    }
}

/// The class that `word` names: written so, or, where no other is alike, as a
/// spreadsheet may have changed it.
pub fn class_named<'a>(word: &str, classes: &'a [String]) -> Option<&'a str> {
    if let Some(class) = classes.iter().find(|class| *class == word) {
        return Some(class);
    }
    let mut alike = classes.iter().filter(|class| is_alike(word, class));
    match (alike.next(), alike.next()) {
        (Some(class), None) => Some(class),
        _ => None,
    }
}
