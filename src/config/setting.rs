//! Every setting, described once: for `--help`, for the template of
//! `splitlint.toml` and for the docs page made from it. Sets none.

/// A setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in `splitlint.toml`; that of its flag, where it has one.
    pub key: &'static str,
    /// Under which heading it is listed.
    pub section: Section,
    /// One line, without a full stop.
    pub about: &'static str,
    /// What only the file can say, or has to.
    pub in_file: &'static str,
    /// What the flag's help says of the default, where it has to.
    pub default: &'static str,
    /// An example, or the default where there is one.
    pub example: Example,
    /// The flag can be given several times.
    pub repeatable: bool,
}

/// The headings of `--help` and of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What is scanned.
    Data,
    /// Which checks, and what they judge by.
    Checks,
    /// When a scan fails.
    Verdict,
    /// What is written.
    Report,
    /// How it runs.
    Running,
}

impl Section {
    /// All, in the order of the file.
    pub const ALL: [Self; 5] = [
        Self::Data,
        Self::Checks,
        Self::Verdict,
        Self::Report,
        Self::Running,
    ];

    /// The heading.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Data => "Data set",
            Self::Checks => "Checks",
            Self::Verdict => "Verdict",
            Self::Report => "Report",
            Self::Running => "Running",
        }
    }
}

/// The value shown in the file, as TOML.
#[derive(Debug, Clone, Copy)]
pub enum Example {
    /// This.
    Toml(&'static str),
    /// The data set's own root; not off.
    Root,
    /// What applies to the data set, not off; else this.
    Applies(&'static str),
    /// For each evaluation split this.
    EachEvaluation(&'static str),
    /// For each split this.
    EachSplit(&'static str),
}

impl Setting {
    const fn new(
        key: &'static str,
        section: Section,
        about: &'static str,
        toml: &'static str,
    ) -> Self {
        Self {
            key,
            section,
            about,
            in_file: "",
            default: "",
            example: Example::Toml(toml),
            repeatable: false,
        }
    }

    const fn in_file(self, in_file: &'static str) -> Self {
        Self { in_file, ..self }
    }

    const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn repeatable(self) -> Self {
        Self {
            repeatable: true,
            ..self
        }
    }

    const fn example(self, example: Example) -> Self {
        Self { example, ..self }
    }

    /// What `--help` says of its flag.
    pub fn help(&self) -> String {
        let mut help = self.about.to_owned();
        if self.repeatable {
            help.push_str(" (repeatable)");
        }
        if !self.default.is_empty() {
            help.push_str(&format!(" [default: {}]", self.default));
        }
        help
    }
}

/// The setting of that name; `None` where there is none.
pub fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

use Section::{Checks, Data, Report, Running, Verdict};

/// All that are not tables, in the order of the file.
pub const SETTINGS: &[Setting] = &[
    Setting::new(
        "root",
        Data,
        "A folder, an archive, a manifest (CSV, Parquet, JSON Lines), a `data.yaml` or a COCO file",
        "",
    )
    .example(Example::Root),
    Setting::new(
        "layout",
        Data,
        "How the data set is laid out, where its files do not show it",
        "\"folders\"",
    ),
    Setting::new(
        "images",
        Data,
        "Folder of the images that a COCO file lists",
        "\"images\"",
    )
    .default("beside the file"),
    Setting::new(
        "splits",
        Data,
        "Folder, archive or manifest of one split, instead of ROOT",
        "{ train = \"data/train\", test = \"/mnt/holdout\" }",
    )
    .repeatable(),
    Setting::new(
        "reference",
        Data,
        "Data used before, e.g. for pretraining: a copy of it in an evaluation split is a leak, one in training data is advice",
        "\"data/pretraining\"",
    ),
    Setting::new(
        "include",
        Data,
        "Scan only files whose path in the data set matches a pattern",
        "[\"*.jpg\"]",
    )
    .in_file("A pattern without `/` matches names at any depth")
    .repeatable(),
    Setting::new(
        "exclude",
        Data,
        "Leave out files whose path in the data set matches a pattern",
        "[\"thumbnails\"]",
    )
    .repeatable(),
    Setting::new(
        "path-column",
        Data,
        "Manifest column with the image's path",
        "\"path\"",
    ),
    Setting::new(
        "label-column",
        Data,
        "Manifest column with the label",
        "\"label\"",
    ),
    Setting::new(
        "split-column",
        Data,
        "Manifest column with the split",
        "\"split\"",
    ),
    Setting::new(
        "group-column",
        Data,
        "Manifest column with the group (patient, video, scene)",
        "\"patient\"",
    ),
    Setting::new(
        "group-regex",
        Data,
        "Part of a path that names the group: the first capture, e.g. `(patient\\d+)_`",
        "'(patient\\d+)_'",
    ),
    Setting::new(
        "group-file",
        Data,
        "CSV file with groups: a path or file name in the first column, its group in the second",
        "\"groups.csv\"",
    ),
    Setting::new(
        "slices",
        Data,
        "Of a volume (NIfTI) compare every Nth slice of the last axis",
        "8",
    )
    .default("the middle slice of each axis"),
    Setting::new(
        "show-identifiers",
        Data,
        "Call groups of DICOM files by the patients' and studies' own ids, in every report",
        "true",
    )
    .default("their hashes"),
    Setting::new(
        "select",
        Checks,
        "Run only these checks: codes, families or names",
        "[\"LEAK\", \"FILE\"]",
    )
    .in_file("`splitlint checks` lists them"),
    Setting::new(
        "ignore",
        Checks,
        "Leave these checks out: codes, families or names",
        "[\"DIST\"]",
    ),
    Setting::new(
        "model",
        Checks,
        "Judge labels by an ONNX model's vectors of the images: a file, or an installed network's name",
        "\"model.onnx\"",
    )
    .in_file("Of `model`, `embeddings` and `pred-probs` one can be set"),
    Setting::new(
        "model-size",
        Checks,
        "Pixels a side of the images the model takes, if it does not declare them",
        "224",
    )
    .default("224"),
    Setting::new(
        "model-layout",
        Checks,
        "The order of the dimensions of the model's input, if it does not declare it",
        "\"nchw\"",
    )
    .in_file("nchw or nhwc")
    .default("nchw"),
    Setting::new(
        "model-mean",
        Checks,
        "What the model expects subtracted from red, green, blue of 0 to 1",
        "[0.485, 0.456, 0.406]",
    )
    .default("what it declares, else ImageNet's"),
    Setting::new(
        "model-std",
        Checks,
        "What the model expects red, green, blue divided by then",
        "[0.229, 0.224, 0.225]",
    )
    .default("what it declares, else ImageNet's"),
    Setting::new(
        "model-output",
        Checks,
        "The model's output to use, if it has several",
        "\"pooler_output\"",
    ),
    Setting::new(
        "embeddings",
        Checks,
        "Judge labels by vectors of a model of yours: Parquet, or NumPy with `row-keys`",
        "\"embeddings.npy\"",
    ),
    Setting::new(
        "pred-probs",
        Checks,
        "Judge labels by out-of-sample probabilities, a column for each class: Parquet or NumPy",
        "\"probabilities.parquet\"",
    ),
    Setting::new(
        "row-keys",
        Checks,
        "Samples of the rows of a NumPy file: a text file with one on each line, or CSV with a column `sample`",
        "\"samples.txt\"",
    ),
    Setting::new(
        "label-precision",
        Checks,
        "Leave out suspicious labels of which fewer than this share can be expected to be wrong",
        "0.3",
    )
    .default("0.3"),
    Setting::new(
        "fail-on",
        Verdict,
        "Lowest severity that fails the scan",
        "\"error\"",
    )
    .in_file("error, warning, advice or never")
    .default("error"),
    Setting::new(
        "require",
        Verdict,
        "Exit with 2 unless these checks ran: families, codes or names",
        "",
    )
    .in_file(
        "The family LEAK asks for LEAK001 and LEAK002, LABEL for LABEL001 and LABEL002, any other \
         family for all its checks",
    )
    .example(Example::Applies("[\"LEAK\", \"LABEL001\"]")),
    Setting::new(
        "incomplete",
        Verdict,
        "What a check that failed means: `fail` for no verdict (exit code 2), `allow` to let the \
         others decide",
        "\"fail\"",
    ),
    Setting::new(
        "max-leaked-share",
        Verdict,
        "The share of an evaluation split that may be leaked",
        "",
    )
    .in_file(
        "Where it is set, it alone judges the leaks of that split, whatever `fail-on` is; one \
         number is for all splits",
    )
    .example(Example::EachEvaluation("0.0")),
    Setting::new(
        "max-suspect-labels",
        Verdict,
        "How many labels may be suspect: a whole number counts, 0.02 is a share",
        "0.02",
    ),
    Setting::new(
        "max-drift",
        Verdict,
        "How much the class distributions of two splits may differ (total variation, 0 to 1)",
        "0.1",
    ),
    Setting::new(
        "min-samples-per-class",
        Verdict,
        "What every class must have in a split",
        "",
    )
    .in_file("One number is for all splits")
    .example(Example::EachSplit("20")),
    Setting::new(
        "baseline",
        Verdict,
        "File of findings accepted earlier: only new ones fail the scan",
        "\"splitlint-baseline.csv\"",
    )
    .in_file("`splitlint baseline` writes it"),
    Setting::new(
        "report",
        Report,
        "Folder for the report",
        "\"splitlint-report\"",
    )
    .default("splitlint-report"),
    Setting::new(
        "format",
        Report,
        "What to print to standard output",
        "\"text\"",
    )
    .default("text"),
    Setting::new(
        "output",
        Report,
        "Also write FORMAT to PATH, e.g. `sarif=leaks.sarif`",
        "[\"sarif=splitlint.sarif\", \"junit=splitlint.xml\"]",
    )
    .repeatable(),
    Setting::new(
        "drop-from",
        Report,
        "From which side of a leak `drop.csv` takes a copy: training, evaluation or cheapest",
        "\"training\"",
    ),
    Setting::new("jobs", Running, "Threads", "0")
        .in_file("0 is one for each core")
        .default("one for each core"),
    Setting::new(
        "cache",
        Running,
        "Keep fingerprints in a folder, so that the next scan reads only what changed",
        "true",
    )
    .in_file("A folder; true is the usual one, false none"),
    Setting::new(
        "check-content",
        Running,
        "Recognise unchanged files by content (reads every file), not by size and time",
        "false",
    ),
    Setting::new(
        "max-pixels",
        Running,
        "Do not decode an image of more than this many pixels",
        "512_000_000",
    )
    .default("512 million"),
    Setting::new(
        "label-chunk",
        Running,
        "Samples in one chunk of the label model: fewer are faster and judge a little worse",
        "5000",
    )
    .default("5000"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, keys};

    #[test]
    fn every_key_of_the_file_that_is_no_table_is_described_once() {
        let tables = ["severity", "checks", "accept"];
        let mut described: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
        described.extend(tables);
        described.sort_unstable();
        let mut known = keys::of::<Options>().to_vec();
        known.sort_unstable();
        assert_eq!(described, known);
    }

    #[test]
    fn settings_stand_in_the_order_of_their_sections() {
        let sections = SETTINGS.iter().map(|setting| setting.section);
        let mut order: Vec<Section> = sections.collect();
        order.dedup();
        assert_eq!(order, Section::ALL);
    }

    #[test]
    fn descriptions_are_one_line_without_a_full_stop() {
        for Setting {
            key,
            about,
            in_file,
            ..
        } in SETTINGS
        {
            for text in [about, in_file] {
                assert!(
                    !text.contains('\n') && !text.ends_with('.'),
                    "{key}: {text}"
                );
            }
        }
    }
}
