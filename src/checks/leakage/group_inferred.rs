//! Finds samples of several splits that seem to belong together by file names
//! or by what cameras wrote down. Advice: what it means only a person knows.

use std::collections::BTreeMap;

use super::file_name_groups::{ByName, Group, by_hint};
use super::file_name_parts::{Hint, stem_of};
use super::group_evidence::{Cohesion, cohesion, distance, expected_crossings};
use super::{group_exif, group_regex};
use crate::checks::words::{counted, listed};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::distribution::SplitCounts;
use crate::executor::Interrupted;
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::sample::{ClassId, Role, SampleId, SplitId};

declare_check! { pub INFERRED_GROUP_ACROSS_SPLITS = {
    code: "LEAK006",
    family: Leak,
    name: "inferred-group-across-splits",
    summary: "file names or camera data suggest that samples of several splits belong together",
    next_step: "if the groups are real, declare them with `--group-regex` or `--group-column`, and split anew with `splitlint resplit`",
    severity: Severity::Advice,
    docs: "inferred-group-across-splits.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &INFERRED_GROUP_ACROSS_SPLITS
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.listing.splits.len() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has fewer than two splits".to_owned(),
            ));
        }
        if !data.listing.groups.is_empty() {
            return Ok(Ran::NotApplicable(
                "groups are declared and need not be inferred".to_owned(),
            ));
        }
        for (words, form, sound) in all_sound(data)? {
            tell(data, out, words, form.as_ref(), &sound);
        }
        Ok(Ran::Completed)
    }
}

/// The samples of every group that file names or camera data suggest.
///
/// # Errors
/// When the user asks to stop.
pub fn inferred_groups(data: &CheckContext<'_>) -> Result<Vec<Vec<SampleId>>, Interrupted> {
    let sound = all_sound(data)?.into_iter();
    let groups = sound.flat_map(|(.., sound)| sound.groups);
    Ok(groups.map(|group| group.samples).collect())
}

/// What suggests groups, the pattern that names them, and the groups.
type Suggested = (&'static str, Option<group_regex::Form>, Sound);

fn all_sound(data: &CheckContext<'_>) -> Result<Vec<Suggested>, Interrupted> {
    let mut all = Vec::new();
    for (hint, named) in by_hint(&data.evidence.listing) {
        data.executor.stop().check()?;
        let form = group_regex::Form::of(hint, &named);
        let sound = match hint {
            Hint::Counter => runs(data, &named.groups),
            Hint::Copy => alike(data, named.groups),
            _ => believable(data, hint, named),
        };
        all.push((hint.words(), Some(form), sound));
    }
    for (words, groups) in [
        ("bursts of one camera", group_exif::bursts(data)),
        ("images taken at one place", group_exif::places(data)),
    ] {
        all.push((words, None, taken_together(data, groups)));
    }
    Ok(all)
}

impl Group {
    /// The splits with samples of it, in listing order, with their numbers.
    fn splits(&self, data: &CheckContext<'_>) -> BTreeMap<SplitId, usize> {
        let mut splits = BTreeMap::new();
        for &id in &self.samples {
            if let Some(split) = data.listing.sample(id).split {
                *splits.entry(split).or_insert(0) += 1;
            }
        }
        splits
    }

    /// The samples outside the split that holds most of them.
    fn strays(&self, data: &CheckContext<'_>) -> usize {
        let splits = self.splits(data);
        self.samples.len() - splits.values().copied().max().unwrap_or(0)
    }
}

/// Groups that seem real, and the evidence for them.
struct Sound {
    groups: Vec<Group>,
    cohesion: Option<Cohesion>,
}

/// A stem that covers more of a class, or of the data set where it spans
/// classes, is the name of the class or of the data set, not of a group.
const LARGEST_PART: f64 = 0.9;

/// A stem that covers no more than this is no such name in all likelihood;
/// between the two its images decide.
const BELIEVED_PART: f64 = 1.0 / 3.0;

/// Groups as large as this in the middle can be judged by their images, and
/// are, unless they are few among many names of another kind; smaller ones are
/// believed by name.
const JUDGED_BY_LOOKS: usize = 25;

fn believable(data: &CheckContext<'_>, hint: Hint, named: ByName) -> Sound {
    let ByName {
        mut groups,
        singles,
        ..
    } = named;
    let all = data.classes.together();
    if hint >= Hint::Numbered {
        groups.retain(|group| part_of_whole(data, &all, group) <= LARGEST_PART);
    }
    let mut cohesion = cohesion(data, &neighbours(&groups));
    let clear = cohesion.is_some_and(|cohesion| cohesion.is_clear());
    if hint >= Hint::Numbered && !clear {
        groups.retain(|group| part_of_whole(data, &all, group) <= BELIEVED_PART);
        cohesion = None;
    }
    let mut sizes: Vec<usize> = groups.iter().map(|group| group.samples.len()).collect();
    sizes.sort_unstable();
    let middle = sizes.get(sizes.len() / 2).copied().unwrap_or(0);
    let few =
        sizes.iter().sum::<usize>() as f64 <= BELIEVED_PART * data.listing.samples.len() as f64;
    let believed = match hint {
        Hint::Export | Hint::Copy => true,
        Hint::Numbered => {
            clear || (!by_accident(&sizes, singles) && (few || middle < JUDGED_BY_LOOKS))
        }
        Hint::Dated | Hint::Counter => clear,
    };
    if !believed {
        groups.clear();
    }
    Sound { groups, cohesion }
}

/// Whether stems are shared as ids drawn at random would be: hardly ever, and
/// then by two. Groups of three or more must hold more samples than pairs do,
/// and a tenth of those that share with no other.
fn by_accident(sizes: &[usize], singles: usize) -> bool {
    let (pairs, larger): (Vec<usize>, Vec<usize>) = sizes.iter().partition(|&&size| size < 3);
    let (in_pairs, in_larger) = (pairs.iter().sum::<usize>(), larger.iter().sum::<usize>());
    in_larger <= in_pairs + singles / 10
}

/// The part of its class that a group makes, or of the data set where no class
/// has most of it: single samples of other classes may be label errors.
fn part_of_whole(data: &CheckContext<'_>, all: &SplitCounts, group: &Group) -> f64 {
    let mut of_class: BTreeMap<ClassId, u64> = BTreeMap::new();
    for &id in &group.samples {
        if let Some(class) = data.listing.sample(id).labels.single() {
            *of_class.entry(class).or_default() += 1;
        }
    }
    let most = of_class.into_iter().max_by_key(|&(_, count)| count);
    let (part, whole) = match most {
        Some((class, count)) if 2 * count as usize > group.samples.len() => {
            (count, all.count(class))
        }
        _ => (group.samples.len() as u64, all.samples()),
    };
    part as f64 / whole.max(1) as f64
}

/// Groups by camera data, which need no other evidence. One that is a large
/// part of the data set comes of a time or place that a program wrote.
fn taken_together(data: &CheckContext<'_>, groups: Vec<Vec<SampleId>>) -> Sound {
    let mut groups: Vec<Group> = groups
        .into_iter()
        .filter_map(|samples| {
            let stem = data
                .listing
                .sample(*samples.first()?)
                .key
                .as_str()
                .to_owned();
            let counters = vec![0; samples.len()];
            Some(Group {
                stem,
                samples,
                counters,
            })
        })
        .collect();
    let all = data.classes.together();
    groups.retain(|group| part_of_whole(data, &all, group) <= BELIEVED_PART);
    let cohesion = cohesion(data, &neighbours(&groups));
    Sound { groups, cohesion }
}

/// Each sample with the next of its group.
fn neighbours(groups: &[Group]) -> Vec<(SampleId, SampleId)> {
    groups
        .iter()
        .flat_map(|group| group.samples.windows(2))
        .map(|pair| (pair[0], pair[1]))
        .collect()
}

/// Bits of 64 in which the hashes of an image and its copy differ at most:
/// those of re-encoded and resized copies differ in 8 (docs/design.md).
const COPY_BITS: u32 = 8;

/// Of copies by name, those that look like what their name says they are of.
fn alike(data: &CheckContext<'_>, groups: Vec<Group>) -> Sound {
    let groups = groups.into_iter().filter_map(|mut group| {
        // The one with the plain name comes first by key.
        let plain = |id: &SampleId| stem_of(data.listing.sample(*id).key.as_str()) == group.stem;
        let original = *group.samples.iter().find(|id| plain(id))?;
        let near = |id: SampleId| {
            id == original || distance(data, original, id).is_some_and(|bits| bits <= COPY_BITS)
        };
        group.samples.retain(|&id| near(id));
        group.counters.truncate(group.samples.len());
        (group.samples.len() > 1).then_some(group)
    });
    Sound {
        groups: groups.collect(),
        cohesion: None,
    }
}

/// Runs of consecutive counters that look alike, if consecutive images are
/// more alike than strangers at all.
fn runs(data: &CheckContext<'_>, counters: &[Group]) -> Sound {
    let consecutive: Vec<(SampleId, SampleId)> = counters.iter().flat_map(consecutive).collect();
    let nothing = |cohesion| Sound {
        groups: Vec::new(),
        cohesion,
    };
    let cohesion = cohesion(data, &consecutive);
    let Some(clear) = cohesion.filter(Cohesion::is_clear) else {
        return nothing(cohesion);
    };
    // A pair belongs together if it is nearer than half of the way from the
    // mean of neighbours to the mean of strangers.
    let bar = mean_distance(data, &consecutive) + clear.bits / 2.0;
    let mut groups: Vec<Group> = Vec::new();
    let mut last = None;
    for (a, b) in consecutive {
        let near = distance(data, a, b).is_some_and(|bits| f64::from(bits) < bar);
        if !near {
            last = None;
            continue;
        }
        match groups.last_mut() {
            Some(group) if last == Some(a) => {
                group.samples.push(b);
                group.counters.push(0);
            }
            _ => groups.push(Group {
                stem: data.listing.sample(a).key.as_str().to_owned(),
                samples: vec![a, b],
                counters: vec![0; 2],
            }),
        }
        last = Some(b);
    }
    Sound { groups, cohesion }
}

/// Each sample with the next, where their counters are no farther apart than is
/// usual in the group: every tenth frame of a film is a sequence, too.
fn consecutive(group: &Group) -> Vec<(SampleId, SampleId)> {
    let gaps: Vec<u64> = group
        .counters
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    let mut sorted = gaps.clone();
    sorted.sort_unstable();
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0).max(1);
    let pairs = group.samples.windows(2).zip(gaps);
    pairs
        .filter(|&(_, gap)| gap <= usual)
        .map(|(pair, _)| (pair[0], pair[1]))
        .collect()
}

fn mean_distance(data: &CheckContext<'_>, pairs: &[(SampleId, SampleId)]) -> f64 {
    let distances: Vec<f64> = pairs
        .iter()
        .filter_map(|&(a, b)| distance(data, a, b).map(f64::from))
        .collect();
    distances.iter().sum::<f64>() / distances.len().max(1) as f64
}

/// Reports to `out` the groups that lie in several splits, if there are any.
fn tell(
    data: &CheckContext<'_>,
    out: &mut Findings,
    words: &'static str,
    form: Option<&group_regex::Form>,
    sound: &Sound,
) {
    let crossing: Vec<&Group> = (sound.groups.iter())
        .filter(|group| group.splits(data).len() > 1)
        .collect();
    if !crossing.is_empty() {
        let declare = match form {
            Some(form) => form.declaration(&data.evidence.listing, &sound.groups),
            None => String::new(),
        };
        out.push(finding(data, words, &declare, sound, &crossing));
    }
}

fn finding(
    data: &CheckContext<'_>,
    words: &'static str,
    declare: &str,
    sound: &Sound,
    crossing: &[&Group],
) -> NewFinding {
    let listing = &data.evidence.listing;
    let mut ranked: Vec<&Group> = crossing.to_vec();
    ranked.sort_by(|a, b| {
        let strays = |group: &Group| group.strays(data);
        (strays(b).cmp(&strays(a))).then_with(|| a.stem.cmp(&b.stem))
    });
    let shown: Vec<String> = ranked
        .iter()
        .map(|group| {
            let places: Vec<String> = (group.splits(data).into_iter())
                .map(|(split, count)| {
                    format!("{count} in `{}`", listing.splits[split.index()].name)
                })
                .collect();
            format!("`{}` ({})", group.stem, listed(&places, 4))
        })
        .collect();
    let sizes: Vec<usize> = sound.groups.iter().map(|g| g.samples.len()).collect();
    let by_chance = expected_crossings(data, &sizes);
    let looks = match sound.cohesion {
        Some(cohesion) if cohesion.is_clear() => format!(
            "; neighbours in a group are {:.0} of 64 hash bits more similar than unrelated images",
            cohesion.bits
        ),
        _ => String::new(),
    };
    let message = format!(
        "{}: {} of {} {} in several splits, where a random split would separate {by_chance:.0}: {}{looks}; if they are real, figures on them show what the model memorized{declare}",
        words,
        crossing.len(),
        counted(sound.groups.len() as u64, "group"),
        if crossing.len() == 1 { "lies" } else { "lie" },
        listed(&shown, 4),
    );
    let mut samples: Vec<(bool, SampleId)> = ranked
        .iter()
        .flat_map(|group| &group.samples)
        .map(|&id| (split_role(data, id) != Some(Role::Evaluation), id))
        .collect();
    samples.sort_unstable();
    let samples: Vec<SampleId> = samples.into_iter().map(|(_, id)| id).collect();
    let of_sample = |&id: &SampleId| listing.sample(id);
    NewFinding {
        id: FindingId::of_names(INFERRED_GROUP_ACROSS_SPLITS.code, [words]),
        message,
        splits: samples
            .iter()
            .filter_map(|id| of_sample(id).split)
            .collect(),
        labels: (samples.iter())
            .flat_map(|id| of_sample(id).labels.classes().to_vec())
            .collect(),
        samples,
        score: None,
        measured: Measured::Figures(vec![
            figure("groups", sound.groups.len() as f64),
            figure("groups_crossing", crossing.len() as f64),
            figure("expected_by_chance", by_chance),
            figure("cohesion_bits", sound.cohesion.map_or(0.0, |c| c.bits)),
            figure(
                "cohesion_pairs",
                sound.cohesion.map_or(0.0, |c| c.pairs as f64),
            ),
        ]),
    }
}

fn figure(name: &'static str, value: f64) -> Figure {
    Figure { name, value }
}

fn split_role(data: &CheckContext<'_>, id: SampleId) -> Option<Role> {
    let split = data.listing.sample(id).split?;
    Some(data.listing.splits[split.index()].role)
}
