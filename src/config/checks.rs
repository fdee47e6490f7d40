//! The checks a user wants, built with their settings and severities. Runs
//! none of them.

use std::collections::BTreeMap;

use super::keys;
use crate::checks::{Check, Declared, registry, selector};
use crate::finding::{CheckInfo, Severity};

/// A check to run, and the severity of its findings.
pub struct SelectedCheck {
    /// Built with its settings.
    pub check: Box<dyn Check>,
    /// Its own, or the one the user set.
    pub severity: Severity,
}

/// What the user said of checks.
pub(super) struct Wanted {
    pub(super) select: Vec<String>,
    pub(super) ignore: Vec<String>,
    pub(super) severity: BTreeMap<String, String>,
    pub(super) settings: BTreeMap<String, toml::Table>,
}

/// The checks to run and those left out, both in registry order. Mistakes go
/// to `problems`.
pub(super) fn choose(
    wanted: &Wanted,
    problems: &mut Vec<String>,
) -> (Vec<SelectedCheck>, Vec<&'static CheckInfo>) {
    let selected = selector::resolve(&wanted.select, &wanted.ignore).unwrap_or_else(|unknown| {
        problems.extend(unknown.into_iter().map(|problem| {
            let is_in = |words: &[String]| {
                words
                    .iter()
                    .any(|word| problem.contains(&format!("`{word}`")))
            };
            let key = if is_in(&wanted.select) {
                "select"
            } else {
                "ignore"
            };
            format!("`{key}`: {problem}")
        }));
        Default::default()
    });
    if selected.is_empty() && problems.is_empty() {
        problems.push("`select` and `ignore` together leave no check to run".to_owned());
    }
    let severities = severities(&wanted.severity, problems);
    let settings = settings(&wanted.settings, problems);
    let (mut checks, mut left_out) = (Vec::new(), Vec::new());
    for declared in registry::all() {
        let info = declared.info;
        // Settings of checks left out are held to the same rules.
        let table = settings.get(info.code).copied();
        let built = build(declared, table, problems);
        if !selected.contains(info.code) {
            left_out.push(info);
        } else if let Some(check) = built {
            let severity = [info.code, info.family.name()]
                .iter()
                .find_map(|&word| severities.get(word).copied())
                .unwrap_or(info.severity);
            checks.push(SelectedCheck { check, severity });
        }
    }
    (checks, left_out)
}

/// Severities by code or family.
fn severities(
    given: &BTreeMap<String, String>,
    problems: &mut Vec<String>,
) -> BTreeMap<&'static str, Severity> {
    let mut severities = BTreeMap::new();
    for (word, name) in given {
        let family = || {
            registry::all()
                .map(|declared| declared.info.family.name())
                .find(|family| family.eq_ignore_ascii_case(word))
        };
        let known = registry::find(word)
            .map(|declared| declared.info.code)
            .or_else(family);
        match (known, name.parse()) {
            (Some(known), Ok(severity)) => {
                severities.insert(known, severity);
            }
            (None, _) => problems.push(format!("[severity]: {}", selector::unknown(word))),
            (_, Err(e)) => problems.push(format!(
                "[severity] {word}: {e}; to leave the check out, name it in `ignore`"
            )),
        }
    }
    severities
}

/// Settings tables by code.
fn settings<'a>(
    given: &'a BTreeMap<String, toml::Table>,
    problems: &mut Vec<String>,
) -> BTreeMap<&'static str, &'a toml::Table> {
    let mut settings = BTreeMap::new();
    for (word, table) in given {
        match registry::find(word) {
            Some(declared) if settings.insert(declared.info.code, table).is_none() => {}
            Some(declared) => problems.push(format!(
                "[checks]: {} is set twice, by code and by name",
                declared.info.code
            )),
            None => problems.push(format!("[checks.{word}]: {}", selector::unknown(word))),
        }
    }
    settings
}

/// Builds a check; when its table is wrong, reports everything wrong with it.
fn build(
    declared: &Declared,
    table: Option<&toml::Table>,
    problems: &mut Vec<String>,
) -> Option<Box<dyn Check>> {
    let table = table.cloned().unwrap_or_default();
    let whole = match (declared.build)(table.clone()) {
        Ok(check) => return Some(check),
        Err(e) => e.to_string(),
    };
    let defaults = (declared.defaults)();
    let place = format!("[checks.{}]", declared.info.name);
    let before = problems.len();
    for (key, value) in table {
        let single = toml::Table::from_iter([(key.clone(), value)]);
        let Err(e) = (declared.build)(single) else {
            continue;
        };
        let known = defaults.keys().map(String::as_str);
        let hint = keys::nearest(&key, known)
            .filter(|&near| near != key)
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        problems.push(format!("{place} {key}: {e}{hint}"));
    }
    if problems.len() == before {
        problems.push(format!("{place}: {whole}"));
    }
    None
}
