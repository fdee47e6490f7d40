//! A million objects in 100,000 images of a COCO set, from the annotation file to
//! the tables: CPU and clock seconds of each stage and the most memory used so
//! far. No image is decoded: their sizes are made up.
//!
//! `cargo bench --bench objects [-- IMAGES OBJECTS-AN-IMAGE CLASSES]`. Linux only:
//! CPU time and memory are read from `/proc/self`.

#![expect(clippy::print_stdout, reason = "a table for the terminal")]

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use splitlint::config::{Options, resolve};
use splitlint::decode::{ColourMode, Format, Header, Limits, Orientation};
use splitlint::executor::{Executor, StopFlag};
use splitlint::fingerprint::{
    Fingerprint, FingerprintTable, Fingerprinted, ImageFacts, Images, Statistics,
};
use splitlint::labelling::External;
use splitlint::progress::{Progress, Silent, Stage};
use splitlint::report::{Report, write_folder};
use splitlint::sample::ContentHash;
use splitlint::scan::{Prepared, examine};
use splitlint::source;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<u32> = (std::env::args().skip(1))
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let number = |place: usize, usual| given.get(place).copied().unwrap_or(usual);
    let (images, objects, classes) = (number(0, 100_000), number(1, 10), number(2, 80));
    let name = format!("splitlint-objects-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    write_set(&folder, images, objects, classes)?;
    let done = run(&folder);
    // Left behind only if the disk fails now.
    let _ = fs::remove_dir_all(&folder);
    done
}

fn run(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let clock = Clock::new();
    let checks = ["OBJECT", "DIST", "SHORTCUT004"];
    let settings = resolve(Options {
        root: Some(folder.join("set")),
        select: Some(checks.map(str::to_owned).to_vec()),
        ..Options::default()
    })?;
    let executor = Executor::new(0, StopFlag::default())?;
    let listed = source::list(&settings.request, executor.stop(), &Silent)?;
    let listing = listed.listing;
    let (images, objects) = (listing.samples.len(), listing.objects.len());
    clock.tell("listed");
    let table = (0..images as u32).map(|id| Some(fingerprint(id))).collect();
    let fingerprinted = Fingerprinted {
        table: FingerprintTable::new(table),
        images: Images::made(|_| None, Arc::from(listed.reader), Limits::default()),
        interrupted: false,
    };
    clock.tell("sizes made up");
    let prepared = Prepared {
        listing,
        fingerprinted,
        footprints: None,
        given: None,
        external: External::Nothing,
        notes: Vec::new(),
    };
    let scan = examine(&settings, prepared, &executor, &clock);
    clock.tell("all else of the scan");
    let report = Report {
        dataset: "synthetic",
        request: &settings.request,
        evidence: &scan.evidence,
        outcome: &scan.outcome,
        headlines: &scan.headlines,
        drops: &scan.drops,
        decided: &splitlint::decisions::Carried::default(),
        resplit: scan.resplit.as_ref(),
    };
    let place: PathBuf = folder.join("report");
    write_folder(&report, None, &place)?;
    clock.tell("tables");
    println!("{objects} objects in {images} images");
    for finding in &scan.outcome.findings {
        println!("{}: {}", finding.check.code, finding.message);
    }
    Ok(())
}

/// A COCO set in two splits. One box in a thousand is wrong: outside, thin or
/// twice.
fn write_set(folder: &Path, images: u32, objects: u32, classes: u32) -> std::io::Result<()> {
    let root = folder.join("set");
    fs::create_dir_all(root.join("annotations"))?;
    let mut dice = ChaCha8Rng::seed_from_u64(21);
    let mut part = |most: u32| dice.next_u32() % most.max(1);
    for (split, from, to) in [
        ("train", 0, images / 5 * 4),
        ("val", images / 5 * 4, images),
    ] {
        fs::create_dir_all(root.join(split))?;
        let path = root.join(format!("annotations/instances_{split}.json"));
        let mut file = BufWriter::new(fs::File::create(path)?);
        write!(file, "{{\"images\": [")?;
        for id in from..to {
            let comma = if id > from { "," } else { "" };
            write!(
                file,
                "{comma}\n{{\"id\": {id}, \"file_name\": \"{id:012}.jpg\"}}"
            )?;
            // What is in it is never read.
            fs::write(
                root.join(split).join(format!("{id:012}.jpg")),
                id.to_le_bytes(),
            )?;
        }
        write!(file, "],\n\"annotations\": [")?;
        let mut first = true;
        for id in from..to {
            for _ in 0..objects {
                let (width, height) = (8 + part(200), 8 + part(200));
                let (mut x, y) = (part(WIDTH - width), part(HEIGHT - height));
                let class = part(classes).min(part(classes));
                let mut times = 1;
                let mut thin = f64::from(width);
                match part(3_000) {
                    0 => x = WIDTH - 2,
                    1 => thin = 0.5,
                    2 => times = 2,
                    _ => {}
                }
                for _ in 0..times {
                    let comma = if first { "" } else { "," };
                    first = false;
                    write!(
                        file,
                        "{comma}\n{{\"image_id\": {id}, \"category_id\": {class}, \"iscrowd\": 0, \
                         \"bbox\": [{x}, {y}, {thin}, {height}]}}"
                    )?;
                }
            }
        }
        write!(file, "],\n\"categories\": [")?;
        for class in 0..classes {
            let comma = if class > 0 { "," } else { "" };
            write!(
                file,
                "{comma}\n{{\"id\": {class}, \"name\": \"class {class:03}\"}}"
            )?;
        }
        writeln!(file, "]}}")?;
    }
    Ok(())
}

fn fingerprint(id: u32) -> Fingerprint {
    Fingerprint {
        content: Some(ContentHash::of(&id.to_le_bytes())),
        bytes: 90_000,
        image: Ok(ImageFacts {
            header: Header {
                format: Format::Jpeg,
                width: WIDTH,
                height: HEIGHT,
                orientation: Orientation::Upright,
                colour: ColourMode::Rgb,
                bit_depth: 8,
                animated: false,
                exif: None,
                jpeg: None,
                icc: None,
            },
            statistics: Statistics {
                brightness: 128.0,
                contrast: 60.0,
                mean_cb: 128.0,
                mean_cr: 128.0,
                colourfulness: 20.0,
                sharpness: 400.0,
                edge_sharpness: Some(1.5),
                entropy: 7.0,
                luma_p1: 5.0,
                luma_p5: 10.0,
                luma_p99: 250.0,
                border_luma: 128.0,
                border_width: 0.0,
            },
            hashes: None,
            mattes: false,
        }),
    }
}

/// Prints the time since the last stage, and the memory.
struct Clock(Mutex<(Instant, f64)>);

impl Clock {
    fn new() -> Self {
        Self(Mutex::new((Instant::now(), cpu_seconds().unwrap_or(0.0))))
    }

    fn tell(&self, what: &str) {
        let (clock, cpu) = (Instant::now(), cpu_seconds().unwrap_or(0.0));
        let Ok(mut last) = self.0.lock() else { return };
        println!(
            "{what:28} {:7.2} CPU s {:7.2} s {:7.0} MiB at most",
            cpu - last.1,
            (clock - last.0).as_secs_f64(),
            memory("VmHWM:").unwrap_or(0.0),
        );
        *last = (clock, cpu);
    }
}

impl Progress for Clock {
    fn begin(&self, stage: Stage, _: Option<u64>) {
        self.tell(&format!("before {}", stage.name()));
    }

    fn advance(&self, _: u64) {}

    fn end(&self, stage: Stage, kept: &str) {
        self.tell(&format!("{}: {kept}", stage.name()));
    }
}

/// User and system time of this process, in ticks of a hundredth (`man 5 proc`).
fn cpu_seconds() -> Option<f64> {
    let line = fs::read_to_string("/proc/self/stat").ok()?;
    let figures: Vec<&str> = line.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |index: usize| figures.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

fn memory(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
