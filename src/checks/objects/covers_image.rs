//! Finds boxes that cover their whole image where boxes of that class do not as
//! a rule, and sets where hardly any box does anything else.

use super::{boxes_words, figure, having, report, without_objects};
use crate::checks::words::percent;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::object_flaws::BoxFlaw;
use crate::sample::{ClassId, Role};

declare_check! { pub BOX_COVERS_IMAGE = {
    code: "OBJECT003",
    family: Object,
    name: "box-covers-image",
    summary: "a box covers its whole image",
    next_step: "inspect them: often a box was never drawn, and the default was saved",
    severity: Severity::Advice,
    docs: "box-covers-image.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

/// A class of which this share of boxes covers the image looks like that: a
/// close-up is one of ten photos at most where a detector is of use.
const USUAL: f64 = 0.1;

/// A set in which this share of boxes covers the image has labels of images
/// written as boxes.
const NEARLY_ALL: f64 = 0.9;

/// Boxes from which that can be said.
const FEWEST: u64 = 20;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &BOX_COVERS_IMAGE
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if let Some(ran) = without_objects(data) {
            return Ok(ran);
        }
        let mut boxes = having(data, BoxFlaw::CoversImage);
        let class_of = |object: crate::sample::ObjectId| {
            let ClassId(class) = data.listing.objects[object.index()].class;
            class as usize
        };
        let (mut all, mut covering) = (vec![0u64; data.listing.classes.len()], Vec::new());
        covering.resize(all.len(), 0u64);
        let own = |id| data.listing.role(id) != Some(Role::Reference);
        for sample in data.listing.samples.iter().filter(|s| own(s.id)) {
            for object in data.listing.objects_of(sample.id) {
                all[object.class.index()] += 1;
            }
        }
        for &(_, object) in &boxes {
            covering[class_of(object)] += 1;
        }
        let (total, count) = (all.iter().sum::<u64>(), boxes.len() as u64);
        if total >= FEWEST && count as f64 >= NEARLY_ALL * total as f64 {
            out.push(NewFinding {
                id: FindingId::of_names(BOX_COVERS_IMAGE.code, ["all"]),
                message: format!(
                    "{} of {} ({}) cover their whole image: these are labels of images, and a \
                     model trained on them cannot learn where an object is",
                    count,
                    boxes_words(total),
                    percent(count as f64 / total as f64),
                ),
                samples: Vec::new(),
                splits: Vec::new(),
                labels: Vec::new(),
                score: None,
                measured: Measured::Figures(vec![figure("boxes", count as f64)]),
            });
            return Ok(Ran::Completed);
        }
        boxes.retain(|&(_, object)| {
            let class = class_of(object);
            covering[class] as f64 <= (USUAL * all[class] as f64).max(1.0)
        });
        let ends = ("covers its whole image", "cover their whole images");
        report(data, out, Severity::Advice, &boxes, ends);
        Ok(Ran::Completed)
    }
}
