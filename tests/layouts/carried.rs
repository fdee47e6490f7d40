//! Frames of one camera: a box that one frame lacks is found where the thing stands still,
//! and nothing is said of a thing that moved.

use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage, imageops};
use splitlint::config::{CacheOption, Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::progress::Silent;
use splitlint::scan::scan;

use super::{png, put};

const WIDTH: u32 = 384;
const HEIGHT: u32 = 288;

/// Blocks of `seed`, three times as large.
fn blocks(seed: u32) -> RgbImage {
    let small = image::load_from_memory(&png(seed)).expect("a PNG");
    imageops::resize(
        &small.to_rgb8(),
        WIDTH,
        HEIGHT,
        imageops::FilterType::Triangle,
    )
}

/// A place of its own, with one thing that stands at 40, 40 and one at `x`, 180; grain of
/// its own, so that no frame equals another.
fn frame(place: u32, x: u32, grain: u32) -> Vec<u8> {
    let mut image = blocks(1000 + place);
    let thing = |seed: u32| imageops::crop_imm(&blocks(seed), 7, 11, 72, 72).to_image();
    imageops::replace(&mut image, &thing(2000 + place), 40, 40);
    imageops::replace(&mut image, &thing(3000 + place), x.into(), 180);
    let mut state = grain | 1;
    for Rgb(pixel) in image.pixels_mut() {
        // Marsaglia's xorshift (2003), 32 bits.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        for (channel, sample) in pixel.iter_mut().enumerate() {
            let noise = (state >> (8 * channel) & 7) as u8;
            *sample = sample.saturating_add(noise).saturating_sub(3);
        }
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    (image.write_to(&mut bytes, ImageFormat::Png)).expect("in memory");
    bytes.into_inner()
}

/// Two frames of each of six places; the second frame of the first place lacks the box of
/// the thing that stands, all second frames show the other thing elsewhere.
fn write(root: &Path) {
    let yaml = "train: images/train\nval: images/val\nnames: [thing, other]\n";
    put(&root.join("data.yaml"), yaml.as_bytes());
    for place in 0..6 {
        for (number, x) in [(0, 60), (1, 240)] {
            let split = if place % 3 == 2 { "val" } else { "train" };
            let name = format!("{split}/im{place}{number}");
            let image = frame(place, x, 77 + place * 2 + number);
            put(&root.join(format!("images/{name}.png")), &image);
            let line = |class: u32, x: u32, y: u32| {
                let share = |start: u32, side: u32| (f64::from(start) + 36.0) / f64::from(side);
                let (width, height) = (72.0 / f64::from(WIDTH), 72.0 / f64::from(HEIGHT));
                let (x, y) = (share(x, WIDTH), share(y, HEIGHT));
                format!("{class} {x:.6} {y:.6} {width:.6} {height:.6}\n")
            };
            let mut text = line(1, x, 180);
            if (place, number) != (0, 1) {
                text += &line(0, 40, 40);
            }
            put(&root.join(format!("labels/{name}.txt")), text.as_bytes());
        }
    }
}

#[test]
fn box_that_a_frame_lacks_is_found_and_a_thing_that_moved_is_no_conflict() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    let options = Options {
        root: Some(folder.path().to_owned()),
        select: Some(["LABEL007", "LEAK008"].map(str::to_owned).to_vec()),
        cache: Some(CacheOption::Use(false)),
        ..Options::default()
    };
    let executor = Executor::new(2, StopFlag::default()).expect("threads");
    let scan = scan(&resolve(options).expect("settings"), &executor, &Silent).expect("a scan");
    let found = scan.outcome.findings.iter();
    let messages: Vec<&str> = (found.filter(|finding| finding.check.code == "LABEL007"))
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].contains("im01.png"), "{messages:#?}");
    let lacks = "1 missing (`thing` 72 × 72 at 40, 40)";
    assert!(messages[0].ends_with(lacks), "{messages:#?}");
}
