//! What the user allows: thresholds and acceptances, read and checked. Judges
//! nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::checks::{registry, selector};
use crate::finding::{Code, CountsAs};
use crate::gate::{
    Acceptance, AtMost, Baseline, FailOn, PerSplit, Policy, Required, Rule, Thresholds,
    WhenIncomplete,
};
use crate::path_pattern::PathPatterns;
use crate::spreadsheet;

/// A value for all splits, or one for each split named.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a number, or a table of split = number")]
pub enum OneOrEach<T> {
    /// For all.
    All(T),
    /// By split.
    Each(BTreeMap<String, T>),
}

/// A whole number counts; one with a point is a share.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a count such as 20, or a share such as 0.02")]
pub enum CountOrShare {
    /// Samples.
    Count(u64),
    /// 0 to 1.
    Share(f64),
}

/// One `[[accept]]` of the settings.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Accept {
    /// Code, family or name; everything if it is not said.
    pub check: Option<String>,
    /// Pattern over sample keys: without `/` for a name at any depth, else for
    /// the whole key; `**` crosses folders.
    pub path: Option<String>,
    /// Why; must be said.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<String>,
}

/// What of [`super::Options`] the policy is made of.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    pub(super) fail_on: Option<&'a str>,
    pub(super) incomplete: Option<&'a str>,
    pub(super) require: &'a [String],
    pub(super) max_leaked_share: Option<OneOrEach<f64>>,
    pub(super) max_suspect_labels: Option<OneOrEach<CountOrShare>>,
    pub(super) max_drift: Option<f64>,
    pub(super) min_samples_per_class: Option<OneOrEach<u64>>,
    pub(super) accept: &'a [Accept],
    pub(super) baseline: Option<&'a Path>,
}

/// The policy; mistakes go to `problems`.
pub(super) fn build(wanted: Wanted<'_>, problems: &mut Vec<String>) -> Policy {
    let fail_on = match wanted.fail_on {
        None | Some("error") => FailOn::Error,
        Some("warning") => FailOn::Warning,
        Some("advice") => FailOn::Advice,
        Some("never") => FailOn::Never,
        Some(other) => {
            problems.push(format!(
                "`fail-on` is `{other}`; use error, warning, advice or never"
            ));
            FailOn::Error
        }
    };
    let when_incomplete = match wanted.incomplete {
        None | Some("fail") => WhenIncomplete::Fail,
        Some("allow") => WhenIncomplete::Allow,
        Some(other) => {
            problems.push(format!("`incomplete` is `{other}`; use fail or allow"));
            WhenIncomplete::Fail
        }
    };
    let mut share = |key: &str, value: f64| {
        if !(0.0..=1.0).contains(&value) {
            problems.push(format!(
                "`{key}` is {value}; a share lies between 0 and 1, so half a percent is 0.005"
            ));
        }
    };
    for &value in values(wanted.max_leaked_share.as_ref()) {
        share("max-leaked-share", value);
    }
    for &value in values(wanted.max_suspect_labels.as_ref()) {
        if let CountOrShare::Share(value) = value {
            share("max-suspect-labels", value);
        }
    }
    if let Some(value) = wanted.max_drift {
        share("max-drift", value);
    }
    Policy {
        fail_on,
        when_incomplete,
        require: required(wanted.require, problems),
        thresholds: Thresholds {
            max_leaked_share: per_split(wanted.max_leaked_share, |value| value),
            max_suspect_labels: per_split(wanted.max_suspect_labels, |value| match value {
                CountOrShare::Count(count) => AtMost::Count(count),
                CountOrShare::Share(share) => AtMost::Share(share),
            }),
            max_drift: wanted.max_drift,
            min_samples_per_class: per_split(wanted.min_samples_per_class, |value| value),
        },
        acceptance: Acceptance {
            baseline: wanted
                .baseline
                .map(|file| read_baseline(file, problems))
                .unwrap_or_default(),
            rules: wanted
                .accept
                .iter()
                .filter_map(|accept| rule(accept, problems))
                .collect(),
            today: None,
        },
    }
}

fn values<T>(given: Option<&OneOrEach<T>>) -> Vec<&T> {
    match given {
        None => Vec::new(),
        Some(OneOrEach::All(value)) => vec![value],
        Some(OneOrEach::Each(named)) => named.values().collect(),
    }
}

fn per_split<T, U>(given: Option<OneOrEach<T>>, convert: impl Fn(T) -> U) -> PerSplit<U> {
    match given {
        None => PerSplit::None,
        Some(OneOrEach::All(value)) => PerSplit::All(convert(value)),
        Some(OneOrEach::Each(named)) => PerSplit::Named(
            named
                .into_iter()
                .map(|(name, value)| (name, convert(value)))
                .collect(),
        ),
    }
}

/// The checks that make the family `word` judged at all, where not all of it
/// does: the rest asks for what a sound data set may lack, such as declared
/// groups or several classes of one sample.
fn core(word: &str) -> Vec<Code> {
    let counted = [
        CountsAs::Leak,
        CountsAs::LabelConflict,
        CountsAs::SuspectLabel,
    ];
    (registry::all())
        .map(|declared| declared.info)
        .filter(|info| info.family.name().eq_ignore_ascii_case(word))
        .filter(|info| counted.contains(&info.counts_as))
        .map(|info| info.code)
        .collect()
}

fn required(words: &[String], problems: &mut Vec<String>) -> Vec<Required> {
    let mut required = Vec::new();
    for word in words {
        let mut codes = core(word);
        if codes.is_empty() {
            match selector::resolve(std::slice::from_ref(word), &[]) {
                Ok(named) => codes.extend(named),
                Err(unknown) => {
                    problems.extend(unknown.into_iter().map(|e| format!("`require`: {e}")));
                    continue;
                }
            }
        }
        required.push(Required {
            word: word.clone(),
            codes,
        });
    }
    required
}

fn read_baseline(file: &Path, problems: &mut Vec<String>) -> Baseline {
    let name = file.display();
    let read = fs::read(file).map_err(|e| e.to_string());
    let text = match read.and_then(|bytes| spreadsheet::decoded(&bytes)) {
        Ok(text) => text,
        Err(e) => {
            problems.push(format!(
                "cannot read the baseline `{name}`: {e}; `splitlint baseline` writes one"
            ));
            return Baseline::default();
        }
    };
    Baseline::parse(&text).unwrap_or_else(|mistakes| {
        problems.extend(
            mistakes
                .into_iter()
                .map(|mistake| format!("baseline `{name}`: {mistake}")),
        );
        Baseline::default()
    })
}

fn rule(accept: &Accept, problems: &mut Vec<String>) -> Option<Rule> {
    let before = problems.len();
    let words = match (&accept.check, &accept.path) {
        (Some(check), Some(path)) => format!("`{check}` in `{path}`"),
        (Some(check), None) => format!("`{check}`"),
        (None, Some(path)) => format!("everything in `{path}`"),
        (None, None) => {
            problems.push("[[accept]] names neither `check` nor `path`".to_owned());
            return None;
        }
    };
    if accept.reason.trim().is_empty() {
        problems.push(format!("[[accept]] {words}: say why, with `reason`"));
    }
    let select: Vec<String> = accept.check.iter().cloned().collect();
    let codes: Vec<Code> = match selector::resolve(&select, &[]) {
        Ok(codes) => codes.into_iter().collect(),
        Err(unknown) => {
            problems.extend(unknown.into_iter().map(|e| format!("[[accept]]: {e}")));
            Vec::new()
        }
    };
    let paths = (accept.path.clone())
        .map(|path| PathPatterns::new(&[path]))
        .transpose();
    let expires = accept.expires.as_deref().map(str::parse).transpose();
    let mut refuse = |e: String| problems.push(format!("[[accept]] {words}: {e}"));
    let paths = paths.unwrap_or_else(|mistakes| {
        for (_, why) in mistakes {
            refuse(why.to_string());
        }
        None
    });
    let expires = expires.unwrap_or_else(|e| {
        refuse(e);
        None
    });
    (problems.len() == before).then(|| Rule {
        codes,
        paths,
        reason: accept.reason.clone(),
        expires,
        words,
    })
}
