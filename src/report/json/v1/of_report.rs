//! Fills the document from a report. Counts nothing that the report has not.

use super::{
    AcceptedV1, CheckV1, ClassLeakV1, ClassSizeV1, Counts, Document, DriftV1, EvidenceV1,
    FindingV1, HeadlinesV1, LeakV1, ObjectsV1, SentenceV1, SplitV1, SuspectsV1, Tool, VerdictV1,
};
use crate::finding::{Finding, Headlines, Measured, RunState, Severity};
use crate::gate::Verdict;
use crate::report::json::dataset_v1::DatasetV1;
use crate::report::json::digest_v1::DigestV1;
use crate::report::{Report, headline_sentences};

impl Document {
    /// Without findings.
    pub fn summary(report: &Report<'_>) -> Self {
        Self {
            version: 1,
            tool: Tool {
                name: "splitlint",
                version: env!("CARGO_PKG_VERSION"),
            },
            dataset: DatasetV1::of(report.request),
            layout: report.listing.layout.summary.clone(),
            digest: (report.digest.as_ref()).map(|d| DigestV1::of(d, &report.listing)),
            verdict: verdict(&report.outcome.verdict),
            counts: counts(report),
            headlines: headlines(report, report.headlines),
            sentences: (headline_sentences::headlines(report).into_iter())
                .map(|sentence| SentenceV1 {
                    topic: sentence.topic.anchor(),
                    tone: sentence.tone.name(),
                    text: sentence.text,
                    detail: sentence.detail,
                })
                .collect(),
            notes: report.outcome.notes.clone(),
            checks: checks(report),
            findings: None,
            accepted: None,
        }
    }

    /// With findings.
    pub fn whole(report: &Report<'_>) -> Self {
        let findings = report.outcome.findings.iter();
        let accepted = report.outcome.accepted.iter();
        Self {
            findings: Some(findings.map(|f| finding(report, f)).collect()),
            accepted: Some(
                accepted
                    .map(|accepted| AcceptedV1 {
                        finding: finding(report, &accepted.finding),
                        reason: accepted.reason.clone(),
                        who: accepted.who.clone(),
                    })
                    .collect(),
            ),
            ..Self::summary(report)
        }
    }
}

fn verdict(verdict: &Verdict) -> VerdictV1 {
    let reasons = match verdict {
        Verdict::Clean => Vec::new(),
        Verdict::Breached(breaches) => breaches.iter().map(|b| b.reason.clone()).collect(),
        Verdict::Incomplete(reasons) => reasons.clone(),
    };
    VerdictV1 {
        result: verdict.name(),
        exit_code: verdict.exit_code(),
        reasons,
    }
}

fn counts(report: &Report<'_>) -> Counts {
    let splits = &report.headlines.splits;
    Counts {
        samples: splits.iter().map(|split| split.samples).sum(),
        unseen: splits.iter().map(|split| split.unseen).sum(),
        accepted: report.outcome.accepted.len() as u64,
        findings: Severity::ALL
            .into_iter()
            .map(|severity| (severity.name(), report.count(severity)))
            .collect(),
        pairs: report.duplicates.pairs.len() as u64,
        pairs_not_listed: report.duplicates.pairs_not_listed,
        pairs_undecided: report.duplicates.abstained,
        groups: report.duplicates.groups.len() as u64,
        passed_over: report.listing.skipped.junk,
        filtered: report.listing.skipped.filtered,
        objects: (report.objects.splits.iter())
            .map(|split| ObjectsV1 {
                split: report.listing.split_name(split.split).map(str::to_owned),
                images: split.images,
                background: split.background,
                objects: split.objects,
                small: split.sizes.small,
                medium: split.sizes.medium,
                large: split.sizes.large,
            })
            .collect(),
    }
}

fn headlines(report: &Report<'_>, figures: &Headlines) -> HeadlinesV1 {
    let listing = &report.evidence.listing;
    let name = |split| listing.split_name(split).map(str::to_owned);
    let known = |split| name(Some(split)).unwrap_or_default();
    let class = |class| listing.class_name(class).to_owned();
    let size = |(id, count)| ClassSizeV1 {
        label: class(id),
        count,
    };
    HeadlinesV1 {
        splits: (figures.splits.iter())
            .map(|f| SplitV1 {
                split: name(f.split),
                samples: f.samples,
                unseen: f.unseen,
                smallest_class: f.smallest_class.map(size),
                largest_class: f.largest_class.map(size),
            })
            .collect(),
        leaks: figures.leaks.as_ref().map(|leaks| {
            let leaks = leaks.iter().map(|f| LeakV1 {
                split: name(f.split).unwrap_or_default(),
                samples: f.samples,
                leaked: f.leaked,
                share: f.share(),
                same_label: f.same_label,
                memorised_accuracy: f.memorised,
                sources: f.sources.iter().map(|&(id, n)| (known(id), n)).collect(),
                classes: (f.classes.iter())
                    .map(|c| ClassLeakV1 {
                        label: class(c.class),
                        samples: c.samples,
                        leaked: c.leaked,
                        share: c.share(),
                    })
                    .collect(),
            });
            leaks.collect()
        }),
        suspects: figures.suspects.as_ref().map(|suspects| {
            let suspects = suspects.iter().map(|f| SuspectsV1 {
                split: name(f.split),
                judged: f.judged,
                suspects: f.suspects,
                strong: f.strong,
                share: f.share(),
            });
            suspects.collect()
        }),
        drift: (report.drift.iter())
            .map(|f| DriftV1 {
                split_a: known(f.a),
                split_b: known(f.b),
                total_variation: f.total_variation,
                interval: Some([f.interval.low, f.interval.high]),
                p_value: Some(f.p_value),
            })
            .collect(),
    }
}

fn checks(report: &Report<'_>) -> Vec<CheckV1> {
    (report.outcome.runs.iter())
        .map(|run| {
            let (state, reason) = match &run.state {
                RunState::Completed => ("completed", None),
                RunState::NotApplicable(why) => ("not-applicable", Some(why.clone())),
                RunState::Failed(why) => ("failed", Some(why.clone())),
                RunState::NotSelected => ("not-selected", None),
            };
            CheckV1 {
                code: run.check.code,
                name: run.check.name,
                summary: run.check.summary,
                state,
                reason,
                findings: report.of_check(run.check.code).count() as u64,
            }
        })
        .collect()
}

fn finding(report: &Report<'_>, finding: &Finding) -> FindingV1 {
    let listing = &report.evidence.listing;
    FindingV1 {
        id: finding.id.to_string(),
        code: finding.check.code,
        name: finding.check.name,
        severity: finding.severity.name(),
        message: finding.message.clone(),
        next_step: finding.check.next_step,
        splits: (finding.splits.iter())
            .filter_map(|&id| listing.split_name(Some(id)))
            .map(str::to_owned)
            .collect(),
        labels: (finding.labels.iter())
            .map(|&id| listing.class_name(id).to_owned())
            .collect(),
        samples: finding.samples.iter().map(|&id| report.key(id)).collect(),
        score: finding.score,
        evidence: evidence(&finding.measured),
    }
}

fn evidence(evidence: &Measured) -> Option<EvidenceV1> {
    match evidence {
        Measured::None => None,
        Measured::Pair(pair) => Some(EvidenceV1::Pair {
            relation: pair.relation.name(),
            transform: pair.transform.to_string(),
            distance: pair.distance,
            similarity: pair.similarity,
        }),
        Measured::Figures(figures) => Some(EvidenceV1::Figures {
            figures: (figures.iter())
                .filter(|figure| figure.value.is_finite())
                .map(|figure| (figure.name, figure.value))
                .collect(),
        }),
    }
}
