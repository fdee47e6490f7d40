//! A finding as a person decides on it: what kind of question it is, which
//! choices there are, and what each does. Writes nothing.

use std::collections::BTreeMap;

use crate::finding::{CheckInfo, CountsAs, Family, FindingId, Severity};
use crate::sample::{Listing, Role, SampleId};
use crate::words::shown;

/// A finding with what is shown of it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) code: String,
    pub(super) name: String,
    /// What the check says of itself; none of a check of a later version.
    pub(super) check: Option<&'static CheckInfo>,
    pub(super) id: FindingId,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) splits: Vec<String>,
    pub(super) labels: Vec<String>,
    /// Those that are in the data set, in the order of the finding.
    pub(super) samples: Vec<SampleId>,
    /// Of each sample, the place of the object that the finding is about, where it is
    /// about objects.
    pub(super) objects: BTreeMap<SampleId, usize>,
    pub(super) score: Option<f64>,
    pub(super) kind: Kind,
    /// The class that fits better.
    pub(super) suggested: Option<String>,
    /// The samples that a decision may act on.
    pub(super) acts_on: Vec<SampleId>,
    /// What was measured between the first two samples.
    pub(super) pair: Option<Pair>,
}

/// The kinds of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Whether two images are what the finding says.
    Pair,
    /// Which label of copies is right.
    Conflict,
    /// Whether a label is right.
    Label,
    /// Whether the one label of many is right.
    Cluster,
    /// Whether boxes are right.
    Objects,
    /// Whether a fact of one image is so.
    Image,
    /// Whether a fact of several images is so.
    Group,
    /// Whether a fact without images is so.
    Set,
}

/// What was measured of a pair.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Pair {
    pub(super) relation: String,
    pub(super) transform: String,
    pub(super) similarity: Option<f64>,
    /// Lays the second image over the first, in shares of their sides; see
    /// [`Transform::matrix`](crate::finding::Transform).
    pub(super) matrix: Option<[f64; 6]>,
    /// The matched regions of a same-scene link: `x y width height` in shares.
    pub(super) regions: Option<[[f64; 4]; 2]>,
    /// The second is the sample that the finding names first: made from the other.
    pub(super) is_reversed: bool,
}

impl Kind {
    /// The kind of a finding of `check`.
    pub(super) fn of(check: Option<&CheckInfo>, pair: Option<&Pair>, samples: usize) -> Self {
        match check.map(|check| check.counts_as) {
            Some(CountsAs::LabelConflict) if samples > 1 => Self::Conflict,
            Some(CountsAs::SuspectLabel) if samples > 0 => Self::Label,
            Some(CountsAs::SuspectCluster) if samples > 0 => Self::Cluster,
            Some(CountsAs::SuspectObject) if samples > 0 => Self::Objects,
            _ if samples == 0 => Self::Set,
            _ if pair.is_some() => Self::Pair,
            _ if check.is_some_and(|check| check.family == Family::Object) => Self::Objects,
            _ if samples == 1 => Self::Image,
            _ => Self::Group,
        }
    }

    /// Whether decisions on it are about labels.
    pub(super) fn is_about_labels(self) -> bool {
        matches!(self, Self::Conflict | Self::Label | Self::Cluster)
    }
}

/// Whether a decision says that the finding is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// What it says is so.
    Right,
    /// A false alarm.
    Wrong,
}

impl Verdict {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
        }
    }

    /// The verdict with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Right, Self::Wrong]
            .into_iter()
            .find(|verdict| verdict.name() == name)
    }

    /// Of a choice; none of one that is taken back.
    pub(super) fn of(choice: &str) -> Option<Self> {
        match choice {
            "" => None,
            KEEP | REJECT => Some(Self::Wrong),
            _ => Some(Self::Right),
        }
    }
}

/// The label given is right.
pub(super) const KEEP: &str = "keep";
/// The suggested label is right.
pub(super) const CHANGE: &str = "change";
/// The image goes.
pub(super) const DROP: &str = "drop";
/// The finding is right.
pub(super) const CONFIRM: &str = "confirm";
/// The finding is a false alarm, and accepted as that.
pub(super) const REJECT: &str = "reject";
/// The finding is right and accepted.
pub(super) const ACCEPT: &str = "accept";
/// Before the class that a person names.
const CLASS: &str = "class:";
/// Before the label of the copies that is right.
const LABEL: &str = "label:";
/// Decided sample by sample, in `decisions.csv` itself.
pub(super) const MIXED: &str = "mixed";

/// Labels of copies offered one by one: as many digits are left.
const LABELS: usize = 6;

/// One thing that can be decided.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Choice {
    /// What is sent and kept.
    pub(super) name: String,
    /// For people.
    pub(super) words: String,
    /// What it does.
    pub(super) does: &'static str,
}

fn choice(name: impl Into<String>, words: impl Into<String>, does: &'static str) -> Choice {
    Choice {
        name: name.into(),
        words: words.into(),
        does,
    }
}

const TO_DECISIONS: &str = "written into decisions.csv";
const TO_BOTH: &str = "written into decisions.csv, and accepted in the baseline";
const TO_BASELINE: &str = "accepted in the baseline";
const NOTED: &str = "noted";

/// What can be decided on `item`, the usual first.
pub(super) fn choices(item: &Item, listing: &Listing) -> Vec<Choice> {
    let drops = |words: &str| choice(DROP, words, TO_DECISIONS);
    match item.kind {
        Kind::Conflict => {
            let mut choices: Vec<Choice> = (labels(item, listing).into_iter())
                .take(LABELS)
                .map(|label| {
                    let words = format!("all are {}", shown(&label));
                    choice(format!("{LABEL}{label}"), words, TO_DECISIONS)
                })
                .collect();
            choices.push(choice(KEEP, "each label is right", TO_BOTH));
            choices.push(choice(REJECT, "not copies", TO_BASELINE));
            choices
        }
        Kind::Label | Kind::Cluster => {
            let is_one = item.kind == Kind::Label;
            let given = item.acts_on.first().map(|&id| listing.label_text(id));
            let keep = match given.filter(|label| !label.is_empty()) {
                Some(label) if is_one => format!("{} is right", shown(&label)),
                Some(label) => format!("{} is right for all", shown(&label)),
                None => "right as it is".to_owned(),
            };
            let mut choices = vec![choice(KEEP, keep, TO_BOTH)];
            match &item.suggested {
                Some(class) if is_single(item, listing) => {
                    let to = if is_one { "change to" } else { "change all to" };
                    choices.push(choice(
                        CHANGE,
                        format!("{to} {}", shown(class)),
                        TO_DECISIONS,
                    ));
                }
                _ => choices.push(choice(CONFIRM, "wrong, to be mended elsewhere", NOTED)),
            }
            choices.push(drops(if is_one { "drop the image" } else { "drop all" }));
            choices
        }
        kind => {
            let is_leak = item.check.is_some_and(CheckInfo::is_about_copies);
            let (yes, no) = match kind {
                Kind::Pair if is_leak => ("a copy", "not a copy"),
                _ => ("real", "false alarm"),
            };
            let mut choices = vec![
                choice(CONFIRM, yes, NOTED),
                choice(REJECT, no, TO_BASELINE),
                choice(ACCEPT, format!("{yes}, and accepted"), TO_BASELINE),
            ];
            if !item.acts_on.is_empty() {
                choices.push(drops("drop the image"));
            }
            choices
        }
    }
}

/// Whether a class may be named for it.
pub(super) fn takes_a_class(item: &Item, listing: &Listing) -> bool {
    matches!(item.kind, Kind::Label | Kind::Cluster) && is_single(item, listing)
}

/// A class in place of several would lose the others.
fn is_single(item: &Item, listing: &Listing) -> bool {
    let count = |&id: &SampleId| listing.sample(id).labels.classes().len();
    item.acts_on.iter().all(|id| count(id) < 2)
}

/// The labels of a conflict, in the order of its samples.
fn labels(item: &Item, listing: &Listing) -> Vec<String> {
    let mut labels = Vec::new();
    for &id in &item.acts_on {
        let label = listing.label_text(id);
        // A class of that name would be read as a decision.
        if !labels.contains(&label) && !label.contains(';') {
            labels.push(label);
        }
    }
    labels
}

/// A choice in words, for a person who did not make it.
pub(super) fn in_words(name: &str, item: &Item, listing: &Listing) -> String {
    let known = choices(item, listing)
        .into_iter()
        .find(|known| known.name == name);
    match (known, name) {
        (Some(known), _) => known.words,
        (None, MIXED) => "decided one by one".to_owned(),
        (None, ACCEPT) => "accepted".to_owned(),
        (None, name) => {
            let class = name.strip_prefix(CLASS).or(name.strip_prefix(LABEL));
            class.map_or_else(
                || shown(name),
                |class| format!("change to {}", shown(class)),
            )
        }
    }
}

/// What is written of a sample into `decisions.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Label {
    /// Its label is right.
    Keep,
    /// It goes.
    Drop,
    /// It gets this class.
    To(String),
}

/// What a choice does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Effect {
    /// What is decided of each sample.
    pub(super) labels: Vec<(SampleId, Label)>,
    /// Why the finding is accepted, where nobody says another reason.
    pub(super) accepts: Option<&'static str>,
}

/// What `choice` does.
///
/// # Errors
/// Why it cannot be decided so.
pub(super) fn effect(item: &Item, choice: &str, listing: &Listing) -> Result<Effect, String> {
    let all = |label: &Label| {
        let each = item.acts_on.iter();
        each.map(|&id| (id, label.clone())).collect::<Vec<_>>()
    };
    let class = |name: &str| match listing.classes.iter().any(|class| class == name) {
        true => Ok(Label::To(name.to_owned())),
        false => Err(format!("`{name}` is no class of the data set")),
    };
    let is_offered = || {
        choices(item, listing)
            .iter()
            .any(|known| known.name == choice)
    };
    let accepts = match choice {
        KEEP => Some("the label was reviewed and is right"),
        REJECT => Some("reviewed: a false alarm"),
        ACCEPT => Some("reviewed and accepted"),
        _ => None,
    };
    let labels = match choice {
        "" => Vec::new(),
        _ if choice.starts_with(CLASS) && takes_a_class(item, listing) => {
            all(&class(&choice[CLASS.len()..])?)
        }
        _ if !is_offered() => return Err(format!("`{choice}` cannot be decided on this finding")),
        KEEP => all(&Label::Keep),
        DROP => all(&Label::Drop),
        CHANGE => all(&class(item.suggested.as_deref().unwrap_or_default())?),
        _ => match choice.strip_prefix(LABEL) {
            None => Vec::new(),
            Some(right) => (item.acts_on.iter())
                .map(|&id| match listing.label_text(id) == right {
                    true => (id, Label::Keep),
                    false => (id, Label::To(right.to_owned())),
                })
                .collect(),
        },
    };
    Ok(Effect { labels, accepts })
}

/// The choice that the labels decided on `item` come to, in the order of
/// [`Item::acts_on`]; none while one of them is open.
pub(super) fn choice_of(item: &Item, decided: &[Label], listing: &Listing) -> Option<String> {
    if decided.is_empty() || decided.len() < item.acts_on.len() || !item.kind.is_about_labels() {
        return None;
    }
    let offered = choices(item, listing).into_iter().map(|choice| choice.name);
    let named = decided.first().and_then(|first| match first {
        Label::To(class) => Some(format!("{CLASS}{class}")),
        _ => None,
    });
    let mut comes_to = offered.chain(named).filter(|name| name != CONFIRM);
    let found = comes_to.find(|name| {
        let labels = effect(item, name, listing).map(|effect| effect.labels);
        labels.is_ok_and(|labels| {
            !labels.is_empty() && labels.iter().map(|(_, label)| label).eq(decided)
        })
    });
    Some(found.unwrap_or_else(|| MIXED.to_owned()))
}

/// Whether something may be decided of a sample: data used before stay as they
/// are.
pub(super) fn is_own(listing: &Listing, id: SampleId) -> bool {
    listing.role(id) != Some(Role::Reference)
}
