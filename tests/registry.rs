//! What every check must satisfy, those to come included. Judges no finding.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use splitlint::checks::registry;
use splitlint::config::{Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::finding::{CONFLICTING_LABELS, CountsAs, Family, RunState, SUSPICIOUS_LABEL};
use splitlint::progress::{Progress, Silent, Stage};
use splitlint::scan::{Scan, scan};

const HEADINGS: [&str; 6] = [
    "What it finds",
    "Why it matters",
    "Example",
    "Settings",
    "How to fix",
    "When to accept it",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn codes_and_names_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for declared in registry::all() {
        let info = declared.info;
        assert!(seen.insert(info.code), "{} twice", info.code);
        assert!(seen.insert(info.name), "{} twice", info.name);
        assert_eq!(Family::of_code(info.code), Some(info.family));
        let number = &info.code[info.family.name().len()..];
        assert!(
            number.len() == 3 && number.parse::<u16>().is_ok(),
            "{}",
            info.code
        );
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(info.name.chars().all(kebab), "{}", info.name);
        for line in [info.summary, info.next_step] {
            assert!(
                !line.is_empty() && !line.contains('\n') && !line.ends_with('.'),
                "{}",
                info.code
            );
        }
    }
}

#[test]
fn codes_that_readers_of_reports_know_are_those_of_the_checks() {
    let only = |counts_as: CountsAs| -> Vec<&str> {
        let infos = registry::all().map(|declared| declared.info);
        let infos = infos.filter(|info| info.counts_as == counts_as);
        infos.map(|info| info.code).collect()
    };
    assert_eq!(only(CountsAs::LabelConflict), [CONFLICTING_LABELS]);
    assert_eq!(only(CountsAs::SuspectLabel), [SUSPICIOUS_LABEL]);
}

#[test]
fn every_docs_page_has_the_same_headings_in_the_same_order() {
    for declared in registry::all() {
        let info = declared.info;
        let mut lines = info.docs.lines();
        assert_eq!(
            lines.next(),
            Some(format!("# {} ({})", info.name, info.code).as_str())
        );
        let headings: Vec<_> = lines.filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, HEADINGS, "{}", info.code);
        for section in info.docs.split("\n## ").skip(1) {
            let (heading, body) = section.split_once('\n').expect("a body");
            assert!(
                !body.trim().is_empty(),
                "{}: nothing under {heading}",
                info.code
            );
        }
    }
}

#[test]
fn no_docs_page_is_without_a_check() {
    let pages = fs::read_dir(root().join("docs/checks")).expect("docs/checks");
    for page in pages {
        let name = page.expect("entry").file_name();
        let name = name.to_str().expect("UTF-8").trim_end_matches(".md");
        assert!(
            registry::find(name).is_some(),
            "no check for docs/checks/{name}.md"
        );
    }
}

#[test]
fn commands_of_stuck_at_one_select_checks_that_exist() {
    let page = fs::read_to_string(root().join("docs/stuck-at-one.md")).expect("the page");
    let mut commands = 0;
    for command in page.lines().filter(|line| line.starts_with("splitlint ")) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let place = words.iter().position(|&word| word == "--select");
        let selected = words[place.expect("--select") + 1].split(',');
        let options = Options {
            root: Some(root()),
            select: Some(selected.map(str::to_owned).collect()),
            ..Options::default()
        };
        assert!(resolve(options).is_ok(), "{command}");
        commands += 1;
    }
    assert!(commands >= 8, "{commands} commands");
}

#[test]
fn settings_shown_in_docs_are_the_real_ones_with_their_defaults() {
    for declared in registry::all() {
        let info = declared.info;
        let defaults = (declared.defaults)();
        let section = info.docs.split("## Settings").nth(1).expect("Settings");
        let section = section.split("\n## ").next().expect("a section");
        let shown = match section.split("```toml\n").nth(1) {
            Some(block) => {
                let block = block.split("```").next().expect("closed block");
                let parsed: toml::Table = block.parse().expect("TOML in docs");
                let checks = parsed["checks"].as_table().expect("[checks]");
                checks[info.name].as_table().expect("its own table").clone()
            }
            None => toml::Table::new(),
        };
        assert_eq!(shown, defaults, "{}: docs against defaults", info.code);
        assert!(
            (declared.build)(shown).is_ok(),
            "{}: defaults refused",
            info.code
        );
        let foreign = toml::Table::from_iter([("no-such-key".to_owned(), toml::Value::from(1))]);
        assert!(
            (declared.build)(foreign).is_err(),
            "{}: foreign key taken",
            info.code
        );
    }
}

/// What stands in `settings.toml` beside the sets of a check that is off by default.
fn settings_of_sets(code: &str) -> BTreeMap<String, toml::Table> {
    let file = root()
        .join("sample-data/checks")
        .join(code)
        .join("settings.toml");
    let text = fs::read_to_string(file).unwrap_or_default();
    toml::from_str(&text).expect("tables of settings")
}

fn scan_only(code: &str, folder: &Path) -> Scan {
    let options = splitlint::config::Options {
        root: Some(folder.to_owned()),
        select: Some(vec![code.to_owned()]),
        checks: settings_of_sets(code),
        ..Options::default()
    };
    let settings = resolve(options).expect("settings");
    let executor = Executor::new(2, StopFlag::default()).expect("threads");
    scan(&settings, &executor, &Silent).expect("a scan")
}

fn fixture(code: &str, kind: &str) -> PathBuf {
    let folder = root().join("sample-data/checks").join(code).join(kind);
    // A manifest or a configuration in the folder is the thing to scan.
    let manifest = folder.join("manifest.csv");
    if manifest.exists() { manifest } else { folder }
}

#[test]
fn every_check_fires_on_its_smallest_set() {
    for declared in registry::all() {
        let code = declared.info.code;
        let scan = scan_only(code, &fixture(code, "fires"));
        let found = &scan.outcome.findings;
        assert!(!found.is_empty(), "{code} is silent on its `fires` set");
        assert!(found.iter().all(|f| f.check.code == code), "{code}");
        let ids: BTreeSet<_> = found.iter().map(|f| f.id).collect();
        assert_eq!(ids.len(), found.len(), "{code}: ids repeat");
        for finding in found {
            assert!(
                !finding.message.is_empty() && !finding.message.contains('\n'),
                "{code}"
            );
        }
    }
}

#[test]
fn every_unreadable_image_is_one_finding_that_counts_as_such() {
    let unreadable: Vec<&str> = registry::all()
        .filter(|declared| declared.info.counts_as == CountsAs::Unreadable)
        .map(|declared| declared.info.code)
        .collect();
    for &code in &unreadable {
        let options = splitlint::config::Options {
            root: Some(fixture(code, "fires")),
            select: Some(unreadable.iter().map(|&code| code.to_owned()).collect()),
            ..Options::default()
        };
        let settings = resolve(options).expect("settings");
        let executor = Executor::new(2, StopFlag::default()).expect("threads");
        let scan = scan(&settings, &executor, &Silent).expect("a scan");
        let reported = scan.outcome.findings.iter().map(|f| f.samples.len() as u64);
        let unseen = scan.headlines.splits.iter().map(|split| split.unseen);
        assert_eq!(reported.sum::<u64>(), unseen.sum::<u64>(), "{code}");
    }
}

/// Notes the stages that a scan goes through.
#[derive(Default)]
struct Stages(Mutex<Vec<Stage>>);

impl Progress for Stages {
    fn begin(&self, stage: Stage, _: Option<u64>) {
        self.0.lock().expect("no panic").push(stage);
    }
    fn advance(&self, _: u64) {}
    fn end(&self, _: Stage, _: &str) {}
}

#[test]
fn scan_whose_checks_need_no_image_opens_none() {
    let place = tempfile::tempdir().expect("a folder");
    for split in ["train", "test"] {
        let folder = place.path().join(split).join("cat");
        fs::create_dir_all(&folder).expect("made");
        for number in 0..5 {
            let file = folder.join(format!("{number}.jpg"));
            fs::write(file, "cannot be decoded").expect("written");
        }
    }
    let of = |checks: &[&str]| {
        let options = Options {
            root: Some(place.path().to_owned()),
            select: Some(checks.iter().map(|&check| check.to_owned()).collect()),
            ..Options::default()
        };
        let settings = resolve(options).expect("settings");
        let executor = Executor::new(2, StopFlag::default()).expect("threads");
        let stages = Stages::default();
        let scan = scan(&settings, &executor, &stages).expect("a scan");
        let opened = stages
            .0
            .lock()
            .expect("no panic")
            .contains(&Stage::Fingerprint);
        let unseen: u64 = scan.headlines.splits.iter().map(|split| split.unseen).sum();
        (opened, unseen, scan.evidence.fingerprints.len())
    };
    let needless: Vec<&str> = registry::all()
        .filter(|declared| {
            let check = (declared.build)(toml::Table::new()).expect("defaults");
            !check.needs().opens_images(false)
        })
        .map(|declared| declared.info.code)
        .collect();
    // All that counts samples and reads names; DIST007 compares files of equal sizes.
    for code in [
        "DIST001", "DIST002", "DIST003", "DIST004", "DIST005", "DIST006", "DIST007", "DIST008",
        "DIST009", "DIST010", "DIST011", "LEAK005",
    ] {
        assert!(needless.contains(&code), "{code} opens images");
    }
    assert_eq!(of(&needless), (false, 0, 0));
    assert_eq!(of(&["FILE"]), (true, 10, 10));
}

#[test]
fn every_check_is_silent_on_its_clean_set() {
    for declared in registry::all() {
        let code = declared.info.code;
        let scan = scan_only(code, &fixture(code, "clean"));
        let messages: Vec<_> = scan.outcome.findings.iter().map(|f| &f.message).collect();
        assert!(messages.is_empty(), "{code}: {messages:?}");
        let run = scan.outcome.runs.iter().find(|run| run.check.code == code);
        assert_eq!(
            run.map(|run| &run.state),
            Some(&RunState::Completed),
            "{code}"
        );
    }
}
