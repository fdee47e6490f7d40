//! Finds runs of alike images that share one wrong label: a burst, a folder,
//! an annotator's batch. Leaves single samples to LABEL002.

use super::model::{NEEDS, class, figure, ids, single};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Measured, Severity};
use crate::label_model::Cluster;
use crate::sample::{ClassId, SampleId};

declare_check! { pub SUSPICIOUS_CLUSTER = {
    code: "LABEL003",
    family: Label,
    counts_as: SuspectCluster,
    name: "suspicious-cluster",
    summary: "a run of similar images shares one label and fits another one better",
    next_step: "inspect a few of them; if the label is wrong, it is wrong for all",
    severity: Severity::Warning,
    docs: "suspicious-cluster.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &SUSPICIOUS_CLUSTER
    }

    fn needs(&self) -> Needs {
        NEEDS
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let (labelling, judgement) = match single(data) {
            Ok(said) => said,
            Err(ran) => return Ok(ran),
        };
        for cluster in &judgement.clusters {
            let samples = ids(labelling, &cluster.samples);
            let splits = samples.iter();
            let splits = splits.filter_map(|&id| data.listing.sample(id).split);
            out.push(NewFinding {
                id: data.id_of(out.code(), &samples),
                message: message(data, cluster, &samples),
                splits: splits.collect(),
                labels: vec![ClassId(cluster.given), ClassId(cluster.suggested)],
                score: Some(1.0 - 1.0 / (1.0 + f64::from(cluster.log_odds).exp())),
                measured: Measured::Figures(vec![
                    figure("size", cluster.samples.len() as f64),
                    figure("groups", cluster.groups as f64),
                    figure("coherence", cluster.coherence),
                    figure("median_odds", f64::from(cluster.log_odds).exp()),
                    figure("p_value", cluster.p_value),
                ]),
                samples,
            });
        }
        Ok(Ran::Completed)
    }
}

fn message(data: &CheckContext<'_>, cluster: &Cluster, samples: &[SampleId]) -> String {
    let place = match (group(data, samples), stem(data, samples)) {
        (Some(group), _) => format!(" of group `{group}`"),
        (None, Some(stem)) => format!(" under `{stem}`"),
        (None, None) => String::new(),
    };
    format!(
        "{} similar images{place} are labelled {} but fit {} better",
        samples.len(),
        class(data, cluster.given),
        class(data, cluster.suggested),
    )
}

/// The declared group they all belong to.
fn group<'a>(data: &CheckContext<'a>, samples: &[SampleId]) -> Option<&'a str> {
    let listing = &data.evidence.listing;
    let mut groups = samples.iter().map(|&id| listing.sample(id).group);
    let first = groups.next()??;
    (groups.all(|group| group == Some(first))).then(|| listing.group_name(first))
}

/// What their keys begin with, where that says more than split and class, and
/// they are most of what begins so.
fn stem(data: &CheckContext<'_>, samples: &[SampleId]) -> Option<String> {
    let mut keys = samples
        .iter()
        .map(|&id| data.listing.sample(id).key.as_str());
    let first = keys.next()?;
    let common = keys.fold(first.len(), |common, key| {
        let same = first.bytes().zip(key.bytes());
        same.take_while(|(a, b)| a == b).count().min(common)
    });
    let end = (0..=common)
        .rev()
        .find(|&end| first.is_char_boundary(end))?;
    let stem = &first[..end];
    let all = data.listing.samples.iter();
    let alike = all.filter(|sample| sample.key.as_str().starts_with(stem));
    let names_it = !stem.is_empty() && samples.len() * 2 > alike.count();
    names_it.then(|| stem.to_owned())
}
