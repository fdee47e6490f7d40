//! Objects under a wrong class are found by what their boxes show, and only those.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{ImageFormat, Rgb, RgbImage};
use splitlint::config::{CacheOption, Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::finding::RunState;
use splitlint::fingerprint::compute;
use splitlint::labelling::External;
use splitlint::progress::Silent;
use splitlint::scan::{Prepared, Scan, examine, scan};
use splitlint::source::{self, Listed};

use super::put;

const NAMES: [&str; 3] = ["bars", "checks", "rings"];
const SIDE: u32 = 160;
/// A margin around the box shows what lies beside the object.
const BOX: u32 = 48;

/// A number from 0 to below 1 for each seed (SplitMix64's finalizer).
fn dice(seed: u64) -> f64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// The brightness of an object of `class` at a place within it.
fn texture(class: usize, x: u32, y: u32, period: f64, phase: f64) -> f64 {
    let wave = |t: f64| (t * std::f64::consts::TAU / period + phase).sin();
    let (x, y) = (f64::from(x), f64::from(y));
    let middle = f64::from(BOX) / 2.0;
    match class {
        0 => wave(y),
        1 => wave(x) * wave(y),
        _ => wave((x - middle).hypot(y - middle)),
    }
}

/// Objects of one image: where, and what is truly there.
fn objects(number: u64) -> [(u32, u32, usize); 2] {
    [0, 1].map(|half| {
        let at = |which: u64, most: f64| (most * dice(number * 64 + half * 8 + which)) as u32;
        let x = 8 + half as u32 * 80 + at(1, 16.0);
        (x, 20 + at(2, 80.0), at(3, 3.0) as usize)
    })
}

fn painted(number: u64) -> Vec<u8> {
    let noise = |x: u32, y: u32| 12.0 * dice(number << 20 | u64::from(y * SIDE + x));
    let mut image = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let value = 90.0 + 20.0 * (f64::from(x + y) / 40.0 + number as f64).sin() + noise(x, y);
        Rgb([value as u8; 3])
    });
    for (half, (left, top, class)) in (0..).zip(objects(number)) {
        let period = 9.0 + 5.0 * dice(number * 64 + 20 + half);
        let phase = 6.0 * dice(number * 64 + 22 + half);
        for y in 0..BOX {
            for x in 0..BOX {
                let value = 128.0 + 90.0 * texture(class, x, y, period, phase);
                let value = value + noise(left + x, top + y);
                image.put_pixel(left + x, top + y, Rgb([value as u8; 3]));
            }
        }
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    (image.write_to(&mut bytes, ImageFormat::Png)).expect("in memory");
    bytes.into_inner()
}

/// Images under these objects' classes, those of `wrong` turned into the next one.
fn write(root: &Path, images: u64, wrong: &BTreeSet<(u64, usize)>) -> PathBuf {
    let names = NAMES.join(", ");
    let yaml = format!("train: images/train\nval: images/val\nnames: [{names}]\n");
    put(&root.join("data.yaml"), yaml.as_bytes());
    for number in 0..images {
        let split = if number % 4 == 0 { "val" } else { "train" };
        let name = format!("{split}/im{number:03}");
        put(&root.join(format!("images/{name}.png")), &painted(number));
        let mut text = String::new();
        for (place, (left, top, class)) in objects(number).into_iter().enumerate() {
            let class = (class + usize::from(wrong.contains(&(number, place)))) % NAMES.len();
            let share = |pixels: f64| pixels / f64::from(SIDE);
            let middle = |start: u32| share(f64::from(start) + f64::from(BOX) / 2.0);
            let side = share(f64::from(BOX));
            text += &format!("{class} {} {} {side} {side}\n", middle(left), middle(top));
        }
        put(&root.join(format!("labels/{name}.txt")), text.as_bytes());
    }
    root.to_owned()
}

fn scanned(root: &Path, cache: CacheOption, jobs: usize, set: &[&str]) -> Scan {
    let mut options = Options {
        root: Some(root.to_owned()),
        select: Some(vec!["LABEL008".to_owned()]),
        cache: Some(cache),
        ..Options::default()
    };
    for line in set {
        let table: toml::Table = toml::from_str(line).expect("a table");
        options.checks.extend(
            table
                .into_iter()
                .map(|(name, value)| (name, value.try_into().expect("a table"))),
        );
    }
    let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
    scan(&resolve(options).expect("settings"), &executor, &Silent).expect("a scan")
}

fn messages(scan: &Scan) -> Vec<String> {
    let findings = scan.outcome.findings.iter();
    findings.map(|finding| finding.message.clone()).collect()
}

#[test]
fn wrong_classes_are_found_and_right_ones_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = BTreeSet::from([(4, 0), (9, 1), (23, 0), (40, 1), (61, 0), (77, 1)]);
    let root = write(&folder.path().join("set"), 90, &wrong);
    let cache = || CacheOption::At(folder.path().join("cache"));
    let first = scanned(&root, cache(), 1, &[]);
    let flagged: BTreeSet<(u64, usize)> = (first.outcome.findings.iter())
        .map(|finding| {
            let key = first
                .evidence
                .listing
                .sample(finding.samples[0])
                .key
                .as_str();
            let stem = key.trim_end_matches(".png");
            let number = stem[stem.len() - 3..].parse().expect("a number");
            let objects = objects(number);
            let is_second = finding.message.contains(&format!("at {}, ", objects[1].0));
            (number, usize::from(is_second))
        })
        .collect();
    assert!(
        flagged.is_subset(&wrong) && flagged.len() + 1 >= wrong.len(),
        "{:#?}",
        messages(&first)
    );
    // What was judged is recalled, on any number of threads, and found again without the cache.
    let again = scanned(&root, cache(), 4, &[]);
    let fresh = scanned(&root, CacheOption::Use(false), 4, &[]);
    assert_eq!(messages(&first), messages(&again));
    assert_eq!(messages(&first), messages(&fresh));
    assert_eq!(
        first.evidence.object_labels, again.evidence.object_labels,
        "the cache changes what is said"
    );
}

#[test]
fn objects_that_were_not_judged_are_no_success() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = write(&folder.path().join("set"), 6, &BTreeSet::new());
    let line = "[suspicious-object-label]\nup-to = 5\n";
    let scan = scanned(&root, CacheOption::Use(false), 1, &[line]);
    let run = (scan.outcome.runs.iter()).find(|run| run.check.code == "LABEL008");
    let Some(RunState::NotApplicable(why)) = run.map(|run| &run.state) else {
        panic!("{run:?}");
    };
    assert!(why.contains("12 objects, more than `up-to` = 5"), "{why}");
}

#[test]
fn object_of_an_image_that_vanished_is_not_judged_and_one_that_reaches_out_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = write(&folder.path().join("set"), 12, &BTreeSet::new());
    // A third of this box lies outside.
    let reaching = root.join("labels/train/im001.txt");
    put(&reaching, b"0 0.05 0.5 0.3 0.3\n1 0.6 0.5 0.3 0.3\n");
    let options = Options {
        root: Some(root.clone()),
        select: Some(vec!["LABEL008".to_owned()]),
        cache: Some(CacheOption::Use(false)),
        ..Options::default()
    };
    let settings = resolve(options).expect("settings");
    let executor = Executor::new(2, StopFlag::default()).expect("threads");
    let Listed {
        listing, reader, ..
    } = source::list(&settings.request, executor.stop(), &Silent).expect("listed");
    let (reader, limits) = (Arc::from(reader), settings.limits);
    let fingerprinted = compute(&listing, reader, limits, None, &executor, &Silent);
    std::fs::remove_file(root.join("images/train/im005.png")).expect("there");
    let prepared = Prepared {
        listing,
        fingerprinted: fingerprinted.expect("fingerprints"),
        footprints: None,
        given: None,
        external: External::Nothing,
        notes: Vec::new(),
    };
    let scan = examine(&settings, prepared, &executor, &Silent);
    let labels = scan.evidence.object_labels.as_ref().expect("judged");
    let key = |id: &_| scan.evidence.listing.sample(*id).key.as_str().to_owned();
    let owners: Vec<String> = labels.owners.iter().map(key).collect();
    assert_eq!(
        owners.len(),
        22,
        "all but the two of the image that is gone"
    );
    assert!(owners.iter().all(|key| !key.contains("im005")));
    let of_reaching = owners.iter().filter(|key| key.contains("im001"));
    assert_eq!(of_reaching.count(), 2);
    let note = scan.notes.iter().find(|note| note.contains("im005"));
    let note = note.expect("a note names the image");
    assert!(note.starts_with("2 objects were not judged"), "{note}");
}
