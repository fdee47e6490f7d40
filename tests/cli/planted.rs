//! One fault planted in a sound set: it is found, and nothing else is said.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Field, In, Tag, Value};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageEncoder, RgbImage};

use super::images::{encoded, waves};
use super::run::{Answer, Place};

/// How one image of the set is made.
struct Made {
    /// Its path below the root.
    path: String,
    side: u32,
    quality: u8,
    /// The seconds of its time, if a camera wrote one.
    shot: Option<u64>,
}

const CLASSES: [&str; 3] = ["ant", "bee", "cow"];

/// Three classes, stratified over three splits, with names that say nothing;
/// `change` plants the fault and may leave an image out.
fn set(place: &Place, change: impl Fn(&mut Made, &str, &str, u64) -> bool) {
    let mut seed = 1;
    for class in CLASSES {
        for (split, count) in [("train", 14), ("val", 10), ("test", 10)] {
            for index in 0..count {
                seed += 1;
                let scrambled = (seed * 0x9e37_79b9) & 0xffff_ffff;
                let mut made = Made {
                    path: format!("{split}/{class}/{scrambled:08x}x.jpg"),
                    side: 64,
                    quality: 90,
                    shot: None,
                };
                if !change(&mut made, split, class, index) {
                    continue;
                }
                let mut image = grainy(seed);
                if made.side != 64 {
                    image = imageops::resize(&image, made.side, made.side, FilterType::Triangle);
                }
                let mut bytes = Vec::new();
                let mut encoder = JpegEncoder::new_with_quality(&mut bytes, made.quality);
                if let Some(second) = made.shot {
                    encoder.set_exif_metadata(camera(second)).expect("written");
                }
                encoder.encode_image(&image).expect("encodes");
                place.write(format!("data/{}", made.path), bytes);
            }
        }
    }
}

/// What a camera writes of an image taken at `second`.
fn camera(second: u64) -> Vec<u8> {
    let ascii = |tag, text: String| Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Ascii(vec![text.into_bytes()]),
    };
    let fields = [
        ascii(Tag::Make, "Maker".to_owned()),
        ascii(Tag::BodySerialNumber, "0042".to_owned()),
        ascii(
            Tag::DateTimeOriginal,
            format!("2019:07:01 12:30:{second:02}"),
        ),
    ];
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut bytes = Cursor::new(Vec::new());
    writer.write(&mut bytes, false).expect("written to memory");
    bytes.into_inner()
}

/// Waves with detail, which a blurred image has not.
fn grainy(seed: u64) -> RgbImage {
    let mut image = waves(seed);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let shade = u8::try_from((x * 7 + y * y * 3 + x * y) % 5 * 8).unwrap_or(0);
        pixel.0 = pixel.0.map(|channel| channel.saturating_add(shade));
    }
    image
}

/// Scans, and holds the exit code and the codes of all findings against what
/// is expected.
#[track_caller]
fn finds(place: &Place, arguments: &[&str], exit: i32, expected: &[&str]) -> Answer {
    // Waves do not show what their labels say.
    let all_but_labels = place.scan().args(["--ignore", "LABEL"]);
    let answer = all_but_labels.args(arguments).exits(exit);
    let mut table =
        csv::Reader::from_path(place.path("splitlint-report/findings.csv")).expect("findings");
    let column = (table.headers().expect("headers").iter())
        .position(|name| name == "code")
        .expect("a code column");
    let found: BTreeSet<String> = (table.records())
        .map(|row| row.expect("a row")[column].to_owned())
        .collect();
    let expected: BTreeSet<String> = expected.iter().map(|&code| code.to_owned()).collect();
    assert_eq!(found, expected, "{}", answer.stdout);
    answer
}

#[test]
fn sound_set_is_silent() {
    let place = Place::new();
    set(&place, |_, _, _, _| true);
    finds(&place, &[], 0, &[]);
}

#[test]
fn class_folder_removed_from_val_is_absent_there_and_shifts_the_class_numbers() {
    let place = Place::new();
    set(&place, |_, split, class, _| {
        (split, class) != ("val", "bee")
    });
    finds(&place, &[], 1, &["DIST002", "DIST008"])
        .says("`val` class `bee` is missing")
        .says("class 1 is `bee` in `train` and `cow` in `val`");
}

#[test]
fn stray_folder_in_train_shifts_the_class_numbers() {
    let place = Place::new();
    set(&place, |_, _, _, _| true);
    fs::create_dir(place.path("data/train/.ipynb_checkpoints")).expect("made");
    finds(&place, &[], 1, &["DIST008"])
        .says("`.ipynb_checkpoints`")
        .says("with torchvision and Ultralytics before 8.4.154 class 0 is `.ipynb_checkpoints` in `train`");
}

#[test]
fn class_spelt_otherwise_in_val_is_told_by_name() {
    let place = Place::new();
    set(&place, |made, split, class, _| {
        if (split, class) == ("val", "bee") {
            made.path = made.path.replace("bee", "Bee");
        }
        true
    });
    finds(&place, &[], 1, &["DIST002", "DIST008", "DIST009"])
        .says("differ only by case, blanks or Unicode form");
}

#[test]
fn samples_with_fewer_labels_in_test_are_drift_though_each_label_keeps_its_share() {
    let place = Place::new();
    let mut manifest = String::from("path,labels,split\n");
    for seed in 0..60u64 {
        let name = format!("{:08x}x.png", (seed * 0x9e37_79b9) & 0xffff_ffff);
        place.write(&name, encoded(seed, &name));
        let first = seed as usize / 2 % 3;
        let (split, count) = [("train", 2), ("test", 1)][seed as usize % 2];
        let labels: Vec<&str> = (0..count).map(|n| CLASSES[(first + n) % 3]).collect();
        manifest += &format!("{name},{},{split}\n", labels.join(";"));
    }
    place.write("all.csv", manifest);
    place
        .splitlint(["scan", "all.csv", "--no-cache", "--select", "DIST"])
        .exits(0)
        .says("DIST001")
        .says("a sample has 2.0 labels against 1.0 on average");
}

#[test]
fn val_resized_to_another_size_can_be_told_from_train() {
    for side in [48, 16] {
        let place = Place::new();
        set(&place, |made, split, _, _| {
            made.side = if split == "val" { side } else { 64 };
            true
        });
        finds(&place, &[], 0, &["SHORTCUT002", "SHORTCUT003"]);
    }
}

#[test]
fn class_saved_at_another_quality_can_be_told_without_content() {
    let place = Place::new();
    set(&place, |made, _, class, _| {
        made.quality = if class == "cow" { 60 } else { 90 };
        true
    });
    finds(&place, &[], 0, &["SHORTCUT001"]).says("JPEG quality at most 60");
}

#[test]
fn frames_of_one_video_dealt_across_splits_are_a_group() {
    let place = Place::new();
    set(&place, frames);
    finds(&place, &[], 0, &["LEAK006"]).says("`vid7` (3 in `train`");
}

/// The first three images of one class in every split are frames of a video.
fn frames(made: &mut Made, split: &str, class: &str, index: u64) -> bool {
    if class == "ant" && index < 3 {
        let frame = 3 * index + u64::from(split == "val") + 2 * u64::from(split == "test");
        made.path = format!("{split}/{class}/vid7_{frame:06}.jpg");
    }
    true
}

#[test]
fn burst_of_one_camera_dealt_across_splits_is_a_group() {
    let place = Place::new();
    set(&place, |made, _, class, index| {
        made.shot = (class == "ant" && index < 3).then_some(index);
        true
    });
    finds(&place, &[], 0, &["LEAK006"]).says("bursts of one camera: 1 of 1 group");
}

#[test]
fn declared_group_across_splits_is_an_error_however_it_is_declared() {
    let place = Place::new();
    set(&place, frames);
    let by_pattern = ["--group-regex", r"(vid\d+)_"];
    finds(&place, &by_pattern, 1, &["LEAK005"]);

    let mut sidecar = String::from("file,video\n");
    for frame in 0..9 {
        sidecar += &format!("vid7_{frame:06}.jpg,seven\n");
    }
    place.write("groups.csv", sidecar);
    let by_file = ["--group-file", "groups.csv"];
    finds(&place, &by_file, 1, &["LEAK005"]).says("group `seven` has 3 samples in `train`");

    let mut manifest = String::from("path,label,split,video\n");
    for split in ["train", "val", "test"] {
        for class in CLASSES {
            let folder = place.path(format!("data/{split}/{class}"));
            for file in fs::read_dir(folder).expect("a folder") {
                let name = file.expect("a file").file_name();
                let name = name.to_string_lossy();
                let video = if name.starts_with("vid7") {
                    "seven"
                } else {
                    ""
                };
                manifest += &format!("data/{split}/{class}/{name},{class},{split},{video}\n");
            }
        }
    }
    place.write("all.csv", manifest);
    let checks = ["--select", "LEAK005", "--group-column", "video"];
    let by_column = ["scan", "all.csv", "--no-cache"];
    place
        .splitlint(by_column)
        .args(checks)
        .exits(1)
        .says("group `seven` has 3 samples in `train`");
}

#[test]
fn names_after_the_class_are_no_groups() {
    let place = Place::new();
    set(&place, |made, split, class, index| {
        let offset = match split {
            "train" => 0,
            "val" => 14,
            _ => 24,
        };
        // Shuffled, so that neighbours in number lie in several splits.
        let number = (index + offset) * 13 % 34;
        made.path = format!("{split}/{class}/{class}3_{number:04}.jpg");
        true
    });
    finds(&place, &[], 0, &[]);
}

#[test]
fn pair_is_described_in_one_direction_in_terminal_tables_and_page() {
    for (darkened, word, other) in [
        ("test", "darker", "brighter"),
        ("train", "brighter", "darker"),
    ] {
        let place = Place::new();
        set(&place, |_, _, _, _| true);
        for split in ["train", "test"] {
            let mut image = grainy(9_999);
            if split == darkened {
                (image.iter_mut()).for_each(|value| *value = (f32::from(*value) * 0.8) as u8);
            }
            let mut png = Cursor::new(Vec::new());
            (image.write_to(&mut png, image::ImageFormat::Png)).expect("written to memory");
            place.write(format!("data/{split}/ant/the-pair.png"), png.into_inner());
        }
        let answer = place.scan().args(["--select", "LEAK"]).exits(1);
        let page = place.read("splitlint-report/report.html");
        let about = page.find("the-pair.png").expect("the page shows the pair");
        let texts = [
            answer.stdout.clone(),
            place.read("splitlint-report/findings.csv"),
            place.read("splitlint-report/pairs.csv"),
            page[about..].to_owned(),
        ];
        for text in texts {
            assert!(text.contains(word), "{darkened}: {text}");
            assert!(!text.contains(other), "{darkened}: {text}");
        }
    }
}

#[test]
fn distributions_alone_open_no_image_but_those_of_splits_that_may_be_one() {
    let place = Place::new();
    for (split, names) in [
        ("train", &["a", "bb", "ccc"][..]),
        ("val", &["dddd", "eeeee"]),
    ] {
        for name in names {
            place.write(format!("data/{split}/cat/{name}.jpg"), name.as_bytes());
            place.write(
                format!("data/{split}/dog/{name}.jpg"),
                format!("{name} dog"),
            );
        }
    }
    let scan = |code| {
        let args = ["scan", "data", "--no-cache", "--select", "DIST"];
        place.splitlint(args).exits(code)
    };
    // No file is an image, and nobody looks.
    scan(0).says("verdict   clean");
    let summary: serde_json::Value =
        serde_json::from_str(&place.read("splitlint-report/summary.json")).expect("JSON");
    assert!(summary["digest"].is_null(), "{summary}");
    for name in ["a", "bb"] {
        place.write(format!("data/test/cat/{name}.jpg"), name.as_bytes());
        place.write(format!("data/test/dog/{name}.jpg"), format!("{name} dog"));
    }
    scan(1)
        .says("DIST007")
        .says("all 4 files of `test` are in `train` too");
}
