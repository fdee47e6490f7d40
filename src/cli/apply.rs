//! `splitlint apply`: what a report and a person decided, as a plan and, on
//! request, as a cleaned copy.

use std::path::{Path, PathBuf};

use super::command_args::{ApplyArguments, CopyBy};
use super::prepare::{self, Volume};
use super::review::BASELINE;
use super::{cache, console};
use crate::checks::registry;
use crate::config::{self, Options};
use crate::error::{Error, Result};
use crate::finding::{CountsAs, Finding};
use crate::report::write_file;
use crate::review::{self, By, Plan, ReportFolder};
use crate::sample::Listing;
use crate::scan::{Scan, scan};
use crate::source::{self, Columns, Request};

/// Plans, and copies where it is asked for.
pub(super) fn run(arguments: &ApplyArguments) -> Result<u8> {
    let report = ReportFolder::open(&arguments.report)?;
    report.is_old().iter().for_each(console::note);
    let mut request = report.request()?;
    if arguments.root.is_some() || !arguments.split.is_empty() {
        request.root.clone_from(&arguments.root);
        request.splits.clone_from(&arguments.split);
    }
    let loaded = match config::find("".as_ref(), request.root.as_deref()) {
        Some(file) => config::load(&file)?,
        None => Options::default(),
    };
    let in_settings = loaded.baseline;
    let named = (arguments.baseline.as_ref()).or(in_settings.as_ref());
    let baseline = named.map_or_else(|| PathBuf::from(BASELINE), PathBuf::clone);
    request.never_enter.push(arguments.plan.clone());
    if let Some(to) = &arguments.to {
        outside(to, &request)?;
    }
    let executor = prepare::threads(loaded.jobs.unwrap_or(0))?;
    let (stop, progress) = (executor.stop(), prepare::progress(Volume::Normal));
    let listed = executor.install(|| source::list(&request, stop, &progress))?;
    let decisions = report.decisions(arguments.decisions.as_deref())?;
    let plan = review::plan(&report, &decisions, &listed.listing)?;
    review::check_unchanged(&plan, &report, &listed.listing, listed.reader.as_ref())?;
    let staying = review::staying(&plan, &listed.listing, listed.reader.as_ref())?;

    let manifest = source::manifest_of(&request);
    let listing = &listed.listing;
    let kept = annotations_kept(&request, listing, &staying);
    let with_manifest = kept.is_err()
        && (manifest.is_some()
            || listing.layout.name != "folders"
            || !listing.containers.files.is_empty());
    let own = match &manifest {
        Some(path) => source::own_table(path, &request.columns)?,
        None => None,
    };

    let folder = &arguments.plan;
    write_file(&folder.join("plan.csv"), &review::steps(&plan))?;
    write_file(
        &folder.join("manifest.csv"),
        &review::manifest(&staying, false, own.as_ref(), false),
    )?;
    if !plan.accepted.is_empty() {
        let mut accepting = review::baseline_in(&baseline)?;
        accepting.accept(plan.accepted.clone());
        write_file(&baseline, &accepting.render())?;
    }
    let mut text = summary(arguments, &plan, staying.len(), &baseline);
    if let (Some(path), None) = (&manifest, &own) {
        text.push_str(&format!(
            "note       manifest.csv has the path, label, split and group of each sample; other fields of `{}` are not carried over (they are for CSV and TSV)\n",
            path.display()
        ));
    }
    if let Some(to) = &arguments.to {
        let how = match (kept.is_ok(), with_manifest) {
            (true, _) => Copied::Whole,
            (false, true) => Copied::Manifest,
            (false, false) => Copied::Folders,
        };
        let output = match kept {
            Ok(()) => {
                let input = review::Input {
                    root: request.root.as_deref(),
                    listing,
                    descriptions: &listed.descriptions,
                    staying,
                };
                review::output(listing.layout.name, input, stop)?
            }
            Err(why) => {
                let manifest = || {
                    review::Beside::manifest(review::manifest(&staying, true, own.as_ref(), false))
                };
                review::Output {
                    beside: with_manifest.then(manifest).into_iter().collect(),
                    images: staying,
                    notes: why.into_iter().collect(),
                }
            }
        };
        let way = by(arguments.by);
        let reader = listed.reader.as_ref();
        review::copy(&output.images, reader, to, way, &output.beside, stop)?;
        for note in output.notes {
            text.push_str(&format!("note       {note}\n"));
        }
        text.push_str(&next(to, &request, how));
        if baseline.exists() && in_settings.as_ref() != Some(&baseline) {
            text.push_str(&format!(" --baseline {}", quoted(&baseline)));
        }
        text.push('\n');
        console::print(&text)?;
        if own.is_none() && how == Copied::Manifest {
            // The manifest of the copy has the usual columns.
            request.columns = Columns::default();
        }
        let copied = scanned_again(&baseline, to, &request, how)?;
        return console::print(&left(&copied)).map(|()| 0);
    }
    text.push_str(
        "next       `splitlint apply --to DIR` writes a cleaned copy and searches it for remaining copies; drop.csv covers the pairs found\n",
    );
    console::print(&text)?;
    Ok(0)
}

/// How a copy is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copied {
    /// In the layout that came in, annotations and all.
    Whole,
    /// A manifest, and the images beside it.
    Manifest,
    /// Folders of splits and classes.
    Folders,
}

/// Whether a copy keeps the layout that came in; if not, why its annotations are
/// lost, where it has such.
fn annotations_kept(
    request: &Request,
    listing: &Listing,
    staying: &[review::Stay],
) -> Result<(), Option<String>> {
    let layout = listing.layout.name;
    if !review::has_annotations(layout) {
        return Err(None);
    }
    let lost = |why: &str| {
        Err(Some(format!(
            "the copy is a manifest of images and labels, without other annotations: {why}"
        )))
    };
    let are_members = !listing.containers.files.is_empty();
    if staying.iter().any(|stay| stay.is_relabelled) {
        return lost(&format!(
            "labels are changed, and those of the layout `{layout}` are not rewritten"
        ));
    }
    if are_members && ["yolo", "coco", "voc", "masks"].contains(&layout) {
        return lost("they lie in an archive; unpack it first");
    }
    if layout == "yolo" && request.root.is_none() {
        return lost("the set is named by `--split`, and not by its `data.yaml`");
    }
    Ok(())
}

/// The cleaned copy, searched for copies across splits as the data set was.
fn scanned_again(baseline: &Path, to: &Path, request: &Request, how: Copied) -> Result<Scan> {
    let (root, splits) = copied(to, request, how);
    let of_leaks = (registry::all())
        .map(|declared| declared.info)
        .filter(|info| info.counts_as == CountsAs::Leak);
    let options = Options {
        root,
        splits,
        reference: request.reference.clone(),
        select: Some(of_leaks.map(|info| info.code.to_owned()).collect()),
        baseline: Some(baseline.to_owned()).filter(|file| file.is_file()),
        path_column: request.columns.path.clone(),
        label_column: request.columns.label.clone(),
        split_column: request.columns.split.clone(),
        group_column: request.columns.group.clone(),
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
        let listing = &copied.evidence.listing;
        listing.split_name(split).unwrap_or("the data set")
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
    let is_leak = |finding: &Finding| finding.check.counts_as == CountsAs::Leak;
    let findings = &copied.outcome.findings;
    let accepted = (copied.outcome.accepted.iter())
        .filter(|accepted| is_leak(&accepted.finding))
        .count();
    let open = findings.iter().filter(|finding| is_leak(finding)).count();
    let accepted_words = counted(accepted, "accepted finding", "accepted findings");
    let compared = format!("({compared} of {samples} images compared)");
    match (open, accepted) {
        (0, 0) => format!("left       no copy across splits {compared}\n"),
        (0, _) => format!(
            "left       no copy across splits except those of {accepted_words} {compared}\n"
        ),
        (_, 0) => format!(
            "left       copies across splits that the first scan missed: {}; scan the copy and apply again\n",
            leaked.join(", ")
        ),
        _ => format!(
            "left       {} of copies across splits that the first scan missed, beside {accepted_words}; \
             samples with a copy: {}; scan the copy and apply again\n",
            counted(open, "finding", "findings"),
            leaked.join(", ")
        ),
    }
}

pub(super) fn by(wanted: CopyBy) -> By {
    match wanted {
        CopyBy::LinkOrCopy => By::LinkOrCopy,
        CopyBy::HardLink => By::HardLink,
        CopyBy::Symlink => By::Symlink,
        CopyBy::Copy => By::Copy,
    }
}

/// A copy inside the data set would be a part of it at the next scan.
pub(super) fn outside(to: &Path, request: &Request) -> Result<()> {
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

/// A path as a shell takes it.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,".contains(c);
    match text.chars().all(is_plain) && !text.is_empty() {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

fn summary(arguments: &ApplyArguments, plan: &Plan, staying: usize, baseline: &Path) -> String {
    let accepted = match plan.accepted.len() {
        0 => String::new(),
        count => format!(
            "{} accepted in `{}`\n",
            counted(count, "suspicious label is", "suspicious labels are"),
            baseline.display()
        ),
    };
    let waiting = match plan.waiting {
        0 => String::new(),
        count => format!(
            "{} for a decision on which label is right\n",
            counted(count, "label conflict waits", "label conflicts wait")
        ),
    };
    let undecided = match plan.undecided {
        0 => String::new(),
        count => format!(
            "{} undecided: write keep, drop, change or a class into \
             the column `decision` of decisions.csv\n",
            counted(count, "questionable label is", "questionable labels are")
        ),
    };
    let spared = match plan.spared {
        0 => String::new(),
        1 => "1 copy of drop.csv stays: a review found that it is none\n".to_owned(),
        count => format!("{count} copies of drop.csv stay: a review found that they are none\n"),
    };
    format!(
        "{} dropped, {} relabelled, {} kept as they are; {staying} stay\n{accepted}{spared}{undecided}{waiting}\
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
fn copied(to: &Path, request: &Request, how: Copied) -> (Option<PathBuf>, Vec<(String, PathBuf)>) {
    if request.root.is_none() && how == Copied::Folders {
        let splits = request.splits.iter();
        return (
            None,
            splits
                .map(|(name, _)| (name.clone(), to.join(name)))
                .collect(),
        );
    }
    let root = match how {
        Copied::Manifest => to.join("manifest.csv"),
        Copied::Whole | Copied::Folders => to.to_owned(),
    };
    (Some(root), Vec::new())
}

/// How the copy is scanned: the way the data set was.
fn next(to: &Path, request: &Request, how: Copied) -> String {
    let (root, splits) = copied(to, request, how);
    let split = |(name, path): &(String, PathBuf)| {
        format!(
            "--split {}",
            quoted(Path::new(&format!("{name}={}", path.display())))
        )
    };
    let mut words: Vec<String> = match root {
        Some(root) => vec![quoted(&root)],
        None => splits.iter().map(split).collect(),
    };
    if how != Copied::Folders {
        let columns = &request.columns;
        let named = [
            ("path", &columns.path),
            ("label", &columns.label),
            ("split", &columns.split),
            ("group", &columns.group),
        ];
        words.extend(named.into_iter().filter_map(|(role, name)| {
            let name = quoted(Path::new(name.as_ref()?));
            Some(format!("--{role}-column {name}"))
        }));
    }
    if let Some(reference) = &request.reference {
        words.push(format!("--reference {}", quoted(reference)));
    }
    format!(
        "copy       {}\nnext       splitlint scan {}",
        to.display(),
        words.join(" ")
    )
}
