//! Finds images far from all others. Says nothing of their label.

use super::model::{NEEDS, figure, single};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, Ran};
use crate::finding::{CheckInfo, Measured, Severity};

declare_check! { pub OUTLIER = {
    code: "LABEL004",
    family: Label,
    name: "outlier",
    summary: "an image is far from those of every class",
    next_step: "inspect it: drop what does not belong in the data set",
    severity: Severity::Advice,
    docs: "outlier.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &OUTLIER
    }

    fn needs(&self) -> Needs {
        NEEDS
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let (labelling, judgement) = match single(data) {
            Ok(said) => said,
            Err(ran) => return Ok(ran),
        };
        let mut reported = std::collections::BTreeSet::new();
        for outlier in &judgement.outliers {
            let id = labelling.ids[outlier.sample as usize];
            // A copy of the same content in the same split says nothing new.
            if !reported.insert(data.id_of(out.code(), &[id])) {
                continue;
            }
            let message = format!(
                "`{}` fits no class: its nearest neighbours are {:.1} deviations farther away than is usual in any",
                data.listing.sample(id).key,
                outlier.deviations
            );
            let measured = Measured::Figures(vec![
                figure("distance", outlier.distance),
                figure("deviations", outlier.deviations),
            ]);
            let score = 1.0 - 1.0 / outlier.deviations.max(1.0);
            out.push_about(
                data,
                Severity::Advice,
                vec![id],
                message,
                Some(score),
                measured,
            );
        }
        Ok(Ran::Completed)
    }
}
