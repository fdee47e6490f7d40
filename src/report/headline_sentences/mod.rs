//! The headline figures in sentences, the same in every report for people.
//! Computes no figure.

mod labels;
mod leaks;

use labels::suspects;
use leaks::leaks;

use super::Report;
use crate::distribution::{Division, Drift};
use crate::finding::{Family, RunState, Severity};
use crate::object_flaws::SplitObjects;
use crate::sample::{Role, SplitId};
use crate::words::{counted, number, p_value, percent};

/// How a sentence bears on the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    /// Something is wrong.
    Bad,
    /// Something may be wrong.
    Doubtful,
    /// Nothing is wrong.
    Good,
}

impl Tone {
    /// The name in style sheets.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Doubtful => "doubtful",
            Self::Good => "good",
        }
    }
}

/// What a sentence is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Copies across splits.
    Leaks,
    /// Suspicious labels.
    Labels,
    /// Class shares.
    Distribution,
    /// Images that could not be decoded.
    Files,
}

impl Topic {
    /// The name of its section, as a link's target.
    pub(super) fn anchor(self) -> &'static str {
        match self {
            Self::Leaks => "leaks",
            Self::Labels => "labels",
            Self::Distribution => "distribution",
            Self::Files => "files",
        }
    }
}

/// A headline and what qualifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) topic: Topic,
    pub(super) tone: Tone,
    pub(super) text: String,
    pub(super) detail: Option<String>,
}

/// The headlines, in the order of what they cost a measurement.
pub(super) fn headlines(report: &Report<'_>) -> Vec<Sentence> {
    let mut all = Vec::new();
    leaks(report, &mut all);
    suspects(report, &mut all);
    drift(report, &mut all);
    unseen(report, &mut all);
    without_contradiction(report, all)
}

/// How many objects there are and of which size, data used before left out:
/// "812 in 300 images: 14% small, 40% medium, 46% large (COCO); 20 images without".
pub(super) fn objects(report: &Report<'_>) -> Option<String> {
    let is_own = |split: Option<SplitId>| {
        split.is_none_or(|id| report.listing.splits[id.index()].role != Role::Reference)
    };
    let splits = report.objects.splits.iter();
    let own: Vec<_> = splits.filter(|split| is_own(split.split)).collect();
    let sum = |read: fn(&SplitObjects) -> u64| own.iter().map(|split| read(split)).sum::<u64>();
    let (objects, images, sized) = (
        sum(|s| s.objects),
        sum(|s| s.images),
        sum(|s| s.sizes.total()),
    );
    if objects == 0 {
        return None;
    }
    let share = |count: u64| percent(count as f64 / sized.max(1) as f64);
    let sizes = match sized {
        0 => String::new(),
        _ => format!(
            ": {} small, {} medium, {} large (COCO)",
            share(sum(|s| s.sizes.small)),
            share(sum(|s| s.sizes.medium)),
            share(sum(|s| s.sizes.large)),
        ),
    };
    let background = match sum(|s| s.background) {
        0 => String::new(),
        count => format!("; {} without", counted(count, "image", "images")),
    };
    Some(format!(
        "{} in {}{sizes}{background}",
        number(objects),
        counted(images, "image", "images"),
    ))
}

/// The part of what there is that must have been looked at before a sentence
/// may say that nothing was found.
const COVERED: f64 = 0.95;

/// Whether `part` of `all` is enough to say that nothing was found.
fn covers(part: u64, all: u64) -> bool {
    part as f64 >= COVERED * all as f64
}

/// "all 1,200 images" or "1,190 of 1,200 images".
fn of_all(part: u64, all: u64, one: &str, many: &str) -> String {
    if part == all {
        let every = if all == 1 { "the" } else { "all" };
        return format!("{every} {}", counted(all, one, many));
    }
    format!("{} of {}", number(part), counted(all, one, many))
}

impl Topic {
    /// The family of checks whose findings belong to it, and the severity from
    /// which one of them contradicts that nothing is wrong.
    fn contradicted_by(self) -> Option<(Family, Severity)> {
        match self {
            Self::Leaks => Some((Family::Leak, Severity::Error)),
            Self::Labels => Some((Family::Label, Severity::Warning)),
            Self::Distribution => Some((Family::Distribution, Severity::Error)),
            Self::Files => None,
        }
    }
}

/// `all`, but where nothing is said to be wrong above findings of the same kind,
/// these instead.
fn without_contradiction(report: &Report<'_>, all: Vec<Sentence>) -> Vec<Sentence> {
    let mut kept = Vec::new();
    for sentence in all {
        let worse = match (sentence.tone, sentence.topic.contradicted_by()) {
            (Tone::Good, Some((family, from))) => of_family(report, sentence.topic, family, from),
            _ => Vec::new(),
        };
        if worse.is_empty() {
            kept.push(sentence);
        } else {
            kept.extend(worse);
        }
    }
    kept
}

/// A sentence for each check of `family` with findings of `from` or worse.
fn of_family(report: &Report<'_>, topic: Topic, family: Family, from: Severity) -> Vec<Sentence> {
    let runs = report.outcome.runs.iter();
    let checks = runs
        .map(|run| run.check)
        .filter(|check| check.family == family);
    let messages = checks.filter_map(|check| {
        let bad: Vec<Severity> = (report.of_check(check.code))
            .map(|finding| finding.severity)
            .filter(|&severity| severity >= from)
            .collect();
        let worst = bad.iter().max()?;
        Some(Sentence {
            topic,
            tone: if *worst == Severity::Error {
                Tone::Bad
            } else {
                Tone::Doubtful
            },
            text: format!(
                "{}: {} ({})",
                counted(bad.len() as u64, "finding", "findings"),
                check.summary,
                check.code
            ),
            detail: None,
        })
    });
    messages.collect()
}

/// Every check that did not look at everything, and why: by code.
pub(super) fn not_checked<'a>(
    report: &'a Report<'_>,
) -> impl Iterator<Item = (&'static str, &'static str, &'a str)> {
    (report.outcome.runs.iter()).filter_map(|run| match &run.state {
        RunState::Completed | RunState::NotSelected => None,
        RunState::NotApplicable(why) => Some((run.check.code, "not applicable", why.as_str())),
        RunState::Failed(why) => Some((run.check.code, "failed", why.as_str())),
    })
}

fn drift(report: &Report<'_>, all: &mut Vec<Sentence>) {
    let drifted = |d: &&Drift| d.division == Division::Drifted;
    let before = all.len();
    all.extend(report.drift.iter().filter(drifted).map(|d| Sentence {
        topic: Topic::Distribution,
        tone: Tone::Doubtful,
        text: format!(
            "class distributions of `{2}` and `{1}` differ by {0} (total variation)",
            percent(d.total_variation),
            name(report, d.b),
            name(report, d.a),
        ),
        detail: Some(format!(
            "95% interval {} to {}, {}; a random split would differ by about {}",
            percent(d.interval.low),
            percent(d.interval.high),
            p_value(d.p_value),
            percent(d.by_chance)
        )),
    }));
    if all.len() > before {
        return;
    }
    let widest =
        (report.drift.iter()).max_by(|a, b| a.total_variation.total_cmp(&b.total_variation));
    let Some(widest) = widest else {
        return;
    };
    let (tone, text) = match widest.division {
        Division::CannotTell => (
            Tone::Doubtful,
            "too few labels to decide whether the class distributions match",
        ),
        Division::Random | Division::Drifted => (
            Tone::Good,
            "class distributions differ no more than in a random split",
        ),
        Division::Stratified => (Tone::Good, "class distributions match"),
    };
    let splits = report.headlines.splits.iter();
    let (labelled, samples) = splits.fold((0, 0), |(labelled, samples), figures| {
        (labelled + figures.labelled, samples + figures.samples)
    });
    let (tone, text) = if covers(labelled, samples) || tone != Tone::Good {
        (tone, text.to_owned())
    } else {
        let of_all = of_all(
            labelled,
            samples,
            "image has a label",
            "images have a label",
        );
        (Tone::Doubtful, format!("{text}, but only {of_all}"))
    };
    all.push(Sentence {
        topic: Topic::Distribution,
        tone,
        text,
        detail: Some(format!(
            "total variation {}: `{}` and `{}` {}",
            percent(widest.total_variation),
            name(report, widest.a),
            name(report, widest.b),
            widest.division.words(),
        )),
    });
}

fn unseen(report: &Report<'_>, all: &mut Vec<Sentence>) {
    let splits = &report.headlines.splits;
    let unseen: u64 = splits.iter().map(|figures| figures.unseen).sum();
    let samples: u64 = splits.iter().map(|figures| figures.samples).sum();
    if unseen > 0 {
        all.push(Sentence {
            topic: Topic::Files,
            tone: Tone::Bad,
            text: format!(
                "{} of {} could not be read or decoded",
                number(unseen),
                counted(samples, "image", "images")
            ),
            detail: None,
        });
    }
}

fn name<'a>(report: &Report<'a>, split: SplitId) -> &'a str {
    (report.evidence.listing)
        .split_name(Some(split))
        .unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    fn texts(fixture: &Fixture) -> Vec<String> {
        let all = headlines(&fixture.report());
        all.into_iter().map(|sentence| sentence.text).collect()
    }

    #[test]
    fn single_copy_is_in_the_singular() {
        let mut fixture = Fixture::new();
        let leaks = fixture.headlines.leaks.as_mut().expect("searched");
        leaks[0].leaked = 1;
        leaks[0].samples = 40;
        assert_eq!(
            texts(&fixture)[0],
            "1 of 40 test images (2.5%) is a copy of a training image"
        );
    }

    #[test]
    fn set_without_leaks_is_called_so_and_one_not_searched_is_not() {
        let mut fixture = Fixture::new();
        let leaks = fixture.headlines.leaks.as_mut().expect("searched");
        leaks[0].leaked = 0;
        fixture.headlines.splits[0].compared = fixture.headlines.splits[0].samples;
        let first = |fixture: &Fixture| headlines(&fixture.report()).swap_remove(0);
        assert!(
            first(&fixture)
                .text
                .starts_with("no image was found in two splits")
        );
        fixture.headlines.leaks = None;
        assert!(!texts(&fixture)[0].contains("two splits"));
    }
}
