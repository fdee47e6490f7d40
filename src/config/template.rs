//! The text of a `splitlint.toml` with every setting in it, for one data set.
//! Looks at none itself.

use crate::checks::registry;

/// What a template says of a data set.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// How it was understood, one line.
    pub layout: String,
    /// Where it lies, as seen from the file.
    pub root: String,
    /// The splits that models are tested on.
    pub evaluation: Vec<String>,
    /// Its splits.
    pub splits: Vec<String>,
}

/// A settings file: what is set is what a scan needs, everything else stands
/// in a comment, with its default where it has one.
pub fn template(facts: &Facts) -> String {
    let mut text = general(facts);
    for declared in registry::all() {
        let settings = (declared.defaults)();
        if settings.is_empty() {
            continue;
        }
        let info = declared.info;
        text.push_str(&format!("\n# {}: {}.\n", info.code, info.summary));
        text.push_str(&format!("#[checks.{}]\n", info.name));
        for (key, value) in settings {
            text.push_str(&format!("#{key} = {value}\n"));
        }
    }
    text
}

/// The part of [`template`] that does not depend on which checks there are.
pub fn general(facts: &Facts) -> String {
    let layout = facts.layout.replace(['\n', '\r'], " ");
    let root = toml::Value::String(facts.root.clone());
    let limits = each(&facts.evaluation, "0.0");
    let classes = each(&facts.splits, "20");
    format!(
        "\
# Settings of splitlint for this data set, which was read as
#   {layout}
# Flags stand above this file. `#name = …` is off; take the `#` away to set it.

# Data set: a folder `<split>/<class>/…` or a manifest, as seen from this file.
root = {root}
# Or a folder or manifest for each split.
#splits = {{ train = \"data/train\", test = \"/mnt/holdout\" }}
# Data used before, e.g. for pretraining: its copies are leaks too.
#reference = \"data/pretraining\"
# Patterns over paths in the data set; without `/` for a name at any depth.
#include = [\"*.jpg\"]
#exclude = [\"thumbnails\"]
# Columns of a manifest, where their names are not understood.
#path-column = \"path\"
#label-column = \"label\"
#split-column = \"split\"
#group-column = \"patient\"
# What in a path names its group: the first capture.
#group-regex = '(patient\\d+)_'
# A CSV file that names groups: a path or file name, then its group.
#group-file = \"groups.csv\"

# Checks to run and to leave out: codes, families or names. `splitlint checks`
# lists them.
#select = [\"LEAK\", \"FILE\"]
#ignore = [\"DIST\"]

# Verdict: the lowest severity that fails a scan: error, warning or never.
#fail-on = \"error\"
# What a check that failed means: `fail` for no verdict (exit code 2), `allow`
# to let the others decide.
#incomplete = \"fail\"
# The share of an evaluation split that may be leaked. Where it is set, it alone
# judges the leaks of that split, whatever `fail-on` says. One number is for all.
#max-leaked-share = {limits}
# How many labels may be suspect: a whole number counts, 0.02 is a share.
#max-suspect-labels = 0.02
# How far the class shares of two splits may lie apart (total variation, 0 to 1).
#max-drift = 0.1
# What every class must have in a split. One number is for all splits.
#min-samples-per-class = {classes}
# Findings accepted one by one; `splitlint baseline` writes the file.
#baseline = \"splitlint-baseline.csv\"

# Report: its folder, what is printed, further files.
#report = \"splitlint-report\"
#format = \"text\"
#output = [\"sarif=splitlint.sarif\", \"junit=splitlint.xml\"]
# From which side of a leak `drop.csv` takes a copy: training, evaluation or
# cheapest.
#drop-from = \"training\"

# Running: threads (0: one for each core), the fingerprint cache (a folder, or
# false), the size above which a picture is not decoded.
#jobs = 0
#cache = true
# Whether the cache reads every file to see that it has not changed.
#check-content = false
#max-pixels = 512_000_000
# What labels are judged by, unless by built-in features: an ONNX model, a file of
# a model's vectors, or of its out-of-sample probabilities (one of the three); for
# NumPy files, whose the rows are.
#model = \"model.onnx\"
#embeddings = \"embeddings.npy\"
#pred-probs = \"probabilities.parquet\"
#row-keys = \"samples.txt\"
# What an ONNX model may leave unsaid: pixels a side, the order of dimensions
# (nchw or nhwc), mean and deviation of red, green and blue of 0 to 1, and which
# of several outputs to use.
#model-size = 224
#model-layout = \"nchw\"
#model-mean = [0.485, 0.456, 0.406]
#model-std = [0.229, 0.224, 0.225]
#model-output = \"pooler_output\"
# Samples in one chunk of the label model: fewer are faster and judge a little
# worse.
#label-chunk = 5000

# Severity by code, family or name: error, warning or advice.
#[severity]
#LEAK002 = \"warning\"

# Findings accepted by kind: a check, a path pattern, or both.
#[[accept]]
#check = \"LEAK002\"
#path = \"train/video-7/**\"
#reason = \"a known burst\"
#expires = \"2027-01-31\"

# Settings of single checks; `splitlint explain CODE` tells of them.
"
    )
}

/// `{ test = 0.0, val = 0.0 }`.
fn each(splits: &[String], value: &str) -> String {
    let bare = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let cells: Vec<String> = splits
        .iter()
        .map(|name| {
            if bare(name) {
                format!("{name} = {value}")
            } else {
                format!("{} = {value}", toml::Value::String(name.clone()))
            }
        })
        .collect();
    if cells.is_empty() {
        value.to_owned()
    } else {
        format!("{{ {} }}", cells.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, keys, parse, resolve};

    fn facts() -> Facts {
        Facts {
            layout: "image folders\nof two lines".to_owned(),
            root: "a \"quoted\" \\ folder".to_owned(),
            evaluation: vec!["test".to_owned(), "hold out\"".to_owned()],
            splits: vec!["train".to_owned()],
        }
    }

    /// Everything that is off, on.
    fn all_on(text: &str) -> String {
        text.lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[') => {
                    rest
                }
                _ => line,
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn template_is_read_as_it_stands() {
        let options = parse(&template(&facts()), "t");
        assert!(options.problems.is_empty(), "{:?}", options.problems);
        assert_eq!(options.root, Some("a \"quoted\" \\ folder".into()));
        resolve(options).map(drop).expect("complete");
    }

    #[test]
    fn every_setting_is_in_the_template_and_sound() {
        let text = all_on(&template(&facts()));
        let table: toml::Table = text.parse().expect("TOML");
        for key in keys::of::<Options>() {
            assert!(table.contains_key(*key), "`{key}` is missing");
        }
        let mut options = parse(&text, "t");
        assert!(options.problems.is_empty(), "{:?}", options.problems);
        options.splits.clear();
        options.baseline = None;
        // Labels are judged by one of three.
        (options.embeddings, options.pred_probs, options.row_keys) = (None, None, None);
        resolve(options).map(drop).expect("every example holds");
    }
}
