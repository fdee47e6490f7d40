//! The demo set against its answer key: what was planted is found, and nothing
//! else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use splitlint::config::{Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::progress::Silent;
use splitlint::scan::{Scan, scan};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo")
}

fn scan_demo() -> Scan {
    let options = Options {
        root: Some(demo()),
        ..Options::default()
    };
    let settings = resolve(options).expect("settings");
    let executor = Executor::new(0, StopFlag::default()).expect("threads");
    scan(&settings, &executor, &Silent).expect("a scan")
}

/// Code, then samples, splits and labels joined by `;` in order. A finding
/// about samples is known by them alone.
type Answer = [String; 4];

fn joined(names: impl Iterator<Item = String>) -> String {
    let names: BTreeSet<_> = names.collect();
    Vec::from_iter(names).join(";")
}

#[test]
fn scan_of_the_demo_finds_exactly_what_was_planted() {
    let scan = scan_demo();
    let listing = &scan.evidence.listing;
    let found: BTreeSet<Answer> = (scan.outcome.findings.iter())
        .map(|finding| {
            // A suspicious label is listed with its neighbours; it is the first.
            let messages = match finding.check.code {
                "LABEL002" => 1,
                _ => finding.samples.len(),
            };
            let samples = joined(
                (finding.samples.iter())
                    .take(messages)
                    .map(|&id| listing.sample(id).key.to_string()),
            );
            let about_samples = !samples.is_empty();
            let splits = joined(
                finding
                    .splits
                    .iter()
                    .map(|s| listing.splits[s.index()].name.clone()),
            );
            let labels = joined(
                finding
                    .labels
                    .iter()
                    .map(|&c| listing.class_name(c).to_owned()),
            );
            let keep = |names: String| if about_samples { String::new() } else { names };
            [
                finding.check.code.to_owned(),
                samples.clone(),
                keep(splits),
                keep(labels),
            ]
        })
        .collect();

    let mut table = csv::Reader::from_path(demo().join("answers.csv")).expect("answers.csv");
    let planted: BTreeSet<Answer> = (table.records())
        .map(|row| {
            let row = row.expect("a row");
            [0, 1, 2, 3].map(|column| joined(row[column].split(';').map(str::to_owned)))
        })
        .collect();

    let missed: Vec<_> = planted.difference(&found).collect();
    let invented: Vec<_> = found.difference(&planted).collect();
    assert!(
        missed.is_empty() && invented.is_empty(),
        "missed: {missed:#?}\ninvented: {invented:#?}"
    );
}
