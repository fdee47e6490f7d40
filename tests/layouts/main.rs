//! One small set in every layout: always the same pairs, classes and verdict.
//! A new layout adds a module that writes the set, and a line in `LAYOUTS`.

mod archives;
mod arrays;
mod carried;
mod coco;
#[path = "../support/deflated.rs"]
mod deflated;
mod folders;
mod hugging_face;
mod masks;
mod nifti;
mod object_labels;
mod objects;
#[path = "../support/shards.rs"]
mod shards;
mod tables;
mod voc;
#[path = "../../src/nifti/written.rs"]
mod volumes;
mod webdataset;
mod yolo;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use image::{ImageFormat, Rgb, RgbImage};
use splitlint::config::{CacheOption, Options, resolve};
use splitlint::decisions::Carried;
use splitlint::executor::{Executor, StopFlag};
use splitlint::progress::{Progress, Stage};
use splitlint::report::Report;
use splitlint::report::{github, gitlab, sarif};
use splitlint::sample::SampleId;
use splitlint::scan::{Scan, scan};

/// Writes the set into a folder, and answers with what to scan.
type Write = fn(&[Image], &Path) -> PathBuf;

/// Every layout by the name of its writer.
const LAYOUTS: &[(&str, Write)] = &[
    ("folders", folders::write),
    ("zip", archives::zip),
    ("deflated zip", archives::deflated),
    ("tar", archives::tar),
    ("tar.gz", archives::tar_gz),
    ("coco", coco::write),
    ("voc", voc::write),
    ("voc beside images", voc::beside),
    ("masks", masks::write),
    ("table of ids", tables::ids),
    ("one-hot tables", tables::one_hot),
    ("webdataset", webdataset::write),
    ("parquet shards", hugging_face::parquet),
    ("image folder with metadata", hugging_face::metadata),
    ("yolo", yolo::write),
    ("yolo in a tar", yolo::in_tar),
];

/// An image of the set. Its stem is its name in every layout.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) split: &'static str,
    pub(crate) class: &'static str,
    pub(crate) stem: String,
    /// Of a PNG file.
    pub(crate) bytes: Vec<u8>,
}

pub(crate) const CLASSES: [&str; 2] = ["bird", "cat"];

/// Twelve images of train and six of val. One of val is a copy from train, one
/// of train is there again under the other label, and one of val is cut off.
fn set() -> Vec<Image> {
    let mut images: Vec<Image> = Vec::new();
    for (split, count) in [("train", 12), ("val", 6)] {
        for index in 0..count {
            let number = images.len();
            images.push(Image {
                split,
                class: CLASSES[index % 2],
                stem: format!("im{number:03}"),
                bytes: png(number as u32),
            });
        }
    }
    images[14].bytes = images[2].bytes.clone();
    images[7].bytes = images[4].bytes.clone();
    let half = images[17].bytes.len() / 2;
    images[17].bytes.truncate(half);
    images
}

/// An image of bright and dark blocks that depend on `seed` alone.
pub(crate) fn png(seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let blocks: Vec<u8> = (0..192)
        .map(|_| {
            // Marsaglia's xorshift (2003), 32 bits.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as u8
        })
        .collect();
    let image = RgbImage::from_fn(128, 96, |x, y| {
        let block = (y / 12 * 8 + x / 16) as usize * 3;
        Rgb([blocks[block], blocks[block + 1], blocks[block + 2]])
    });
    let mut png = Cursor::new(Vec::new());
    image
        .write_to(&mut png, ImageFormat::Png)
        .expect("written to memory");
    png.into_inner()
}

/// Keeps the last words of each stage.
#[derive(Default)]
struct Words(Mutex<BTreeMap<String, String>>);

impl Progress for Words {
    fn begin(&self, _: Stage, _: Option<u64>) {}

    fn advance(&self, _: u64) {}

    fn end(&self, stage: Stage, words: &str) {
        let mut kept = self.0.lock().expect("no panic");
        kept.insert(format!("{stage:?}"), words.to_owned());
    }
}

fn scanned(root: &Path, cache: Option<&Path>, jobs: usize) -> (Scan, String) {
    let options = Options {
        root: Some(root.to_owned()),
        select: Some(
            ["LEAK", "LABEL001", "FILE", "DIST"]
                .map(str::to_owned)
                .to_vec(),
        ),
        cache: Some(cache.map_or(CacheOption::Use(false), |at| CacheOption::At(at.to_owned()))),
        ..Options::default()
    };
    let settings = resolve(options).expect("settings");
    let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
    let words = Words::default();
    let scan = scan(&settings, &executor, &words)
        .unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let said = words.0.into_inner().expect("no panic");
    let said = said.get("Fingerprint").cloned().unwrap_or_default();
    (scan, said)
}

/// The stem of a sample's name.
fn stem(scan: &Scan, id: SampleId) -> String {
    let key = scan.evidence.listing.sample(id).key.as_str();
    let name = key.rsplit('/').next().unwrap_or(key);
    name.split('.').next().unwrap_or(name).to_owned()
}

/// What must not depend on the layout.
#[derive(Debug, PartialEq)]
struct Judged {
    pairs: BTreeSet<Vec<String>>,
    classes: BTreeMap<(String, String), usize>,
    findings: BTreeSet<(String, Vec<String>)>,
    verdict: u8,
}

fn judged(scan: &Scan) -> Judged {
    let stems = |ids: &[SampleId]| {
        let mut stems: Vec<String> = ids.iter().map(|&id| stem(scan, id)).collect();
        stems.sort();
        stems
    };
    let listing = &scan.evidence.listing;
    let mut classes = BTreeMap::new();
    for sample in &listing.samples {
        let split = listing.split_name(sample.split).unwrap_or("-").to_owned();
        *classes
            .entry((split, listing.label_text(sample.id)))
            .or_default() += 1;
    }
    Judged {
        pairs: (scan.evidence.duplicates.pairs.iter())
            .map(|pair| stems(&[pair.a, pair.b]))
            .collect(),
        classes,
        findings: (scan.outcome.findings.iter())
            // What files lie beside the images is a matter of the layout.
            .filter(|finding| !["FILE004", "FILE009"].contains(&finding.check.code))
            .map(|finding| (finding.check.code.to_owned(), stems(&finding.samples)))
            .collect(),
        verdict: scan.outcome.verdict.exit_code(),
    }
}

#[test]
fn one_set_is_judged_alike_in_every_layout() {
    let images = set();
    let plain = tempfile::tempdir().expect("a folder");
    let (expected, _) = scanned(&folders::write(&images, plain.path()), None, 2);
    let expected = judged(&expected);
    let pair = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
    assert_eq!(
        expected.pairs,
        BTreeSet::from([pair("im002", "im014"), pair("im004", "im007")])
    );
    let codes: Vec<&str> = expected
        .findings
        .iter()
        .map(|(code, _)| code.as_str())
        .collect();
    for code in ["LEAK001", "LABEL001", "FILE001"] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
    assert_eq!(expected.verdict, 1);
    for (name, write) in LAYOUTS {
        let folder = tempfile::tempdir().expect("a folder");
        let (scan, _) = scanned(&write(&images, folder.path()), None, 2);
        assert_eq!(
            judged(&scan),
            expected,
            "{name}: {}",
            scan.evidence.listing.layout.summary
        );
    }
}

/// Arrays have neither names nor images that are cut off: the rest is judged
/// alike, position by position.
#[test]
fn arrays_are_judged_as_the_same_images_in_folders() {
    let whole: Vec<Image> = set()
        .into_iter()
        .take(17)
        .map(|image| Image {
            // By the numbers of the classes.
            class: if image.class == CLASSES[0] { "0" } else { "1" },
            ..image
        })
        .collect();
    let plain = tempfile::tempdir().expect("a folder");
    let (expected, _) = scanned(&folders::write(&whole, plain.path()), None, 2);
    let expected = judged(&expected);
    let named: Vec<Image> = set().into_iter().take(17).collect();
    for (name, write) in [("idx", arrays::idx as Write), ("npz", arrays::npz)] {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = tempfile::tempdir().expect("a folder");
        let root = write(&named, folder.path());
        let (scan, _) = scanned(&root, Some(cache.path()), 2);
        // From `val/00003` to the name of the fourth image of val.
        let stem_of = |stem: &str, id: SampleId| {
            let split = scan.evidence.listing.sample(id).split;
            let split = scan.evidence.listing.split_name(split).expect("a split");
            let number: usize = stem.parse().expect("a number");
            let mut own = named.iter().filter(|image| image.split == split);
            own.nth(number).expect("an image").stem.clone()
        };
        let stems = |ids: &[SampleId]| {
            let mut stems: Vec<String> =
                (ids.iter().map(|&id| stem_of(&stem(&scan, id), id))).collect();
            stems.sort();
            stems
        };
        let found = judged(&scan);
        assert_eq!(found.classes, expected.classes, "{name}");
        assert_eq!(found.verdict, expected.verdict, "{name}");
        let pairs: BTreeSet<Vec<String>> = (scan.evidence.duplicates.pairs.iter())
            .map(|pair| stems(&[pair.a, pair.b]))
            .collect();
        assert_eq!(pairs, expected.pairs, "{name}");
        let findings: BTreeSet<(String, Vec<String>)> = (scan.outcome.findings.iter())
            .map(|finding| (finding.check.code.to_owned(), stems(&finding.samples)))
            .collect();
        assert_eq!(findings, expected.findings, "{name}");
        let (second, said) = scanned(&root, Some(cache.path()), 1);
        assert_eq!(
            said, "17 of 17 images, 17 of them known from earlier scans",
            "{name}"
        );
        assert_eq!(judged(&second), found, "{name}");
    }
}

/// A slice is called by its volume; the rest is judged alike.
#[test]
fn volumes_are_judged_as_their_slices_in_folders() {
    let whole: Vec<Image> = set().into_iter().take(17).collect();
    let plain = tempfile::tempdir().expect("a folder");
    let (expected, _) = scanned(&folders::write(&whole, plain.path()), None, 2);
    let expected = judged(&expected);
    assert_eq!(expected.pairs.len(), 2);
    let folder = tempfile::tempdir().expect("a folder");
    let cache = tempfile::tempdir().expect("a folder");
    let root = nifti::write(&whole, folder.path());
    let (scan, _) = scanned(&root, Some(cache.path()), 2);
    let volume = |id: &SampleId| {
        let key = scan.evidence.listing.sample(*id).key.as_str();
        let name = key.rsplit('/').nth(1).expect("a volume");
        name.split('.').next().expect("a name").to_owned()
    };
    let stems = |ids: &[SampleId]| {
        let mut stems: Vec<String> = ids.iter().map(volume).collect();
        stems.sort();
        stems
    };
    let found = judged(&scan);
    assert_eq!(found.classes, expected.classes);
    assert_eq!(found.verdict, expected.verdict);
    let pairs: BTreeSet<Vec<String>> = (scan.evidence.duplicates.pairs.iter())
        .map(|pair| stems(&[pair.a, pair.b]))
        .collect();
    assert_eq!(pairs, expected.pairs);
    let findings: BTreeSet<(String, Vec<String>)> = (scan.outcome.findings.iter())
        .map(|finding| (finding.check.code.to_owned(), stems(&finding.samples)))
        .collect();
    assert_eq!(findings, expected.findings);
    let (second, said) = scanned(&root, Some(cache.path()), 1);
    assert_eq!(said, "17 of 17 images, 17 of them known from earlier scans");
    assert_eq!(judged(&second), found);
}

#[test]
fn a_second_scan_decodes_nothing_and_finds_the_same() {
    let images = set();
    for (name, write) in LAYOUTS {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = tempfile::tempdir().expect("a folder");
        let root = write(&images, folder.path());
        let (first, _) = scanned(&root, Some(cache.path()), 2);
        let (second, said) = scanned(&root, Some(cache.path()), 1);
        assert_eq!(
            said, "17 of 18 images, 17 of them known from earlier scans",
            "{name}"
        );
        assert!(
            first.evidence.fingerprints == second.evidence.fingerprints,
            "{name}"
        );
        assert_eq!(judged(&first), judged(&second), "{name}");
    }
}

#[test]
fn report_locations_are_files_that_exist() {
    let images = set();
    for (name, write) in LAYOUTS {
        let folder = tempfile::tempdir().expect("a folder");
        let root = write(&images, folder.path());
        let (scan, _) = scanned(&root, None, 1);
        let base = if root.is_dir() {
            root.as_path()
        } else {
            folder.path()
        };
        for finding in scan
            .outcome
            .findings
            .iter()
            .flat_map(|finding| &finding.samples)
        {
            let listing = &scan.evidence.listing;
            let file = listing
                .container_of(*finding)
                .unwrap_or(&listing.sample(*finding).key);
            assert!(base.join(file.as_str()).is_file(), "{name}: {file}");
        }
        if scan.evidence.listing.containers.files.is_empty() {
            continue;
        }
        let report = Report {
            resplit: None,
            dataset: "set",
            request: &splitlint::source::Request::default(),
            evidence: &scan.evidence,
            outcome: &scan.outcome,
            headlines: &scan.headlines,
            drops: &scan.drops,
            decided: &Carried::default(),
        };
        let container = scan.evidence.listing.containers.files[0].as_str();
        for printed in [
            sarif::render(&report),
            github::render(&report),
            gitlab::render(&report),
        ] {
            assert!(printed.contains(container), "{name}: {container}");
            assert!(printed.contains("im014"), "{name}: the member is named");
        }
    }
}

/// Writes a file with the folders above it.
pub(crate) fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    fs::write(path, bytes).expect("written");
}
