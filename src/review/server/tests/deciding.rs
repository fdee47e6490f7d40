//! Decisions: where they are written, who made them, and what they say to others.

use super::*;

#[test]
fn decision_is_in_the_files_that_commands_read_and_survives_a_new_start() {
    let place = Place::new();
    let desk = place.desk();
    assert_eq!(
        decide(&desk, &of_check(&desk, "LABEL002"), "change", "Ana").0,
        200
    );
    assert_eq!(
        decide(&desk, &of_check(&desk, "LEAK002"), "reject", "Ben").0,
        200
    );
    let lines = decisions::parse(place.read("report/decisions.csv").as_bytes()).expect("read");
    assert_eq!(
        (lines[0].sample.as_str(), lines[0].decision.as_str()),
        (SAMPLES[2], "change")
    );
    let more = [("note", "by Ana"), ("reviewer", "Ana")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(lines[0].more, more);
    let baseline = baseline_in(&place.0.path().join("baseline.csv")).expect("read");
    let line = baseline.lines().next().expect("a line");
    assert_eq!(
        (line.code.as_str(), line.who.as_str(), line.reason.as_str()),
        ("LEAK002", "Ben", "by Ben")
    );
    assert!(
        place
            .read("report/review-precision.csv")
            .contains("LABEL002,1,0,1.0000")
    );
    assert!(
        place
            .read("report/review-precision.csv")
            .contains("LEAK002,0,1,0.0000")
    );
    let again = place.desk();
    assert_eq!(of_check(&again, "LABEL002")["decided"]["choice"], "change");
    assert_eq!(of_check(&again, "LEAK002")["decided"]["reviewer"], "Ben");
    assert_eq!(of_check(&again, "LABEL004")["decided"], Value::Null);
    // Taken back, it leaves no trace but in the log.
    for code in ["LABEL002", "LEAK002"] {
        assert_eq!(decide(&again, &of_check(&again, code), "", "Ana").0, 200);
        assert_eq!(of_check(&again, code)["decided"], Value::Null, "{code}");
    }
    let lines = decisions::parse(place.read("report/decisions.csv").as_bytes()).expect("read");
    assert!(lines.iter().all(|line| !line.is_written()));
    assert_eq!(place.read("baseline.csv").lines().count(), 1);
    assert_eq!(place.read("report/review.csv").lines().count(), 5);
}

#[test]
fn who_decides_last_is_told_what_the_other_decided() {
    let place = Place::new();
    let desk = place.desk();
    let seen_by_both = of_check(&desk, "LABEL002");
    assert_eq!(decide(&desk, &seen_by_both, "keep", "Ana").0, 200);
    let (status, answer) = decide(&desk, &seen_by_both, "change", "Ben");
    assert_eq!(
        (status, &answer["outcomes"][0]["result"]),
        (409, &json!("overtaken"))
    );
    assert_eq!(answer["outcomes"][0]["now"]["reviewer"], "Ana");
    assert_eq!(of_check(&desk, "LABEL002")["decided"]["choice"], "keep");
    // The same decision twice is one.
    assert_eq!(decide(&desk, &seen_by_both, "keep", "Ben").0, 200);
    // Having seen it, Ben may decide otherwise, and what Ana decided is on record.
    assert_eq!(
        decide(&desk, &of_check(&desk, "LABEL002"), "drop", "Ben").0,
        200
    );
    assert_eq!(of_check(&desk, "LABEL002")["decided"]["choice"], "drop");
    assert!(
        place
            .read("report/review.csv")
            .contains(",keep,wrong,by Ana,Ana,")
    );
    assert_eq!(
        place.read("baseline.csv").lines().count(),
        1,
        "the label is not kept any more"
    );
}

#[test]
fn two_at_once_lose_nothing() {
    let place = Place::new();
    let desk = Arc::new(place.desk());
    let all = items(&desk);
    thread::scope(|scope| {
        for item in &all {
            let desk = Arc::clone(&desk);
            let choice = match item["kind"].as_str() {
                Some("label" | "conflict") => "keep",
                _ => "confirm",
            };
            scope.spawn(move || assert_eq!(decide(&desk, item, choice, "Ana").0, 200));
        }
    });
    let again = place.desk();
    assert!(
        items(&again)
            .iter()
            .all(|item| item["decided"] != Value::Null)
    );
    assert_eq!(place.read("report/review.csv").lines().count(), 5);
}

#[test]
fn conflict_is_settled_for_all_copies_by_one_key() {
    let place = Place::new();
    let desk = place.desk();
    let item = of_check(&desk, "LABEL001");
    let names: Vec<&str> = (item["choices"].as_array().into_iter().flatten())
        .filter_map(|choice| choice["name"].as_str())
        .collect();
    assert_eq!(names, ["label:dog", "label:cat", "keep", "reject"]);
    assert_eq!(decide(&desk, &item, "label:dog", "Ana").0, 200);
    let lines = decisions::parse(place.read("report/decisions.csv").as_bytes()).expect("read");
    let of = |key: &str| {
        lines
            .iter()
            .find(|line| line.sample == key)
            .expect("a line")
    };
    assert_eq!(of(SAMPLES[3]).decision, "keep");
    assert_eq!(
        (
            of(SAMPLES[0]).decision.as_str(),
            of(SAMPLES[0]).suggested.as_str()
        ),
        ("change", "dog")
    );
    assert_eq!(
        of_check(&place.desk(), "LABEL001")["decided"]["choice"],
        "label:dog"
    );
}

#[test]
fn what_a_person_writes_into_the_files_meanwhile_holds() {
    let place = Place::new();
    let desk = place.desk();
    assert_eq!(
        decide(&desk, &of_check(&desk, "LABEL002"), "change", "Ana").0,
        200
    );
    let edited = place
        .read("report/decisions.csv")
        .replace(",change,", ",drop,");
    place.write("report/decisions.csv", edited.as_bytes());
    let item = of_check(&desk, "LABEL002");
    assert_eq!(item["decided"]["choice"], "drop");
    assert_eq!(
        decide(&desk, &of_check(&desk, "LABEL004"), "drop", "Ana").0,
        200
    );
    let lines = decisions::parse(place.read("report/decisions.csv").as_bytes()).expect("read");
    let words: Vec<&str> = lines.iter().map(|line| line.decision.as_str()).collect();
    assert_eq!(words, ["drop", "drop"]);
}

#[test]
fn wrong_wishes_write_nothing_and_say_why() {
    let place = Place::new();
    let desk = place.desk();
    let item = of_check(&desk, "LABEL002");
    for choice in ["class:bird", "reject", "label:dog", "nonsense"] {
        let (status, words) = decide(&desk, &item, choice, "Ana");
        assert_eq!(status, 400, "{choice}: {words}");
    }
    let long = "x".repeat(3000);
    assert_eq!(decide(&desk, &item, "keep", &long).0, 400);
    let wish =
        json!({"code": item["code"], "id": item["id"], "choice": "keep", "seen": item["seen"]});
    for more in [
        json!({"expires": "2026-01-01"}),
        json!({"expires": "soon"}),
        json!({"unknown": 1}),
    ] {
        let mut body = json!({"wishes": [wish]});
        body.as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        assert_eq!(post(&desk, "decide", &body).0, 400, "{body}");
    }
    let other = json!({"code": "LABEL002", "id": "0000000000000000", "choice": "keep", "seen": ""});
    assert_eq!(post(&desk, "decide", &json!({"wishes": [other]})).0, 400);
    assert!(place.read("report/review.csv").is_empty());
    assert!(place.read("report/decisions.csv").is_empty());
}

#[test]
fn report_that_is_written_anew_meanwhile_is_read_again() {
    let place = Place::new();
    let desk = place.desk();
    let before = of_check(&desk, "LEAK002");
    assert_eq!(decide(&desk, &before, "confirm", "Ana").0, 200);
    let findings = place.read("report/findings.csv");
    let kept: Vec<&str> = findings
        .lines()
        .filter(|line| !line.contains("LABEL00"))
        .collect();
    place.write(
        "report/findings.csv",
        format!("{}\n", kept.join("\n")).as_bytes(),
    );
    place.write("report/summary.json", b"{\"new\": true}");
    assert_eq!(items(&desk).len(), 1);
    assert_eq!(of_check(&desk, "LEAK002")["decided"]["choice"], "confirm");
}
