//! Finds classes that fall into two far-apart halves. Judges no sample.

use super::model::{NEEDS, class, figure, ids, single};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::ClassId;

declare_check! { pub CLASS_IS_TWO = {
    code: "LABEL005",
    family: Label,
    name: "class-is-two",
    summary: "a class consists of two separate parts",
    next_step: "inspect both parts: divide the class, or make sure every split holds both",
    severity: Severity::Advice,
    docs: "class-is-two.md",
    settings: none,
} }

/// Samples shown of each half.
const SHOWN: usize = 4;

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CLASS_IS_TWO
    }

    fn needs(&self) -> Needs {
        NEEDS
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let (labelling, judgement) = match single(data) {
            Ok(said) => said,
            Err(ran) => return Ok(ran),
        };
        for advice in &judgement.advice.split {
            let [larger, smaller] = &advice.halves;
            let name = data.listing.class_name(ClassId(advice.class));
            let shown = |half: &[u32]| ids(labelling, &half[..half.len().min(SHOWN)]);
            out.push(NewFinding {
                id: FindingId::of_names(out.code(), [name]),
                message: format!(
                    "{} consists of two separate parts of {} and {} images, each nearer to another class than to the other part",
                    class(data, advice.class),
                    larger.len(),
                    smaller.len()
                ),
                samples: [shown(larger), shown(smaller)].concat(),
                splits: Vec::new(),
                labels: vec![ClassId(advice.class)],
                score: Some(1.0 - advice.crossing),
                measured: Measured::Figures(vec![
                    figure("similarity_of_halves", advice.between),
                    figure("links_of_chance", advice.crossing),
                ]),
            });
        }
        Ok(Ran::Completed)
    }
}
