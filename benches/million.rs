//! A million synthesised fingerprints in a thousand classes through
//! duplicates, checks and report: CPU seconds of each stage and the most
//! memory used so far.
//!
//! `cargo bench --bench million [-- COUNT CLASSES FOLDER]`; the report is kept
//! where FOLDER is named. Linux only: both figures are read from `/proc/self`.
//! No label model is fitted, which costs what it costs for 1,000 samples a
//! thousand times over; one label in a hundred is put in question by hand.

#![expect(clippy::print_stdout, reason = "a table for the terminal")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use splitlint::checks::registry;
use splitlint::config::{Options, resolve};
use splitlint::decode::{ColourMode, Format, Header, Limits, Orientation, Plane, Thumbnail};
use splitlint::executor::{Executor, StopFlag};
use splitlint::finding::{Finding, FindingId, LabelFlag, LabelOpinion, Measured};
use splitlint::fingerprint::{
    Fingerprint, FingerprintTable, Fingerprinted, Hashes, ImageFacts, Images, Statistics,
};
use splitlint::labelling::{External, Labelling, Said};
use splitlint::progress::{Progress, Stage};
use splitlint::report::{Report, html, write_folder};
use splitlint::sample::Location;
use splitlint::sample::{
    ClassId, ContentHash, Labels, Listing, Sample, SampleId, SampleKey, Split, SplitId,
};
use splitlint::scan::{Prepared, examine};
use splitlint::source::{ReadFailure, Reader, Version};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = (std::env::args().skip(1))
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let number = |place: usize, usual| {
        let number = given.get(place).and_then(|text| text.parse().ok());
        number.unwrap_or(usual)
    };
    let (count, classes): (u32, u32) = (number(0, 1_000_000), number(1, 1000));
    let clock = Clock::default();
    clock.tell("start");
    let (listing, made) = listing(count, classes);
    clock.tell("listing made");
    let settings = resolve(Options {
        root: Some(PathBuf::from("synthetic")),
        ignore: Some(vec!["LABEL".to_owned()]),
        ..Options::default()
    })?;
    let executor = Executor::new(0, StopFlag::default())?;
    let made = Arc::new(made);
    let of_sample = Arc::clone(&made);
    let fingerprinted = Fingerprinted {
        table: FingerprintTable::new(made.iter().map(|&id| Some(fingerprint(id))).collect()),
        images: Images::made(
            move |id| Some(thumbnail(original(of_sample[id.index()]))),
            Arc::new(MadeFiles(made)),
            Limits::default(),
        ),
        interrupted: false,
    };
    clock.tell("table made");
    let mut scan = examine(
        &settings,
        Prepared {
            listing,
            fingerprinted,
            footprints: None,
            given: None,
            external: External::Nothing,
            notes: Vec::new(),
        },
        &executor,
        &clock,
    );
    clock.tell("all checks");
    let labels = opinions(&scan.evidence.listing);
    let suspicions = suspicions(&scan.evidence.listing, &labels);
    scan.evidence.labelling = Some(Labelling {
        ids: Vec::new(),
        said: Said::Nothing("made by hand".to_owned()),
        features: String::new(),
        external: false,
        notes: Vec::new(),
        opinions: labels,
    });
    scan.outcome.findings.extend(suspicions);
    (scan.outcome.findings).sort_by_key(|finding| std::cmp::Reverse(finding.severity));
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
    let shown = html::shown(&report);
    let images = executor.map(shown.len(), |index| {
        scan.images.access.jpeg(shown[index], html::THUMBNAIL_SIDE)
    })?;
    let images = (shown.into_iter().zip(images))
        .filter_map(|(id, jpeg)| Some((id, jpeg?)))
        .collect();
    let page = html::render(
        &report,
        &images,
        &html::Crops::new(),
        &html::Originals::new(),
    )?;
    clock.tell("page");
    let (temporary, kept) = match given.get(2) {
        Some(folder) => (false, PathBuf::from(folder)),
        None => {
            let name = format!("splitlint-million-{}", std::process::id());
            (true, std::env::temp_dir().join(name))
        }
    };
    write_folder(&report, Some(&page), &kept)?;
    clock.tell("report");
    println!(
        "{count} samples, {} pairs, {} findings, a page of {} kB",
        scan.evidence.duplicates.pairs.len(),
        scan.outcome.findings.len(),
        page.len() / 1000,
    );
    if temporary {
        // Left behind only if the disk fails now.
        let _ = std::fs::remove_dir_all(&kept);
    }
    Ok(())
}

/// Classes in three splits, the first classes the largest and one in fifty
/// lacking in `test`; keys as long as real ones. Also the number that each
/// sample is made from.
fn listing(count: u32, classes: u32) -> (Listing, Vec<u32>) {
    let split = |id: u32| match id.wrapping_mul(0x9e37_79b9) >> 16 {
        ..6_500 => 2,
        6_500..13_000 => 1,
        _ => 0,
    };
    let class = |id: u32| {
        let part = f64::from(id.wrapping_mul(0x85eb_ca6b)) / f64::from(u32::MAX);
        let class = (part.powi(2) * f64::from(classes)) as u32;
        let lacking = class % 50 == 7 && split(id) == 2;
        (class + u32::from(lacking)).min(classes - 1)
    };
    let names = ["train", "val", "test"];
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_unstable_by_key(|&id| (names[split(id)], class(id), id));
    let samples = (0..).map(SampleId).zip(&order).map(|(id, &made)| {
        let (split, class) = (split(made), class(made));
        let path = format!("{}/class-{class:04}/IMG_{made:08}.jpg", names[split]);
        Sample {
            id,
            key: SampleKey::from_path(path.as_ref()),
            split: Some(SplitId(split as u16)),
            labels: Labels::One(ClassId(class)),
            objects: splitlint::sample::NO_OBJECTS,
            group: None,
        }
    });
    let listing = Listing {
        splits: names.map(Split::named).into(),
        classes: (0..classes)
            .map(|class| format!("class-{class:04}"))
            .collect(),
        samples: samples.collect(),
        ..Listing::default()
    };
    (listing, order)
}

/// One label in a hundred is taken for a class further on.
fn opinions(listing: &Listing) -> Vec<LabelOpinion> {
    let classes = listing.classes.len() as u32;
    (listing.samples.iter())
        .map(|sample| match (sample.id.0 % 100, sample.labels.single()) {
            (3, Some(ClassId(given))) => LabelOpinion {
                score: Some(0.04),
                suggested: Some((ClassId((given + 1 + sample.id.0 % 7) % classes), 0.8)),
                cluster: None,
                flag: LabelFlag::Likely,
            },
            _ => LabelOpinion {
                score: Some(0.7),
                ..LabelOpinion::default()
            },
        })
        .collect()
}

/// A finding for each label in question.
fn suspicions(listing: &Listing, labels: &[LabelOpinion]) -> Vec<Finding> {
    let Some(check) = registry::find("suspicious-label").map(|declared| declared.info) else {
        return Vec::new();
    };
    (listing.samples.iter().zip(labels))
        .filter_map(|(sample, opinion)| {
            let given = sample.labels.single()?;
            let (suggested, _) = opinion.suggested?;
            Some(Finding {
                id: FindingId::of_key(check.code, &sample.key),
                check,
                severity: check.severity,
                message: format!(
                    "`{}` is labelled `{}` but looks like `{}`",
                    sample.key,
                    listing.class_name(given),
                    listing.class_name(suggested),
                ),
                samples: vec![sample.id],
                objects: Vec::new(),
                splits: sample.split.into_iter().collect(),
                labels: vec![given, suggested],
                score: Some(0.96),
                measured: Measured::None,
            })
        })
        .collect()
}

/// One sample in a hundred is a copy of an earlier one.
fn original(id: u32) -> u32 {
    if id % 100 == 99 { id / 2 } else { id }
}

fn fingerprint(id: u32) -> Fingerprint {
    let (from, mut own) = (
        ChaCha8Rng::seed_from_u64(original(id).into()).next_u64(),
        ChaCha8Rng::seed_from_u64(u64::from(id) << 32),
    );
    let mut part =
        |low: f32, high: f32| low + (high - low) * own.next_u32() as f32 / u32::MAX as f32;
    let statistics = Statistics {
        brightness: part(60.0, 200.0),
        contrast: part(30.0, 80.0),
        mean_cb: part(110.0, 140.0),
        mean_cr: part(110.0, 140.0),
        colourfulness: part(5.0, 40.0),
        sharpness: part(100.0, 2000.0),
        edge_sharpness: Some(part(1.0, 2.0)),
        entropy: part(6.0, 8.0),
        luma_p1: part(0.0, 20.0),
        luma_p5: part(20.0, 40.0),
        luma_p99: part(200.0, 255.0),
        border_luma: part(60.0, 200.0),
        border_width: 0.0,
    };
    // Of the copies every second is exact, the other two bits away.
    let exact = id % 200 == 199;
    let content = if exact { original(id) } else { id };
    let near = if exact || original(id) == id {
        0
    } else {
        3 << (id % 60)
    };
    let header = Header {
        format: Format::Jpeg,
        width: 640,
        height: 480,
        orientation: Orientation::Upright,
        colour: ColourMode::Rgb,
        bit_depth: 8,
        animated: false,
        exif: None,
        jpeg: None,
        icc: None,
    };
    Fingerprint {
        content: Some(ContentHash::of(&content.to_le_bytes())),
        bytes: 90_000,
        image: Ok(ImageFacts {
            header,
            statistics,
            // One in twenty is flat.
            hashes: (id % 20 != 7).then_some(Hashes {
                dct: from ^ near,
                gradient: from.rotate_left(17) ^ near,
            }),
            mattes: false,
        }),
    }
}

/// Soft blobs placed by the seed: as smooth as a photo made small.
fn thumbnail(seed: u32) -> Thumbnail {
    let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
    let coarse: Vec<f32> = (0..9 * 7).map(|_| (rng.next_u32() % 256) as f32).collect();
    let luma = (0..48u32)
        .flat_map(|y| (0..64u32).map(move |x| (x, y)))
        .map(|(x, y)| {
            let (fx, fy) = (x as f32 / 8.0, y as f32 / 8.0);
            let (i, j) = (fx as usize, fy as usize);
            let (u, v) = (fx.fract(), fy.fract());
            let at = |i: usize, j: usize| coarse[j * 9 + i];
            let top = at(i, j) * (1.0 - u) + at(i + 1, j) * u;
            let bottom = at(i, j + 1) * (1.0 - u) + at(i + 1, j + 1) * u;
            (top * (1.0 - v) + bottom * v) as u8
        });
    Thumbnail {
        luma: Plane {
            width: 64,
            height: 48,
            samples: luma.collect(),
        },
        cb: Plane::filled(32, 24, 120),
        cr: Plane::filled(32, 24, 135),
    }
}

/// Files that would show what the thumbnails show, by the number each sample
/// is made from.
struct MadeFiles(Arc<Vec<u32>>);

impl Reader for MadeFiles {
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        let Thumbnail { luma, .. } = thumbnail(original(self.0[id.index()]));
        let image = RgbImage::from_fn(luma.width * 3, luma.height * 3, |x, y| {
            let light = luma.samples[(y / 3 * luma.width + x / 3) as usize];
            Rgb([light, light / 2 + 60, 255 - light])
        });
        let mut file = Vec::new();
        (JpegEncoder::new(&mut file).encode_image(&image))
            .map_err(|e| ReadFailure(e.to_string()))?;
        Ok(file)
    }

    fn version(&self, _: SampleId) -> Option<Version> {
        None
    }

    fn location(&self, id: SampleId) -> Location {
        Location::File(format!("/{}.jpg", id.0).into())
    }
}

/// Prints the CPU time since the last stage, and the memory.
#[derive(Default)]
struct Clock(Mutex<f64>);

impl Clock {
    fn tell(&self, what: &str) {
        let now = cpu_seconds().unwrap_or(0.0);
        let Ok(mut last) = self.0.lock() else { return };
        println!(
            "{what:28} {:8.2} CPU s {:8.0} MiB now {:8.0} MiB at most",
            now - *last,
            memory("VmRSS:").unwrap_or(0.0),
            memory("VmHWM:").unwrap_or(0.0),
        );
        *last = now;
    }
}

impl Progress for Clock {
    fn begin(&self, _: Stage, _: Option<u64>) {}

    fn advance(&self, _: u64) {}

    fn end(&self, stage: Stage, kept: &str) {
        self.tell(&format!("{}: {kept}", stage.name()));
    }
}

/// User and system time of this process, in ticks of a hundredth (`man 5 proc`).
fn cpu_seconds() -> Option<f64> {
    let line = std::fs::read_to_string("/proc/self/stat").ok()?;
    let figures: Vec<&str> = line.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |index: usize| figures.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

fn memory(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
