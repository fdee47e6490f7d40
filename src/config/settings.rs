//! Options with every default filled in. Holds no `Option` that means "not
//! said".

use std::collections::BTreeMap;
use std::path::PathBuf;

use regex::Regex;

use super::checks::{self, SelectedCheck, Wanted};
use super::{CacheOption, Format, Options, Output, labels, policy};
use crate::checks::registry;
use crate::decode::Limits;
use crate::error::{Error, Result};
use crate::finding::CheckInfo;
use crate::gate::Policy;
use crate::headlines::DropSide;
use crate::label_model;
use crate::labelling;
use crate::path_pattern::PathPatterns;
use crate::source::{Columns, LayoutName, Request};

/// What a scan does.
pub struct Settings {
    /// The data set.
    pub request: Request,
    /// What decoders may use.
    pub limits: Limits,
    /// The checks to run, in registry order.
    pub checks: Vec<SelectedCheck>,
    /// The checks left out, in registry order.
    pub left_out: Vec<&'static CheckInfo>,
    /// What the user allows.
    pub policy: Policy,
    /// From which side of a leak `drop.csv` takes a copy.
    pub drop_from: DropSide,
    /// Where the report goes.
    pub report: PathBuf,
    /// What is printed.
    pub format: Format,
    /// Further files to write.
    pub outputs: Vec<Output>,
    /// Threads; 0 for one each core.
    pub jobs: usize,
    /// Where fingerprints are kept between runs.
    pub cache: Cache,
    /// Read every file and go by its content, not by its size and time.
    pub check_content: bool,
    /// What labels are judged by.
    pub label_rows: labelling::Wanted,
    /// How labels are judged.
    pub label_model: label_model::Settings,
}

/// Where fingerprints are kept between runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cache {
    /// In the user's cache folder, which the command line knows and puts
    /// here as [`Cache::At`]; a library scan does without.
    #[default]
    Usual,
    /// In that folder.
    At(PathBuf),
    /// Nowhere.
    Off,
}

/// More threads than any machine that this was measured on has cores.
const MOST_JOBS: usize = 1024;

/// Fewer samples than this hold too few of each class.
const SMALLEST_CHUNK: usize = 100;

/// The report's folder unless said otherwise.
pub const REPORT: &str = "splitlint-report";

/// Fills in defaults and checks what was given.
///
/// # Errors
/// [`Error::Config`] with every mistake found.
pub fn resolve(options: Options) -> Result<Settings> {
    let (messages, places) = (options.problems, options.places);
    let mut problems = Vec::new();
    let allowed = policy::Wanted {
        fail_on: options.fail_on.as_deref(),
        incomplete: options.incomplete.as_deref(),
        require: options.require.as_deref().unwrap_or_default(),
        max_leaked_share: options.max_leaked_share,
        max_suspect_labels: options.max_suspect_labels,
        max_drift: options.max_drift,
        min_samples_per_class: options.min_samples_per_class,
        accept: &options.accept,
        baseline: options.baseline.as_deref(),
    };
    let policy = policy::build(allowed, &mut problems);
    let wanted = Wanted {
        select: options.select.unwrap_or_default(),
        ignore: options.ignore.unwrap_or_default(),
        severity: options.severity,
        settings: options.checks,
    };
    let (checks, left_out) = checks::choose(&wanted, &mut problems);
    let format = options
        .format
        .map_or(Ok(Format::default()), |name| name.parse())
        .unwrap_or_else(|e| {
            problems.push(format!("`format`: {e}"));
            Format::default()
        });
    let mut outputs: Vec<Output> = Vec::new();
    for text in options.output.unwrap_or_default() {
        match text.parse::<Output>() {
            Ok(output) if outputs.iter().any(|other| other.path == output.path) => problems.push(
                format!("`output`: two of them go to `{}`", output.path.display()),
            ),
            Ok(output) => outputs.push(output),
            Err(e) => problems.push(format!("`output`: {e}")),
        }
    }
    let layout = options.layout.and_then(|name| {
        let parsed = name.parse::<LayoutName>();
        parsed
            .map_err(|e| problems.push(format!("`layout`: {e}")))
            .ok()
    });
    let group_regex = options.group_regex.and_then(|pattern| {
        Regex::new(&pattern)
            .map_err(|e| problems.push(format!("`group-regex`: {e}")))
            .ok()
    });
    match (&options.root, &options.splits[..]) {
        (None, []) => problems.push(
            "nothing to scan: give a folder, a manifest, or `--split NAME=PATH`".to_owned(),
        ),
        (Some(_), [_, ..]) => problems.push(
            "both a data set and splits are named: give a folder or manifest, or `--split NAME=PATH` for every split"
                .to_owned(),
        ),
        _ => {}
    }
    check_globs("include", options.include.as_deref(), &mut problems);
    check_globs("exclude", options.exclude.as_deref(), &mut problems);
    if options.max_pixels == Some(0) {
        problems.push("`max-pixels` is 0, which allows no image".to_owned());
    }
    if options
        .label_chunk
        .is_some_and(|chunk| chunk < SMALLEST_CHUNK)
    {
        problems.push(format!(
            "`label-chunk` is below {SMALLEST_CHUNK}, too few samples to learn classes from"
        ));
    }
    let least_precision = options.label_precision;
    if least_precision.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        problems.push("`label-precision` is not between 0 and 1".to_owned());
    }
    let label_rows = labels::wanted(
        labels::Given {
            model: options.model,
            size: options.model_size,
            layout: options.model_layout,
            mean: options.model_mean,
            std: options.model_std,
            output: options.model_output,
            embeddings: options.embeddings,
            probabilities: options.pred_probs,
            keys: options.row_keys,
        },
        &mut problems,
    );
    if options.jobs.is_some_and(|jobs| jobs > MOST_JOBS) {
        problems.push(format!(
            "`jobs` is not between 0 and {MOST_JOBS}; 0 is one thread for each core"
        ));
    }
    let problems = problems.into_iter().map(|problem| placed(problem, &places));
    let problems: Vec<String> = messages.into_iter().chain(problems).collect();
    if !problems.is_empty() {
        return Err(Error::Config(problems));
    }
    let report = options.report.unwrap_or_else(|| PathBuf::from(REPORT));
    Ok(Settings {
        request: Request {
            root: options.root,
            layout,
            images: options.images,
            splits: options.splits,
            reference: options.reference,
            include: options.include.unwrap_or_default(),
            exclude: options.exclude.unwrap_or_default(),
            never_enter: vec![report.clone()],
            columns: Columns {
                path: options.path_column,
                label: options.label_column,
                split: options.split_column,
                group: options.group_column,
            },
            group_regex,
            group_file: options.group_file,
            slices: options.slices,
            show_identifiers: options.show_identifiers.unwrap_or(false),
        },
        limits: options
            .max_pixels
            .map_or_else(Limits::default, |max_pixels| Limits { max_pixels }),
        checks,
        left_out,
        policy,
        drop_from: options.drop_from.unwrap_or_default(),
        report,
        format,
        outputs,
        jobs: options.jobs.unwrap_or(0),
        check_content: options.check_content.unwrap_or(false),
        label_rows,
        label_model: label_model::Settings {
            chunk: options
                .label_chunk
                .unwrap_or(label_model::Settings::default().chunk),
            least_precision: least_precision
                .unwrap_or(label_model::Settings::default().least_precision),
            ..label_model::Settings::default()
        },
        cache: match options.cache {
            None | Some(CacheOption::Use(true)) => Cache::Usual,
            Some(CacheOption::Use(false)) => Cache::Off,
            Some(CacheOption::At(folder)) => Cache::At(folder),
        },
    })
}

/// The problem with the line of the settings file that it is about, if it is
/// about one.
fn placed(problem: String, places: &BTreeMap<String, String>) -> String {
    let key = match problem.strip_prefix('[') {
        // "[checks.NAME] key: …", "[severity] WORD: …", "[[accept]] …"
        Some(rest) => {
            let (table, rest) = rest
                .trim_start_matches('[')
                .split_once(']')
                .unwrap_or((rest, ""));
            let rest = rest.trim_start_matches(']').trim_start();
            let word = rest.split([':', ' ']).next().unwrap_or_default();
            let table = match table.strip_prefix("checks.") {
                Some(name) if !places.contains_key(&format!("checks.{name}")) => {
                    let code = registry::find(name).map_or(name, |declared| declared.info.code);
                    format!("checks.{}", code.to_ascii_lowercase())
                }
                _ => table.to_ascii_lowercase(),
            };
            let inner = format!("{table}.{}", word.to_ascii_lowercase());
            if places.contains_key(&inner) {
                inner
            } else {
                table
            }
        }
        None => {
            let quoted = problem
                .strip_prefix('`')
                .and_then(|rest| rest.split_once('`'));
            quoted.map(|(key, _)| key.to_owned()).unwrap_or_default()
        }
    };
    match places.get(&key) {
        Some(place) => format!("{place}: {problem}"),
        None => problem,
    }
}

fn check_globs(key: &str, globs: Option<&[String]>, problems: &mut Vec<String>) {
    let globs = globs.unwrap_or_default();
    for (place, why) in PathPatterns::new(globs).err().unwrap_or_default() {
        problems.push(format!("`{key}`: pattern `{}`: {why}", globs[place]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::gate::{AtMost, FailOn, PerSplit};

    fn problems(toml: &str) -> Vec<String> {
        let text = format!("root = \"data\"\n{toml}");
        match resolve(parse(&text, "s.toml")) {
            Err(Error::Config(problems)) => problems,
            Err(e) => vec![e.to_string()],
            Ok(_) => Vec::new(),
        }
    }

    #[test]
    fn all_mistakes_come_at_once() {
        let messages = problems(
            "fail-on = \"always\"\nselect = [\"LEEK\"]\nformat = \"word\"\noutput = [\"x\"]\n\
             group-regex = \"(\"\ninclude = [\"[\"]\nmax-pixels = 0\ncolour = 1\n\
             [severity]\nLEAK001 = \"fatal\"\nLEAK9 = \"error\"\n[checks.nothing]\n",
        );
        assert_eq!(messages.len(), 11, "{messages:#?}");
    }

    #[test]
    fn policy_is_held_to_sense() {
        let messages = problems(
            "incomplete = \"maybe\"\nmax-leaked-share = { test = 5 }\nmax-drift = -0.1\n\
             max-suspect-labels = 1.5\nbaseline = \"none.csv\"\n\
             [[accept]]\nreason = \"x\"\n[[accept]]\npath = \"a\"\n\
             [[accept]]\ncheck = \"LEEK\"\npath = \"[\"\nreason = \"y\"\nexpires = \"soon\"\n",
        );
        assert_eq!(messages.len(), 10, "{messages:#?}");
    }

    #[test]
    fn thresholds_are_read_for_all_splits_or_for_each() {
        let text = "root = \"d\"\nmax-leaked-share = { test = 0, val = 0.005 }\n\
                    max-suspect-labels = 20\nmin-samples-per-class = { train = 5 }\nmax-drift = 0.1\n";
        let thresholds = resolve(parse(text, "s"))
            .expect("well formed")
            .policy
            .thresholds;
        let leaked = [("test".to_owned(), 0.0), ("val".to_owned(), 0.005)];
        assert_eq!(thresholds.max_leaked_share, PerSplit::Named(leaked.into()));
        assert_eq!(
            thresholds.max_suspect_labels,
            PerSplit::All(AtMost::Count(20))
        );
        assert_eq!(thresholds.max_drift, Some(0.1));
    }

    #[test]
    fn unknown_setting_of_a_check_is_refused() {
        let messages = problems("[checks.exact-duplicate-across-splits]\nradius = 3\nsize = 1\n");
        assert_eq!(messages.len(), 2, "{messages:#?}");
        assert!(
            messages[0].starts_with("s.toml:3: [checks.exact-duplicate-across-splits] radius: ")
        );
    }

    #[test]
    fn severity_is_set_by_code_name_or_family_the_nearest_word_winning() {
        let text = "root = \"d\"\n[severity]\nLEAK = \"advice\"\nexact-duplicate-across-splits = \"warning\"\n";
        let settings = resolve(parse(text, "s")).expect("well formed");
        for selected in &settings.checks {
            let info = selected.check.info();
            match (info.code, info.family.name()) {
                ("LEAK001", _) => assert_eq!(selected.severity.name(), "warning"),
                (_, "LEAK") => assert_eq!(selected.severity.name(), "advice"),
                _ => assert_eq!(selected.severity, info.severity),
            }
        }
    }

    #[test]
    fn setting_out_of_its_range_is_refused_with_its_line() {
        let messages = problems(
            "max-drift = 3\njobs = 5000\nfail-on = \"sometimes\"\n\
             [checks.near-duplicate-across-splits]\nmin-similarity = 2\n\
             [checks.SHORTCUT002]\nlevel = 7\nmin-area = -1\n\
             [checks.class-imbalance]\nmin-ratio = 0.5\n[severity]\nLEAK001 = \"fatal\"\n",
        );
        for (line, part) in [
            (2, "`max-drift` is 3"),
            (3, "`jobs` is not between"),
            (4, "`fail-on` is `sometimes`"),
            (6, "min-similarity: 2 is not between 0 and 1"),
            (8, "level: 7 is not above 0 and below 1"),
            (9, "min-area: -1 is not between"),
            (11, "min-ratio: 0.5 is not between"),
            (13, "LEAK001: unknown severity"),
        ] {
            let place = format!("s.toml:{line}: ");
            let has_message =
                |messages: &String| messages.starts_with(&place) && messages.contains(part);
            assert!(
                messages.iter().any(has_message),
                "{line} {part}: {messages:#?}"
            );
        }
        assert_eq!(messages.len(), 8, "{messages:#?}");
    }

    #[test]
    fn root_and_splits_together_are_a_contradiction() {
        assert_eq!(problems("[splits]\ntest = \"t\"\n").len(), 1);
    }

    #[test]
    fn silence_means_the_defaults() {
        let settings = resolve(parse("root = \"d\"", "s")).expect("well formed");
        assert_eq!(settings.policy.fail_on, FailOn::Error);
        assert_eq!(settings.report, PathBuf::from("splitlint-report"));
        assert_eq!(settings.cache, Cache::Usual);
        assert_eq!(settings.format, Format::Text);
    }
}
