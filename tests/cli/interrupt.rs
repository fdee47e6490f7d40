//! Ctrl-C: what is whole is written, and the verdict is that none is possible.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Cursor, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use image::{ImageFormat, Rgb, RgbImage};

use super::run::Place;

/// Images of this side, in pixels, and so many of them take long enough that
/// a scan on one thread is still at work when the signal comes.
const SIDE: u32 = 1200;
const IMAGES: u32 = 300;

#[test]
fn interrupted_scan_stops_within_a_second_and_says_it_is_partial() {
    let place = Place::new();
    let image = large();
    for i in 0..IMAGES {
        // What follows the end of a JPEG changes its bytes and no pixel.
        let bytes = [&image[..], &i.to_le_bytes()].concat();
        let split = if i % 2 == 0 { "train" } else { "test" };
        place.write(format!("data/{split}/cat/{i}.jpg"), bytes);
    }
    let mut command = place.scan().args(["--jobs", "1", "-v"]).into_command();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut messages = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    // The first stage is over, so the scan is well under way.
    stderr.read_line(&mut messages).expect("a line");
    interrupt(&child);
    let asked = Instant::now();
    stderr.read_to_string(&mut messages).expect("text");
    let output = child.wait_with_output().expect("ends");
    // A second is the promise; the rest is for a machine that does much else.
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(output.status.code(), Some(2));
    messages.push_str(&String::from_utf8_lossy(&output.stdout));
    assert!(messages.contains("interrupted"), "{messages}");
}

fn large() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_fn(SIDE, SIDE, |x, y| {
        Rgb([x, y, x ^ y].map(|value| (value % 251) as u8))
    })
    .write_to(&mut bytes, ImageFormat::Jpeg)
    .expect("encodes");
    bytes.into_inner()
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("`kill` is everywhere");
    assert!(sent.success());
}
