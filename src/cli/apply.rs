//! `splitlint apply`: what a report and a person decided, as a plan and, on
//! request, as a cleaned copy.

use std::path::{Path, PathBuf};

use super::args::{ApplyArguments, CopyBy};
use super::baseline::existing;
use super::prepare::{self, Volume};
use super::{console, interrupt};
use crate::error::{Error, Result};
use crate::report::write_file;
use crate::review::{self, By, Plan, ReportFolder};
use crate::source::{self, Request};

/// Plans, and copies where it is asked for.
pub(super) fn run(arguments: &ApplyArguments) -> Result<u8> {
    let report = ReportFolder::open(&arguments.report)?;
    let mut request = report.request()?;
    if arguments.root.is_some() || !arguments.split.is_empty() {
        request.root.clone_from(&arguments.root);
        request.splits.clone_from(&arguments.split);
    }
    request.never_enter.push(arguments.plan.clone());
    if let Some(to) = &arguments.to {
        outside(to, &request)?;
    }
    let stop = interrupt::stop_flag();
    let listed = source::list(&request, &stop, &prepare::progress(Volume::Normal))?;
    let decisions = report.decisions(arguments.decisions.as_deref())?;
    let plan = review::plan(&report, &decisions, &listed.listing)?;
    review::check_unchanged(&plan, &report, &listed.listing, listed.reader.as_ref())?;
    let staying = review::staying(&plan, &listed.listing, listed.reader.as_ref())?;

    let folder = &arguments.plan;
    write_file(&folder.join("plan.csv"), &review::steps(&plan))?;
    write_file(
        &folder.join("manifest.csv"),
        &review::manifest(&staying, false),
    )?;
    if !plan.accepted.is_empty() {
        let mut baseline = existing(&arguments.baseline)?;
        baseline.accept(plan.accepted.clone(), false);
        write_file(&arguments.baseline, &baseline.render())?;
    }
    let mut told = summary(arguments, &plan, staying.len());
    if let Some(to) = &arguments.to {
        let is_manifest = request.root.as_deref().is_some_and(Path::is_file);
        review::copy(&staying, to, by(arguments.by), is_manifest, &stop)?;
        told.push_str(&next(to, &request, is_manifest));
    }
    console::print(&told)?;
    Ok(0)
}

fn by(wanted: CopyBy) -> By {
    match wanted {
        CopyBy::LinkOrCopy => By::LinkOrCopy,
        CopyBy::HardLink => By::HardLink,
        CopyBy::Symlink => By::Symlink,
        CopyBy::Copy => By::Copy,
    }
}

/// A copy inside the data set would be a part of it at the next scan.
fn outside(to: &Path, request: &Request) -> Result<()> {
    let wanted = std::path::absolute(to).map_err(|e| Error::output(to, e))?;
    let roots = request.root.iter();
    let splits = request.splits.iter().map(|(_, path)| path);
    for root in roots.chain(splits).filter(|root| root.is_dir()) {
        let inside = [std::path::absolute(root), root.canonicalize()]
            .into_iter()
            .flatten()
            .any(|root| wanted.starts_with(root));
        if inside {
            return Err(Error::output(
                to,
                format!(
                    "it lies in the data set `{}`; name a folder outside",
                    root.display()
                ),
            ));
        }
    }
    Ok(())
}

fn summary(arguments: &ApplyArguments, plan: &Plan, staying: usize) -> String {
    let accepted = match plan.accepted.len() {
        0 => String::new(),
        count => format!(
            "{} accepted in `{}`\n",
            counted(count, "finding", "findings"),
            arguments.baseline.display()
        ),
    };
    let undecided = match plan.undecided {
        0 => String::new(),
        count => format!(
            "{} undecided: write keep, drop, change or a class into \
             the column `decision` of decisions.csv\n",
            counted(count, "suspicious label is", "suspicious labels are")
        ),
    };
    format!(
        "{} dropped, {} relabelled, {} kept as they are; {staying} stay\n{accepted}{undecided}\
         plan       {}\n\
         what stays {}\n",
        counted(plan.count("drop"), "sample", "samples"),
        plan.count("relabel"),
        plan.count("keep"),
        arguments.plan.join("plan.csv").display(),
        arguments.plan.join("manifest.csv").display(),
    )
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How the copy is scanned: the way the data set was.
fn next(to: &Path, request: &Request, is_manifest: bool) -> String {
    let words: Vec<String> = if request.root.is_none() {
        let split =
            |(name, _): &(String, PathBuf)| format!("--split {name}={}", to.join(name).display());
        request.splits.iter().map(split).collect()
    } else if is_manifest {
        vec![to.join("manifest.csv").display().to_string()]
    } else {
        vec![to.display().to_string()]
    };
    format!(
        "copy       {}\nnext       splitlint scan {}\n",
        to.display(),
        words.join(" ")
    )
}
