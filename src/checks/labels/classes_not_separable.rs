//! Finds pairs of classes that the features cannot tell apart. Judges no
//! sample.

use super::model::{NEEDS, class, figure, single};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::ClassId;

declare_check! { pub CLASSES_NOT_SEPARABLE = {
    code: "LABEL006",
    family: Label,
    name: "classes-not-separable",
    summary: "two classes cannot be separated although others can",
    next_step: "inspect both: merge them, or keep them if the difference is real",
    severity: Severity::Advice,
    docs: "classes-not-separable.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CLASSES_NOT_SEPARABLE
    }

    fn needs(&self) -> Needs {
        NEEDS
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let (labelling, judgement) = match single(data) {
            Ok(said) => said,
            Err(ran) => return Ok(ran),
        };
        for advice in &judgement.advice.merged {
            let classes = advice.classes.map(ClassId);
            let names = classes.map(|class| data.listing.class_name(class));
            out.push(NewFinding {
                id: FindingId::of_names(out.code(), names),
                message: format!(
                    "{} and {} cannot be separated by {} (area under the ROC curve {:.2}; guessing gives 0.5)",
                    class(data, advice.classes[0]),
                    class(data, advice.classes[1]),
                    labelling.features,
                    advice.auroc
                ),
                samples: Vec::new(),
                splits: Vec::new(),
                labels: classes.into(),
                score: Some((1.0 - 2.0 * (advice.auroc - 0.5).abs()).clamp(0.0, 1.0)),
                measured: Measured::Figures(vec![figure("auroc", advice.auroc)]),
            });
        }
        Ok(Ran::Completed)
    }
}
