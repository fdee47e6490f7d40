//! The headline figures in sentences, the same in every report for people.
//! Computes no figure.

use super::Report;
use crate::distribution::{Division, Drift};
use crate::finding::{Family, LabelBelief, LeakFigures, RunState, Severity, SuspectFigures};
use crate::objects::SplitObjects;
use crate::sample::{Role, SplitId};
use crate::words::{counted, number, of_split, p_value, percent};

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
    /// Images that could not be seen.
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
            (Tone::Good, Some((family, from))) => told_of(report, sentence.topic, family, from),
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
fn told_of(report: &Report<'_>, topic: Topic, family: Family, from: Severity) -> Vec<Sentence> {
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

fn leaks(report: &Report<'_>, all: &mut Vec<Sentence>) {
    let Some(leaks) = &report.headlines.leaks else {
        return;
    };
    let before = all.len();
    for figures in leaks.iter().filter(|figures| figures.leaked > 0) {
        all.push(leak(report, figures));
    }
    // Copies between two evaluation splits: reported once, of the later one.
    for figures in leaks {
        for &(source, copies) in &figures.sources {
            let other = &report.listing.splits[source.index()];
            if other.role == Role::Evaluation
                && Some(source) < figures.split
                && has_training(report)
            {
                all.push(Sentence {
                    topic: Topic::Leaks,
                    tone: Tone::Doubtful,
                    text: copied(report, figures, copies, &of_split(&other.name)),
                    detail: None,
                });
            }
        }
    }
    let trained_before = report.headlines.trained_before;
    if all.len() == before {
        let splits = report.headlines.splits.iter();
        let (compared, samples) = splits.fold((0, 0), |(compared, samples), figures| {
            (compared + figures.compared, samples + figures.samples)
        });
        let is_covered = covers(compared, samples);
        let of_all = of_all(compared, samples, "image", "images");
        let fact = match trained_before {
            0 => "no image was found in two splits",
            _ => "no evaluation image was found in another split or in earlier data",
        };
        all.push(Sentence {
            topic: Topic::Leaks,
            tone: if is_covered {
                Tone::Good
            } else {
                Tone::Doubtful
            },
            text: if is_covered {
                format!("{fact} ({of_all} compared)")
            } else {
                format!("{fact}, but only {of_all} could be compared")
            },
            detail: (!is_covered)
                .then(|| "the others cannot be read, or are too flat to compare".to_owned()),
        });
    }
    if trained_before > 0 {
        all.push(Sentence {
            topic: Topic::Leaks,
            tone: Tone::Good,
            text: format!(
                "{} {} in the data used before too",
                counted(trained_before, "training image", "training images"),
                if trained_before == 1 { "is" } else { "are" },
            ),
            detail: Some(
                "neither is used for evaluation, so no figure is affected: advice, not a leak"
                    .to_owned(),
            ),
        });
    }
}

fn has_training(report: &Report<'_>) -> bool {
    (report.listing.splits.iter()).any(|split| split.role != Role::Evaluation)
}

fn leak(report: &Report<'_>, figures: &LeakFigures) -> Sentence {
    let roles: Vec<Role> = figures
        .sources
        .iter()
        .map(|(source, _)| report.listing.splits[source.index()].role)
        .collect();
    let sources = if roles.contains(&Role::Train) && !roles.contains(&Role::Reference) {
        "training".to_owned()
    } else if roles.contains(&Role::Reference) {
        "earlier".to_owned()
    } else {
        let names = figures.sources.iter();
        let names: Vec<String> = names.map(|&(id, _)| of_split(name(report, id))).collect();
        names.join(" or ")
    };
    let mut detail = match (figures.leaked, figures.same_label) {
        (1, 0) => "it has another label".to_owned(),
        (1, _) => "it has the same label".to_owned(),
        (_, 1) => "1 of them has the same label".to_owned(),
        (_, same) => format!("{} of them have the same label", number(same)),
    };
    if let Some(memorised) = figures.memorised {
        let right = match figures.leaked {
            1 if memorised == 1.0 => "predict it correctly".to_owned(),
            1 if memorised == 0.0 => "predict it wrongly".to_owned(),
            1 => format!(
                "predict it correctly with probability {}",
                percent(memorised)
            ),
            _ => format!("score {} on them", percent(memorised)),
        };
        detail.push_str(&format!(
            "; a model that memorized the training set would {right}"
        ));
    }
    Sentence {
        topic: Topic::Leaks,
        tone: Tone::Bad,
        text: copied(report, figures, figures.leaked, &sources),
        detail: (figures.memorised.is_some()).then_some(detail),
    }
}

/// "3 of 40 test images (7.5%) are copies of training images".
fn copied(report: &Report<'_>, figures: &LeakFigures, copies: u64, sources: &str) -> String {
    let share = copies as f64 / figures.samples.max(1) as f64;
    let copied = if copies == 1 {
        let article = if sources.starts_with('e') { "an" } else { "a" };
        format!("is a copy of {article} {sources} image")
    } else {
        format!("are copies of {sources} images")
    };
    let of_which = (report.listing.split_name(figures.split))
        .map_or(String::new(), |name| format!("{} ", of_split(name)));
    format!(
        "{} of {} {of_which}{} ({}) {copied}",
        number(copies),
        number(figures.samples),
        if figures.samples == 1 {
            "image"
        } else {
            "images"
        },
        percent(share),
    )
}

fn name<'a>(report: &Report<'a>, split: SplitId) -> &'a str {
    (report.evidence.listing)
        .split_name(Some(split))
        .unwrap_or("")
}

fn suspects(report: &Report<'_>, all: &mut Vec<Sentence>) {
    let Some(suspects) = &report.headlines.suspects else {
        return;
    };
    let flagged = suspects.iter().filter(|figures| figures.suspects > 0);
    let before = all.len();
    all.extend(flagged.map(|figures| suspect(report, figures)));
    if all.len() == before {
        let judged = suspects.iter().map(|figures| figures.judged).sum();
        let labelled = report
            .headlines
            .splits
            .iter()
            .map(|figures| figures.labelled)
            .sum();
        let is_covered = covers(judged, labelled);
        let of_all = of_all(judged, labelled, "label", "labels");
        let queue = (report.headlines.belief.as_ref()).and_then(|belief| belief.queue);
        let blind = queue.filter(|queue| queue.detectable < MOST_OF_THEM);
        let text = match (is_covered, blind) {
            (true, None) => format!("no suspicious label was found ({of_all} judged)"),
            (true, Some(queue)) => format!(
                "no suspicious label was found ({of_all} judged), but only about {} of wrong \
                 labels would be",
                percent(queue.detectable)
            ),
            (false, _) => {
                format!("no suspicious label was found, but only {of_all} could be judged")
            }
        };
        let is_good = is_covered && blind.is_none();
        all.push(Sentence {
            topic: Topic::Labels,
            tone: if is_good { Tone::Good } else { Tone::Doubtful },
            text,
            detail: Some(found(report))
                .filter(|detail| !detail.is_empty())
                .map(|detail| detail.trim_start_matches("; ").to_owned()),
        });
    }
}

/// Share of wrong labels that would be found from which finding none means
/// something.
const MOST_OF_THEM: f64 = 0.5;

fn suspect(report: &Report<'_>, figures: &SuspectFigures) -> Sentence {
    let of_split = report
        .listing
        .split_name(figures.split)
        .map_or(String::new(), |name| format!("{} ", of_split(name)));
    Sentence {
        topic: Topic::Labels,
        tone: Tone::Doubtful,
        text: format!(
            "{} of {} {of_split}labels ({}) {} suspicious",
            number(figures.suspects),
            number(figures.judged),
            percent(figures.share()),
            if figures.suspects == 1 { "is" } else { "are" },
        ),
        detail: Some(format!(
            "{} strongly; an upper bound of the wrong labels that can be detected, \
             because some flags are false{}{}",
            number(figures.strong),
            found(report),
            weight(report, figures),
        )),
    }
}

/// Why the same doubt is a warning in one split and advice in another, where
/// both are: once, with the first split flagged.
fn weight(report: &Report<'_>, figures: &SuspectFigures) -> String {
    let role = |split: Option<SplitId>| Some(report.listing.splits[split?.index()].role);
    let flagged = || {
        let suspects = report.headlines.suspects.iter().flatten();
        suspects.filter(|figures| figures.suspects > 0)
    };
    let is_first = flagged()
        .next()
        .is_some_and(|first| first.split == figures.split);
    let has = |wanted| flagged().any(|figures| role(figures.split) == Some(wanted));
    if !(is_first && has(Role::Train) && has(Role::Evaluation)) {
        return String::new();
    }
    "; a weakly suspicious label is a warning in evaluation splits and advice in training, where a wrong label has less effect"
        .to_owned()
}

/// What the flags rest on: "; judged by built-in features, which name the given
/// label of 83% (guessing: 25%)".
fn belief(report: &Report<'_>) -> String {
    report.headlines.belief.as_ref().map_or(String::new(), |b| {
        format!(
            "; judged with {}, which predict the given label of {} of the images (guessing: {})",
            b.features,
            percent(b.accuracy),
            percent(b.guessing)
        )
    })
}

/// Width of an interval whose middle says nothing.
const WIDE: f64 = 0.5;

/// What the flags rest on and are worth, and what would see more.
fn found(report: &Report<'_>) -> String {
    let Some(belief_of) = report.headlines.belief.as_ref() else {
        return String::new();
    };
    let mut text = belief(report);
    if let Some(queue) = belief_of.queue {
        let suspects = report.headlines.suspects.iter().flatten();
        if suspects.map(|figures| figures.suspects).sum::<u64>() > 0 {
            let [_, least, most] = queue.precision;
            let [expected, low, high] = queue.precision.map(percent);
            text += &if most - least > WIDE {
                format!("; how many of the flags are wrong labels is open ({low} to {high})")
            } else {
                format!(
                    "; about {expected} of the flags are expected to be wrong labels ({low} to {high})"
                )
            };
        }
        text += &format!(
            "; of wrong labels drawn at random, about {} would be flagged",
            percent(queue.detectable)
        );
        if queue.cut > 0 {
            text += &format!(
                "; {} left out, because the overlap of classes explains {} \
                 (`label-precision = 0` in `splitlint.toml` keeps {})",
                if queue.cut == 1 {
                    "1 weaker flag is".to_owned()
                } else {
                    format!("{} weaker flags are", number(queue.cut))
                },
                if queue.cut == 1 { "it" } else { "them" },
                if queue.cut == 1 { "it" } else { "them" },
            );
        }
    }
    text + &better_eyes(report, belief_of)
}

/// Accuracy of built-in features from which a network would change little.
const SEEN_WELL: f64 = 0.95;
/// CPU seconds an image that a network takes, decoding included: an
/// EfficientNet-Lite0 (`docs/accuracy.md`).
const NETWORK_SECONDS: f64 = 0.035;

/// What a network needs and costs, where built-in features see too little.
fn better_eyes(report: &Report<'_>, belief: &LabelBelief) -> String {
    if !belief.is_built_in || belief.accuracy >= SEEN_WELL {
        return String::new();
    }
    let judged = report.headlines.suspects.iter().flatten();
    let judged: u64 = judged.map(|figures| figures.judged).sum();
    let seconds = judged as f64 * NETWORK_SECONDS;
    let time = match seconds {
        s if s < 90.0 => format!("{s:.0} seconds"),
        s if s < 5400.0 => format!("{:.0} minutes", s / 60.0),
        s => format!("{:.0} hours", s / 3600.0),
    };
    format!(
        "; `--model efficientnet-lite0` sees what things are, for about {time} of CPU \
         (`pip install \"splitlint[vision]\"`)"
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    fn texts(fixture: &Fixture) -> Vec<String> {
        let all = headlines(&fixture.report());
        all.into_iter().map(|sentence| sentence.text).collect()
    }

    #[test]
    fn single_copy_is_told_in_the_singular() {
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
    fn set_without_leaks_is_told_so_and_one_not_searched_is_not() {
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
