//! The arguments as typed. Decides nothing.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

use super::command_args::{
    ApplyArguments, BaselineArguments, CacheArguments, CompletionsArguments, DiffArguments,
    ExplainArguments, InitArguments, ManArguments, ReviewArguments,
};
use super::resplit_args::ResplitArguments;
use super::shard_args::{FingerprintArguments, MatchArguments, MergeArguments};
use crate::config::{CacheOption, Format, Options, Section, Setting, setting};
use crate::source::LayoutName;

const DATA: &str = Section::Data.heading();
const CHECKS: &str = Section::Checks.heading();
const VERDICT: &str = Section::Verdict.heading();
const REPORT: &str = Section::Report.heading();
pub(super) const RUN: &str = Section::Running.heading();

/// Finds leaked images, wrong labels and skewed splits before you train.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    name = "splitlint",
    after_help = "Exit codes: 0 clean, 1 findings at or above `--fail-on`, 2 could not judge.\n\
                  Start with `splitlint scan DATASET`; `splitlint checks` lists all checks."
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
    /// Go through the findings of a report in a browser
    Review(ReviewArguments),
    /// Act on a report: plan what is dropped and relabelled, copy what stays
    Apply(ApplyArguments),
    /// Split anew so that no group lies in several splits and class shares are even
    Resplit(Box<ResplitArguments>),
    /// Inspect a data set and write its `splitlint.toml`
    Init(InitArguments),
    /// Compare two reports: what is new, gone, unchanged
    Diff(DiffArguments),
    /// Write the fingerprints of a data set, or of a part of it, to a file
    Fingerprint(Box<FingerprintArguments>),
    /// Search likely copies between files of fingerprints, for `merge`
    Match(MatchArguments),
    /// Judge a data set by files of fingerprints, made anywhere
    Merge(Box<MergeArguments>),
    /// Print a digest of a data set, or compare it with the data that were audited
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
                  Settings come from `splitlint.toml` in the current folder, else in ROOT; flags override it."
)]
pub(super) struct ScanArguments {
    #[command(flatten)]
    pub(super) data: DataArguments,

    #[command(flatten)]
    pub(super) judge: JudgeArguments,
}

/// How what is known of a data set is judged and reported.
#[derive(Debug, Args)]
pub(super) struct JudgeArguments {
    #[command(flatten)]
    pub(super) checks: CheckArguments,

    #[arg(long, help = help("fail-on"), value_name = "SEVERITY", help_heading = VERDICT,
          value_parser = PossibleValuesParser::new(["error", "warning", "advice", "never"]))]
    pub(super) fail_on: Option<String>,

    #[arg(long, help = help("require"), value_name = "CODE", help_heading = VERDICT,
          value_delimiter = ',')]
    pub(super) require: Vec<String>,

    #[arg(long, help = help("baseline"), value_name = "FILE", help_heading = VERDICT)]
    pub(super) baseline: Option<PathBuf>,

    #[arg(long, help = help("report"), value_name = "DIR", help_heading = REPORT)]
    pub(super) report: Option<PathBuf>,

    #[arg(long, help = help("format"), value_name = "FORMAT", help_heading = REPORT, value_parser = formats())]
    pub(super) format: Option<String>,

    #[arg(long, help = help("output"), value_name = "FORMAT=PATH", help_heading = REPORT)]
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

    #[arg(long, help = help("jobs"), value_name = "N", help_heading = RUN)]
    pub(super) jobs: Option<usize>,

    #[command(flatten)]
    pub(super) events: EventArguments,
}

#[derive(Debug, Clone, Args)]
pub(super) struct DataArguments {
    #[arg(help = help("root"))]
    pub(super) root: Option<PathBuf>,

    #[arg(long, help = help("layout"), value_name = "NAME", help_heading = DATA, value_parser = layouts())]
    pub(super) layout: Option<String>,

    #[arg(long, help = help("images"), value_name = "DIR", help_heading = DATA)]
    pub(super) images: Option<PathBuf>,

    #[arg(long, help = help("splits"), value_name = "NAME=PATH", help_heading = DATA, value_parser = named_path)]
    pub(super) split: Vec<(String, PathBuf)>,

    #[arg(long, help = help("reference"), value_name = "PATH", help_heading = DATA)]
    pub(super) reference: Option<PathBuf>,

    #[arg(long, help = help("include"), value_name = "GLOB", help_heading = DATA)]
    pub(super) include: Vec<String>,

    #[arg(long, help = help("exclude"), value_name = "GLOB", help_heading = DATA)]
    pub(super) exclude: Vec<String>,

    #[arg(long, help = help("path-column"), value_name = "NAME", help_heading = DATA)]
    pub(super) path_column: Option<String>,

    #[arg(long, help = help("label-column"), value_name = "NAME", help_heading = DATA)]
    pub(super) label_column: Option<String>,

    #[arg(long, help = help("split-column"), value_name = "NAME", help_heading = DATA)]
    pub(super) split_column: Option<String>,

    #[arg(long, help = help("group-column"), value_name = "NAME", help_heading = DATA)]
    pub(super) group_column: Option<String>,

    #[arg(long, help = help("group-regex"), value_name = "REGEX", help_heading = DATA)]
    pub(super) group_regex: Option<String>,

    #[arg(long, help = help("group-file"), value_name = "FILE", help_heading = DATA)]
    pub(super) group_file: Option<PathBuf>,

    #[arg(long, help = help("slices"), value_name = "N", help_heading = DATA, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) slices: Option<u32>,
    #[arg(long, help = help("show-identifiers"), help_heading = DATA)]
    pub(super) show_identifiers: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[arg(long, help = help("select"), value_name = "CODE", help_heading = CHECKS, value_delimiter = ',')]
    pub(super) select: Vec<String>,

    #[arg(long, help = help("ignore"), value_name = "CODE", help_heading = CHECKS, value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
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

    #[arg(long, help = help("check-content"), help_heading = RUN)]
    pub(super) check_content: bool,

    #[arg(long, help = help("max-pixels"), value_name = "N", help_heading = RUN)]
    pub(super) max_pixels: Option<u64>,

    #[arg(long, help = help("model"), value_name = "FILE|NAME", help_heading = CHECKS, conflicts_with_all = ["embeddings", "pred_probs"])]
    pub(super) model: Option<PathBuf>,

    #[arg(long, help = help("model-size"), value_name = "N", help_heading = CHECKS)]
    pub(super) model_size: Option<u32>,

    #[arg(long, help = help("model-layout"), value_name = "ORDER", help_heading = CHECKS, value_parser = ["nchw", "nhwc"])]
    pub(super) model_layout: Option<String>,

    #[arg(long, help = help("model-mean"), value_name = "R,G,B", help_heading = CHECKS, value_delimiter = ',', allow_negative_numbers = true)]
    pub(super) model_mean: Vec<f32>,

    #[arg(long, help = help("model-std"), value_name = "R,G,B", help_heading = CHECKS, value_delimiter = ',')]
    pub(super) model_std: Vec<f32>,

    #[arg(long, help = help("model-output"), value_name = "NAME", help_heading = CHECKS)]
    pub(super) model_output: Option<String>,

    #[arg(long, help = help("embeddings"), value_name = "FILE", help_heading = CHECKS, conflicts_with = "pred_probs")]
    pub(super) embeddings: Option<PathBuf>,

    #[arg(long, help = help("pred-probs"), value_name = "FILE", help_heading = CHECKS)]
    pub(super) pred_probs: Option<PathBuf>,

    #[arg(long, help = help("row-keys"), value_name = "FILE", help_heading = CHECKS)]
    pub(super) row_keys: Option<PathBuf>,

    #[arg(long, help = help("label-chunk"), value_name = "N", help_heading = RUN)]
    pub(super) label_chunk: Option<usize>,

    /// Report what each stage kept and how long it took
    #[arg(long, short, help_heading = RUN, conflicts_with = "quiet")]
    pub(super) verbose: bool,

    /// No progress, no notes, no text: only the exit code and the report
    #[arg(long, short, help_heading = RUN)]
    pub(super) quiet: bool,
}

impl ScanArguments {
    /// The flags in the shape of `splitlint.toml`.
    pub(super) fn into_options(self) -> Options {
        self.judge.into_options(self.data.into_options())
    }
}

impl JudgeArguments {
    /// The flags in the shape of `splitlint.toml`, with those of the data set.
    pub(super) fn into_options(self, data: Options) -> Options {
        let (checks, run) = (self.checks, self.run);
        Options {
            select: said(checks.select),
            ignore: said(checks.ignore),
            fail_on: self.fail_on,
            require: said(self.require),
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
            ..data
        }
    }
}

impl DataArguments {
    /// The flags in the shape of `splitlint.toml`.
    pub(super) fn into_options(self) -> Options {
        Options {
            root: self.root,
            layout: self.layout,
            images: self.images,
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
            slices: self.slices,
            show_identifiers: self.show_identifiers.then_some(true),
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

/// What is said of the setting `key`.
pub(super) fn help(key: &str) -> String {
    setting(key).map_or_else(String::new, Setting::help)
}

/// A repeatable flag that was never given says nothing.
fn said<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

fn layouts() -> PossibleValuesParser {
    PossibleValuesParser::new(LayoutName::ALL.map(LayoutName::name))
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
}

pub(super) fn named_path(text: &str) -> Result<(String, PathBuf), String> {
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

    #[test]
    fn every_flag_of_a_scan_is_described_under_its_heading() {
        let command = Arguments::command();
        let scan = command.find_subcommand("scan").expect("a command");
        for flag in scan.get_arguments() {
            let name = flag.get_long().unwrap_or("root");
            let said = flag.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!said.is_empty(), "--{name} is not described");
            let key = if name == "split" { "splits" } else { name };
            if let Some(setting) = setting(key) {
                assert_eq!(said, setting.help(), "--{name}");
                let heading = flag.get_help_heading().unwrap_or(DATA);
                assert_eq!(heading, setting.section.heading(), "--{name}");
            }
        }
    }
}
