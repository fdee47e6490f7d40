//! Finds planted copies: `cargo bench --bench planted -- FOLDER [SEED]...`.
//!
//! For each seed (1 to 5 unless given) 800 images of the folder become a
//! training split; 400 of them come back in the test split, each with one
//! alteration, saved as an image file of its own, beside 400 images that are
//! nowhere else. Prints the recall for each alteration over all seeds, every
//! other pair reported, and the CPU time of the search for pairs.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

mod alter;
#[path = "../shared/mod.rs"]
mod shared;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use splitlint::config::{Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::progress::Stage;
use splitlint::scan::scan;

use shared::{Clock, photos};

/// Images in train, and how many of them are copied to test.
const TRAIN: usize = 800;
const COPIES: usize = 400;
/// Images in test that are nowhere else.
const DISTRACTORS: usize = 400;

/// What one seed gave.
struct Outcome {
    /// Found or not, by number of alteration.
    copies: Vec<(usize, bool)>,
    others: Vec<String>,
    samples: usize,
    cpu: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
    let Some(folder) = arguments.next() else {
        println!(
            "give a folder of at least {} JPEG files",
            TRAIN + DISTRACTORS
        );
        return Ok(());
    };
    let mut seeds = arguments
        .map(|a| a.parse())
        .collect::<Result<Vec<u64>, _>>()?;
    if seeds.is_empty() {
        seeds = (1..=5).collect();
    }
    let files = photos(Path::new(&folder), TRAIN + DISTRACTORS)?;
    let outcomes = (seeds.iter())
        .map(|&seed| plant_and_find(&files, seed))
        .collect::<Result<Vec<_>, _>>()?;
    for (number, alteration) in alter::ALL.iter().enumerate() {
        let all: Vec<bool> = (outcomes.iter())
            .flat_map(|outcome| &outcome.copies)
            .filter(|copy| copy.0 == number)
            .map(|copy| copy.1)
            .collect();
        let found = all.iter().filter(|&&found| found).count();
        let recall = found as f64 / all.len().max(1) as f64;
        let verdict = if recall < alteration.target {
            "below"
        } else {
            ""
        };
        println!(
            "{:24} {found:4} of {:4}  {recall:.3} (wanted {:.2}) {verdict}",
            alteration.name,
            all.len(),
            alteration.target
        );
    }
    let samples: usize = outcomes.iter().map(|outcome| outcome.samples).sum();
    let cpu: f64 = outcomes.iter().map(|outcome| outcome.cpu).sum();
    let others: Vec<&String> = outcomes.iter().flat_map(|o| &o.others).collect();
    println!("other pairs: {} in {samples} images", others.len());
    for other in others {
        println!("  {other}");
    }
    println!(
        "CPU of the search: {:.2} ms an image",
        cpu * 1e3 / samples as f64
    );
    Ok(())
}

fn plant_and_find(files: &[PathBuf], seed: u64) -> Result<Outcome, Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..files.len()).collect();
    for last in (1..order.len()).rev() {
        let other = (alter::unit(&mut rng) * (last + 1) as f64) as usize;
        order.swap(last, other);
    }
    let set = tempfile::tempdir()?;
    // One class: what the search for pairs makes of it does not hang on labels.
    let (train, test) = (set.path().join("train/all"), set.path().join("test/all"));
    fs::create_dir_all(&train)?;
    fs::create_dir_all(&test)?;
    for (place, &file) in order.iter().take(TRAIN).enumerate() {
        fs::copy(&files[file], train.join(format!("{place:04}.jpg")))?;
    }
    for (place, &file) in order.iter().skip(TRAIN).take(DISTRACTORS).enumerate() {
        fs::copy(&files[file], test.join(format!("other-{place:04}.jpg")))?;
    }
    let planted: Vec<(String, String, usize)> = (0..COPIES)
        .into_par_iter()
        .map(|place| {
            let number = place % alter::ALL.len();
            let mut rng = ChaCha8Rng::seed_from_u64(seed * 10_007 + place as u64);
            let source = fs::read(&files[order[place]]).map_err(|e| e.to_string())?;
            let altered = alter::ALL[number].apply(&source, &mut rng);
            let (bytes, extension) = altered.map_err(|e| e.to_string())?;
            let name = format!("copy-{place:04}.{extension}");
            fs::write(test.join(&name), bytes).map_err(|e| e.to_string())?;
            Ok((
                format!("train/all/{place:04}.jpg"),
                format!("test/all/{name}"),
                number,
            ))
        })
        .collect::<Result<_, String>>()?;

    let options = Options {
        root: Some(set.path().to_path_buf()),
        ..Options::default()
    };
    let executor = Executor::new(0, StopFlag::default())?;
    let clock = Clock::of(Stage::Duplicates);
    let settings = resolve(options).map_err(|e| format!("{e:?}"))?;
    let scan = scan(&settings, &executor, &clock)?;
    let key = |id| scan.evidence.listing.sample(id).key.as_str().to_owned();
    let mut found: BTreeSet<(String, String)> = BTreeSet::new();
    let mut words = Vec::new();
    for pair in &scan.evidence.duplicates.pairs {
        let (a, b) = (key(pair.a), key(pair.b));
        let names = (a.clone().max(b.clone()), a.min(b));
        words.push((
            names.clone(),
            pair.evidence.similarity,
            pair.evidence.transform,
        ));
        found.insert(names);
    }
    let copies: Vec<(usize, bool)> = (planted.iter())
        .map(|(train, test, number)| (*number, found.contains(&(train.clone(), test.clone()))))
        .collect();
    let real: BTreeSet<_> = planted
        .into_iter()
        .map(|(train, test, _)| (train, test))
        .collect();
    let source = |name: &str| {
        let digits: String = name.chars().filter(char::is_ascii_digit).collect();
        let place: usize = digits.parse().unwrap_or(0);
        let place = if name.contains("other-") {
            place + TRAIN
        } else {
            place
        };
        files[order[place]].display().to_string()
    };
    let others = (words.iter())
        .filter(|(names, ..)| !real.contains(names))
        .map(|((a, b), similarity, transform)| {
            format!(
                "seed {seed}: {} and {}, {similarity:.2}, {transform} ({a}, {b})",
                source(a),
                source(b)
            )
        })
        .collect();
    Ok(Outcome {
        copies,
        others,
        samples: scan.evidence.listing.samples.len(),
        cpu: clock.seconds(),
    })
}
