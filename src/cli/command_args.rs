//! Arguments of the commands that act on reports, settings and caches. Runs none.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use clap_complete::Shell;

use super::args::named_path;

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

    /// Remove findings that the checks of this scan no longer report
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

    /// Baseline that takes the labels that are kept, so that later scans accept
    /// them [default: the one in splitlint.toml, else splitlint-baseline.csv]
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,

    /// Make a cleaned copy of the data set in DIR
    #[arg(long, value_name = "DIR")]
    pub(super) to: Option<PathBuf>,

    /// How the copy is made
    #[arg(long, value_name = "WAY", value_enum, default_value = "copy")]
    pub(super) by: CopyBy,
}

#[derive(Debug, Args)]
#[command(
    after_help = "A server on 127.0.0.1 whose address holds a token; it asks nothing of the network. Decisions on\n\
                  labels go into `decisions.csv`, accepted findings into the baseline, who decided into `review.csv`.\n\
                  On a machine without a screen: `--port 8321` there, `ssh -L 8321:127.0.0.1:8321 MACHINE` here."
)]
pub(super) struct ReviewArguments {
    /// The report folder to go through
    #[arg(default_value = "splitlint-report")]
    pub(super) report: PathBuf,

    /// The data set, where it has moved since the scan
    pub(super) root: Option<PathBuf>,

    /// Folder or manifest of one split, where it has moved (repeatable)
    #[arg(long, value_name = "NAME=PATH", value_parser = named_path, conflicts_with = "root")]
    pub(super) split: Vec<(String, PathBuf)>,

    /// Baseline that takes accepted findings [default: the one in splitlint.toml,
    /// else splitlint-baseline.csv]
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,

    /// The port [default: any that is free]
    #[arg(long, value_name = "PORT", default_value_t, hide_default_value = true)]
    pub(super) port: u16,

    /// Also open the address in a browser
    #[arg(long)]
    pub(super) open: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum CopyBy {
    /// Copies; the disk shares the room where it can
    Copy,
    /// Hard links where the disk allows them, else copies. A link is the same
    /// file: to edit it in place edits the original
    LinkOrCopy,
    /// Hard links. A link is the same file: to edit it in place edits the original
    HardLink,
    /// Symbolic links. To edit one in place edits the original
    Symlink,
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
    /// Show where it is and what it holds
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
