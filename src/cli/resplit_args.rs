//! The arguments of `splitlint resplit` as typed. Decides nothing.

use std::path::PathBuf;

use clap::Args;

use super::args::{DataArguments, EventArguments, RUN};
use super::command_args::CopyBy;

const SPLIT: &str = "New split";
const OUTPUT: &str = "Output";

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the new split passes the checks, 1 it would not, 2 could not judge.\n\
                  The data set itself is never changed. Without a mode, today's splits are repaired with the \
                  fewest moves; a data set without splits is split anew."
)]
pub(super) struct ResplitArguments {
    #[command(flatten)]
    pub(super) data: DataArguments,

    /// Split anew, whatever today's splits are
    #[arg(long, help_heading = SPLIT, conflicts_with_all = ["kfold", "temporal"])]
    pub(super) fresh: bool,

    /// Split anew into N folds of one size
    #[arg(long, value_name = "N", help_heading = SPLIT, conflicts_with = "temporal")]
    pub(super) kfold: Option<u16>,

    /// Split by time: the oldest to train on, the newest to be measured on
    #[arg(long, help_heading = SPLIT)]
    pub(super) temporal: bool,

    /// Sizes of the splits, in relation to each other [default: as today, else train=0.8,val=0.1,test=0.1]
    #[arg(long, value_name = "NAME=SIZE,…", help_heading = SPLIT, value_delimiter = ',', value_parser = named_size)]
    pub(super) sizes: Vec<(String, f64)>,

    /// A split that stays as it is, such as a published test split (repeatable)
    #[arg(long, value_name = "SPLIT", help_heading = SPLIT, value_delimiter = ',')]
    pub(super) keep: Vec<String>,

    /// Samples that stay where they are: a file with one a line
    #[arg(long, value_name = "FILE", help_heading = SPLIT)]
    pub(super) keep_samples: Option<PathBuf>,

    /// What stays together: copies, declared (groups), inferred (groups), scenes (other shots of one place), footprints (images that cover ground in common or touch)
    #[arg(long, value_name = "WHAT,…", help_heading = SPLIT, value_delimiter = ',', default_value = "copies,declared")]
    pub(super) keep_together: Vec<String>,

    /// Keep the images of each block of ground together, squares of METRES (by default some 64 blocks), and leave out what overlaps another split
    #[arg(long, value_name = "METRES", help_heading = SPLIT, num_args = 0..=1, default_missing_value = "0", value_parser = metres)]
    pub(super) spatial_blocks: Option<f64>,

    /// With `--spatial-blocks` or `--keep-together footprints`: count images up to METRES apart as neighbours
    #[arg(long, value_name = "METRES", help_heading = SPLIT, default_value = "0", value_parser = metres)]
    pub(super) buffer: f64,

    /// With `--temporal`: leave out what lies less than this behind a cut, e.g. `7d`, `12h`
    #[arg(long, value_name = "TIME", help_heading = SPLIT, requires = "temporal", value_parser = duration)]
    pub(super) gap: Option<i64>,

    /// With `--temporal`: CSV file with dates, where EXIF has none or others
    #[arg(long, value_name = "FILE", help_heading = SPLIT, requires = "temporal")]
    pub(super) dates: Option<PathBuf>,

    /// The column of `--dates` with the date [default: date, else the second]
    #[arg(long, value_name = "NAME", help_heading = SPLIT, requires = "dates")]
    pub(super) date_column: Option<String>,

    /// Look for a proof that no split of these atoms is better, for SECONDS twice; for few atoms
    #[arg(long, value_name = "SECONDS", help_heading = SPLIT, num_args = 0..=1, default_missing_value = "60")]
    pub(super) prove: Option<f64>,

    /// Folder for splits.csv, splits.parquet, manifest.csv and lists of paths
    #[arg(long, value_name = "DIR", help_heading = OUTPUT, default_value = "splitlint-resplit")]
    pub(super) out: PathBuf,

    /// Also make a copy of the data set in DIR that lies in the new splits
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub(super) to: Option<PathBuf>,

    /// How the copy is made
    #[arg(long, value_name = "WAY", help_heading = OUTPUT, value_enum, default_value = "link-or-copy")]
    pub(super) by: CopyBy,

    /// Settings file [default: splitlint.toml in the current folder, else in ROOT]
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub(super) config: Option<PathBuf>,

    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub(super) jobs: Option<usize>,

    /// Where scans keep fingerprints, if not in the user's own cache
    #[arg(long, value_name = "DIR", help_heading = RUN, conflicts_with = "no_cache")]
    pub(super) cache: Option<PathBuf>,

    /// Neither read nor keep fingerprints of other scans
    #[arg(long, help_heading = RUN)]
    pub(super) no_cache: bool,

    #[command(flatten)]
    pub(super) events: EventArguments,
}

fn named_size(text: &str) -> Result<(String, f64), String> {
    let named = text.split_once('=');
    let size = named.and_then(|(name, size)| Some((name.to_owned(), size.parse().ok()?)));
    size.filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| "write it as NAME=SIZE, as in `train=0.8,val=0.1,test=0.1`".to_owned())
}

/// A length on earth, or 0.
fn metres(text: &str) -> Result<f64, String> {
    let length = text
        .parse()
        .ok()
        .filter(|length| (0.0..=1e7).contains(length));
    length.ok_or_else(|| "write it as a number of metres up to 10,000,000".to_owned())
}

/// Milliseconds of `7d`, `12h`, `30m`.
fn duration(text: &str) -> Result<i64, String> {
    let units = [('d', 86_400_000.0), ('h', 3_600_000.0), ('m', 60_000.0)];
    let unit = units.into_iter().find(|&(unit, _)| text.ends_with(unit));
    let value = unit.and_then(|(unit, ms)| {
        let count: f64 = text.strip_suffix(unit)?.parse().ok()?;
        (count.is_finite() && count >= 0.0).then_some((count * ms) as i64)
    });
    value.ok_or_else(|| {
        "write it as a number of days, hours or minutes: `7d`, `12h`, `30m`".to_owned()
    })
}
