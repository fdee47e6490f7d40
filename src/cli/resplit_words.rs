//! What `splitlint resplit` prints: today beside the new split, and why it
//! would not pass. Computes no assignment.

use std::fmt::Write;
use std::path::Path;

use super::apply::quoted;
use super::resplit::link_words;
use super::resplit_args::ResplitArguments;
use crate::assignment::Judged;
use crate::checks::distribution::{CLASS_ABSENT_FROM_SPLIT, EMPTY_SPLIT};
use crate::distribution::Division;
use crate::finding::{Family, Finding, Severity};
use crate::resplit::{Mode, Plan, Wanted, crossing};
use crate::sample::{Listing, Role, SplitId};
use crate::scan::Scan;
use crate::words::percent;

/// Everything there is to tell.
pub(super) struct Story<'a> {
    pub(super) scan: &'a Scan,
    pub(super) plan: &'a Plan,
    pub(super) wanted: &'a Wanted,
    pub(super) before: &'a Judged,
    pub(super) after: &'a Judged,
}

/// Sentences of one kind that are printed; `splits.csv` holds every sample.
const SHOWN: usize = 5;

/// Why the new split would not pass: what checks still find of at least warning
/// severity, but for what is proven to be impossible, class shares of splits that
/// are kept, and, where time decides, the shares of classes.
pub(super) fn failures(story: &Story<'_>) -> Vec<String> {
    let mut failures = story.plan.faults.clone();
    let counts = |finding: &&Finding| {
        let is_distribution =
            finding.check.family == Family::Distribution && *finding.check != EMPTY_SPLIT;
        let by_time = matches!(story.wanted.mode, Mode::Temporal { .. });
        let is_excused =
            (is_distribution && by_time) || is_kept(story, finding) || is_proven(story, finding);
        finding.severity >= Severity::Warning && !is_excused
    };
    let found = story.after.findings.iter().filter(counts);
    failures.extend(found.map(|finding| format!("{}: {}", finding.check.code, finding.message)));
    failures
}

/// Whether a finding about class shares concerns a split that is kept: what can
/// move does not change what that one holds.
fn is_kept(story: &Story<'_>, finding: &Finding) -> bool {
    let kept = |split: &SplitId| story.plan.kept[split.index()];
    finding.check.family == Family::Distribution && finding.splits.iter().any(kept)
}

/// Whether a class is missing that has fewer atoms than there are splits.
fn is_proven(story: &Story<'_>, finding: &Finding) -> bool {
    *finding.check == CLASS_ABSENT_FROM_SPLIT
        && !finding.labels.is_empty()
        && finding
            .labels
            .iter()
            .all(|class| story.plan.scarce.contains(class))
}

/// Today beside the new split.
pub(super) fn summary(story: &Story<'_>, failures: &[String]) -> String {
    let (scan, plan) = (story.scan, story.plan);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{:<34} {:>14} {:>14}",
        mode(story.wanted.mode),
        "today",
        "new"
    );
    let mut line = |what: &str, today: &str, new: &str| {
        let _ = writeln!(text, "{:<34} {today:>14} {new:>14}", plain(what));
    };
    let splits = || {
        plan.splits
            .iter()
            .filter(|split| split.role != Role::Reference)
    };
    for split in splits() {
        line(
            &format!("samples in {}", split.name),
            &size(&scan.evidence.listing, story.before, &split.name),
            &size(&story.after.evidence.listing, story.after, &split.name),
        );
    }
    for split in &scan.evidence.listing.splits {
        if split.role != Role::Reference && !splits().any(|new| new.name == split.name) {
            let today = size(&scan.evidence.listing, story.before, &split.name);
            line(&format!("samples in {}", split.name), &today, "–");
        }
    }
    let leaked = |judged: &Judged| -> String {
        let leaks = judged.headlines.leaks.iter().flatten();
        let (leaked, all) = leaks.fold((0, 0), |sum, l| (sum.0 + l.leaked, sum.1 + l.samples));
        match all {
            0 => "–".to_owned(),
            all => format!("{leaked} ({})", percent(leaked as f64 / all as f64)),
        }
    };
    line(
        "leaked evaluation samples",
        &leaked(story.before),
        &leaked(story.after),
    );
    let today: Vec<Option<SplitId>> = scan
        .evidence
        .listing
        .samples
        .iter()
        .map(|sample| sample.split)
        .collect();
    line(
        "atoms in several splits",
        &crossing(&plan.atoms, &today).to_string(),
        &crossing(&plan.atoms, &plan.new).to_string(),
    );
    let names = |listing: &Listing, a: SplitId, b: SplitId| {
        let name = |split| {
            listing
                .split_name(Some(split))
                .unwrap_or_default()
                .to_owned()
        };
        (name(a), name(b))
    };
    let drifts = |listing: &Listing, judged: &Judged| -> Vec<((String, String), String)> {
        let drifts = judged.evidence.drift.iter();
        drifts
            .map(|d| {
                let words = format!("{} {}", d.division.name(), percent(d.total_variation));
                (names(listing, d.a, d.b), words)
            })
            .collect()
    };
    let before = drifts(&scan.evidence.listing, story.before);
    for (pair, new) in drifts(&story.after.evidence.listing, story.after) {
        let old = before
            .iter()
            .find(|(old, _)| *old == pair)
            .map_or("–", |(_, words)| words);
        line(&format!("classes of {} and {}", pair.0, pair.1), old, &new);
    }
    let missing = |listing: &Listing, judged: &Judged| -> String {
        let ours = judged.evidence.classes.splits.iter().filter(|split| {
            let role = split.split.map(|split| listing.splits[split.index()].role);
            split.labelled > 0 && role.is_some_and(|role| role != Role::Reference)
        });
        let all = judged.evidence.classes.together();
        let missing: usize = ours
            .map(|split| {
                all.counts
                    .iter()
                    .zip(&split.counts)
                    .filter(|&(&all, &n)| all > 0 && n == 0)
                    .count()
            })
            .sum();
        missing.to_string()
    };
    line(
        "classes missing in a split",
        &missing(&scan.evidence.listing, story.before),
        &missing(&story.after.evidence.listing, story.after),
    );
    let samples = scan.evidence.listing.samples.len().max(1);
    let moved = plan.moved(&scan.evidence.listing);
    line(
        "moved",
        "",
        &format!("{moved} ({})", percent(moved as f64 / samples as f64)),
    );
    line("left out", "", &plan.left_out().to_string());
    large(story, &mut text);
    uneven(story, &mut text);
    sentences(&mut text, "cannot be", &plan.proofs);
    match plan.is_proven {
        Some(true) => text.push_str("proven: no split of these atoms has better sizes or shares\n"),
        Some(false) => text.push_str("not proven: too many atoms, or too little time\n"),
        None => {}
    }
    let unread = scan
        .evidence
        .fingerprints
        .iter()
        .filter(|(_, row)| row.image.is_err())
        .count();
    if unread > 0 {
        let _ = writeln!(
            text,
            "not compared: {unread} images that cannot be read may be copies"
        );
    }
    if failures.is_empty() {
        text.push_str("the checks of leaks, groups and class shares pass\n");
    } else {
        sentences(&mut text, "would not pass", failures);
    }
    text
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Repair => "repaired with the fewest moves",
        Mode::Fresh => "split anew",
        Mode::Folds(_) => "split into folds",
        Mode::Temporal { .. } => "split by time",
    }
}

fn size(listing: &Listing, judged: &Judged, name: &str) -> String {
    let of_name =
        |split: &&crate::distribution::SplitCounts| listing.split_name(split.split) == Some(name);
    let split = judged.evidence.classes.splits.iter().find(of_name);
    split.map_or_else(|| "–".to_owned(), |split| split.samples().to_string())
}

fn large(story: &Story<'_>, text: &mut String) {
    let listing = &story.scan.evidence.listing;
    for large in story.plan.large.iter().take(SHOWN) {
        let first = story.plan.atoms.members[large.atom as usize].first();
        let name = first.map_or("", |&id| listing.sample(id).key.as_str());
        let _ = writeln!(
            text,
            "large: the atom of `{name}` has {} samples, more than the smallest split wants; its \
             weakest links:",
            large.samples
        );
        for link in large.links.iter().take(SHOWN) {
            let _ = writeln!(text, "  {}", link_words(listing, link));
        }
    }
    if let Some(more) = story
        .plan
        .large
        .len()
        .checked_sub(SHOWN)
        .filter(|&more| more > 0)
    {
        let _ = writeln!(text, "large: and {more} more");
    }
}

/// Why class shares are no nearer to each other, where a test does not see a stratified
/// split: atoms are whole.
fn uneven(story: &Story<'_>, text: &mut String) {
    let drift = &story.after.evidence.drift;
    let is_even = drift.iter().all(|d| d.division == Division::Stratified);
    let largest = story.plan.atoms.members.iter().map(Vec::len).max();
    let (false, Some(measure), Some(largest @ 2..)) = (is_even, &story.plan.measure, largest)
    else {
        return;
    };
    let proof = match story.plan.is_proven {
        Some(_) => "",
        None => "; `--prove` searches for a proof that no split of them is nearer",
    };
    let _ = writeln!(
        text,
        "atoms of up to {largest} samples stay whole, so class shares come within {} of a split{proof}",
        percent(measure.worst)
    );
}

fn sentences(text: &mut String, what: &str, all: &[String]) {
    for sentence in all.iter().take(SHOWN) {
        let _ = writeln!(text, "{what}: {}", plain(sentence));
    }
    if let Some(more) = all.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        let _ = writeln!(text, "{what}: and {more} more");
    }
}

/// Where all of it lies, and what to do next.
pub(super) fn places(arguments: &ResplitArguments, baseline: Option<&Path>) -> String {
    let out = &arguments.out;
    let with = baseline.map_or_else(String::new, |file| format!(" --baseline {}", quoted(file)));
    let mut text = format!(
        "samples    {}\nmanifest   {}\nlists      {}\n",
        out.join("splits.csv").display(),
        out.join("manifest.csv").display(),
        out.join("<split>.txt").display()
    );
    match &arguments.to {
        Some(to) => {
            let manifest = to.join("manifest.csv");
            let scanned = if manifest.is_file() {
                manifest
            } else {
                to.clone()
            };
            text.push_str(&format!(
                "copy       {}\nnext       splitlint scan {}{with}\n",
                to.display(),
                scanned.display()
            ));
        }
        None => text.push_str(&format!(
            "next       splitlint scan {}{with}, or `--to FOLDER` for a copy that lies this way\n",
            out.join("manifest.csv").display()
        )),
    }
    text
}

/// Text that cannot steer a terminal: names come from outside.
fn plain(text: &str) -> String {
    let safe = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(safe).collect()
}
