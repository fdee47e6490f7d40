//! The stages of a scan behind fingerprints, each where a check needs it. Prints nothing and
//! judges nothing itself.

use super::{Given, needs, run_check};
use crate::checks::CheckContext;
use crate::config::Settings;
use crate::digest;
use crate::distribution;
use crate::duplicates::{self, Duplicates};
use crate::evidence::carried::{self, Ground};
use crate::evidence::{self, DemotedBand, Evidence};
use crate::executor::{Executor, Interrupted};
use crate::finding::{CheckRun, Finding, RunState};
use crate::fingerprint::{FingerprintTable, Images};
use crate::labelling::{self, External, Labelling, Material, ObjectLabels};
use crate::object_copies::{self, ObjectCopies};
use crate::object_flaws::ObjectTable;
use crate::progress::{Progress, Stage};
use crate::quality::QualityTable;
use crate::sample::{ContentHash, Listing, ObjectId, SampleId};
use crate::scenes::{self, Scenes};

/// What every stage of a scan is given.
pub(super) struct Stages<'a> {
    pub(super) settings: &'a Settings,
    pub(super) executor: &'a Executor,
    pub(super) progress: &'a dyn Progress,
}

impl Stages<'_> {
    /// Finds out what the selected checks need. After a stop the rest is empty.
    pub(super) fn evidence(
        &self,
        listing: Listing,
        fingerprints: FingerprintTable,
        images: &Images,
        (external, given): (&External, Option<&Given>),
        interrupted: &mut bool,
    ) -> Evidence {
        let needs = needs(self.settings);
        let (mut duplicates, demoted) = (needs.searches_copies() && !*interrupted)
            .then(|| self.duplicates(&listing, &fingerprints, images, given))
            .and_then(|found| or_stop(found, interrupted))
            .unwrap_or_default();
        let digest = contents(&listing, &fingerprints);
        let digest = digest.map(|all| digest::digest(&listing, &all));
        let search_scenes = (1..=needs.scenes_up_to).contains(&listing.samples.len());
        let scenes = (search_scenes && !*interrupted)
            .then(|| self.scenes(&fingerprints, images))
            .and_then(|found| or_stop(found, interrupted))
            .map(|found| found.beyond(&mut duplicates, listing.samples.len()));
        duplicates.unopened = images.access.unopened().len() as u64;
        let classes = distribution::count(&listing);
        let drift = distribution::drift(&listing, &classes, self.executor);
        let drift = or_stop(drift, interrupted).unwrap_or_default();
        let quality = QualityTable::of(&listing, &fingerprints);
        let objects = ObjectTable::of(&listing, &fingerprints, self.executor);
        let objects = or_stop(objects, interrupted).unwrap_or_default();
        let same_scene: Vec<_> = (scenes.iter().filter(|scenes| !scenes.is_one_view()))
            .flat_map(|scenes| scenes.links.iter().map(|link| (link.a, link.b)))
            .collect();
        let material = Material {
            listing: &listing,
            fingerprints: &fingerprints,
            duplicates: &duplicates,
            scenes: &same_scene,
            images,
            external,
        };
        let labelling = (needs.label_model && !*interrupted)
            .then(|| self.labelling(material))
            .and_then(|said| or_stop(said, interrupted));
        let judge_objects = (1..=needs.objects_up_to).contains(&listing.objects.len());
        let object_labels = (judge_objects && !*interrupted)
            .then(|| self.object_labels(material, &objects))
            .and_then(|said| or_stop(said, interrupted));
        let compare_objects = (1..=needs.object_copies_up_to).contains(&listing.objects.len());
        let object_copies = (compare_objects && listing.places() > 1 && !*interrupted)
            .then(|| self.object_copies(material, &objects))
            .and_then(|found| or_stop(found, interrupted));
        let carried = (needs.carried_objects && !*interrupted)
            .then(|| {
                let ground = Ground {
                    listing: &listing,
                    fingerprints: &fingerprints,
                    images,
                    objects: &objects,
                    duplicates: &duplicates,
                    scenes: scenes.as_ref(),
                };
                carried::carry(ground, self.executor)
            })
            .and_then(|found| or_stop(found, interrupted));
        Evidence {
            listing,
            fingerprints,
            digest,
            duplicates,
            demoted,
            scenes,
            footprints: None,
            classes,
            drift,
            quality,
            objects,
            carried,
            object_copies,
            labelling,
            object_labels,
        }
    }

    fn scenes(
        &self,
        fingerprints: &FingerprintTable,
        images: &Images,
    ) -> Result<Scenes, Interrupted> {
        self.progress.begin(Stage::Scenes, None);
        let found = scenes::find(fingerprints, images, self.executor);
        let links = found.as_ref().map_or(0, |found| found.links.len());
        self.progress.end(Stage::Scenes, &format!("{links} links"));
        found
    }

    fn duplicates(
        &self,
        listing: &Listing,
        fingerprints: &FingerprintTable,
        images: &Images,
        given: Option<&Given>,
    ) -> Result<(Duplicates, Vec<DemotedBand>), Interrupted> {
        self.progress.begin(Stage::Duplicates, None);
        let found = match given {
            None => duplicates::find(fingerprints, images, self.executor),
            Some(given) => {
                duplicates::find_given(fingerprints, images, &given.pairs, self.executor)
            }
        };
        let found = found.map(|mut found| {
            found.across_only = given.is_some_and(|given| !given.complete);
            let demoted = evidence::demote(&mut found, listing);
            (found, demoted)
        });
        let pairs = found.as_ref().map_or(0, |(found, _)| found.pairs.len());
        self.progress
            .end(Stage::Duplicates, &format!("{pairs} pairs"));
        found
    }

    fn labelling(&self, material: Material<'_>) -> Result<Labelling, Interrupted> {
        labelling::labelling(
            material,
            &self.settings.label_model,
            self.executor,
            self.progress,
        )
    }

    fn object_labels(
        &self,
        material: Material<'_>,
        objects: &ObjectTable,
    ) -> Result<ObjectLabels, Interrupted> {
        labelling::object_labels(
            material,
            objects,
            &self.settings.label_model,
            self.executor,
            self.progress,
        )
    }

    fn object_copies(
        &self,
        material: Material<'_>,
        objects: &ObjectTable,
    ) -> Result<ObjectCopies, Interrupted> {
        let listing = material.listing;
        let material = object_copies::Material {
            listing,
            fingerprints: material.fingerprints,
            images: material.images,
            objects,
            duplicates: material.duplicates,
            scenes: material.scenes,
        };
        let mut found = object_copies::find(material, self.executor, self.progress)?;
        let class = |(id, _): &(ObjectId, SampleId)| Some(listing.objects[id.index()].class.0);
        let classes: Vec<_> = found.compared.iter().map(class).collect();
        evidence::demote_by(&mut found.found, &classes);
        Ok(found)
    }

    /// Runs the selected checks: all findings, and how every check ended, in
    /// code order.
    pub(super) fn check(
        &self,
        evidence: &Evidence,
        interrupted: &mut bool,
    ) -> (Vec<Finding>, Vec<CheckRun>) {
        let (settings, executor) = (self.settings, self.executor);
        let data = CheckContext { evidence, executor };
        self.progress
            .begin(Stage::Checks, Some(settings.checks.len() as u64));
        let (mut findings, mut runs) = (Vec::new(), Vec::new());
        for selected in &settings.checks {
            runs.push(run_check(selected, &data, *interrupted, &mut findings));
            *interrupted |= executor.stop().is_raised();
            self.progress.advance(1);
        }
        self.progress
            .end(Stage::Checks, &format!("{} findings", findings.len()));
        runs.extend(settings.left_out.iter().map(|&check| CheckRun {
            check,
            state: RunState::NotSelected,
        }));
        runs.sort_by_key(|run| run.check.code);
        (findings, runs)
    }
}

/// The answer of a stage; none of one that was stopped, which is noted.
fn or_stop<T>(answer: Result<T, Interrupted>, interrupted: &mut bool) -> Option<T> {
    *interrupted |= answer.is_err();
    answer.ok()
}

/// The content of every sample; `None` where one was not looked at.
fn contents(
    listing: &Listing,
    fingerprints: &FingerprintTable,
) -> Option<Vec<Option<ContentHash>>> {
    let rows = listing.samples.iter().map(|s| fingerprints.get(s.id));
    rows.map(|row| row.map(|row| row.content)).collect()
}
