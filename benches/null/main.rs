//! How often the checks of distribution, groups and shortcuts speak on data
//! that gives them no cause, and how often on data that does; and what they
//! cost on a million samples.
//!
//! `cargo bench --bench null [-- DRAWS]`: 1,000 draws each unless said otherwise; one part
//! of it with `alarms`, `verdicts` or `power` before the number.
//! `cargo bench --bench null -- cost [SAMPLES]`: seconds by check.

#![expect(clippy::print_stdout, reason = "a table for the terminal")]

mod made;

use std::time::Instant;

use splitlint::checks::{CheckContext, Findings, registry};
use splitlint::distribution::{self, Division};
use splitlint::evidence::Evidence;
use splitlint::executor::{Executor, StopFlag};
use splitlint::fingerprint::FingerprintTable;
use splitlint::quality::QualityTable;
use splitlint::sample::Listing;

use made::Made;

fn main() {
    let number = std::env::args().find_map(|a| a.parse().ok());
    let Ok(executor) = Executor::new(0, StopFlag::default()) else {
        return;
    };
    let draws = u64::from(number.unwrap_or(1000));
    type Part = fn(u64, &Executor);
    let parts: [(&str, Part); 3] = [("alarms", alarms), ("verdicts", names), ("power", power)];
    let asked = |name: &str| std::env::args().any(|a| a == name);
    if asked("cost") {
        return cost(number.unwrap_or(1_000_000), &executor);
    }
    let all = !parts.iter().any(|(name, _)| asked(name));
    println!("{draws} draws a line; how often each check speaks");
    for (name, part) in parts {
        if all || asked(name) {
            part(draws, &executor);
        }
    }
}

/// False alarms.
fn alarms(draws: u64, executor: &Executor) {
    println!("no cause: random splits 80/10/10 of one population");
    for (classes, samples) in [(2, 200), (10, 300), (10, 3_000), (100, 2_000)] {
        for tail in [false, true] {
            let made = Made {
                classes,
                samples,
                tail,
                ..Made::default()
            };
            line(&format!("{made}"), &CODES, &made, draws, executor);
        }
    }
}

/// What splits are called.
fn names(draws: u64, executor: &Executor) {
    println!("what the split is called: random, stratified and drifted ones");
    for (classes, samples) in [
        (2, 200),
        (10, 300),
        (10, 3_000),
        (100, 2_000),
        (100, 20_000),
    ] {
        let random = Made {
            classes,
            samples,
            tail: true,
            ..Made::default()
        };
        verdicts(&format!("{random}, random"), &random, draws, executor);
        let stratified = Made {
            stratified: true,
            ..random.clone()
        };
        verdicts(
            &format!("{random}, stratified"),
            &stratified,
            draws,
            executor,
        );
        let moved = Made {
            moved: 0.2,
            ..random.clone()
        };
        verdicts(&format!("{random}, 20% moved"), &moved, draws, executor);
    }
}

/// What is planted and found.
fn power(draws: u64, executor: &Executor) {
    println!("cause: what is planted, and the check that is to find it");
    let base = Made {
        classes: 10,
        samples: 3_000,
        ..Made::default()
    };
    for (share, code) in [(0.1, "DIST001"), (0.2, "DIST001")] {
        let made = Made {
            moved: share,
            ..base.clone()
        };
        let what = format!("{:.0}% of test labels moved to class 0", share * 100.0);
        line(&what, &[code], &made, draws, executor);
    }
    let absent = Made {
        absent: true,
        ..base.clone()
    };
    line(
        "class 0 removed from val",
        &["DIST002"],
        &absent,
        draws,
        executor,
    );
    let quality = Made {
        quality: true,
        ..base.clone()
    };
    line(
        "class 0 saved at another quality",
        &["SHORTCUT001"],
        &quality,
        draws,
        executor,
    );
    let size = Made {
        size: true,
        ..base.clone()
    };
    line(
        "val of another size",
        &["SHORTCUT002", "SHORTCUT003"],
        &size,
        draws,
        executor,
    );
    for likeness in [0, 8] {
        let videos = Made {
            videos: Some(likeness),
            ..base.clone()
        };
        let what = format!("30 videos of 12 frames, dealt at random, {likeness} bits alike");
        line(&what, &["LEAK006"], &videos, draws, executor);
    }
}

/// Seconds of every check that asks neither for pairs nor for a label model,
/// on samples of a thousand classes with a long tail.
fn cost(samples: u32, executor: &Executor) {
    let made = Made {
        classes: 1000,
        samples,
        tail: true,
        ..Made::default()
    };
    println!("{made}");
    let (listing, fingerprints) = made.draw(0);
    let mut clock = Clock(Instant::now());
    let classes = distribution::count(&listing);
    let Ok(drift) = distribution::drift(&listing, &classes, executor) else {
        return;
    };
    clock.tell("counts and drift");
    let quality = QualityTable::of(&listing, &fingerprints);
    clock.tell("quality");
    let evidence = Evidence {
        listing,
        fingerprints,
        classes,
        drift,
        quality,
        ..Evidence::default()
    };
    let data = CheckContext {
        evidence: &evidence,
        executor,
    };
    for declared in registry::all() {
        let Ok(check) = (declared.build)(toml::Table::new()) else {
            continue;
        };
        if check.needs().duplicates || check.needs().label_model {
            continue;
        }
        let mut found = Findings::new(declared.info, declared.info.severity);
        let ran = check.run(&data, &mut found);
        clock.tell(&format!(
            "{}: {} findings{}",
            declared.info.code,
            found.into_vec().len(),
            if ran.is_ok() { "" } else { ", failed" }
        ));
    }
}

/// Prints the seconds since it was last asked.
struct Clock(Instant);

impl Clock {
    fn tell(&mut self, what: &str) {
        println!("{what:36} {:8.2} s", self.0.elapsed().as_secs_f64());
        self.0 = Instant::now();
    }
}

const CODES: [&str; 5] = [
    "DIST001",
    "LEAK006",
    "SHORTCUT001",
    "SHORTCUT002",
    "SHORTCUT003",
];

fn line(what: &str, codes: &[&str], made: &Made, draws: u64, executor: &Executor) {
    let mut spoken = vec![0u64; codes.len()];
    for draw in 0..draws {
        let (listing, fingerprints) = made.draw(draw);
        for (spoken, code) in spoken.iter_mut().zip(codes) {
            *spoken += u64::from(speaks(code, &listing, &fingerprints, executor));
        }
    }
    let shares: Vec<String> = codes
        .iter()
        .zip(spoken)
        .map(|(code, count)| format!("{code} {:6.2}%", count as f64 / draws as f64 * 100.0))
        .collect();
    println!("{what:52} {}", shares.join("  "));
}

/// How often the pair of train and test is called what.
fn verdicts(what: &str, made: &Made, draws: u64, executor: &Executor) {
    let kinds = [
        Division::Stratified,
        Division::Random,
        Division::Drifted,
        Division::CannotTell,
    ];
    let mut of_kind = [0u64; 4];
    for draw in 0..draws {
        let (listing, _) = made.draw(draw);
        let counts = distribution::count(&listing);
        let pairs = distribution::drift(&listing, &counts, executor).unwrap_or_default();
        let of_test = pairs.iter().find(|pair| (pair.a.0, pair.b.0) == (0, 2));
        for (found, kind) in of_kind.iter_mut().zip(kinds) {
            *found += u64::from(of_test.is_some_and(|pair| pair.division == kind));
        }
    }
    let shares: Vec<String> = (kinds.iter().zip(of_kind))
        .map(|(kind, count)| {
            let share = count as f64 / draws as f64 * 100.0;
            format!("{} {share:6.2}%", kind.name())
        })
        .collect();
    println!("{what:52} {}", shares.join("  "));
}

fn speaks(
    code: &str,
    listing: &Listing,
    fingerprints: &FingerprintTable,
    executor: &Executor,
) -> bool {
    let Some(declared) = registry::find(code) else {
        return false;
    };
    let classes = distribution::count(listing);
    // Drift costs more than all else, and no other family reads it.
    let drift = if code.starts_with("DIST") {
        distribution::drift(listing, &classes, executor).unwrap_or_default()
    } else {
        Vec::new()
    };
    let evidence = Evidence {
        listing: listing.clone(),
        fingerprints: fingerprints.clone(),
        classes,
        drift,
        ..Evidence::default()
    };
    let data = CheckContext {
        evidence: &evidence,
        executor,
    };
    let mut found = Findings::new(declared.info, declared.info.severity);
    let ran = (declared.build)(toml::Table::new()).map(|check| check.run(&data, &mut found));
    ran.is_ok() && !found.into_vec().is_empty()
}
