//! Ctrl-C: what is whole is written, and the verdict is that none is possible.

#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::run::Place;

/// Long enough that a scan is still at work when the signal comes, short
/// enough to make: 1,500 pictures take about two seconds on one thread.
const EACH: u64 = 400;

#[test]
fn interrupted_scan_stops_within_a_second_and_says_it_is_partial() {
    let place = Place::new();
    place.clean_set(EACH);
    let mut command = place.scan().args(["--jobs", "1", "-v"]).into_command();
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    std::thread::sleep(Duration::from_millis(250));
    interrupt(&child);
    let asked = Instant::now();
    let output = child.wait_with_output().expect("ends");
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("interrupted"), "{told}");
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("`kill` is everywhere");
    assert!(sent.success());
}
