//! The arguments as typed. Decides nothing.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Finds leaked images, wrong labels and skewed splits before you train.
#[derive(Debug, Parser)]
#[command(version, about, name = "splitlint")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Scan a data set and report
    Scan(ScanArguments),
}

#[derive(Debug, Args)]
pub(super) struct ScanArguments {
    /// The data set: a folder `<split>/<class>/…`, or a manifest (CSV, Parquet, JSON Lines)
    pub(super) root: Option<PathBuf>,
}
