//! A detection set with one planted fault of every kind, in every layout with
//! boxes, and the answer key: exactly these are found.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use image::ImageFormat;
use image::codecs::jpeg::JpegEncoder;
use serde_json::json;
use splitlint::config::{Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::object_flaws::BoxFlaw;
use splitlint::progress::Silent;
use splitlint::report::Report;
use splitlint::report::write_folder;
use splitlint::scan::{Scan, scan};

use super::{CLASSES, png, put};

/// Class, and x, y, width, height in pixels.
type Annotated = (usize, [f64; 4]);

struct Shot {
    split: &'static str,
    name: String,
    bytes: Vec<u8>,
    boxes: Vec<Annotated>,
}

const WIDTH: f64 = 128.0;
const HEIGHT: f64 = 96.0;

const BIRD: usize = 0;
const CAT: usize = 1;

/// A number from 0 to below 1 for each seed (SplitMix64's finalizer).
fn dice(seed: u64) -> f64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Sixty images with a box in the left half and one in the right, all sound.
fn sound() -> Vec<Shot> {
    (0..60_u64)
        .map(|number| {
            let part = |which: u64, least: f64, most: f64| {
                (least + (most - least) * dice(number * 16 + which)).floor()
            };
            let boxes = (0..2_u64).map(|half| {
                let class = if dice(number * 16 + 7 + half) < 0.5 {
                    BIRD
                } else {
                    CAT
                };
                let (x, y) = (part(half, 3.0, 30.0), part(2 + half, 3.0, 58.0));
                let size = [part(4 + half, 18.0, 30.0), part(9 + half, 18.0, 34.0)];
                (class, [x + 64.0 * half as f64, y, size[0], size[1]])
            });
            Shot {
                split: if number % 3 == 0 { "val" } else { "train" },
                name: format!("im{number:03}.png"),
                bytes: png(number as u32),
                boxes: boxes.collect(),
            }
        })
        .collect()
}

/// A planted fault: the objects concerned by their place in the image.
type Key = BTreeMap<(String, usize), BTreeSet<&'static str>>;

/// The set and its answer key. An object goes behind the sound ones, or is one
/// of them changed.
fn planted() -> (Vec<Shot>, Key) {
    let mut shots = sound();
    let mut key = Key::new();
    let mut flag = |shot: &Shot, place: usize, flaw: BoxFlaw| {
        let flags = key.entry((shot.name.clone(), place)).or_default();
        flags.insert(flaw.name());
    };
    for (number, bounds, flaw) in [
        (4, [110.0, 70.0, 30.0, 20.0], BoxFlaw::Outside),
        (7, [60.0, 50.0, 0.5, 20.0], BoxFlaw::Degenerate),
        (10, [0.0, 0.0, WIDTH, HEIGHT], BoxFlaw::CoversImage),
        (13, [14.0, 92.0, 100.0, 1.5], BoxFlaw::OddAspect),
    ] {
        shots[number].boxes.push((BIRD, bounds));
        flag(&shots[number], 2, flaw);
    }
    for (number, class, by, flaw) in [
        (16, 0, 0.2, BoxFlaw::Duplicate),
        (19, 1, 0.0, BoxFlaw::TwoClasses),
        (22, 0, 3.0, BoxFlaw::Crowded),
    ] {
        let (of_first, [x, y, width, height]) = shots[number].boxes[0];
        let class = if class == 0 { of_first } else { 1 - of_first };
        shots[number]
            .boxes
            .push((class, [x + by, y, width, height]));
        flag(&shots[number], 0, flaw);
        flag(&shots[number], 2, flaw);
    }
    (shots, key)
}

/// Copies in another split: one under other objects, and one mirrored that lacks
/// an object; and copies under the same objects, which are no conflict.
fn with_copies(shots: &mut Vec<Shot>) -> BTreeSet<BTreeSet<String>> {
    let mut relabelled = copy(&shots[25], "relabelled.png");
    let (class, _) = relabelled.boxes[0];
    relabelled.boxes[0].0 = 1 - class;
    // Two classes at least on one side: else the label of the image differs.
    relabelled.boxes[1].0 = class;
    shots[25].boxes[1].0 = class;
    let mut mirrored = copy(&shots[28], "mirrored.png");
    let image = image::load_from_memory(&mirrored.bytes).expect("a PNG");
    let mut bytes = std::io::Cursor::new(Vec::new());
    (image.fliph().write_to(&mut bytes, ImageFormat::Png)).expect("in memory");
    mirrored.bytes = bytes.into_inner();
    for (_, [x, _, width, _]) in &mut mirrored.boxes {
        *x = WIDTH - *x - *width;
    }
    let same = Shot {
        name: "same.png".to_owned(),
        bytes: mirrored.bytes.clone(),
        boxes: mirrored.boxes.clone(),
        split: "train",
    };
    mirrored.boxes.pop();
    let exact = copy(&shots[31], "exact.png");
    shots.extend([relabelled, mirrored, same, exact]);
    let pair = |a: &str, b: &str| BTreeSet::from([a.to_owned(), b.to_owned()]);
    BTreeSet::from([
        pair("im025.png", "relabelled.png"),
        pair("im028.png", "mirrored.png"),
        pair("same.png", "mirrored.png"),
    ])
}

fn copy(of: &Shot, name: &str) -> Shot {
    Shot {
        split: "val",
        name: name.to_owned(),
        bytes: of.bytes.clone(),
        boxes: of.boxes.clone(),
    }
}

/// An object of train that was pasted into an image of val.
fn with_pasted(shots: &mut [Shot]) -> BTreeSet<String> {
    const SIDE: u32 = 50;
    let read = |shot: &Shot| {
        image::load_from_memory(&shot.bytes)
            .expect("a PNG")
            .to_rgb8()
    };
    let (from, mut into) = (read(&shots[34]), read(&shots[36]));
    let object = image::imageops::crop_imm(&from, 9, 25, SIDE, SIDE).to_image();
    image::imageops::replace(&mut into, &object, 70, 14);
    let mut bytes = std::io::Cursor::new(Vec::new());
    (into.write_to(&mut bytes, ImageFormat::Png)).expect("in memory");
    shots[36].bytes = bytes.into_inner();
    let side = f64::from(SIDE);
    shots[34].boxes = vec![(BIRD, [9.0, 25.0, side, side])];
    shots[36].boxes = vec![(BIRD, [70.0, 14.0, side, side])];
    BTreeSet::from([shots[34].name.clone(), shots[36].name.clone()])
}

/// A JPEG stored lying, which EXIF turns upright, with boxes as it is stored.
fn unturned() -> Shot {
    let lying = image::load_from_memory(&png(900)).expect("a PNG").to_rgb8();
    let mut plain = Vec::new();
    (JpegEncoder::new(&mut plain))
        .encode_image(&lying)
        .expect("in memory");
    // Behind the start marker: EXIF with the orientation alone.
    let exif: &[u8] = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    Shot {
        split: "train",
        name: "unturned.jpg".to_owned(),
        bytes: [&plain[..2], exif, &plain[2..]].concat(),
        boxes: vec![(BIRD, [100.0, 10.0, 20.0, 22.0])],
    }
}

type Write = fn(&[Shot], &Path) -> PathBuf;

fn coco(shots: &[Shot], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for split in ["train", "val"] {
        let (mut images, mut boxes) = (Vec::new(), Vec::new());
        for (id, shot) in shots.iter().enumerate().filter(|(_, s)| s.split == split) {
            put(&root.join(split).join(&shot.name), &shot.bytes);
            images.push(json!({"id": id, "file_name": shot.name}));
            for (class, bounds) in &shot.boxes {
                boxes.push(json!({"image_id": id, "category_id": class, "bbox": bounds}));
            }
        }
        let categories: Vec<_> = (CLASSES.iter().enumerate())
            .map(|(id, name)| json!({"id": id, "name": name}))
            .collect();
        let file = json!({"images": images, "annotations": boxes, "categories": categories});
        let path = root.join(format!("annotations/instances_{split}.json"));
        put(&path, file.to_string().as_bytes());
    }
    root
}

fn yolo(shots: &[Shot], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    let names = CLASSES.join(", ");
    let yaml = format!("train: images/train\nval: images/val\nnames: [{names}]\n");
    put(&root.join("data.yaml"), yaml.as_bytes());
    for shot in shots {
        let image = root.join("images").join(shot.split).join(&shot.name);
        put(&image, &shot.bytes);
        let mut text = String::new();
        for (class, [x, y, width, height]) in &shot.boxes {
            let (x, y) = (x + width / 2.0, y + height / 2.0);
            let shares = [x / WIDTH, y / HEIGHT, width / WIDTH, height / HEIGHT];
            let shares = shares.map(|share| format!("{share:.6}")).join(" ");
            text += &format!("{class} {shares}\n");
        }
        let label = root.join("labels").join(shot.split).join(&shot.name);
        put(&label.with_extension("txt"), text.as_bytes());
    }
    root
}

fn voc(shots: &[Shot], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for split in ["train", "val"] {
        let mut list = String::new();
        for shot in shots.iter().filter(|shot| shot.split == split) {
            let (stem, _) = shot.name.split_once('.').expect("an extension");
            put(&root.join("JPEGImages").join(&shot.name), &shot.bytes);
            let mut text = format!(
                "<annotation><filename>{}</filename><size><width>{WIDTH}</width>\
                 <height>{HEIGHT}</height><depth>3</depth></size>\n",
                shot.name
            );
            for (class, [x, y, width, height]) in &shot.boxes {
                let (right, lower) = (x + width, y + height);
                text += &format!(
                    "<object><name>{}</name><difficult>0</difficult><bndbox><xmin>{x}</xmin>\
                     <ymin>{y}</ymin><xmax>{right}</xmax><ymax>{lower}</ymax></bndbox></object>\n",
                    CLASSES[*class]
                );
            }
            text += "</annotation>\n";
            let path = root.join(format!("Annotations/{stem}.xml"));
            put(&path, text.as_bytes());
            list += &format!("{stem}\n");
        }
        let path = root.join(format!("ImageSets/Main/{split}.txt"));
        put(&path, list.as_bytes());
    }
    root
}

const LAYOUTS: &[(&str, Write)] = &[("coco", coco), ("voc", voc), ("yolo", yolo)];

fn scanned(root: &Path) -> Scan {
    let checks = [
        "OBJECT",
        "LABEL007",
        "LEAK010",
        "DIST010",
        "DIST011",
        "SHORTCUT004",
    ];
    let options = Options {
        root: Some(root.to_owned()),
        select: Some(checks.map(str::to_owned).to_vec()),
        ..Options::default()
    };
    let executor = Executor::new(2, StopFlag::default()).expect("threads");
    scan(&resolve(options).expect("settings"), &executor, &Silent).expect("a scan")
}

fn name(scan: &Scan, id: splitlint::sample::SampleId) -> String {
    let key = scan.evidence.listing.sample(id).key.as_str();
    key.rsplit('/').next().unwrap_or(key).to_owned()
}

/// The flags of every object that has any.
fn flags(scan: &Scan) -> Key {
    let listing = &scan.evidence.listing;
    let mut found = Key::new();
    for sample in &listing.samples {
        let rows = scan.evidence.objects.of_sample(listing, sample.id);
        for (place, row) in rows.iter().enumerate() {
            let flags: BTreeSet<_> = row.flaws.iter().map(BoxFlaw::name).collect();
            if !flags.is_empty() {
                found.insert((name(scan, sample.id), place), flags);
            }
        }
    }
    found
}

fn findings(scan: &Scan) -> BTreeSet<(&'static str, BTreeSet<String>)> {
    (scan.outcome.findings.iter())
        .map(|finding| {
            let samples = finding.samples.iter().map(|&id| name(scan, id));
            (finding.check.code, samples.collect())
        })
        .collect()
}

#[test]
fn exactly_the_planted_faults_are_found_in_every_layout() {
    for (layout, write) in LAYOUTS {
        let (mut shots, mut key) = planted();
        let conflicts = with_copies(&mut shots);
        let pasted = with_pasted(&mut shots);
        // A share of an image's side lies inside whichever way it is turned.
        if *layout != "yolo" {
            key.insert(
                ("unturned.jpg".to_owned(), 0),
                BTreeSet::from([BoxFlaw::Unturned.name()]),
            );
            shots.push(unturned());
        }
        let folder = tempfile::tempdir().expect("a folder");
        let scan = scanned(&write(&shots, folder.path()));
        assert_eq!(flags(&scan), key, "{layout}");
        let one = |name: &str| BTreeSet::from([name.to_owned()]);
        let mut expected: BTreeSet<(&str, BTreeSet<String>)> = BTreeSet::from([
            ("OBJECT001", one("im004.png")),
            ("OBJECT002", one("im007.png")),
            ("OBJECT003", one("im010.png")),
            ("OBJECT004", one("im016.png")),
            ("OBJECT005", one("im019.png")),
            ("OBJECT006", one("im013.png")),
            ("OBJECT007", one("im022.png")),
        ]);
        expected.insert(("LEAK010", pasted));
        if *layout != "yolo" {
            expected.insert(("OBJECT008", one("unturned.jpg")));
        }
        expected.extend(conflicts.into_iter().map(|pair| ("LABEL007", pair)));
        assert_eq!(findings(&scan), expected, "{layout}");
        let conflict = |a: &str, kind: &str| {
            let mut found = scan.outcome.findings.iter();
            found.any(|finding| {
                let message = &finding.message;
                finding.check.code == "LABEL007" && message.contains(a) && message.contains(kind)
            })
        };
        assert!(conflict("relabelled.png", "1 relabelled"), "{layout}");
        assert!(conflict("mirrored.png", "1 missing"), "{layout}");
    }
}

#[test]
fn sound_sets_are_silent_in_every_layout() {
    for (layout, write) in LAYOUTS {
        let folder = tempfile::tempdir().expect("a folder");
        let scan = scanned(&write(&sound(), folder.path()));
        assert_eq!(flags(&scan), Key::new(), "{layout}");
        assert_eq!(findings(&scan), BTreeSet::new(), "{layout}");
    }
}

#[test]
fn split_in_another_convention_is_one_finding_in_every_layout() {
    for (layout, write) in LAYOUTS {
        let mut shots = sound();
        for shot in shots.iter_mut().filter(|shot| shot.split == "val") {
            for (_, [x, y, width, height]) in &mut shot.boxes {
                // What an exporter of two corners writes, before the layout's
                // own arithmetic is undone.
                let corners = [*x, *y, *x + *width, *y + *height];
                let [a, b, c, d] = corners;
                [*x, *y, *width, *height] = match *layout {
                    "yolo" => [a - c / 2.0, b - d / 2.0, c, d],
                    _ => corners,
                };
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let scan = scanned(&write(&shots, folder.path()));
        assert_eq!(
            findings(&scan),
            BTreeSet::from([("OBJECT009", BTreeSet::new())]),
            "{layout}"
        );
        let message = &scan.outcome.findings[0].message;
        assert!(
            message.contains("two corners") && message.contains("`val`"),
            "{message}"
        );
    }
}

#[test]
fn tables_of_objects_are_the_same_for_any_number_of_threads_and_go_with_the_objects() {
    let folder = tempfile::tempdir().expect("a folder");
    let (shots, key) = planted();
    let scan = scanned(&coco(&shots, folder.path()));
    let write = |scan: &Scan, place: &Path| {
        let report = Report {
            dataset: "objects",
            request: &splitlint::source::Request::default(),
            evidence: &scan.evidence,
            outcome: &scan.outcome,
            headlines: &scan.headlines,
            drops: &scan.drops,
            decided: &splitlint::decisions::Carried::default(),
            resplit: None,
        };
        write_folder(&report, None, place).expect("written");
    };
    let place = folder.path().join("report");
    write(&scan, &place);
    let read = |name: &str| fs::read_to_string(place.join(name)).expect("there");
    let table = read("objects.csv");
    assert!(table.starts_with("sample,object,split,label,x,y,width,height,area_share,size,flags"));
    assert_eq!(
        table.lines().count(),
        1 + scan.evidence.listing.objects.len()
    );
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let column = (rows.headers().expect("a head").iter()).position(|name| name == "flags");
    let column = column.expect("a column of flags");
    let flagged = rows
        .records()
        .filter(|row| !row.as_ref().expect("a row")[column].is_empty());
    assert_eq!(flagged.count(), key.len());
    assert!(
        read("cooccurrence.csv")
            .lines()
            .nth(1)
            .is_some_and(|l| l.starts_with("bird,cat,"))
    );
    assert!(read("summary.json").contains("\"background\": 0"));
    assert!(
        read("classes.csv")
            .lines()
            .next()
            .is_some_and(|l| l.ends_with(",objects"))
    );
    // A later report over a set without objects leaves none behind.
    let plain = tempfile::tempdir().expect("a folder");
    for (index, split) in ["train", "val"].into_iter().enumerate() {
        put(
            &plain.path().join(split).join("cat/0.png"),
            &png(index as u32),
        );
    }
    write(&scanned(plain.path()), &place);
    assert!(!place.join("objects.csv").exists() && !place.join("cooccurrence.parquet").exists());
}
