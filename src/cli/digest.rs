//! `splitlint digest`: a digest of the data, and whether it is the data that
//! were audited.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::args::DigestArguments;
use super::prepare::{self, Volume};
use super::{console, destination};
use crate::config::{self, Options, Settings};
use crate::digest::{self, DatasetDigest};
use crate::error::{Error, Result};
use crate::fingerprint;
use crate::report::{digest_json, write_file};
use crate::review::{self, Changes, Listed, Moved, ReportFolder};
use crate::sample::{ContentHash, Listing};
use crate::source;

/// Samples of one kind of change that are named in text; JSON names all.
const SHOWN: usize = 20;

/// Prints the digest, or the answer; 1 when the data are not the same.
pub(super) fn run(arguments: DigestArguments) -> Result<u8> {
    let then = match &arguments.check {
        Some(file) => Some(review::audited(file)?),
        None => None,
    };
    let (check, to_json) = (arguments.check.clone(), arguments.format == "json");
    let (list, events) = (arguments.write.clone(), arguments.events.are_wanted());
    let settings = settings(arguments)?;
    if let Some(file) = &list {
        destination::file(file)?;
    }
    let executor = prepare::executor(&settings)?;
    let progress = prepare::watched(Volume::Normal, events);
    let listed =
        executor.install(|| source::list(&settings.request, executor.stop(), progress.as_ref()))?;
    let (listing, reader) = (&listed.listing, listed.reader.as_ref());
    let contents = fingerprint::contents(listing, reader, &executor, progress.as_ref())?;
    let digest = digest::digest(listing, &contents);
    let now = rows(listing, &contents);
    if let Some(file) = &list {
        write_file(file, &as_csv(&now)?)?;
    }
    let (Some(then), Some(check)) = (then, check) else {
        console::print(&if to_json {
            as_json(&digest_json(&digest, listing))
        } else {
            text(&digest, listing)
        })?;
        return Ok(0);
    };
    let changes = review::changes(&then, &now);
    let answer = answer(&changes, &check, now.len());
    console::print(&if to_json {
        as_json(&json!({
            "same": changes.is_same(),
            "digest": digest_json(&digest, listing),
            "changes": changes_json(&changes),
            "text": answer.trim_end(),
        }))
    } else {
        answer
    })?;
    Ok(u8::from(!changes.is_same()))
}

/// The settings for the data that are named; for none, those that the report
/// to check against is about.
fn settings(arguments: DigestArguments) -> Result<Settings> {
    let (check, config) = (arguments.check, arguments.config);
    let mut options = arguments.data.into_options();
    options.jobs = arguments.jobs;
    let is_named = options.root.is_some() || !options.splits.is_empty();
    let report = check.as_deref().filter(|folder| review::is_report(folder));
    let mut settings = match report {
        Some(folder) if !is_named && config.is_none() => {
            config::resolve(scanned_for(folder, options.jobs)?)?
        }
        _ => prepare::settings(options, config.as_deref(), Volume::Normal)?,
    };
    settings.request.never_enter.extend(check);
    Ok(settings)
}

/// What the report in `folder` was asked to scan.
fn scanned_for(folder: &Path, jobs: Option<usize>) -> Result<Options> {
    let request = ReportFolder::open(folder)?.request()?;
    Ok(Options {
        root: request.root,
        splits: request.splits,
        reference: request.reference,
        include: Some(request.include),
        exclude: Some(request.exclude),
        path_column: request.columns.path,
        label_column: request.columns.label,
        split_column: request.columns.split,
        group_column: request.columns.group,
        jobs,
        ..Options::default()
    })
}

fn rows(listing: &Listing, contents: &[Option<ContentHash>]) -> Vec<Listed> {
    let samples = listing.samples.iter().zip(contents);
    samples
        .map(|(sample, content)| Listed {
            sample: sample.key.to_string(),
            split: listing.split_name(sample.split).map(str::to_owned),
            label: Some(listing.label_text(sample.id)).filter(|label| !label.is_empty()),
            content: content.map(|hash| hash.to_string()),
        })
        .collect()
}

fn as_csv(rows: &[Listed]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Error::Internal(e.to_string());
    let header = ["sample", "split", "label", "content_hash"];
    writer.write_record(header).map_err(failed)?;
    for row in rows {
        let cells = [
            Some(&row.sample),
            row.split.as_ref(),
            row.label.as_ref(),
            row.content.as_ref(),
        ];
        let cells = cells.map(|cell| cell.map_or("", String::as_str));
        writer.write_record(cells).map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn as_json(value: &impl serde::Serialize) -> String {
    // Numbers, text and lists: nothing that JSON lacks.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn text(digest: &DatasetDigest, listing: &Listing) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}  data set", digest.value);
    for split in &digest.splits {
        let name = listing.split_name(split.split).unwrap_or("(no split)");
        let _ = write!(text, "{}  {name}: {} samples", split.value, split.samples);
        let _ = match split.unreadable {
            0 => writeln!(text),
            count => writeln!(text, ", {count} of them cannot be read"),
        };
    }
    text
}

fn answer(changes: &Changes, check: &Path, samples: usize) -> String {
    let mut text = String::new();
    let check = check.display();
    if changes.is_same() {
        let _ = writeln!(text, "the same data as in `{check}`: {samples} samples");
    } else {
        let _ = writeln!(
            text,
            "not the same data as in `{check}`: {} added, {} removed, {} with another image, {} \
             relabelled, {} in another split",
            changes.added.len(),
            changes.removed.len(),
            changes.replaced.len(),
            changes.relabelled.len(),
            changes.moved.len(),
        );
    }
    names(&mut text, "added", &changes.added);
    names(&mut text, "removed", &changes.removed);
    names(&mut text, "another image", &changes.replaced);
    moves(&mut text, "relabelled", &changes.relabelled);
    moves(&mut text, "another split", &changes.moved);
    let _ = match changes.renamed {
        0 => Ok(()),
        count => writeln!(
            text,
            "samples with another name, which changes nothing: {count}"
        ),
    };
    let _ = match changes.unreadable {
        0 => Ok(()),
        count => writeln!(text, "files that cannot be read, as before: {count}"),
    };
    text
}

fn names(text: &mut String, what: &str, names: &[String]) {
    for name in names.iter().take(SHOWN) {
        let _ = writeln!(text, "  {what}: {name}");
    }
    more(text, what, names.len());
}

fn moves(text: &mut String, what: &str, moves: &[Moved]) {
    let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    for moved in moves.iter().take(SHOWN) {
        let (before, now) = (word(&moved.before), word(&moved.now));
        let _ = writeln!(text, "  {what}: {}: {before} → {now}", moved.sample);
    }
    more(text, what, moves.len());
}

fn more(text: &mut String, what: &str, count: usize) {
    if let Some(more) = count.checked_sub(SHOWN).filter(|&more| more > 0) {
        let _ = writeln!(
            text,
            "  {what}: and {more} more (`--format json` names all)"
        );
    }
}

fn changes_json(changes: &Changes) -> Value {
    let moves = |moves: &[Moved]| -> Vec<Value> {
        let one = |m: &Moved| json!({ "sample": m.sample, "before": m.before, "now": m.now });
        moves.iter().map(one).collect()
    };
    json!({
        "added": changes.added,
        "removed": changes.removed,
        "replaced": changes.replaced,
        "relabelled": moves(&changes.relabelled),
        "moved": moves(&changes.moved),
        "renamed": changes.renamed,
        "unreadable": changes.unreadable,
    })
}
