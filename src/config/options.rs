//! Everything a user can set, all of it optional: the flags and
//! `splitlint.toml` have this one shape. Decides nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// Settings as given, before defaults.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Options {
    /// The data set's folder or manifest.
    pub root: Option<PathBuf>,
    /// Splits by name and folder, in the order given.
    #[serde(skip)]
    pub splits: Vec<(String, PathBuf)>,
    /// Globs over keys to scan.
    pub include: Option<Vec<String>>,
    /// Globs over keys not to scan.
    pub exclude: Option<Vec<String>>,
    /// Checks to run: codes, families or names.
    pub select: Option<Vec<String>>,
    /// Checks not to run.
    pub ignore: Option<Vec<String>>,
    /// `error`, `warning` or `never`.
    pub fail_on: Option<String>,
    /// The report's folder.
    pub report: Option<PathBuf>,
    /// Threads; 0 for one each core.
    pub jobs: Option<usize>,
    /// Pixels above which a picture is not decoded.
    pub max_pixels: Option<u64>,
    /// Manifest columns.
    pub path_column: Option<String>,
    /// Manifest columns.
    pub label_column: Option<String>,
    /// Manifest columns.
    pub split_column: Option<String>,
    /// Manifest columns.
    pub group_column: Option<String>,
    /// Severity by check code or name.
    pub severity: BTreeMap<String, String>,
    /// Settings of single checks, by name.
    pub checks: BTreeMap<String, toml::Table>,
}
