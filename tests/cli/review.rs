//! `splitlint review`: what is decided in a browser is what the other commands
//! read, whatever happens to the program and the files meanwhile.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::reviewing::Reviewing;
use super::run::Place;

fn review(place: &Place, more: &[&str]) -> Reviewing {
    let command: Command = place.splitlint(["review"]).args(more).into_command();
    Reviewing::start(command)
}

fn named<'a>(items: &'a [Value], code: &str) -> &'a Value {
    let found = items.iter().find(|item| item["code"] == code);
    found.unwrap_or_else(|| panic!("no {code} in {items:?}"))
}

/// A set with a copy across splits and a conflict of labels.
fn place() -> Place {
    let place = Place::new();
    place.leaky_set();
    let same = fs::read(place.path("data/train/cat/002.jpg")).expect("there");
    place.write("data/train/dog/same.jpg", same);
    place.scan().exits(1);
    place
}

#[test]
fn decisions_survive_a_kill_a_move_and_a_rescan_and_are_applied() {
    let place = place();
    let before = fs::read(place.path("data/train/dog/same.jpg")).expect("there");
    let reviewing = review(&place, &[]);
    let items = reviewing.items(&json!({}));
    let (conflict, leak) = (named(&items, "LABEL001"), named(&items, "LEAK001"));
    assert_eq!(reviewing.decide(conflict, "label:cat").0, 200);
    assert_eq!(reviewing.decide(leak, "reject").0, 200);
    reviewing.kill();

    // Every file is whole, and the next review knows what was decided.
    let reviewing = review(&place, &[]);
    let decided = reviewing.items(&json!({"state": "decided"}));
    assert_eq!(decided.len(), 2);
    assert_eq!(named(&decided, "LABEL001")["decided"]["reviewer"], "Ana");
    reviewing.kill();

    // What was rejected is not dropped, and what was decided of labels is done.
    place
        .splitlint(["apply"])
        .exits(0)
        .says("0 samples dropped, 1 relabelled, 1 kept")
        .says("1 copy of drop.csv stays: a review found that it is none");

    // The image moves; the decision follows its content.
    fs::rename(
        place.path("data/train/dog/same.jpg"),
        place.path("data/train/dog/moved.jpg"),
    )
    .expect("moved");
    place
        .scan()
        .args(["--baseline", "splitlint-baseline.csv"])
        .exits(1)
        .warns("decisions were carried over");
    let reviewing = review(&place, &[]);
    let items = reviewing.items(&json!({"state": "all"}));
    assert!(
        items.iter().all(|item| item["code"] != "LEAK001"),
        "accepted"
    );
    let conflict = named(&items, "LABEL001");
    assert_eq!(conflict["decided"]["choice"], "label:cat");
    assert!(conflict.to_string().contains("train/dog/moved.jpg"));
    reviewing.kill();
    let after = fs::read(place.path("data/train/dog/moved.jpg")).expect("there");
    assert_eq!(before, after, "the data set is read only");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_review_at_once_with_what_to_do_next() {
    let place = place();
    let reviewing = review(&place, &["--port", "0"]);
    let items = reviewing.items(&json!({}));
    assert_eq!(reviewing.decide(&items[0], "reject").0, 200);
    let (code, words) = reviewing.interrupt();
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("1 in this review"), "{words}");
    assert!(
        words.contains("`splitlint apply splitlint-report`"),
        "{words}"
    );
}

#[test]
fn what_is_no_report_or_no_port_is_refused() {
    let place = place();
    place
        .splitlint(["review", "data"])
        .exits(2)
        .warns("`data` is no report");
    let reviewing = review(&place, &[]);
    let port = reviewing.url.split([':', '/']).nth(4).expect("a port");
    place
        .splitlint(["review", "--port", port])
        .exits(2)
        .warns("name another with `--port`");
    place.write("splitlint-report/decisions.csv", "garbage;here\n1;2\n");
    place
        .splitlint(["review"])
        .exits(2)
        .warns("the column `sample` is missing");
}

#[test]
fn hundred_thousand_findings_come_page_by_page() {
    let place = Place::new();
    place.clean_set(12);
    place.scan().args(["--select", "LEAK"]).exits(0);
    let samples = place.read("splitlint-report/samples.csv");
    let keys: Vec<&str> = samples
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().expect("a key"))
        .collect();
    let mut text =
        String::from("id,code,name,severity,message,splits,labels,samples,score,next_step\n");
    const COUNT: usize = 100_000;
    for n in 0..COUNT {
        let (a, b) = (
            keys[n % keys.len()],
            keys[(n / keys.len() + n + 1) % keys.len()],
        );
        let code = ["LEAK002", "LEAK004"][n % 2];
        let severity = ["error", "advice"][n % 2];
        text.push_str(&format!("{n:016x},{code},near,{severity},`{b}` is a copy of `{a}`,train;test,cat,{b};{a},0.9,look\n"));
    }
    place.write("splitlint-report/findings.csv", text);
    let reviewing = review(&place, &[]);
    let (status, answer) = reviewing.post("items", &json!({"count": 8}));
    assert_eq!((status, &answer["fitting"]), (200, &json!(COUNT)));
    // No answer grows with the queue.
    assert!(
        answer.to_string().len() < 40_000,
        "{}",
        answer.to_string().len()
    );
    let filter = json!({"check": "LEAK004"});
    let last = reviewing.post(
        "items",
        &json!({"filter": filter, "from": COUNT - 1, "count": 8}),
    );
    assert_eq!(last.1["items"][0]["place"], json!(COUNT - 1));
    assert_eq!(last.1["open"], json!(COUNT / 2));
    assert_eq!(reviewing.decide(&last.1["items"][0], "confirm").0, 200);
    let (_, progress) = reviewing.post("progress", &json!({"clock": 0}));
    assert_eq!(progress["open"], json!(COUNT - 1));
    assert_eq!(reviewing.get("").0, 200);
    let image = answer["items"][0]["samples"][0]["image"].as_str();
    assert_eq!(
        reviewing
            .get(&format!("image/{}", image.expect("a name")))
            .0,
        200
    );
}
