//! What can go wrong with a request as a whole. A bad sample is a finding,
//! not an error.

use std::path::PathBuf;

use thiserror::Error;

use crate::executor::Interrupted;

/// A failure that ends the run; its variant says whose move is next.
#[derive(Debug, Error)]
pub enum Error {
    /// The data set cannot be understood or reached: the user's data or path.
    #[error("{0}")]
    Input(String),
    /// The request contradicts itself or names what does not exist. All
    /// mistakes found are listed, one each.
    #[error("{}", .0.join("\n"))]
    Config(Vec<String>),
    /// The report cannot be written.
    #[error("cannot write `{}`: {reason}", path.display())]
    Output {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A fault of splitlint itself.
    #[error("internal error: {0}; please report it with the command you ran")]
    Internal(String),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Interrupted> for Error {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl Error {
    /// An [`Error::Output`] about `path`.
    pub fn output(path: impl Into<PathBuf>, reason: impl ToString) -> Self {
        Self::Output {
            path: path.into(),
            reason: reason.to_string(),
        }
    }

    /// An [`Error::Config`] with a single mistake.
    pub fn config(problem: impl Into<String>) -> Self {
        Self::Config(vec![problem.into()])
    }
}
