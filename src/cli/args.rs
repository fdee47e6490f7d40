//! The arguments as typed. Decides nothing.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{CacheOption, Format, Options};

const DATA: &str = "Data set";
const CHECKS: &str = "Checks";
const VERDICT: &str = "Verdict";
const REPORT: &str = "Report";
const RUN: &str = "Running";

/// Finds leaked images, wrong labels and skewed splits before you train.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    name = "splitlint",
    after_help = "Exit codes: 0 clean, 1 findings at or above `--fail-on`, 2 could not judge.\n\
                  Start with `splitlint scan DATASET`; `splitlint checks` lists what is looked for."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Scan a data set and report
    Scan(Box<ScanArguments>),
    /// Accept findings, so that later scans fail only on new ones
    Baseline(BaselineArguments),
    /// Act on a report: plan what is dropped and relabelled, copy what stays
    Apply(ApplyArguments),
    /// Look at a data set and write its `splitlint.toml`
    Init(InitArguments),
    /// Compare two reports: what is new, gone, unchanged
    Diff(DiffArguments),
    /// Print a digest of a data set, or hold it against the data that were audited
    Digest(Box<DigestArguments>),
    /// List all checks
    Checks,
    /// Explain a check: what it finds, why it matters, how to fix it
    Explain(ExplainArguments),
    /// Show what is kept between scans, or remove it
    Cache(CacheArguments),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
    /// Print the manual page, or write one for each command
    #[command(hide = true)]
    Man(ManArguments),
    /// Print the Python functions that have the commands' flags as keywords
    #[command(hide = true)]
    Python,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 clean, 1 findings at or above `--fail-on`, 2 could not judge.\n\
                  Settings come from `splitlint.toml` in the current folder, else in ROOT; flags stand above it."
)]
pub(super) struct ScanArguments {
    #[command(flatten)]
    pub(super) data: DataArguments,

    #[command(flatten)]
    pub(super) checks: CheckArguments,

    /// Lowest severity that fails the scan [default: error]
    #[arg(long, value_name = "SEVERITY", help_heading = VERDICT,
          value_parser = PossibleValuesParser::new(["error", "warning", "never"]))]
    pub(super) fail_on: Option<String>,

    /// File of findings accepted earlier: only new ones fail the scan
    #[arg(long, value_name = "FILE", help_heading = VERDICT)]
    pub(super) baseline: Option<PathBuf>,

    /// Folder for the report [default: splitlint-report]
    #[arg(long, value_name = "DIR", help_heading = REPORT)]
    pub(super) report: Option<PathBuf>,

    /// What to print to standard output [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = REPORT, value_parser = formats())]
    pub(super) format: Option<String>,

    /// Also write FORMAT to PATH, e.g. `sarif=leaks.sarif` (repeatable)
    #[arg(long, value_name = "FORMAT=PATH", help_heading = REPORT)]
    pub(super) output: Vec<String>,

    #[command(flatten)]
    pub(super) run: RunArguments,

    #[command(flatten)]
    pub(super) events: EventArguments,
}

/// For programs that start this one.
#[derive(Debug, Args)]
pub(super) struct EventArguments {
    /// Write progress to standard error as a line of JSON for each step
    #[arg(long, value_name = "FORMAT", hide = true, value_parser = ["json"])]
    pub(super) progress: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the same, 1 not the same, 2 could not compare.\n\
                  A digest is the same for equal contents and labels in any order, whatever the files are called."
)]
pub(super) struct DigestArguments {
    #[command(flatten)]
    pub(super) data: DataArguments,

    /// Compare with a report, or with a file that `--write` made
    #[arg(long, value_name = "FILE")]
    pub(super) check: Option<PathBuf>,

    /// Also write what `--check` needs, a line for each sample, to FILE
    #[arg(long, value_name = "FILE")]
    pub(super) write: Option<PathBuf>,

    /// What to print to standard output
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    pub(super) format: String,

    /// Settings file [default: splitlint.toml in the current folder, else in ROOT]
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub(super) config: Option<PathBuf>,

    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub(super) jobs: Option<usize>,

    #[command(flatten)]
    pub(super) events: EventArguments,
}

#[derive(Debug, Args)]
pub(super) struct DataArguments {
    /// A folder `<split>/<class>/…`, or a manifest (CSV, Parquet, JSON Lines)
    pub(super) root: Option<PathBuf>,

    /// Folder or manifest of one split, instead of ROOT (repeatable)
    #[arg(long, value_name = "NAME=PATH", help_heading = DATA, value_parser = named_path)]
    pub(super) split: Vec<(String, PathBuf)>,

    /// Data used before, e.g. for pretraining: its copies are leaks too
    #[arg(long, value_name = "PATH", help_heading = DATA)]
    pub(super) reference: Option<PathBuf>,

    /// Scan only files whose path in the data set matches GLOB (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = DATA)]
    pub(super) include: Vec<String>,

    /// Leave out files whose path in the data set matches GLOB (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = DATA)]
    pub(super) exclude: Vec<String>,

    /// Manifest column with the picture's path
    #[arg(long, value_name = "NAME", help_heading = DATA)]
    pub(super) path_column: Option<String>,

    /// Manifest column with the label
    #[arg(long, value_name = "NAME", help_heading = DATA)]
    pub(super) label_column: Option<String>,

    /// Manifest column with the split
    #[arg(long, value_name = "NAME", help_heading = DATA)]
    pub(super) split_column: Option<String>,

    /// Manifest column with the group (patient, video, scene)
    #[arg(long, value_name = "NAME", help_heading = DATA)]
    pub(super) group_column: Option<String>,

    /// What in a path names the group: the first capture, e.g. `(patient\d+)_`
    #[arg(long, value_name = "REGEX", help_heading = DATA)]
    pub(super) group_regex: Option<String>,

    /// CSV file with groups: a path or file name in the first column, its group in the second
    #[arg(long, value_name = "FILE", help_heading = DATA)]
    pub(super) group_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Run only these checks: codes, families or names
    #[arg(long, value_name = "CODE", help_heading = CHECKS, value_delimiter = ',')]
    pub(super) select: Vec<String>,

    /// Leave these checks out: codes, families or names
    #[arg(long, value_name = "CODE", help_heading = CHECKS, value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Settings file [default: splitlint.toml in the current folder, else in ROOT]
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub(super) config: Option<PathBuf>,

    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub(super) jobs: Option<usize>,

    /// Keep fingerprints in DIR, so that the next scan reads only what changed
    #[arg(long, value_name = "DIR", help_heading = RUN, conflicts_with = "no_cache")]
    pub(super) cache: Option<PathBuf>,

    /// Neither read nor keep fingerprints of other scans
    #[arg(long, help_heading = RUN)]
    pub(super) no_cache: bool,

    /// Read every file and go by its content, not by its size and time
    #[arg(long, help_heading = RUN)]
    pub(super) check_content: bool,

    /// Do not decode a picture of more than N pixels [default: 512 million]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub(super) max_pixels: Option<u64>,

    /// Judge labels by what an ONNX model sees in the pictures
    #[arg(long, value_name = "FILE", help_heading = CHECKS, conflicts_with_all = ["embeddings", "pred_probs"])]
    pub(super) model: Option<PathBuf>,

    /// Pixels a side of the pictures it takes, if it does not say [default: 224]
    #[arg(long, value_name = "N", help_heading = CHECKS)]
    pub(super) model_size: Option<u32>,

    /// The order of its input's dimensions, if it does not say [default: nchw]
    #[arg(long, value_name = "ORDER", help_heading = CHECKS, value_parser = ["nchw", "nhwc"])]
    pub(super) model_layout: Option<String>,

    /// What it subtracts from red, green, blue of 0 to 1 [default: what it says, else ImageNet's]
    #[arg(long, value_name = "R,G,B", help_heading = CHECKS, value_delimiter = ',', allow_negative_numbers = true)]
    pub(super) model_mean: Vec<f32>,

    /// What it divides red, green, blue by then [default: what it says, else ImageNet's]
    #[arg(long, value_name = "R,G,B", help_heading = CHECKS, value_delimiter = ',')]
    pub(super) model_std: Vec<f32>,

    /// Its output to use, if it has several
    #[arg(long, value_name = "NAME", help_heading = CHECKS)]
    pub(super) model_output: Option<String>,

    /// Judge labels by vectors of a model of yours: Parquet, or NumPy with `--row-keys`
    #[arg(long, value_name = "FILE", help_heading = CHECKS, conflicts_with = "pred_probs")]
    pub(super) embeddings: Option<PathBuf>,

    /// Judge labels by out-of-sample probabilities, a column for each class: Parquet or NumPy
    #[arg(long, value_name = "FILE", help_heading = CHECKS)]
    pub(super) pred_probs: Option<PathBuf>,

    /// Whose the rows of a NumPy file are: a sample a line, or CSV with a column `sample`
    #[arg(long, value_name = "FILE", help_heading = CHECKS)]
    pub(super) row_keys: Option<PathBuf>,

    /// Samples in one chunk of the label model: fewer are faster and judge a little worse [default: 5000]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub(super) label_chunk: Option<usize>,

    /// Tell what each stage kept and how long it took
    #[arg(long, short, help_heading = RUN, conflicts_with = "quiet")]
    pub(super) verbose: bool,

    /// No progress, no notes, no text: the exit code and the report tell
    #[arg(long, short, help_heading = RUN)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct BaselineArguments {
    /// A report folder whose findings are accepted, or a data set to scan
    #[arg(default_value = "splitlint-report")]
    pub(super) from: PathBuf,

    /// The file to write; what it accepts already stays as it is
    #[arg(long, value_name = "FILE", default_value = "splitlint-baseline.csv")]
    pub(super) baseline: PathBuf,

    /// Why the findings are accepted
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) reason: String,

    /// Who accepts them
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(super) who: String,

    /// The last day on which they are accepted, e.g. 2027-01-31
    #[arg(long, value_name = "DATE")]
    pub(super) expires: Option<String>,

    /// Accept findings of these checks only: codes, families or names
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(super) select: Vec<String>,

    /// Take out what a scan finds no more
    #[arg(long)]
    pub(super) prune: bool,

    /// Settings file for the scan
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The data set itself is never changed. Copies in `drop.csv` are dropped; what the \
                  column `decision` of `decisions.csv` says is done: keep, drop, change, or a class."
)]
pub(super) struct ApplyArguments {
    /// The report folder to act on
    #[arg(default_value = "splitlint-report")]
    pub(super) report: PathBuf,

    /// The data set, where it has moved since the scan
    pub(super) root: Option<PathBuf>,

    /// Folder or manifest of one split, where it has moved (repeatable)
    #[arg(long, value_name = "NAME=PATH", value_parser = named_path, conflicts_with = "root")]
    pub(super) split: Vec<(String, PathBuf)>,

    /// Decisions kept elsewhere than in the report
    #[arg(long, value_name = "FILE")]
    pub(super) decisions: Option<PathBuf>,

    /// Folder for the plan: plan.csv, and manifest.csv of what stays
    #[arg(long, value_name = "DIR", default_value = "splitlint-plan")]
    pub(super) plan: PathBuf,

    /// Baseline that takes the findings whose labels are kept
    #[arg(long, value_name = "FILE", default_value = "splitlint-baseline.csv")]
    pub(super) baseline: PathBuf,

    /// Make a cleaned copy of the data set in DIR
    #[arg(long, value_name = "DIR")]
    pub(super) to: Option<PathBuf>,

    /// How the copy is made
    #[arg(long, value_name = "WAY", value_enum, default_value = "link-or-copy")]
    pub(super) by: CopyBy,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum CopyBy {
    /// Hard links where the disk allows them, else copies
    LinkOrCopy,
    /// Hard links
    HardLink,
    /// Symbolic links
    Symlink,
    /// Copies
    Copy,
}

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// The data set: a folder, or a manifest
    pub(super) root: Option<PathBuf>,

    /// Also write a GitHub Actions workflow
    #[arg(long)]
    pub(super) github: bool,

    /// Also write a GitLab job
    #[arg(long)]
    pub(super) gitlab: bool,

    /// Also write a pre-commit hook
    #[arg(long)]
    pub(super) pre_commit: bool,

    /// Also write a DVC stage
    #[arg(long)]
    pub(super) dvc: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 not worse, 1 worse, 2 could not compare.")]
pub(super) struct DiffArguments {
    /// The report to compare with
    pub(super) old: PathBuf,

    /// The report to judge
    pub(super) new: PathBuf,

    /// Lowest severity at which a new finding makes it worse
    #[arg(long, value_name = "SEVERITY", default_value = "warning",
          value_parser = PossibleValuesParser::new(["error", "warning", "advice", "never"]))]
    pub(super) fail_on: String,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// A code (`LEAK001`), a name, a family (`LEAK`), or `stuck-at-one`
    pub(super) check: String,
}

#[derive(Debug, Args)]
pub(super) struct CacheArguments {
    /// What to do
    #[arg(value_enum, default_value_t)]
    pub(super) action: CacheAction,

    /// The cache's folder, if not the user's own
    #[arg(long, value_name = "DIR")]
    pub(super) cache: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum CacheAction {
    /// Tell where it is and what it holds
    #[default]
    Show,
    /// Remove all of it
    Clear,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell to complete for
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// Write a page for each command into DIR
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

impl ScanArguments {
    /// The flags in the shape of `splitlint.toml`.
    pub(super) fn into_options(self) -> Options {
        let (checks, run) = (self.checks, self.run);
        Options {
            select: said(checks.select),
            ignore: said(checks.ignore),
            fail_on: self.fail_on,
            baseline: self.baseline,
            report: self.report,
            format: self.format,
            output: said(self.output),
            jobs: run.jobs,
            cache: match (run.cache, run.no_cache) {
                (_, true) => Some(CacheOption::Use(false)),
                (folder, false) => folder.map(CacheOption::At),
            },
            check_content: run.check_content.then_some(true),
            max_pixels: run.max_pixels,
            model: run.model,
            model_size: run.model_size,
            model_layout: run.model_layout,
            model_mean: said(run.model_mean),
            model_std: said(run.model_std),
            model_output: run.model_output,
            embeddings: run.embeddings,
            pred_probs: run.pred_probs,
            row_keys: run.row_keys,
            label_chunk: run.label_chunk,
            ..self.data.into_options()
        }
    }
}

impl DataArguments {
    /// The flags in the shape of `splitlint.toml`.
    pub(super) fn into_options(self) -> Options {
        Options {
            root: self.root,
            splits: self.split,
            reference: self.reference,
            include: said(self.include),
            exclude: said(self.exclude),
            path_column: self.path_column,
            label_column: self.label_column,
            split_column: self.split_column,
            group_column: self.group_column,
            group_regex: self.group_regex,
            group_file: self.group_file,
            ..Options::default()
        }
    }
}

impl EventArguments {
    /// Whether another program reads what is said.
    pub(super) fn are_wanted(&self) -> bool {
        self.progress.is_some()
    }
}

/// A repeatable flag that was never given says nothing.
fn said<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
}

fn named_path(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(path)))
        }
        _ => Err("write it as NAME=PATH, as in `test=/data/holdout`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn definitions_hold_together() {
        Arguments::command().debug_assert();
    }
}
