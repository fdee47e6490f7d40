//! Arguments of the commands that make and judge files of fingerprints. Runs none.

use std::path::PathBuf;

use clap::Args;

use super::args::{DataArguments, EventArguments, JudgeArguments, RUN, help};
use crate::config::{CacheOption, Options};
use crate::shards::Part;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 written, or there already, 2 could not write.\n\
                  The file is of the same bytes on every machine; `splitlint merge` judges all parts together."
)]
pub(super) struct FingerprintArguments {
    #[command(flatten)]
    pub(super) data: DataArguments,

    /// The file to write; one that is there and still holds is kept
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: PathBuf,

    /// Only the part I of N equal ones, counted from 1
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    pub(super) part: Part,

    /// Do not note in the file where the images are, for images that will be gone
    #[arg(long)]
    pub(super) no_source: bool,

    /// Settings file [default: splitlint.toml in the current folder, else in ROOT]
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub(super) config: Option<PathBuf>,

    #[arg(long, help = help("jobs"), value_name = "N", help_heading = RUN)]
    pub(super) jobs: Option<usize>,

    #[arg(long, help = help("cache"), value_name = "DIR", help_heading = RUN, conflicts_with = "no_cache")]
    pub(super) cache: Option<PathBuf>,

    /// Neither read nor keep fingerprints of other scans
    #[arg(long, help_heading = RUN)]
    pub(super) no_cache: bool,

    /// Read every image again, whatever its size and time, even where the file is there
    #[arg(long, help_heading = RUN)]
    pub(super) check_content: bool,

    #[arg(long, help = help("max-pixels"), value_name = "N", help_heading = RUN)]
    pub(super) max_pixels: Option<u64>,

    /// No progress, no notes: only the exit code and the file
    #[arg(long, short, help_heading = RUN)]
    pub(super) quiet: bool,

    #[command(flatten)]
    pub(super) events: EventArguments,
}

impl FingerprintArguments {
    /// The flags in the shape of `splitlint.toml`.
    pub(super) fn options(&self) -> Options {
        Options {
            jobs: self.jobs,
            cache: match (&self.cache, self.no_cache) {
                (_, true) => Some(CacheOption::Use(false)),
                (folder, false) => folder.clone().map(CacheOption::At),
            },
            check_content: self.check_content.then_some(true),
            max_pixels: self.max_pixels,
            ..self.data.clone().into_options()
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 written, 2 could not write.\n\
                  Every image of `--against`, such as a test set, is compared with all others; those of the \
                  other files are not compared with each other. `splitlint merge --pairs` judges the pairs.")]
pub(super) struct MatchArguments {
    /// Files that `splitlint fingerprint` wrote, such as parts of the training set
    #[arg(value_name = "FINGERPRINTS")]
    pub(super) files: Vec<PathBuf>,

    /// The files whose images are compared with all others (repeatable)
    #[arg(long, required = true, value_name = "FINGERPRINTS")]
    pub(super) against: Vec<PathBuf>,

    /// The file of likely pairs to write
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: PathBuf,

    #[arg(long, help = help("jobs"), value_name = "N", help_heading = RUN)]
    pub(super) jobs: Option<usize>,

    /// No progress, no notes: only the exit code and the file
    #[arg(long, short, help_heading = RUN)]
    pub(super) quiet: bool,

    #[command(flatten)]
    pub(super) events: EventArguments,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 clean, 1 findings at or above `--fail-on`, 2 could not judge.\n\
                  Likely copies are opened for a closer look: where the data set was, or where `--data` or \
                  `--originals` say. What could not be opened is said, and makes the exit code 2."
)]
pub(super) struct MergeArguments {
    /// Files that `splitlint fingerprint` wrote: all parts of one or more data sets
    #[arg(required = true, value_name = "FINGERPRINTS")]
    pub(super) files: Vec<PathBuf>,

    /// Likely pairs that `splitlint match` wrote, instead of a search (repeatable)
    #[arg(long, value_name = "PAIRS")]
    pub(super) pairs: Vec<PathBuf>,

    /// The data set, where it has moved since
    #[arg(long, value_name = "PATH")]
    pub(super) data: Option<PathBuf>,

    /// Folder of images, each named by its content hash
    #[arg(long, value_name = "DIR")]
    pub(super) originals: Option<PathBuf>,

    /// Write the images that could not be opened, one a line, to FILE
    #[arg(long, value_name = "FILE")]
    pub(super) wanted: Option<PathBuf>,

    #[command(flatten)]
    pub(super) judge: JudgeArguments,
}
