//! What is said of copies between splits. Counts nothing.

use super::{Sentence, Tone, Topic, covers, name, of_all};
use crate::finding::LeakFigures;
use crate::report::Report;
use crate::sample::Role;
use crate::words::{counted, number, of_split, percent};

pub(super) fn leaks(report: &Report<'_>, all: &mut Vec<Sentence>) {
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
