//! `splitlint resplit`: from flags to a new assignment, proven by the checks,
//! and on request to a copy that lies that way.

use std::collections::BTreeMap;
use std::path::Path;

use super::apply::outside;
use super::prepare::{self, Volume};
use super::resplit_args::ResplitArguments;
use super::resplit_ground::Ground;
use super::resplit_review::{self, Reviewed};
use super::resplit_write::write;
use super::{cache, console, models, resplit_ground, resplit_words as words};
use crate::assignment::{self, Judged};
use crate::checks::leakage::{OVERLAPPING_FOOTPRINTS_ACROSS_SPLITS, SAME_SCENE_ACROSS_SPLITS};
use crate::config::{Cache, CacheOption, Options, Settings};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::finding::{CheckInfo, RunState};
use crate::resplit::{self, Link, Material, Mode, Scene, Suggested, Together, Wanted};
use crate::review::{Rejected, ReportFolder, is_report};
use crate::sample::{Listing, SampleId};
use crate::scan::{RESPLIT_CHECKS, Scan, scan};
use crate::source;
use crate::words::percent;

/// Splits anew; 1 when the checks would not pass.
pub(super) fn run(arguments: &ResplitArguments) -> Result<u8> {
    let together = Together::parse(&arguments.keep_together)?;
    let report = (arguments.data.root.as_deref())
        .filter(|root| is_report(root))
        .map(ReportFolder::open)
        .transpose()?;
    let rejected = match &report {
        Some(report) => Rejected::of(report.path())?,
        None => Rejected::default(),
    };
    let mut settings = settings(arguments, together, report.as_ref(), &rejected)?;
    settings.request.never_enter.push(arguments.out.clone());
    if let Some(to) = &arguments.to {
        outside(to, &settings.request)?;
    }
    outside(&arguments.out, &settings.request)?;
    let executor = prepare::executor(&settings)?;
    let progress = prepare::watched(Volume::Normal, arguments.events.are_wanted());
    let mut scan = scan(&settings, &executor, progress.as_ref())?;
    if scan.interrupted {
        return Err(Error::Interrupted);
    }
    scan.notes.iter().for_each(console::note);
    all_ran(&scan.outcome.runs)?;
    let reviewed = Reviewed::take_out_of(&mut scan, rejected);

    let inferred = match together.inferred {
        true => assignment::inferred_groups(&scan.evidence, &executor)?,
        false => Vec::new(),
    };
    let ground = resplit_ground::ground(arguments, together, &scan, &executor)?;
    let suggested = Suggested {
        inferred: &inferred,
        scenes: &match together.scenes {
            true => scenes(&scan, &reviewed)?,
            false => Vec::new(),
        },
        ground: &ground.links,
    };
    let evidence = &scan.evidence;
    let links = resplit::links(&evidence.listing, &evidence.duplicates, suggested, together);
    // Scenes are proven by their atoms; the other checks are asked again.
    settings
        .checks
        .retain(|selected| is_asked_again(selected.check.info(), &ground));
    let wanted = wanted(arguments, &scan.evidence.listing)?;
    let times = times(arguments, &scan)?;
    let contents = resplit::contents(&scan.evidence.fingerprints);
    let material = Material {
        listing: &scan.evidence.listing,
        contents: &contents,
        links: &links,
        times: &times,
    };
    let mut plan = resplit::plan(material, &wanted, executor.stop())?;
    if let (Some(apart), Some(footprints)) = (&ground.apart, &scan.evidence.footprints) {
        plan.leave_margin(footprints, apart);
    }
    let (listing, was) = plan.listing(&scan.evidence.listing);
    let all: Vec<SampleId> = (scan.evidence.listing.samples.iter())
        .map(|sample| sample.id)
        .collect();
    let today = scan.evidence.listing.clone();
    let before = judge(&settings, &scan, today, &all, &executor)?;
    let after = judge(&settings, &scan, listing, &was, &executor)?;
    let new = (&after.evidence.listing, &was[..]);

    let mut notes = write(
        arguments,
        &plan,
        &scan.evidence.listing,
        &settings,
        &executor,
    )?;
    let baseline = reviewed.baseline(&settings, &scan, new, &arguments.out, &executor)?;
    notes.extend(reviewed.notes(&plan));
    notes.extend(report.as_ref().and_then(resplit_review::waiting));
    let story = words::Story {
        scan: &scan,
        plan: &plan,
        wanted: &wanted,
        before: &before,
        after: &after,
    };
    let failures = words::failures(&story);
    let mut text = words::summary(&story, &failures);
    for note in ground.notes.iter().chain(&notes) {
        text.push_str(&format!("note       {note}\n"));
    }
    text.push_str(&words::places(arguments, baseline.as_deref()));
    console::print(&text)?;
    Ok(u8::from(!failures.is_empty()))
}

/// The settings of the scan that finds out what belongs together: only the
/// checks that a new assignment can satisfy.
fn settings(
    arguments: &ResplitArguments,
    together: Together,
    report: Option<&ReportFolder>,
    rejected: &Rejected,
) -> Result<Settings> {
    let data = &arguments.data;
    let mut select = RESPLIT_CHECKS.map(|check| check.code.to_owned()).to_vec();
    select.extend(resplit_review::codes(rejected));
    let mut checks = BTreeMap::new();
    if together.copies || together.scenes {
        // The search for scenes finds windows and turned copies, too.
        select.push(SAME_SCENE_ACROSS_SPLITS.code.to_owned());
    }
    if together.scenes {
        // Whoever asks for scenes wants the search, however many images there are.
        let all = toml::Table::from_iter([("up-to".to_owned(), i64::MAX.into())]);
        checks.insert(SAME_SCENE_ACROSS_SPLITS.name.to_owned(), all);
    }
    if resplit_ground::is_wanted(arguments, together) {
        let buffer = toml::Table::from_iter([("buffer".to_owned(), arguments.buffer.into())]);
        select.push(OVERLAPPING_FOOTPRINTS_ACROSS_SPLITS.code.to_owned());
        checks.insert(OVERLAPPING_FOOTPRINTS_ACROSS_SPLITS.name.to_owned(), buffer);
    }
    let mut options = Options {
        select: Some(select),
        checks,
        // What a settings file leaves out is still needed for the proof.
        ignore: Some(Vec::new()),
        jobs: arguments.jobs,
        cache: match (&arguments.cache, arguments.no_cache) {
            (_, true) => Some(CacheOption::Use(false)),
            (folder, false) => folder.clone().map(CacheOption::At),
        },
        ..data.clone().into_options()
    };
    if let Some(report) = report {
        let request = report.request()?;
        options = Options {
            root: request.root,
            layout: options
                .layout
                .or(request.layout.map(|layout| layout.name().to_owned())),
            images: options.images.or(request.images),
            splits: request.splits,
            reference: options.reference.or(request.reference),
            include: options.include.or(Some(request.include)),
            exclude: options.exclude.or(Some(request.exclude)),
            path_column: options.path_column.or(request.columns.path),
            label_column: options.label_column.or(request.columns.label),
            split_column: options.split_column.or(request.columns.split),
            group_column: options.group_column.or(request.columns.group),
            group_regex: (options.group_regex).or(request
                .group_regex
                .map(|pattern| pattern.as_str().to_owned())),
            group_file: options.group_file.or(request.group_file),
            slices: options.slices.or(request.slices),
            ..options
        };
    }
    let mut settings = prepare::settings(options, arguments.config.as_deref(), Volume::Normal)?;
    let caches = cache::with_models(&settings);
    models::place(&mut settings, &caches)?;
    settings
        .request
        .never_enter
        .extend(report.map(|report| report.path().to_owned()));
    if settings.cache == Cache::Off {
        console::note("without a cache every image is decoded, though a scan may have done so");
    }
    Ok(settings)
}

/// The same-scene links that were found, if they were searched.
fn scenes(scan: &Scan, reviewed: &Reviewed) -> Result<Vec<Scene>> {
    let Some(scenes) = &scan.evidence.scenes else {
        return Ok(Vec::new());
    };
    if scenes.is_one_view() {
        return Err(Error::Input(
            "`--keep-together scenes`: most images lie over each other as one fixed camera takes \
             them, so scenes do not tell them apart; declare groups with `--group-regex` or \
             `--group-file`"
                .to_owned(),
        ));
    }
    let links = scenes.links.iter();
    let links = links.filter(|link| reviewed.no_scenes.both(link.a, link.b).is_none());
    let links = links.map(|link| Scene {
        a: link.a,
        b: link.b,
        places: link.inliers,
    });
    Ok(links.collect())
}

/// Whether a check is to pass on the new assignment. That no ground is in two splits
/// holds only where it was kept together.
fn is_asked_again(check: &'static CheckInfo, ground: &Ground) -> bool {
    let by_ground = check.code == OVERLAPPING_FOOTPRINTS_ACROSS_SPLITS.code;
    RESPLIT_CHECKS.contains(&check) || (by_ground && !ground.links.is_empty())
}

/// A check that failed leaves open whether the new split leaks.
fn all_ran(runs: &[crate::finding::CheckRun]) -> Result<()> {
    for run in runs {
        if let RunState::Failed(why) = &run.state {
            return Err(Error::Input(format!(
                "{} ({}) could not judge: {why}; no split can be proven without it",
                run.check.code, run.check.name
            )));
        }
    }
    Ok(())
}

fn judge(
    settings: &Settings,
    scan: &Scan,
    listing: Listing,
    was: &[SampleId],
    executor: &Executor,
) -> Result<Judged> {
    let copies = resplit::duplicates_of(&scan.evidence.duplicates, was);
    let new = (listing, copies);
    let judged = assignment::judge(&settings.checks, &scan.evidence, new, was, executor)?;
    all_ran(&judged.runs)?;
    Ok(judged)
}

fn wanted(arguments: &ResplitArguments, listing: &Listing) -> Result<Wanted> {
    let ours = listing
        .splits
        .iter()
        .filter(|split| split.role != crate::sample::Role::Reference);
    let has_splits = ours.count() > 1;
    let mode = match (arguments.kfold, arguments.temporal) {
        (Some(folds), _) => Mode::Folds(folds),
        (None, true) => Mode::Temporal {
            gap: arguments.gap.unwrap_or(0),
        },
        _ if arguments.fresh || !has_splits => Mode::Fresh,
        _ => Mode::Repair,
    };
    Ok(Wanted {
        mode,
        sizes: arguments.sizes.clone(),
        keep: arguments.keep.clone(),
        keep_samples: match &arguments.keep_samples {
            Some(file) => kept(file, listing)?,
            None => Vec::new(),
        },
        prove: arguments.prove.unwrap_or(0.0),
    })
}

/// The samples that a file names, one a line.
fn kept(file: &Path, listing: &Listing) -> Result<Vec<SampleId>> {
    let fault = |why: String| Error::Input(format!("`--keep-samples {}`: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|e| fault(e.to_string()))?;
    let by_key: BTreeMap<&str, SampleId> = listing
        .samples
        .iter()
        .map(|sample| (sample.key.as_str(), sample.id))
        .collect();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            (by_key.get(line).copied())
                .ok_or_else(|| fault(format!("no sample is called `{line}`")))
        })
        .collect()
}

/// When each image was taken: as the file of dates says, else as EXIF does.
fn times(arguments: &ResplitArguments, scan: &Scan) -> Result<Vec<Option<i64>>> {
    if !arguments.temporal {
        return Ok(Vec::new());
    }
    let mut times: Vec<Option<i64>> = (scan.evidence.listing.samples.iter())
        .map(|sample| {
            let facts = scan.evidence.fingerprints.facts(sample.id)?;
            facts.header.exif.as_deref()?.captured_ms
        })
        .collect();
    if let Some(file) = &arguments.dates {
        let dates = source::dates(file, arguments.date_column.as_deref())?;
        for sample in &scan.evidence.listing.samples {
            let key = sample.key.as_str();
            let name = key.rsplit('/').next().unwrap_or(key);
            if let Some(text) = dates.get(key).or_else(|| dates.get(name)) {
                let time = resplit::parse_date(text).ok_or_else(|| {
                    Error::Input(format!(
                        "`--dates {}`: `{text}` of `{key}` is no date; write it as 2027-01-31 or \
                         2027-01-31 18:05",
                        file.display()
                    ))
                })?;
                times[sample.id.index()] = Some(time);
            }
        }
    }
    Ok(times)
}

/// The links of an atom in words, weakest first.
pub(super) fn link_words(listing: &Listing, link: &Link) -> String {
    let (a, b) = (&listing.sample(link.a).key, &listing.sample(link.b).key);
    let why = match link.why {
        resplit::Why::Copy {
            relation,
            similarity,
        } => format!("{relation} copy, {similarity:.4}"),
        resplit::Why::Declared(group) => {
            format!(
                "declared group `{}`",
                crate::sample::escaped(listing.group_name(group).as_ref())
            )
        }
        resplit::Why::Ground { share: 0.0 } => "neighbouring ground".to_owned(),
        resplit::Why::Ground { share } => format!("{} of the ground in common", percent(share)),
        resplit::Why::Block => "one block of ground".to_owned(),
        resplit::Why::Inferred => "inferred group".to_owned(),
        resplit::Why::Scene { places } => format!("same scene, {places} places in common"),
    };
    format!("`{a}` – `{b}` ({why})")
}
