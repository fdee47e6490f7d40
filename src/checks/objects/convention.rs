//! Finds splits whose boxes are written in another convention than their format's.

use super::{boxes_words, figure, without_objects};
use crate::checks::words::percent;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::object_flaws::Reading;

declare_check! { pub BOX_CONVENTION = {
    code: "OBJECT009",
    family: Object,
    name: "box-convention",
    summary: "the boxes of a split are written in another convention than their format's",
    next_step: "convert the annotations: until then a model learns from boxes that lie elsewhere",
    severity: Severity::Error,
    docs: "box-convention.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &BOX_CONVENTION
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
        for misread in &data.objects.misread {
            let split = data.listing.split_name(misread.split);
            let place = split.map_or_else(|| "the data set".to_owned(), |name| format!("`{name}`"));
            let all = misread.boxes as f64;
            let fact = match misread.reading {
                Reading::Shares | Reading::DividedTwice => {
                    "all lie in the first pixel of their images".to_owned()
                }
                _ => format!(
                    "{} do not lie in their images, against {} if they are read so",
                    percent(misread.outside as f64 / all),
                    percent(misread.outside_then as f64 / all),
                ),
            };
            out.push(NewFinding {
                id: FindingId::of_names(BOX_CONVENTION.code, [split.unwrap_or("")]),
                message: format!(
                    "the {} of {place} seem to be {}: {fact}; no other check of boxes judges them",
                    boxes_words(misread.boxes),
                    misread.reading.words(),
                ),
                samples: Vec::new(),
                splits: misread.split.into_iter().collect(),
                labels: Vec::new(),
                score: None,
                measured: Measured::Figures(vec![
                    figure("boxes", all),
                    figure("outside", misread.outside as f64),
                    figure("outside_if_read_so", misread.outside_then as f64),
                ]),
            });
        }
        Ok(Ran::Completed)
    }
}
