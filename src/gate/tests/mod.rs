//! The verdict, policy by policy.

use super::*;
use crate::distribution::Division;
use crate::finding::{
    CheckInfo, CountsAs, Family, FindingId, LeakFigures, Measured, SplitFigures, SuspectFigures,
};
use crate::path_pattern::PathPatterns;
use crate::sample::{ClassId, ContentHash, Labels, Sample, SampleId, SampleKey, Split, SplitId};
use crate::statistics::Interval;

static LEAK: CheckInfo = CheckInfo {
    counts_as: CountsAs::Leak,
    ..info("LEAK001", Family::Leak, Severity::Error)
};
static LABEL: CheckInfo = CheckInfo {
    counts_as: CountsAs::SuspectLabel,
    ..info("LABEL002", Family::Label, Severity::Warning)
};

const fn info(code: &'static str, family: Family, severity: Severity) -> CheckInfo {
    CheckInfo {
        code,
        family,
        counts_as: CountsAs::Remark,
        name: "name",
        summary: "",
        next_step: "",
        severity,
        docs: "",
    }
}

const TRAIN: SplitId = SplitId(0);
const TEST: SplitId = SplitId(2);

/// Ten samples of train (0–9), ten of val (10–19), ten of test (20–29).
fn listing() -> Listing {
    Listing {
        splits: ["train", "val", "test"].map(Split::named).to_vec(),
        classes: vec!["cat".to_owned()],
        samples: (0..30)
            .map(|i| Sample {
                id: SampleId(i),
                key: SampleKey::from_path(format!("s/{i}.png").as_ref()),
                split: Some(SplitId((i / 10) as u16)),
                labels: Labels::One(ClassId(0)),
                objects: crate::sample::NO_OBJECTS,
                group: None,
            })
            .collect(),
        ..Listing::default()
    }
}

fn finding(check: &'static CheckInfo, samples: &[u32]) -> Finding {
    let content = |&id: &u32| (ContentHash([id as u8; 16]), None);
    let mut splits: Vec<SplitId> = samples.iter().map(|id| SplitId((id / 10) as u16)).collect();
    splits.sort_unstable();
    splits.dedup();
    Finding {
        id: FindingId::of_samples(check.code, samples.iter().map(content)),
        check,
        severity: check.severity,
        message: "a fact".to_owned(),
        samples: samples.iter().copied().map(SampleId).collect(),
        splits,
        labels: Vec::new(),
        score: None,
        objects: Vec::new(),
        measured: Measured::None,
    }
}

fn leaked(split: u16, leaked: u64) -> LeakFigures {
    LeakFigures {
        split: Some(SplitId(split)),
        samples: 10,
        leaked,
        same_label: 0,
        memorised: None,
        sources: Vec::new(),
        classes: Vec::new(),
    }
}

fn headlines() -> Headlines {
    Headlines {
        splits: vec![SplitFigures {
            split: Some(TEST),
            samples: 10,
            unseen: 0,
            compared: 10,
            labelled: 10,
            smallest_class: Some((ClassId(0), 3)),
            largest_class: None,
        }],
        leaks: Some(vec![leaked(1, 1), leaked(2, 2)]),
        trained_before: 0,
        suspects: Some(vec![SuspectFigures {
            split: Some(TEST),
            judged: 10,
            suspects: 2,
            strong: 0,
        }]),
        belief: None,
    }
}

/// Two splits that differ in a fifth of their labels.
fn drift() -> [Drift; 1] {
    [Drift {
        a: TRAIN,
        b: TEST,
        samples: (10, 10),
        total_variation: 0.2,
        interval: Interval {
            low: 0.1,
            high: 0.3,
        },
        cramers_v: 0.2,
        jensen_shannon: 0.1,
        psi: 0.2,
        chi2: 1.0,
        dof: 1,
        p_value: 0.3,
        p_alike: 0.7,
        by_chance: 0.1,
        division: Division::Random,
        label_sets: None,
    }]
}

fn ran(check: &'static CheckInfo, state: RunState) -> CheckRun {
    CheckRun { check, state }
}

fn judged(findings: Vec<Finding>, policy: &Policy) -> Outcome {
    let case = Case {
        findings,
        runs: [&LEAK, &LABEL]
            .map(|check| ran(check, RunState::Completed))
            .to_vec(),
        listing: &listing(),
        headlines: &headlines(),
        drift: &drift(),
        label_ids: &[],
        interrupted: false,
    };
    judge(case, policy)
}

fn reasons(outcome: &Outcome) -> Vec<&str> {
    match &outcome.verdict {
        Verdict::Breached(breaches) => breaches.iter().map(|b| b.reason.as_str()).collect(),
        _ => Vec::new(),
    }
}

fn with(thresholds: Thresholds) -> Policy {
    Policy {
        thresholds,
        ..Policy::default()
    }
}

/// One leak of val, two of test.
fn leaks() -> Vec<Finding> {
    vec![
        finding(&LEAK, &[10, 0]),
        finding(&LEAK, &[20, 1]),
        finding(&LEAK, &[21, 2]),
    ]
}

#[test]
fn bar_decides_which_severity_breaches() {
    let warning = || vec![finding(&LABEL, &[20])];
    let policy = |fail_on| Policy {
        fail_on,
        ..Policy::default()
    };
    assert_eq!(
        judged(warning(), &policy(FailOn::Error))
            .verdict
            .exit_code(),
        0
    );
    assert_eq!(
        judged(warning(), &policy(FailOn::Warning))
            .verdict
            .exit_code(),
        1
    );
    assert_eq!(
        judged(leaks(), &policy(FailOn::Never)).verdict.exit_code(),
        0
    );
    let outcome = judged(leaks(), &policy(FailOn::Error));
    assert_eq!(reasons(&outcome), ["3 errors; `fail-on` is error"]);
}

#[test]
fn failed_check_makes_the_verdict_incomplete_unless_allowed() {
    let case = |listing, headlines| Case {
        findings: Vec::new(),
        runs: vec![ran(&LEAK, RunState::Failed("no room".to_owned()))],
        listing,
        headlines,
        drift: &[],
        label_ids: &[],
        interrupted: false,
    };
    let (listing, headlines) = (listing(), headlines());
    let verdict = judge(case(&listing, &headlines), &Policy::default()).verdict;
    assert_eq!(
        verdict,
        Verdict::Incomplete(vec!["LEAK001 failed: no room".to_owned()])
    );
    let lenient = Policy {
        when_incomplete: WhenIncomplete::Allow,
        ..Policy::default()
    };
    assert_eq!(
        judge(case(&listing, &headlines), &lenient).verdict,
        Verdict::Clean
    );
    let interrupted = Case {
        interrupted: true,
        ..case(&listing, &headlines)
    };
    assert_eq!(judge(interrupted, &lenient).verdict.exit_code(), 2);
}

#[test]
fn checks_that_failed_for_one_reason_are_one_reason() {
    let (listing, headlines) = (listing(), headlines());
    let verdict = |count: usize| {
        let runs = vec![ran(&LEAK, RunState::Failed("no room".to_owned())); count];
        let case = Case {
            findings: Vec::new(),
            runs,
            listing: &listing,
            headlines: &headlines,
            drift: &[],
            label_ids: &[],
            interrupted: false,
        };
        judge(case, &Policy::default()).verdict
    };
    let two = "LEAK001, LEAK001 failed: no room".to_owned();
    assert_eq!(verdict(2), Verdict::Incomplete(vec![two]));
    let many = "5 checks failed: no room".to_owned();
    assert_eq!(verdict(5), Verdict::Incomplete(vec![many]));
}

#[test]
fn check_that_is_not_applicable_is_no_hindrance() {
    let case = Case {
        findings: Vec::new(),
        runs: vec![ran(&LEAK, RunState::NotApplicable("one split".to_owned()))],
        listing: &listing(),
        headlines: &Headlines::default(),
        drift: &[],
        label_ids: &[],
        interrupted: false,
    };
    assert_eq!(judge(case, &Policy::default()).verdict, Verdict::Clean);
}

#[test]
fn leaks_of_splits_with_a_limit_are_judged_by_their_share_alone() {
    let limits = |test, val| {
        let named = [("test".to_owned(), test), ("val".to_owned(), val)];
        with(Thresholds {
            max_leaked_share: PerSplit::Named(named.into()),
            ..Thresholds::default()
        })
    };
    assert_eq!(judged(leaks(), &limits(0.2, 0.1)).verdict, Verdict::Clean);
    let outcome = judged(leaks(), &limits(0.0, 0.1));
    assert_eq!(
        reasons(&outcome),
        ["2 of 10 test samples (20%) are leaked; `max-leaked-share` is 0"]
    );
}

#[test]
fn leaks_of_splits_without_a_limit_are_judged_by_severity() {
    let policy = with(Thresholds {
        max_leaked_share: PerSplit::Named([("val".to_owned(), 0.5)].into()),
        ..Thresholds::default()
    });
    assert_eq!(
        reasons(&judged(leaks(), &policy)),
        ["2 errors; `fail-on` is error"]
    );
}

#[test]
fn every_threshold_gives_its_reason() {
    let policy = with(Thresholds {
        max_leaked_share: PerSplit::All(0.5),
        max_suspect_labels: PerSplit::All(AtMost::Count(1)),
        max_drift: Some(0.1),
        min_samples_per_class: PerSplit::All(5),
    });
    assert_eq!(
        reasons(&judged(Vec::new(), &policy)),
        [
            "2 of 10 labels (20%) in all are suspect; `max-suspect-labels` is 1",
            "the class distributions of train and test differ by 0.200 (total variation); `max-drift` is 0.1",
            "class `cat` has 3 samples in test; `min-samples-per-class` is 5",
        ]
    );
    let policy = with(Thresholds {
        max_suspect_labels: PerSplit::Named([("test".to_owned(), AtMost::Share(0.2))].into()),
        max_drift: Some(0.2),
        min_samples_per_class: PerSplit::All(3),
        ..Thresholds::default()
    });
    assert_eq!(judged(Vec::new(), &policy).verdict, Verdict::Clean);
}

#[test]
fn limit_that_nothing_is_held_against_leaves_no_verdict_unless_allowed() {
    let policy = with(Thresholds {
        max_leaked_share: PerSplit::Named([("tset".to_owned(), 0.0)].into()),
        max_drift: Some(0.1),
        ..Thresholds::default()
    });
    let (listing, headlines) = (listing(), Headlines::default());
    let judged = |policy: &Policy| {
        let case = Case {
            findings: Vec::new(),
            runs: Vec::new(),
            listing: &listing,
            headlines: &headlines,
            drift: &[],
            label_ids: &[],
            interrupted: false,
        };
        judge(case, policy)
    };
    let Verdict::Incomplete(reasons) = judged(&policy).verdict else {
        panic!("no verdict is possible");
    };
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(
        reasons[2].contains("`tset`") && reasons[2].contains("`test`"),
        "{reasons:?}"
    );
    let lenient = Policy {
        when_incomplete: WhenIncomplete::Allow,
        thresholds: Thresholds {
            max_drift: Some(0.1),
            ..Thresholds::default()
        },
        ..Policy::default()
    };
    let outcome = judged(&lenient);
    assert_eq!((outcome.verdict, outcome.notes.len()), (Verdict::Clean, 1));
}

#[test]
fn limit_on_a_split_that_is_trained_on_is_none() {
    let policy = with(Thresholds {
        max_leaked_share: PerSplit::Named([("train".to_owned(), 0.0)].into()),
        ..Thresholds::default()
    });
    assert_eq!(judged(Vec::new(), &policy).verdict.exit_code(), 2);
}

#[test]
fn required_check_that_did_not_look_leaves_no_verdict() {
    let require = |codes: &[Code]| Policy {
        require: vec![Required {
            word: "LEAK".to_owned(),
            codes: codes.to_vec(),
        }],
        ..Policy::default()
    };
    assert_eq!(
        judged(Vec::new(), &require(&["LEAK001"])).verdict,
        Verdict::Clean
    );
    let verdict = judged(Vec::new(), &require(&["LEAK001", "LEAK009"])).verdict;
    let reason = "`require` names LEAK, but LEAK009 did not run: it was not selected";
    assert_eq!(verdict, Verdict::Incomplete(vec![reason.to_owned()]));
    let case = Case {
        findings: Vec::new(),
        runs: vec![ran(&LEAK, RunState::NotApplicable("one split".to_owned()))],
        listing: &listing(),
        headlines: &Headlines::default(),
        drift: &[],
        label_ids: &[],
        interrupted: false,
    };
    assert_eq!(judge(case, &require(&["LEAK001"])).verdict.exit_code(), 2);
}

#[test]
fn what_a_verdict_passes_is_said_with_the_reason() {
    let policy = with(Thresholds {
        max_leaked_share: PerSplit::All(0.5),
        ..Thresholds::default()
    });
    assert_eq!(
        judged(leaks(), &policy).allowed,
        ["3 errors are judged by `max-leaked-share` alone"]
    );
    let never = Policy {
        fail_on: FailOn::Never,
        ..Policy::default()
    };
    assert_eq!(
        judged(leaks(), &never).allowed,
        ["3 errors are allowed, because `fail-on` is never"]
    );
    assert!(judged(leaks(), &Policy::default()).allowed.is_empty());
}

static CLUSTER: CheckInfo = CheckInfo {
    counts_as: CountsAs::SuspectCluster,
    ..info("LABEL003", Family::Label, Severity::Warning)
};

mod accepted;
