//! Groups read off file names: films, tracks and copies dealt over the splits,
//! and the patterns proposed for them, run as they are printed.

use std::io::Cursor;

use image::ImageFormat;
use image::imageops::{self, FilterType};

use super::images::{encoded, waves};
use super::run::{Answer, Place};

/// The frame of a camera that pans over the scene of `seed`.
fn frame(seed: u64, frame: u32) -> Vec<u8> {
    let wide = imageops::resize(&waves(seed), 512, 128, FilterType::Triangle);
    let shown = imageops::crop_imm(&wide, 6 * frame, 0, 128, 128).to_image();
    let mut bytes = Cursor::new(Vec::new());
    shown
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("encodes");
    bytes.into_inner()
}

/// Every fifth sample or so, at random.
fn split(number: u64) -> &'static str {
    let scrambled = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    if scrambled.is_multiple_of(5) {
        "test"
    } else {
        "train"
    }
}

fn inferred(place: &Place) -> Answer {
    place.scan().args(["--select", "LEAK006"]).exits(0)
}

/// The pattern that the finding proposes.
fn proposed(answer: &Answer) -> String {
    let rest = answer
        .stdout
        .split_once("--group-regex '")
        .expect("a pattern")
        .1;
    rest.split_once('\'').expect("its end").0.to_owned()
}

#[test]
fn film_of_each_class_dealt_frame_by_frame_is_found() {
    for name in ["frame", ""] {
        let place = Place::new();
        for class in 0..3u64 {
            for at in 0..40 {
                let split = split(class * 40 + u64::from(at));
                // A constant behind the counter is none.
                let constant = if name.is_empty() { "_100" } else { "" };
                let path = format!("data/{split}/class{class}/{name}{at:02}{constant}.png");
                place.write(path, frame(class, at));
            }
        }
        inferred(&place)
            .says("runs of consecutive counters: ")
            .says("/class0/");
    }
}

#[test]
fn tracks_counted_anew_in_each_class_are_declared_by_the_pattern_as_printed() {
    let place = Place::new();
    for class in 0..4u64 {
        for track in 0..3u64 {
            for at in 0..12 {
                let split = split((class * 3 + track) * 12 + u64::from(at));
                let path = format!("data/{split}/{class:05}/{track:05}_{at:05}.png");
                place.write(path, frame(class * 3 + track, at));
            }
        }
    }
    let answer = inferred(&place);
    answer.says("12 of 12 groups").says("`00000/00000`");
    let pattern = proposed(&answer);
    let declared = place
        .scan()
        .args(["--select", "LEAK005", "--group-regex", &pattern])
        .exits(1);
    declared.says("verdict   breached: 12 errors");
}

#[test]
fn copies_by_name_are_those_that_look_it() {
    let place = Place::new();
    place.clean_set(8);
    for number in 1..6 {
        // What a browser calls what it saves.
        place.image(
            &format!("data/{}/cat/images ({number}).png", split(number)),
            100 + number,
        );
    }
    place.image("data/train/cat/images.png", 100);
    place.image("data/train/dog/spot.png", 200);
    place.image("data/test/dog/spot (2).png", 201);
    assert!(
        !inferred(&place).stdout.contains("LEAK006 "),
        "nothing looks like a copy"
    );

    place.write("data/test/dog/spot (2).png", encoded(200, "x.jpg"));
    let answer = inferred(&place);
    answer
        .says("copies by name")
        .says("1 of 1 group")
        .says("`spot`");
    let pattern = proposed(&answer);
    let declared = place
        .scan()
        .args(["--select", "LEAK005", "--group-regex", &pattern])
        .exits(1);
    declared.says("group `spot` has 1 sample in `train` and 1 sample in `test`");
}
