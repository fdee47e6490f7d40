//! `splitlint fingerprint` and `splitlint merge`: a scan in two halves.

use std::path::{Path, PathBuf, absolute};
use std::time::SystemTime;

use super::prepare::{self, Volume};
use super::scan::Asked;
use super::shard_args::{FingerprintArguments, MatchArguments, MergeArguments};
use super::{console, destination, events};
use crate::config::Options;
use crate::error::{Error, Result};
use crate::scan::{self, Reachable};
use crate::shards::Shards;
use crate::source::Request;

/// Writes the fingerprints of a data set, or of a part of it.
pub(super) fn fingerprint(arguments: FingerprintArguments) -> Result<u8> {
    let now = SystemTime::now();
    let volume = match arguments.quiet {
        true => Volume::Quiet,
        false => Volume::Normal,
    };
    let (options, file) = (arguments.options(), &arguments.output);
    let settings = prepare::settings(options, arguments.config.as_deref(), volume)?;
    destination::file(file)?;
    refuse_inside(file, &settings.request)?;
    let executor = prepare::executor(&settings)?;
    let events = arguments.events.are_wanted();
    let progress = prepare::watched(volume, events);
    let source = match arguments.no_source {
        true => None,
        false => everywhere(&settings.request),
    };
    let written = scan::fingerprint(
        &settings,
        (arguments.part, file),
        (source.as_ref(), now),
        &executor,
        progress.as_ref(),
    )?;
    if events {
        let line = serde_json::json!({
            "fingerprints": file.display().to_string(),
            "samples": written.samples,
        });
        events::write(&line);
    }
    if volume != Volume::Quiet {
        written.notes.iter().for_each(console::note);
        let what = match written.was_there {
            true => "is there already and still holds",
            false => "written",
        };
        console::note(format!(
            "{}: {} samples, part {}, {what}",
            file.display(),
            written.samples,
            arguments.part
        ));
    }
    Ok(0)
}

/// Refuses a file inside the data set: the listing of the next part would not be the same.
fn refuse_inside(file: &Path, request: &Request) -> Result<()> {
    let folder = absolute(file)
        .ok()
        .and_then(|file| file.parent()?.canonicalize().ok());
    let splits = request.splits.iter().map(|(_, path)| path);
    let mut roots = request.root.iter().chain(&request.reference).chain(splits);
    let holds = |root: &&PathBuf| {
        let root = root.canonicalize().ok().filter(|root| root.is_dir());
        (root.zip(folder.as_ref())).is_some_and(|(root, folder)| folder.starts_with(root))
    };
    match roots.find(holds) {
        None => Ok(()),
        Some(root) => Err(Error::output(
            file,
            format!(
                "it would lie inside the data set `{}` and so change what the next part lists; \
                 name a file elsewhere",
                root.display()
            ),
        )),
    }
}

/// The request with paths that hold in any folder; `None` where there is no such path.
fn everywhere(request: &Request) -> Option<Request> {
    let mut request = request.clone();
    request.never_enter.clear();
    let paths = [
        &mut request.root,
        &mut request.images,
        &mut request.reference,
        &mut request.group_file,
    ];
    let paths = paths.into_iter().flatten();
    for path in paths.chain(request.splits.iter_mut().map(|(_, path)| path)) {
        *path = absolute(&*path).ok()?;
    }
    Some(request)
}

/// Writes the likely copies between files of fingerprints.
pub(super) fn match_files(arguments: &MatchArguments) -> Result<u8> {
    let volume = match arguments.quiet {
        true => Volume::Quiet,
        false => Volume::Normal,
    };
    destination::file(&arguments.output)?;
    let executor = prepare::threads(arguments.jobs.unwrap_or(0))?;
    let progress = prepare::watched(volume, arguments.events.are_wanted());
    let (against, files) = (&arguments.against, &arguments.files);
    let output = &arguments.output;
    let found = scan::match_files(against, files, output, &executor, progress.as_ref())?;
    if volume != Volume::Quiet {
        console::note(format!(
            "{}: {} likely pairs, {} of them need a closer look",
            output.display(),
            found.pairs,
            found.unclear
        ));
    }
    Ok(0)
}

/// Judges files of fingerprints as `splitlint scan` judges images.
pub(super) fn merge(arguments: MergeArguments) -> Result<u8> {
    let shards = Shards::open(&arguments.files)?;
    let sets = moved(shards.requests(), arguments.data.as_ref())?;
    let mut asked = Asked::of(&arguments.judge);
    let (pairs, originals) = (arguments.pairs, arguments.originals);
    asked.wanted = arguments.wanted;
    if let Some(file) = &asked.wanted {
        destination::file(file)?;
    }
    if let Some(folder) = originals.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(Error::Input(format!(
            "`--originals {}`: no such folder",
            folder.display()
        )));
    }
    let one = match &sets[..] {
        [Some(request)] => request.clone(),
        // What several data sets have in common is where their fingerprints lie.
        _ => Request {
            root: arguments.files[0].parent().map(|folder| match folder {
                folder if folder.as_os_str().is_empty() => PathBuf::from("."),
                folder => folder.to_owned(),
            }),
            ..Request::default()
        },
    };
    let data = Options {
        root: one.root.clone(),
        splits: one.splits.clone(),
        ..Options::default()
    };
    let limits = shards.limits();
    let options = arguments.judge.into_options(data);
    if options
        .max_pixels
        .is_some_and(|most| most != limits.max_pixels)
    {
        return Err(Error::config(format!(
            "`max-pixels` was {} when the images were fingerprinted; fingerprint them anew to \
             change it",
            limits.max_pixels
        )));
    }
    asked.judge(options, |settings, executor, progress| {
        let never_enter = std::mem::take(&mut settings.request.never_enter);
        let mut sets = sets;
        for request in sets.iter_mut().flatten() {
            request.never_enter.clone_from(&never_enter);
        }
        settings.request = Request { never_enter, ..one };
        settings.limits = limits;
        let reachable = Reachable { sets, originals };
        scan::merge(settings, (&shards, &pairs), reachable, executor, progress)
    })
}

/// Where the images of each data set are now.
fn moved(mut sets: Vec<Option<Request>>, data: Option<&PathBuf>) -> Result<Vec<Option<Request>>> {
    let Some(data) = data else {
        return Ok(sets);
    };
    match &mut sets[..] {
        [Some(request)] if request.splits.is_empty() => request.root = Some(data.clone()),
        _ => {
            return Err(Error::config(
                "`--data` names the place of one data set, and the fingerprints are of several or \
                 of single splits: hand over the images with `--originals DIR`",
            ));
        }
    }
    Ok(sets)
}
