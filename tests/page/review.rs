//! The review in a browser, with real keys and clicks.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::devtools::Browser;
use super::reviewing::Reviewing;
use super::{browser, page};

fn review(place: &Path) -> Reviewing {
    let mut command = Command::new(env!("CARGO_BIN_EXE_splitlint"));
    command.args(["review", "report"]).current_dir(place);
    Reviewing::start(command)
}

/// The finding that is shown, once there is one and its images are there.
fn shown(browser: &mut Browser) -> String {
    browser.wait(
        "document.querySelector('#choices button') && \
         [...document.images].every((image) => image.complete)",
    );
    browser.text("#code")
}

/// Skips to the first finding of a check.
fn skip_to(browser: &mut Browser, code: &str) {
    for _ in 0..40 {
        if shown(browser) == code {
            return;
        }
        let before = browser.text("#message");
        browser.key("ArrowRight");
        let before = json!(before);
        browser.wait(&format!(
            "document.querySelector('#message').textContent !== {before}"
        ));
    }
    panic!("no finding of {code}");
}

fn decided(reviewing: &Reviewing) -> Vec<Value> {
    reviewing.items(&json!({"state": "decided"}))
}

/// Waits until as many findings are decided, as the server knows.
#[track_caller]
fn wait_for(browser: &mut Browser, reviewing: &Reviewing, count: usize) {
    for _ in 0..300 {
        if decided(reviewing).len() == count {
            return;
        }
        browser.value("new Promise((done) => setTimeout(done, 20))");
    }
    panic!("{} of {count} decided", decided(reviewing).len());
}

/// Nothing is wider than the page, and nothing that can be used is cut off.
#[track_caller]
fn fits(browser: &mut Browser, width: u32) {
    let widest = browser.value("document.documentElement.scrollWidth");
    assert!(widest.as_u64() <= Some(width.into()), "{widest} of {width}");
    let outside = browser.value(
        "[...document.querySelectorAll('button, input, select')] \
         .filter((tool) => tool.offsetParent && !tool.closest('dialog')) \
         .filter((tool) => { const r = tool.getBoundingClientRect(); return r.left < 0 || r.right > innerWidth; }) \
         .map((tool) => tool.id || tool.textContent)",
    );
    assert_eq!(outside, json!([]));
}

#[test]
fn findings_are_decided_by_keys_and_clicks_on_wide_and_narrow_pages() {
    let Some(program) = browser() else { return };
    let place = tempfile::tempdir().expect("a temporary folder");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo");
    page(place.path(), &demo);
    let reviewing = review(place.path());
    let browser = &mut Browser::start(&program, place.path());
    browser.screen(1280, 800, false);
    browser.open(&reviewing.url);
    shown(browser);
    fits(browser, 1280);

    // One key decides on a pair and goes on.
    skip_to(browser, "LEAK002");
    let first = browser.text("#message");
    browser.key("1");
    wait_for(browser, &reviewing, 1);
    assert_ne!(browser.text("#message"), first);
    assert_eq!(decided(&reviewing)[0]["decided"]["choice"], "confirm");

    // Undo takes it back and shows it again.
    browser.key("u");
    wait_for(browser, &reviewing, 0);
    browser.wait(&format!(
        "document.querySelector('#message').textContent === {}",
        json!(first)
    ));

    // All ways to look at a pair, by keys.
    for (key, found) in [
        ("o", ".over.cut .second img"),
        ("f", ".over.flicker .second img"),
        ("d", ".over.difference .second img"),
        ("z", "#stage.full .pane img"),
        ("s", ".side .pane:nth-child(2) img"),
    ] {
        browser.key(key);
        browser.wait(&format!("document.querySelector('{found}')?.complete"));
        let there = browser.value(&format!(
            "document.querySelector('{found}').naturalWidth > 0"
        ));
        assert_eq!(there, json!(true), "{key}");
    }
    let laid = browser.value(
        "(() => { const s = document.querySelectorAll('.side .pane img'); return s[0].src !== s[1].src; })()",
    );
    assert_eq!(laid, json!(true), "two images");

    // A note and a name go with the decision; letters typed there decide nothing.
    browser.key("r");
    browser.keys("Ana1");
    browser.key("Enter");
    browser.key("n");
    browser.keys("2 of one series");
    browser.key("Enter");
    browser.key("2");
    wait_for(browser, &reviewing, 1);
    let of = &decided(&reviewing)[0]["decided"];
    assert_eq!(
        (&of["choice"], &of["reviewer"], &of["note"]),
        (&json!("reject"), &json!("Ana1"), &json!("2 of one series"))
    );
    let baseline = fs::read_to_string(place.path().join("splitlint-baseline.csv")).expect("there");
    assert!(baseline.contains("2 of one series,Ana1"), "{baseline}");

    // A label is changed by a click; another is given a class by its name.
    skip_to(browser, "LABEL002");
    browser.click("#choices button:nth-child(2)");
    wait_for(browser, &reviewing, 2);
    let decisions = fs::read_to_string(place.path().join("report/decisions.csv")).expect("there");
    assert!(decisions.contains(",change,"), "{decisions}");

    // The telephone: everything is there, dark too, and a click decides.
    browser.screen(400, 800, true);
    browser.open(&reviewing.url);
    shown(browser);
    fits(browser, 400);
    let ground = browser.value("getComputedStyle(document.body).backgroundColor");
    assert_eq!(ground, json!("rgb(16, 20, 24)"), "dark");
    browser.click("#choices button:nth-child(1)");
    wait_for(browser, &reviewing, 3);

    // Filters, precision and help.
    browser.screen(1280, 800, true);
    browser.key("/");
    browser.value("(() => { const check = document.querySelector('#by-check'); check.value = 'LEAK001'; check.dispatchEvent(new Event('change', { bubbles: true })); check.blur(); })()");
    browser.wait("document.querySelector('#code').textContent === 'LEAK001'");
    fits(browser, 1280);
    browser.key("i");
    browser.wait("document.querySelector('#precision').open");
    assert!(browser.text("#checks").contains("LEAK002"));
    browser.click("#precision button");
    browser.key("?");
    browser.wait("document.querySelector('#help').open");
    browser.click("#help button");
    assert_eq!(browser.complaints, Vec::<String>::new());
    let (code, _) = reviewing.interrupt();
    assert_eq!(code, Some(0));
}

#[test]
fn two_reviewers_see_what_the_other_decided() {
    let Some(program) = browser() else { return };
    let place = tempfile::tempdir().expect("a temporary folder");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo");
    page(place.path(), &demo);
    let reviewing = review(place.path());
    let browser = &mut Browser::start(&program, place.path());
    browser.screen(1280, 800, false);
    browser.open(&reviewing.url);
    shown(browser);
    // Ana decides on what the page shows.
    let first = &reviewing.items(&json!({}))[0];
    assert_eq!(reviewing.decide(first, "reject").0, 200);
    browser.key("1");
    browser.wait("!document.querySelector('#banner').hidden");
    let banner = browser.text("#banner");
    assert!(banner.contains("Ana decided"), "{banner}");
    assert_eq!(decided(&reviewing)[0]["decided"]["choice"], "reject");
    // Going back to it shows hers, and it may be overruled now.
    browser.click("#banner button");
    browser.wait("!document.querySelector('#decided').hidden");
    assert!(browser.text("#decided").contains("by Ana"));
    browser.key("1");
    browser.value("new Promise((done) => setTimeout(done, 200))");
    for _ in 0..100 {
        if decided(&reviewing)[0]["decided"]["choice"] == "confirm" {
            break;
        }
        browser.value("new Promise((done) => setTimeout(done, 20))");
    }
    assert_eq!(decided(&reviewing)[0]["decided"]["choice"], "confirm");
    let log = fs::read_to_string(place.path().join("report/review.csv")).expect("there");
    assert!(log.contains(",reject,wrong,seen by Ana,Ana,"), "{log}");
    // One refusal is in the browser's own log: that of the decision overtaken.
    assert!(
        browser.complaints.iter().all(|of| of.contains("409")),
        "{:?}",
        browser.complaints
    );
}

#[test]
fn names_with_markup_are_text_in_a_review() {
    let Some(program) = browser() else { return };
    let place = tempfile::tempdir().expect("a temporary folder");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo/train/city");
    for (number, class) in (0..).zip([
        "<img src=x onerror=console.error(1)>",
        "\"quoted\" `ticked` & {{ page }}",
    ]) {
        let image = fs::read(demo.join(format!("{number:02}.jpg"))).expect("the demo set");
        for split in ["train", "test"] {
            let folder = place.path().join("data").join(split).join(class);
            fs::create_dir_all(&folder).expect("made");
            fs::write(folder.join(format!("{class}.jpg")), &image).expect("written");
        }
    }
    page(place.path(), &place.path().join("data"));
    let reviewing = review(place.path());
    let browser = &mut Browser::start(&program, place.path());
    browser.screen(1280, 800, false);
    browser.open(&reviewing.url);
    shown(browser);
    let mut met = 0;
    for _ in 0..6 {
        if browser
            .text("#stage")
            .contains("<img src=x onerror=console.error(1)>")
        {
            met += 1;
        }
        let text = browser.value("document.querySelectorAll('img[onerror]').length");
        assert_eq!(text, json!(0));
        browser.key("ArrowRight");
        browser.value("new Promise((done) => setTimeout(done, 100))");
    }
    assert!(met > 0, "the name is shown");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// Pairs that a person goes through, and the keys that it takes.
const PAIRS: usize = 100;

#[test]
fn hundred_pairs_take_a_hundred_keys() {
    let Some(program) = browser() else { return };
    let place = tempfile::tempdir().expect("a temporary folder");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo");
    page(place.path(), &demo);
    let pairs = fs::read_to_string(place.path().join("report/pairs.csv")).expect("there");
    let row: Vec<&str> = pairs.lines().nth(1).expect("a pair").split(',').collect();
    let mut text =
        String::from("id,code,name,severity,message,splits,labels,samples,score,next_step\n");
    for n in 0..PAIRS {
        text.push_str(&format!(
            "{n:016x},LEAK002,near,error,pair {n},train;test,,{};{},0.9,look\n",
            row[1], row[0]
        ));
    }
    fs::write(place.path().join("report/findings.csv"), text).expect("written");
    let reviewing = review(place.path());
    let browser = &mut Browser::start(&program, place.path());
    browser.screen(1280, 800, false);
    browser.open(&reviewing.url);
    for n in 0..PAIRS {
        browser.wait(&format!(
            "document.querySelector('#message')?.textContent === 'pair {n}'"
        ));
        shown(browser);
        browser.key(["1", "2"][n % 2]);
    }
    browser.wait("!document.querySelector('#empty').hidden");
    let (_, progress) = reviewing.post("progress", &json!({"clock": 0}));
    for _ in 0..100 {
        if reviewing.post("progress", &json!({"clock": 0})).1["open"] == 0 {
            break;
        }
        browser.value("new Promise((done) => setTimeout(done, 20))");
    }
    let (_, done) = reviewing.post("progress", &json!({"clock": 0}));
    assert_eq!(
        (&done["open"], &done["clock"]),
        (&json!(0), &json!(PAIRS)),
        "{progress}"
    );
    let precision =
        fs::read_to_string(place.path().join("report/review-precision.csv")).expect("there");
    assert!(precision.contains("LEAK002,50,50,0.5000,"), "{precision}");
}
