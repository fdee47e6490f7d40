//! Findings that were accepted earlier.

use super::*;

/// The id of the doubt about the label of each sample.
fn label_ids() -> Vec<(FindingId, SampleId)> {
    let mut ids: Vec<_> = (0..30)
        .map(|id| {
            (
                FindingId::of_names("LABEL002", [&*id.to_string()]),
                SampleId(id),
            )
        })
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn run_of_labels_each_of_which_was_kept_is_accepted_whatever_its_size() {
    let ids = label_ids();
    let judged = |kept: &[u32]| {
        let mut policy = Policy::default();
        for (id, _) in ids.iter().filter(|(_, sample)| kept.contains(&sample.0)) {
            policy.acceptance.baseline.add(Line {
                code: "LABEL002".to_owned(),
                id: *id,
                reason: String::new(),
                who: String::new(),
                expires: None,
                about: String::new(),
            });
        }
        let case = Case {
            findings: vec![finding(&CLUSTER, &[20, 21])],
            runs: vec![ran(&LABEL, RunState::Completed)],
            listing: &listing(),
            headlines: &headlines(),
            drift: &[],
            label_ids: &ids,
            interrupted: false,
        };
        judge(case, &policy)
    };
    assert_eq!(judged(&[20, 21, 22]).accepted.len(), 1);
    assert_eq!(judged(&[20]).accepted.len(), 0);
    assert!(judged(&[22]).notes.is_empty(), "a kept label is not stale");
}

#[test]
fn accepted_labels_do_not_count_as_suspect() {
    let mut doubt = finding(&LABEL, &[20, 21, 1]);
    let ids = label_ids();
    doubt.id = ids
        .iter()
        .find(|(_, sample)| sample.0 == 20)
        .expect("is there")
        .0;
    let mut policy = accepting(&[&doubt], None);
    policy.thresholds.max_suspect_labels = PerSplit::All(AtMost::Count(1));
    let case = Case {
        findings: vec![doubt],
        runs: Vec::new(),
        listing: &listing(),
        headlines: &headlines(),
        drift: &[],
        label_ids: &ids,
        interrupted: false,
    };
    assert_eq!(judge(case, &policy).verdict, Verdict::Clean);
}

fn accepting(findings: &[&Finding], expires: Option<&str>) -> Policy {
    let mut policy = Policy::default();
    policy.acceptance.today = "2026-11-22".parse().ok();
    for finding in findings {
        policy.acceptance.baseline.add(Line {
            code: finding.check.code.to_owned(),
            id: finding.id,
            reason: "a burst".to_owned(),
            who: "me".to_owned(),
            expires: expires.and_then(|day| day.parse().ok()),
            about: String::new(),
        });
    }
    policy
}

#[test]
fn accepted_findings_do_not_count_and_stay_visible() {
    let all = leaks();
    let policy = accepting(&[&all[0], &all[1], &all[2]], Some("2026-11-22"));
    let outcome = judged(leaks(), &policy);
    assert_eq!(outcome.verdict, Verdict::Clean);
    assert_eq!((outcome.findings.len(), outcome.accepted.len()), (0, 3));
    assert_eq!(outcome.accepted[0].reason, "a burst");
    assert!(outcome.notes.is_empty(), "{:?}", outcome.notes);
}

#[test]
fn only_what_is_new_breaches() {
    let policy = accepting(&[&leaks()[0]], None);
    let outcome = judged(leaks(), &policy);
    assert_eq!(reasons(&outcome), ["2 errors; `fail-on` is error"]);
}

#[test]
fn accepted_leaks_do_not_count_into_the_share() {
    let all = leaks();
    let mut policy = accepting(&[&all[1]], None);
    policy.thresholds.max_leaked_share = PerSplit::All(0.1);
    assert_eq!(judged(leaks(), &policy).verdict, Verdict::Clean);
    policy.thresholds.max_leaked_share = PerSplit::All(0.09);
    assert_eq!(
        reasons(&judged(leaks(), &policy)).len(),
        2,
        "1 of 10 in val and in test"
    );
}

#[test]
fn expired_and_stale_lines_are_told_and_accept_nothing() {
    let all = leaks();
    let gone = finding(&LEAK, &[25, 5]);
    let mut policy = accepting(&[&all[0]], Some("2026-11-21"));
    policy.acceptance.baseline.add(Line {
        code: "LEAK001".to_owned(),
        id: gone.id,
        reason: String::new(),
        who: String::new(),
        expires: None,
        about: String::new(),
    });
    let outcome = judged(leaks(), &policy);
    assert_eq!(outcome.findings.len(), 3);
    assert_eq!(outcome.notes.len(), 2, "{:?}", outcome.notes);
    assert!(
        outcome
            .notes
            .iter()
            .any(|note| note.contains("expired on 2026-11-21"))
    );
    assert!(
        outcome
            .notes
            .iter()
            .any(|note| note.contains("is no longer found"))
    );
}

#[test]
fn rule_accepts_by_check_and_path_and_is_told_when_it_meets_nothing() {
    let rule = |glob: &str| Rule {
        codes: vec!["LEAK001"],
        paths: PathPatterns::new(&[glob.to_owned()]).ok(),
        reason: "known".to_owned(),
        expires: None,
        words: format!("`LEAK001` in `{glob}`"),
    };
    let mut policy = Policy::default();
    policy.acceptance.rules = vec![rule("s/2?.png"), rule("nowhere/*")];
    let outcome = judged(leaks(), &policy);
    assert_eq!((outcome.findings.len(), outcome.accepted.len()), (1, 2));
    assert_eq!(
        outcome.notes,
        ["settings: the acceptance of `LEAK001` in `nowhere/*` matches no finding"]
    );
}
