//! Finds images of one place or thing in several splits that are no copies. Leaves
//! copies to LEAK001 and LEAK002.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::checks::words::{counted, listed, percent};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::sample::{Role, SampleId, SplitId};
use crate::scenes::{LEAST_SIDE, Link, Scenes};

declare_check! { pub SAME_SCENE_ACROSS_SPLITS = {
    code: "LEAK008",
    family: Leak,
    name: "same-scene-across-splits",
    summary: "images of several splits show the same place or thing, and are no copies of each other",
    next_step: "compare the two images; if a model could recognize the scene instead of the class, keep the groups of `scene-groups.csv` together (`--group-file scene-groups.csv`) and split anew",
    severity: Severity::Advice,
    docs: "same-scene-across-splits.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Images up to which scenes are searched.
    up_to: usize,
}

impl Default for Settings {
    /// As many as take five minutes on two cores.
    fn default() -> Self {
        Self { up_to: 50_000 }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &SAME_SCENE_ACROSS_SPLITS
    }

    fn needs(&self) -> Needs {
        Needs {
            scenes_up_to: self.settings.up_to,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let listing = &data.evidence.listing;
        if listing.splits.len() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has fewer than two splits".to_owned(),
            ));
        }
        let Some(scenes) = &data.evidence.scenes else {
            let samples = listing.samples.len();
            let setting = "set `up-to` under `[checks.same-scene-across-splits]`";
            return Ok(Ran::NotApplicable(match self.settings.up_to {
                0 => format!("the search for scenes is switched off; {setting}"),
                up_to => format!(
                    "scenes are searched in up to {}, and there are {samples}; {setting}",
                    counted(up_to as u64, "image")
                ),
            }));
        };
        data.all_opened()?;
        if scenes.compared < 2 {
            return Ok(Ran::NotApplicable(format!(
                "scenes are searched among images with detail whose long side has {LEAST_SIDE} \
                 pixels or more"
            )));
        }
        if scenes.is_one_view() {
            out.push(one_view(data, scenes));
            return Ok(Ran::Completed);
        }
        let groups = scenes.groups(&data.evidence.duplicates, listing.samples.len());
        let mut links: BTreeMap<SampleId, Vec<&Link>> = BTreeMap::new();
        for link in &scenes.links {
            links.entry(link.a).or_default().push(link);
        }
        let mut found = Vec::new();
        for group in &groups {
            let links = group.iter().filter_map(|id| links.get(id)).flatten();
            let across = links.filter(|link| crosses(data, link));
            let strongest = across.min_by(|x, y| {
                let order = x.log_nfa.total_cmp(&y.log_nfa);
                order.then((x.a, x.b).cmp(&(y.a, y.b)))
            });
            found.extend(strongest.map(|link| of_group(data, group, link)));
        }
        if !found.is_empty() {
            out.push(overall(data, &groups));
        }
        for finding in found {
            out.push(finding);
        }
        Ok(Ran::Completed)
    }
}

fn crosses(data: &CheckContext<'_>, link: &Link) -> bool {
    let split = |id| data.evidence.listing.sample(id).split;
    split(link.a) != split(link.b)
        && (role(data, link.a) != Some(Role::Reference)
            || role(data, link.b) != Some(Role::Reference))
}

fn role(data: &CheckContext<'_>, id: SampleId) -> Option<Role> {
    let listing = &data.evidence.listing;
    Some(listing.splits[listing.sample(id).split?.index()].role)
}

fn is_evaluated(data: &CheckContext<'_>, id: SampleId) -> bool {
    role(data, id) == Some(Role::Evaluation)
}

/// One finding for a set that one camera took: its images share their ground, and
/// nothing follows from it for any two of them.
fn one_view(data: &CheckContext<'_>, scenes: &Scenes) -> NewFinding {
    let names: Vec<&str> = data
        .evidence
        .listing
        .splits
        .iter()
        .map(|s| s.name.as_str())
        .collect();
    NewFinding {
        id: FindingId::of_names(SAME_SCENE_ACROSS_SPLITS.code, names),
        message: format!(
            "most images show one view: {} of the {} compared lie over each other without a shift; \
             scenes do not tell images of this set apart",
            counted(scenes.still_images() as u64, "image"),
            scenes.compared
        ),
        samples: Vec::new(),
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::Figures(vec![figure("links", scenes.links.len() as f64)]),
    }
}

/// How many evaluation images share a scene with training, and how many would if
/// samples were dealt at random: Σ over groups of n samples of
/// n · e · (1 − (1 − t)ⁿ⁻¹), with e and t the shares of evaluation and training.
fn overall(data: &CheckContext<'_>, groups: &[Vec<SampleId>]) -> NewFinding {
    let listing = &data.evidence.listing;
    let share = |wanted: Role| {
        let all = listing
            .samples
            .iter()
            .filter(|sample| role(data, sample.id) == Some(wanted));
        all.count() as f64 / listing.samples.len().max(1) as f64
    };
    let (evaluated, trained) = (share(Role::Evaluation), share(Role::Train));
    let (mut shared, mut expected) = (Vec::new(), 0.0);
    for group in groups {
        if group.iter().any(|&id| role(data, id) == Some(Role::Train)) {
            shared.extend(group.iter().copied().filter(|&id| is_evaluated(data, id)));
        }
        let others = i32::try_from(group.len() - 1).unwrap_or(i32::MAX);
        expected += group.len() as f64 * evaluated * (1.0 - (1.0 - trained).powi(others));
    }
    shared.sort_unstable();
    let all = listing
        .samples
        .iter()
        .filter(|sample| is_evaluated(data, sample.id))
        .count();
    NewFinding {
        id: FindingId::of_names(SAME_SCENE_ACROSS_SPLITS.code, ["all"]),
        message: format!(
            "{} of {} evaluation images ({}) share a scene or a copy with training images; a random split \
             of the same {} would give about {expected:.0}",
            shared.len(),
            all,
            percent(shared.len() as f64 / all.max(1) as f64),
            counted(groups.len() as u64, "group"),
        ),
        splits: splits_of(data, &shared),
        labels: Vec::new(),
        score: None,
        measured: Measured::Figures(vec![
            figure("shared", shared.len() as f64),
            figure("evaluated", all as f64),
            figure("expected_at_random", expected),
        ]),
        samples: shared,
    }
}

fn of_group(data: &CheckContext<'_>, group: &[SampleId], link: &Link) -> NewFinding {
    let listing = &data.evidence.listing;
    let swap = !is_evaluated(data, link.a) && is_evaluated(data, link.b);
    let (one, other, of_one, of_other) = match swap {
        true => (link.b, link.a, link.region_b, link.region_a),
        false => (link.a, link.b, link.region_a, link.region_b),
    };
    let mut samples = vec![one, other];
    let mut rest: Vec<SampleId> = group
        .iter()
        .copied()
        .filter(|id| !samples.contains(id))
        .collect();
    rest.sort_unstable_by_key(|&id| (!is_evaluated(data, id), id));
    samples.extend(rest);
    let splits = splits_of(data, &samples);
    let places: Vec<String> = (splits.iter())
        .map(|&split| {
            let count = samples
                .iter()
                .filter(|&&id| listing.sample(id).split == Some(split));
            format!(
                "{} in `{}`",
                count.count(),
                listing.splits[split.index()].name
            )
        })
        .collect();
    let more = match group.len() {
        2 => String::new(),
        all => format!("; the group has {all} images, {}", listed(&places, 6)),
    };
    let key = |id| &listing.sample(id).key;
    NewFinding {
        id: data.id_of(SAME_SCENE_ACROSS_SPLITS.code, &[one, other]),
        message: format!(
            "`{}` and `{}` show the same scene: {} of one geometry, on {} of the one and {} of the other{more}",
            key(one),
            key(other),
            counted(u64::from(link.inliers), "matched place"),
            percent(f64::from(of_one.area())),
            percent(f64::from(of_other.area())),
        ),
        labels: Vec::new(),
        splits,
        score: None,
        measured: Measured::Figures(vec![
            figure("matched_places", f64::from(link.inliers)),
            figure("log10_false_alarms", link.log_nfa),
            figure("images", group.len() as f64),
        ]),
        samples,
    }
}

fn splits_of(data: &CheckContext<'_>, samples: &[SampleId]) -> Vec<SplitId> {
    let splits = samples
        .iter()
        .filter_map(|&id| data.evidence.listing.sample(id).split);
    let splits: BTreeSet<SplitId> = splits.collect();
    splits.into_iter().collect()
}

fn figure(name: &'static str, value: f64) -> Figure {
    Figure { name, value }
}
