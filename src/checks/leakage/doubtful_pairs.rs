//! Reports weak pairs that were demoted as look-alikes. Judges no pair.

use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::evidence::DemotedBand;
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::sample::SampleId;

declare_check! { pub DOUBTFUL_PAIRS = {
    code: "LEAK007",
    family: Leak,
    name: "doubtful-pairs",
    summary: "many weak pairs share a label no more often than by chance",
    next_step: "inspect a few of them in `pairs.parquet` (`doubtful` is 1); they are not counted as leaks",
    severity: Severity::Advice,
    docs: "doubtful-pairs.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &DOUBTFUL_PAIRS
    }

    fn needs(&self) -> Needs {
        Needs {
            duplicates: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.listing.classes.len() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has fewer than two classes".to_owned(),
            ));
        }
        for band in &data.demoted {
            out.push(finding(data, band));
        }
        Ok(Ran::Completed)
    }
}

fn finding(data: &CheckContext<'_>, band: &DemotedBand) -> NewFinding {
    let pairs = data.duplicates.pairs.iter().filter(|pair| pair.demoted);
    let pairs = pairs.filter(|pair| band.similarity.contains(&pair.evidence.similarity));
    let mut samples: Vec<SampleId> = pairs.flat_map(|pair| [pair.a, pair.b]).collect();
    samples.sort_unstable();
    samples.dedup();
    let below = band.similarity.end;
    let figure = |name, value| Figure { name, value };
    NewFinding {
        id: FindingId::of_names(DOUBTFUL_PAIRS.code, [below.to_string().as_str()]),
        message: format!(
            "{} pairs of similarity below {below} share a label no more often than by chance ({} of {} compared, {:.1} expected by chance): they are not counted as copies",
            band.pairs, band.agreeing, band.compared, band.expected
        ),
        samples,
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::Figures(vec![
            figure("pairs", band.pairs as f64),
            figure("compared", band.compared as f64),
            figure("agreeing", band.agreeing as f64),
            figure("expected", band.expected),
        ]),
    }
}
