//! Finds images of several splits that show the same or neighbouring ground. Goes by
//! the place that files name, not by pixels.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::checks::ranges;
use crate::checks::words::{counted, listed, percent};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::footprints::{Footprints, Near};
use crate::sample::{Role, SampleId, SplitId};

declare_check! { pub OVERLAPPING_FOOTPRINTS_ACROSS_SPLITS = {
    code: "LEAK009",
    family: Leak,
    name: "overlapping-footprints-across-splits",
    summary: "images of several splits cover the same ground",
    next_step: "split by place with `splitlint resplit --spatial-blocks`, which keeps blocks of ground together and leaves out tiles that overlap another split",
    severity: Severity::Error,
    docs: "overlapping-footprints-across-splits.md",
} }

/// Below this share of a tile the ground in common is a margin that tilers add.
const SLIGHT: f64 = 0.1;

/// Settings of this check.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Metres (or the units of a system of coordinates without name) up to which
    /// images of two splits count as neighbours; at 0 those that touch.
    #[serde(deserialize_with = "ranges::length")]
    buffer: f64,
    /// Share of the smaller image, 0 to 1, below which ground in common is not
    /// reported for single images.
    #[serde(deserialize_with = "ranges::share")]
    min_share: f64,
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &OVERLAPPING_FOOTPRINTS_ACROSS_SPLITS
    }

    fn needs(&self) -> Needs {
        Needs {
            footprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.listing.places() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has fewer than two splits".to_owned(),
            ));
        }
        let Some(footprints) = &data.evidence.footprints else {
            return Ok(Ran::NotApplicable(
                "the images are not at hand, so whether they state where they lie on earth was \
                 not read"
                    .to_owned(),
            ));
        };
        if footprints.places.is_empty() {
            return Ok(Ran::NotApplicable(
                "no image states where it lies on earth (GeoTIFF tags or a world file)".to_owned(),
            ));
        }
        let samples = footprints.samples();
        let placed: usize = samples.iter().map(Vec::len).sum();
        if samples.len() == 1 && placed > 2 {
            return Ok(Ran::NotApplicable(format!(
                "all {placed} images with a place name the same one, so places do not tell them apart"
            )));
        }
        let ground = Ground {
            data,
            footprints,
            around: around(
                &footprints.near(self.settings.buffer, data.executor)?,
                samples.len(),
            ),
            samples,
        };
        let met = ground.met();
        if met.is_empty() {
            return Ok(Ran::Completed);
        }
        out.push_at(
            match met.iter().any(|met| met.share >= SLIGHT) {
                true => Severity::Error,
                false if met.iter().any(|met| met.share > 0.0) => Severity::Warning,
                false => Severity::Advice,
            },
            ground.overall(&met, self.settings.buffer),
        );
        for one in met
            .iter()
            .filter(|met| met.share > 0.0 && met.share >= self.settings.min_share)
        {
            let severity = match one.share >= SLIGHT {
                true => Severity::Error,
                false => Severity::Warning,
            };
            out.push_at(severity, ground.finding(one));
        }
        Ok(Ran::Completed)
    }
}

/// The neighbours of each place, itself among them, with the share in common.
fn around(near: &[Near], places: usize) -> Vec<Vec<(u32, f64)>> {
    let mut around: Vec<Vec<(u32, f64)>> = (0..places as u32).map(|own| vec![(own, 1.0)]).collect();
    for pair in near {
        around[pair.a as usize].push((pair.b, pair.share));
        around[pair.b as usize].push((pair.a, pair.share));
    }
    around
}

/// Where samples lie, and what lies around them.
struct Ground<'a> {
    data: &'a CheckContext<'a>,
    footprints: &'a Footprints,
    samples: Vec<Vec<SampleId>>,
    around: Vec<Vec<(u32, f64)>>,
}

/// A sample that is measured on, and what other splits hold of its ground.
struct Met {
    sample: SampleId,
    place: u32,
    /// The largest share in common with one image of another split; 0 where all only
    /// touch or lie near.
    share: f64,
    /// The image that has it.
    with: SampleId,
    /// Places of other splits that overlap it.
    overlap: Vec<u32>,
    /// Images of other splits that do.
    images: usize,
}

impl Ground<'_> {
    /// All samples that meet ground of another split, in listing order. Of two splits
    /// that are measured on, the later one is asked about.
    fn met(&self) -> Vec<Met> {
        let listing = &self.data.listing;
        let mut met = Vec::new();
        for sample in &listing.samples {
            let place = self.footprints.of.get(sample.id.index()).copied().flatten();
            let is_measured = listing
                .role(sample.id)
                .is_none_or(|role| role == Role::Evaluation);
            let Some(place) = place.filter(|_| is_measured) else {
                continue;
            };
            let meets = |other: SampleId| {
                let split = listing.sample(other).split;
                let counts = listing.role(other) != Some(Role::Evaluation) || split < sample.split;
                counts && listing.spoils(sample.split, split)
            };
            let mut best: Option<(f64, SampleId)> = None;
            let (mut overlap, mut images) = (Vec::new(), 0);
            for &(other, share) in &self.around[place as usize] {
                let mut there = self.samples[other as usize]
                    .iter()
                    .copied()
                    .filter(|&id| meets(id));
                let Some(first) = there.next() else {
                    continue;
                };
                let is_better = |&(known, id): &(f64, SampleId)| {
                    share > known || (share == known && first < id)
                };
                if best.as_ref().is_none_or(is_better) {
                    best = Some((share, first));
                }
                if share > 0.0 {
                    overlap.push(other);
                    images += 1 + there.count();
                }
            }
            met.extend(best.map(|(share, with)| Met {
                sample: sample.id,
                place,
                share,
                with,
                overlap,
                images,
            }));
        }
        met
    }

    fn finding(&self, met: &Met) -> NewFinding {
        let listing = &self.data.listing;
        let key = |id: SampleId| &listing.sample(id).key;
        let covered = self
            .footprints
            .covered(met.place, met.overlap.iter().copied());
        let more = match met.images {
            0 | 1 => String::new(),
            images => format!(
                "; {images} images of other splits cover {} of it together",
                percent(covered)
            ),
        };
        let mut samples = vec![met.sample, met.with];
        let others = met
            .overlap
            .iter()
            .flat_map(|&place| &self.samples[place as usize]);
        let own = listing.sample(met.sample).split;
        let others = others.filter(|id| !samples.contains(id) && listing.sample(**id).split != own);
        let others: BTreeSet<SampleId> = others.copied().collect();
        samples.extend(others);
        NewFinding {
            id: self
                .data
                .id_of(OVERLAPPING_FOOTPRINTS_ACROSS_SPLITS.code, &samples[..2]),
            message: format!(
                "`{}` and `{}` have {} of the smaller one's ground in common{more}",
                key(met.sample),
                key(met.with),
                percent(met.share)
            ),
            splits: self.splits(&samples),
            labels: Vec::new(),
            score: Some(met.share),
            measured: Measured::Figures(vec![
                figure("share", met.share),
                figure("covered", covered),
                figure("images", met.images as f64),
            ]),
            samples,
        }
    }

    /// How many samples meet other splits, and how many would if the same images were
    /// dealt at random: of one with n images around it, 1 − (1 − t)ⁿ, with t the share
    /// of training images.
    fn overall(&self, met: &[Met], buffer: f64) -> NewFinding {
        let listing = &self.data.listing;
        let placed = || {
            let all = listing.samples.iter();
            all.filter(|sample| self.footprints.get(sample.id).is_some())
        };
        let with_role = |wanted: fn(Option<Role>) -> bool| {
            placed()
                .filter(|sample| wanted(listing.role(sample.id)))
                .count()
        };
        let measured = with_role(|role| role.is_none_or(|role| role == Role::Evaluation));
        let trained = with_role(|role| role == Some(Role::Train));
        let share = trained as f64 / placed().count().max(1) as f64;
        let dealt: f64 = (self.samples.iter().zip(&self.around))
            .map(|(here, around)| {
                let all: usize = around
                    .iter()
                    .map(|&(o, _)| self.samples[o as usize].len())
                    .sum();
                let others = i32::try_from(all - 1).unwrap_or(i32::MAX);
                here.len() as f64 * (1.0 - (1.0 - share).powi(others))
            })
            .sum();
        let expected = dealt / placed().count().max(1) as f64;
        let mut shares: Vec<f64> = met.iter().map(|m| m.share).filter(|&s| s > 0.0).collect();
        shares.sort_by(f64::total_cmp);
        let middle = shares.get(shares.len() / 2).copied().unwrap_or(0.0);
        let overlapping = match shares.len() {
            0 => String::new(),
            count => format!(
                "{count} of {measured} evaluation images ({}) cover ground of another split, in the \
                 median {} of the smaller image; ",
                percent(count as f64 / measured.max(1) as f64),
                percent(middle)
            ),
        };
        let near = met.len() - shares.len();
        let beside = match (near, buffer > 0.0) {
            (0, _) => String::new(),
            (near, true) => format!("{near} lie within {buffer} m of another split; "),
            (near, false) => format!("{near} touch an image of another split; "),
        };
        let systems = match self.footprints.systems.len() {
            1 => String::new(),
            count => format!("; images in {count} systems of coordinates are compared within each"),
        };
        let unnamed = match self
            .footprints
            .systems
            .iter()
            .any(|system| system.name.is_empty())
        {
            true => "; no file names the system of some coordinates, which are taken for one",
            false => "",
        };
        let samples: Vec<SampleId> = met.iter().map(|met| met.sample).collect();
        let splits =
            self.splits(&(met.iter().flat_map(|met| [met.sample, met.with])).collect::<Vec<_>>());
        let names = splits
            .iter()
            .map(|split| listing.splits[split.index()].name.as_str());
        NewFinding {
            id: FindingId::of_names(
                OVERLAPPING_FOOTPRINTS_ACROSS_SPLITS.code,
                std::iter::once("all").chain(names),
            ),
            message: format!(
                "{overlapping}{beside}dealt at random, about {} would have such a neighbour in \
                 training: neighbouring ground looks alike (spatial autocorrelation), so the score \
                 is higher than on ground that is new{systems}{unnamed}; {}",
                percent(expected),
                self.classes(met)
            ),
            splits,
            labels: Vec::new(),
            score: None,
            measured: Measured::Figures(vec![
                figure("overlapping", shares.len() as f64),
                figure("near", near as f64),
                figure("evaluated", measured as f64),
                figure("median_share", middle),
                figure("expected_at_random", expected),
            ]),
            samples,
        }
    }

    /// How many of the samples lie in each split.
    fn classes(&self, met: &[Met]) -> String {
        let listing = &self.data.listing;
        let mut counts: BTreeMap<Option<SplitId>, u64> = BTreeMap::new();
        for one in met {
            *counts.entry(listing.sample(one.sample).split).or_default() += 1;
        }
        let words: Vec<String> = (counts.into_iter())
            .map(|(split, count)| {
                let name = listing.split_name(split).unwrap_or("no split");
                format!("{} in `{name}`", counted(count, "image"))
            })
            .collect();
        listed(&words, 6)
    }

    fn splits(&self, samples: &[SampleId]) -> Vec<SplitId> {
        let of = samples
            .iter()
            .filter_map(|&id| self.data.listing.sample(id).split);
        of.collect::<BTreeSet<SplitId>>().into_iter().collect()
    }
}

fn figure(name: &'static str, value: f64) -> Figure {
    Figure { name, value }
}
