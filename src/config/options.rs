//! Everything a user can set, all of it optional: the flags and
//! `splitlint.toml` have this one shape. Decides nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::policy::{Accept, CountOrShare, OneOrEach};
use crate::headlines::DropSide;

/// Settings as given, before defaults.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Options {
    /// The data set's folder or manifest.
    pub root: Option<PathBuf>,
    /// The layout it has, where its signs are not enough.
    pub layout: Option<String>,
    /// The folder of the images that a COCO file lists.
    pub images: Option<PathBuf>,
    /// Splits by name and folder, used instead of a root.
    #[serde(deserialize_with = "named_folders")]
    pub splits: Vec<(String, PathBuf)>,
    /// Data used before, to compare with.
    pub reference: Option<PathBuf>,
    /// Globs over keys to scan.
    pub include: Option<Vec<String>>,
    /// Globs over keys not to scan.
    pub exclude: Option<Vec<String>>,
    /// Manifest column: the image's path.
    pub path_column: Option<String>,
    /// Manifest column: its class or classes.
    pub label_column: Option<String>,
    /// Manifest column: its split.
    pub split_column: Option<String>,
    /// Manifest column: its group.
    pub group_column: Option<String>,
    /// What in a key names its group: the first capture, or the whole match.
    pub group_regex: Option<String>,
    /// A CSV file that names groups: key or file name, then group.
    pub group_file: Option<PathBuf>,
    /// Of volumes every slice of this number along the last axis.
    pub slices: Option<u32>,
    /// Patients and studies are called by their ids.
    pub show_identifiers: Option<bool>,
    /// Checks to run: codes, families or names.
    pub select: Option<Vec<String>>,
    /// Checks not to run.
    pub ignore: Option<Vec<String>>,
    /// Severity by check code, family or name.
    pub severity: BTreeMap<String, String>,
    /// Settings of single checks, by name or code.
    pub checks: BTreeMap<String, toml::Table>,
    /// `error`, `warning`, `advice` or `never`.
    pub fail_on: Option<String>,
    /// Checks without which there is no verdict: families, codes or names.
    pub require: Option<Vec<String>>,
    /// What a failed check means: `fail` or `allow`.
    pub incomplete: Option<String>,
    /// Share of an evaluation split that may be leaked, 0 to 1.
    pub max_leaked_share: Option<OneOrEach<f64>>,
    /// How many labels may be suspect, or which share of them.
    pub max_suspect_labels: Option<OneOrEach<CountOrShare>>,
    /// Total variation that class shares of two splits may have, 0 to 1.
    pub max_drift: Option<f64>,
    /// Samples that every class must have in a split.
    pub min_samples_per_class: Option<OneOrEach<u64>>,
    /// Findings accepted earlier, one by one.
    pub baseline: Option<PathBuf>,
    /// Findings accepted by kind.
    pub accept: Vec<Accept>,
    /// From which side of a leak `drop.csv` takes a copy: `training`,
    /// `evaluation` or `cheapest`.
    pub drop_from: Option<DropSide>,
    /// The report's folder.
    pub report: Option<PathBuf>,
    /// What is printed to standard output.
    pub format: Option<String>,
    /// Further files, each `FORMAT=PATH`.
    pub output: Option<Vec<String>>,
    /// Threads; 0 for one each core.
    pub jobs: Option<usize>,
    /// The fingerprint cache: a folder, or `false`.
    pub cache: Option<CacheOption>,
    /// Whether to trust only the content of files known from earlier scans.
    pub check_content: Option<bool>,
    /// Pixels above which an image is not decoded.
    pub max_pixels: Option<u64>,
    /// An ONNX model whose vectors labels are judged by.
    pub model: Option<PathBuf>,
    /// Pixels on each side of the image it takes.
    pub model_size: Option<u32>,
    /// The order of its input's dimensions: `nchw` or `nhwc`.
    pub model_layout: Option<String>,
    /// Subtracted from each channel of 0 to 1.
    pub model_mean: Option<Vec<f32>>,
    /// What each channel is divided by then.
    pub model_std: Option<Vec<f32>>,
    /// The output that holds the vector.
    pub model_output: Option<String>,
    /// Rows of vectors that labels are judged by.
    pub embeddings: Option<PathBuf>,
    /// Rows of out-of-sample probabilities that labels are judged by.
    pub pred_probs: Option<PathBuf>,
    /// Whose the rows of a NumPy file are.
    pub row_keys: Option<PathBuf>,
    /// Samples in one chunk of the label model.
    pub label_chunk: Option<usize>,
    /// Share of right flags below which a flag is left out.
    pub label_precision: Option<f64>,
    /// Where in the settings file each key stands, as `file:line`.
    #[serde(skip)]
    pub places: BTreeMap<String, String>,
    /// Mistakes met so far; [`super::resolve`] reports them with its own.
    #[serde(skip)]
    pub problems: Vec<String>,
}

/// `cache = "folder"`, `cache = true` or `cache = false`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "`cache` is a folder, true or false")]
pub enum CacheOption {
    /// On at the usual place, or off.
    Use(bool),
    /// On, in that folder.
    At(PathBuf),
}

impl Options {
    /// These options, with what they do not say taken from `below`. The data
    /// set is one thing: who names a root or splits names all of it.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        let mut places = below.places;
        // What a flag says stands in no file.
        for (key, is_flag) in [
            ("select", self.select.is_some()),
            ("ignore", self.ignore.is_some()),
            ("require", self.require.is_some()),
            ("fail-on", self.fail_on.is_some()),
            ("baseline", self.baseline.is_some()),
            ("format", self.format.is_some()),
            ("output", self.output.is_some()),
            ("include", self.include.is_some()),
            ("exclude", self.exclude.is_some()),
            ("group-regex", self.group_regex.is_some()),
            ("jobs", self.jobs.is_some()),
            ("max-pixels", self.max_pixels.is_some()),
            ("label-chunk", self.label_chunk.is_some()),
            ("model-size", self.model_size.is_some()),
            ("model-layout", self.model_layout.is_some()),
            ("model-mean", self.model_mean.is_some()),
            ("model-std", self.model_std.is_some()),
        ] {
            if is_flag {
                places.remove(key);
            }
        }
        let (root, splits) = if self.root.is_some() || !self.splits.is_empty() {
            (self.root, self.splits)
        } else {
            (below.root, below.splits)
        };
        Self {
            root,
            layout: self.layout.or(below.layout),
            images: self.images.or(below.images),
            splits,
            reference: self.reference.or(below.reference),
            include: self.include.or(below.include),
            exclude: self.exclude.or(below.exclude),
            path_column: self.path_column.or(below.path_column),
            label_column: self.label_column.or(below.label_column),
            split_column: self.split_column.or(below.split_column),
            group_column: self.group_column.or(below.group_column),
            group_regex: self.group_regex.or(below.group_regex),
            group_file: self.group_file.or(below.group_file),
            slices: self.slices.or(below.slices),
            show_identifiers: self.show_identifiers.or(below.show_identifiers),
            select: self.select.or(below.select),
            ignore: self.ignore.or(below.ignore),
            severity: joined(self.severity, below.severity),
            checks: joined(self.checks, below.checks),
            fail_on: self.fail_on.or(below.fail_on),
            require: self.require.or(below.require),
            incomplete: self.incomplete.or(below.incomplete),
            max_leaked_share: self.max_leaked_share.or(below.max_leaked_share),
            max_suspect_labels: self.max_suspect_labels.or(below.max_suspect_labels),
            max_drift: self.max_drift.or(below.max_drift),
            min_samples_per_class: self.min_samples_per_class.or(below.min_samples_per_class),
            baseline: self.baseline.or(below.baseline),
            accept: [below.accept, self.accept].concat(),
            drop_from: self.drop_from.or(below.drop_from),
            report: self.report.or(below.report),
            format: self.format.or(below.format),
            output: self.output.or(below.output),
            jobs: self.jobs.or(below.jobs),
            cache: self.cache.or(below.cache),
            check_content: self.check_content.or(below.check_content),
            max_pixels: self.max_pixels.or(below.max_pixels),
            model: self.model.or(below.model),
            model_size: self.model_size.or(below.model_size),
            model_layout: self.model_layout.or(below.model_layout),
            model_mean: self.model_mean.or(below.model_mean),
            model_std: self.model_std.or(below.model_std),
            model_output: self.model_output.or(below.model_output),
            embeddings: self.embeddings.or(below.embeddings),
            pred_probs: self.pred_probs.or(below.pred_probs),
            row_keys: self.row_keys.or(below.row_keys),
            label_chunk: self.label_chunk.or(below.label_chunk),
            label_precision: self.label_precision.or(below.label_precision),
            places,
            problems: [below.problems, self.problems].concat(),
        }
    }

    /// Takes relative paths as seen from `folder`.
    #[must_use]
    pub fn below(mut self, folder: &Path) -> Self {
        let mut place = |path: &mut PathBuf| *path = folder.join(&*path);
        for path in [
            &mut self.root,
            &mut self.images,
            &mut self.reference,
            &mut self.baseline,
            &mut self.report,
            &mut self.group_file,
            &mut self.embeddings,
            &mut self.pred_probs,
            &mut self.row_keys,
        ] {
            path.as_mut().map(&mut place);
        }
        // Without an extension it is the name of an installed network: no file
        // without one is taken.
        let file = self
            .model
            .as_mut()
            .filter(|path| path.extension().is_some());
        file.map(&mut place);
        self.splits.iter_mut().for_each(|(_, path)| place(path));
        if let Some(CacheOption::At(path)) = &mut self.cache {
            place(path);
        }
        for output in self.output.iter_mut().flatten() {
            if let Some((format, path)) = output.split_once('=') {
                *output = format!("{format}={}", folder.join(path).display());
            }
        }
        self
    }
}

fn joined<T>(above: BTreeMap<String, T>, mut below: BTreeMap<String, T>) -> BTreeMap<String, T> {
    below.extend(above);
    below
}

fn named_folders<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, PathBuf)>, D::Error> {
    Ok(BTreeMap::deserialize(deserializer)?.into_iter().collect())
}
