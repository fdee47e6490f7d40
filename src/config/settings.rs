//! Options with every default filled in. Holds no `Option` that means "not
//! said".

use std::path::PathBuf;

use super::Options;
use crate::checks::{Check, registry, selector};
use crate::decode::Limits;
use crate::error::{Error, Result};
use crate::finding::{CheckInfo, Severity};
use crate::gate::{FailOn, Policy};
use crate::source::{Columns, Request};

/// A check to run, and the severity of its findings.
pub struct SelectedCheck {
    /// Built with its settings.
    pub check: Box<dyn Check>,
    /// Its own, or the one the user set.
    pub severity: Severity,
}

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
    /// Where the report goes.
    pub report: PathBuf,
    /// Threads; 0 for one each core.
    pub jobs: usize,
}

/// Fills in defaults and checks what was given.
///
/// # Errors
/// [`Error::Config`] with every mistake found.
pub fn resolve(options: Options) -> Result<Settings> {
    let mut problems = Vec::new();
    let fail_on = match options.fail_on.as_deref() {
        None | Some("error") => FailOn::Error,
        Some("warning") => FailOn::Warning,
        Some("never") => FailOn::Never,
        Some(other) => {
            problems.push(format!(
                "`fail-on` is `{other}`; use error, warning or never"
            ));
            FailOn::Error
        }
    };
    let select = options.select.unwrap_or_default();
    let ignore = options.ignore.unwrap_or_default();
    let selected = selector::resolve(&select, &ignore).unwrap_or_else(|unknown| {
        problems.extend(unknown);
        Default::default()
    });
    let (mut checks, mut left_out) = (Vec::new(), Vec::new());
    for declared in registry::all() {
        let info = declared.info;
        if !selected.contains(info.code) {
            left_out.push(info);
            continue;
        }
        let table = options.checks.get(info.name).cloned().unwrap_or_default();
        let severity = [info.code, info.name]
            .iter()
            .find_map(|&word| options.severity.get(word))
            .map_or(Ok(info.severity), |name| name.parse());
        match ((declared.build)(table), severity) {
            (Ok(check), Ok(severity)) => checks.push(SelectedCheck { check, severity }),
            (Err(e), _) => problems.push(format!("[checks.{}]: {e}", info.name)),
            (_, Err(e)) => problems.push(format!("[severity] {}: {e}", info.code)),
        }
    }
    if options.root.is_none() && options.splits.is_empty() {
        problems
            .push("nothing to scan: give a folder, a manifest, or `--split NAME=PATH`".to_owned());
    }
    if !problems.is_empty() {
        return Err(Error::Config(problems));
    }
    let report = options
        .report
        .unwrap_or_else(|| PathBuf::from("splitlint-report"));
    Ok(Settings {
        request: Request {
            root: options.root,
            splits: options.splits,
            reference: None,
            include: options.include.unwrap_or_default(),
            exclude: options.exclude.unwrap_or_default(),
            never_enter: vec![report.clone()],
            columns: Columns {
                path: options.path_column,
                label: options.label_column,
                split: options.split_column,
                group: options.group_column,
            },
        },
        limits: options
            .max_pixels
            .map_or_else(Limits::default, |max_pixels| Limits { max_pixels }),
        checks,
        left_out,
        policy: Policy { fail_on },
        report,
        jobs: options.jobs.unwrap_or(0),
    })
}
