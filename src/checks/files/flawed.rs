//! Images with one flaw as one finding. Finds none itself.

use crate::checks::words::{counted, listed, quoted};
use crate::checks::{CheckContext, Findings, NewFinding};
use crate::finding::{Figure, FindingId, Measured};
use crate::quality::Flaw;
use crate::sample::{ClassId, SampleId, SplitId};

/// Reports to `out` all images with `flaw` in one finding, the worst first;
/// `is`, such as "too dark", ends the sentence "3 images are …".
pub(super) fn tell(data: &CheckContext<'_>, out: &mut Findings, flaw: Flaw, is: &str) {
    let score = |id: SampleId| data.quality.get(id).map_or(1.0, |quality| quality.score);
    let mut samples: Vec<SampleId> = data.quality.having(flaw).collect();
    samples.sort_by(|&a, &b| score(a).total_cmp(&score(b)).then(a.cmp(&b)));
    let Some(&worst) = samples.first() else {
        return;
    };
    let names: Vec<String> = samples
        .iter()
        .map(|&id| quoted(data.listing.sample(id).key.as_str()))
        .collect();
    let count = samples.len() as u64;
    let splits: Vec<SplitId> = samples
        .iter()
        .filter_map(|&id| data.listing.sample(id).split)
        .collect();
    let labels: Vec<ClassId> = samples
        .iter()
        .flat_map(|&id| data.listing.sample(id).labels.classes().to_vec())
        .collect();
    out.push(NewFinding {
        id: FindingId::of_names(out.code(), [is]),
        message: format!(
            "{} {} {is}: {}",
            counted(count, "image"),
            if count == 1 { "is" } else { "are" },
            listed(&names, 6),
        ),
        samples,
        splits,
        labels,
        score: Some(1.0 - score(worst)),
        measured: Measured::Figures(vec![Figure {
            name: "images",
            value: count as f64,
        }]),
    });
}
