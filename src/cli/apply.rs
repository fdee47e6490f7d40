//! `splitlint apply`: what a report and a person decided, as a plan and, on
//! request, as a cleaned copy.

use std::path::{Path, PathBuf};

use super::args::{ApplyArguments, CopyBy};
use super::baseline::existing;
use super::prepare::{self, Volume};
use super::{cache, console, interrupt};
use crate::checks::registry;
use crate::config::{self, Options};
use crate::error::{Error, Result};
use crate::finding::CountsAs;
use crate::report::write_file;
use crate::review::{self, By, Plan, ReportFolder};
use crate::scan::{Scan, scan};
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
        console::print(&told)?;
        let copied = scanned_again(arguments, to, &request, is_manifest)?;
        return console::print(&left(&copied)).map(|()| 0);
    }
    told.push_str(
        "next       `splitlint apply --to DIR` makes a cleaned copy and looks for copies that are \
         left; drop.csv covers the pairs found\n",
    );
    console::print(&told)?;
    Ok(0)
}

/// The cleaned copy, searched for copies across splits as the data set was.
fn scanned_again(
    arguments: &ApplyArguments,
    to: &Path,
    request: &Request,
    is_manifest: bool,
) -> Result<Scan> {
    let (root, splits) = copied(to, request, is_manifest);
    let of_leaks = (registry::all())
        .map(|declared| declared.info)
        .filter(|info| info.counts_as == CountsAs::Leak);
    let options = Options {
        root,
        splits,
        reference: request.reference.clone(),
        select: Some(of_leaks.map(|info| info.code.to_owned()).collect()),
        baseline: Some(arguments.baseline.clone()).filter(|file| file.is_file()),
        ..Options::default()
    };
    let mut settings = config::resolve(options)?;
    cache::place(&mut settings);
    let executor = prepare::executor(&settings)?;
    scan(&settings, &executor, &prepare::progress(Volume::Normal))
}

/// What is left of the leaks, in words: pairs that the first search missed.
fn left(copied: &Scan) -> String {
    let Some(leaks) = &copied.headlines.leaks else {
        return match copied.interrupted {
            true => "left       unknown: the search of the copy was interrupted\n".to_owned(),
            false => {
                "left       nothing to search: the copy has fewer than two splits\n".to_owned()
            }
        };
    };
    let name = |split| {
        copied
            .evidence
            .listing
            .split_name(Some(split))
            .unwrap_or("")
    };
    let leaked: Vec<String> = (leaks.iter())
        .filter(|figures| !figures.sources.is_empty())
        .map(|figures| {
            let copies = figures.sources.iter().map(|&(_, copies)| copies).max();
            format!(
                "{} of {} in `{}`",
                copies.unwrap_or(0),
                figures.samples,
                name(figures.split)
            )
        })
        .collect();
    let samples: u64 = copied
        .headlines
        .splits
        .iter()
        .map(|figures| figures.samples)
        .sum();
    let compared: u64 = copied
        .headlines
        .splits
        .iter()
        .map(|figures| figures.compared)
        .sum();
    if leaked.is_empty() {
        return format!(
            "left       no copy across splits ({compared} of {samples} images compared)\n"
        );
    }
    format!(
        "left       copies across splits that the first scan missed: {}; scan the copy and apply again\n",
        leaked.join(", ")
    )
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

/// What of the copy is scanned: the same that was of the data set.
fn copied(
    to: &Path,
    request: &Request,
    is_manifest: bool,
) -> (Option<PathBuf>, Vec<(String, PathBuf)>) {
    if request.root.is_none() {
        let splits = request.splits.iter();
        return (
            None,
            splits
                .map(|(name, _)| (name.clone(), to.join(name)))
                .collect(),
        );
    }
    let root = if is_manifest {
        to.join("manifest.csv")
    } else {
        to.to_owned()
    };
    (Some(root), Vec::new())
}

/// How the copy is scanned: the way the data set was.
fn next(to: &Path, request: &Request, is_manifest: bool) -> String {
    let (root, splits) = copied(to, request, is_manifest);
    let split = |(name, path): &(String, PathBuf)| format!("--split {name}={}", path.display());
    let words: Vec<String> = match root {
        Some(root) => vec![root.display().to_string()],
        None => splits.iter().map(split).collect(),
    };
    format!(
        "copy       {}\nnext       splitlint scan {}\n",
        to.display(),
        words.join(" ")
    )
}
