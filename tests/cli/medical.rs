//! Series of patients dealt slice by slice: found by hash, and split anew.

use std::fs;
use std::path::Path;

use super::dicom_files::{file, image, padded};
use super::run::Place;

/// Pixels along a side of a slice.
const SIDE: u16 = 32;

/// A slice of a patient: an own shape that changes along the series. `inverted` writes
/// the same image as MONOCHROME1.
fn slice(patient: u32, at: u32, inverted: bool) -> Vec<u8> {
    let seed = f64::from(patient * 37 + 11);
    let pixels = (0..u32::from(SIDE) * u32::from(SIDE)).flat_map(|i| {
        let (x, y) = (
            f64::from(i % u32::from(SIDE)),
            f64::from(i / u32::from(SIDE)),
        );
        let shape = (x * (0.05 + seed.sin() * 0.03) + seed).sin()
            * (y * (0.07 + seed.cos() * 0.04) + f64::from(at) / 3.0).cos();
        let noise = (x * 12.9898 + y * 78.233 + seed + f64::from(at) * 3.7).sin() * 43_758.5;
        let value = (2000.0 + 1200.0 * shape + 400.0 * noise.fract()) as u16;
        if inverted { 4095 - value } else { value }.to_le_bytes()
    });
    let photometric = if inverted {
        "MONOCHROME1"
    } else {
        "MONOCHROME2"
    };
    let mut elements = image((SIDE, SIDE), photometric, (16, 12, false), pixels.collect());
    for (tag, _, value) in &mut elements {
        match tag {
            0x0010_0010 => *value = padded(format!("Doe^Jane{patient}").as_bytes(), b' '),
            0x0010_0020 => *value = padded(format!("SECRET-{patient:03}").as_bytes(), b' '),
            0x0020_000D => *value = padded(format!("1.2.{patient}").as_bytes(), 0),
            _ => {}
        }
    }
    file("1.2.840.10008.1.2.1", &elements)
}

/// No file below a folder holds the text.
fn nowhere(folder: &Path, text: &str) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => nowhere(&path, text),
            false => {
                let bytes = fs::read(&path).expect("read");
                let found = bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes());
                assert!(!found, "{} holds {text}", path.display());
            }
        }
    }
}

#[test]
fn patients_dealt_slice_by_slice_are_named_by_hash_and_kept_together_anew() {
    let place = Place::new();
    for patient in 0..20 {
        for at in 0..3 {
            let split = if (patient + at) % 3 == 0 {
                "test"
            } else {
                "train"
            };
            let class = if patient % 2 == 0 { "ill" } else { "well" };
            place.write(
                format!("data/{split}/{class}/{patient:02}-{at}.dcm"),
                slice(patient, at, false),
            );
        }
    }
    let scan = ["scan", "data", "--no-cache", "--select", "LEAK005"];
    let answer = place.splitlint(scan).exits(1);
    let findings = place.read("splitlint-report/findings.csv");
    let named = findings
        .lines()
        .filter(|line| line.contains("LEAK005") && line.contains("patient "));
    assert_eq!(named.count(), 20, "{findings}");
    for text in ["SECRET", "Doe^Jane"] {
        assert!(!answer.stdout.contains(text) && !answer.stderr.contains(text));
        nowhere(&place.path("splitlint-report"), text);
    }
    let asked = [&scan[..], &["--show-identifiers", "--report", "by-name"]].concat();
    let answer = place.splitlint(asked).exits(1);
    assert!(answer.stdout.contains("SECRET-0"), "{}", answer.stdout);
    let findings = place.read("by-name/findings.csv");
    assert!(findings.contains("SECRET-019") && !findings.contains("Jane"));
    let resplit = ["resplit", "data", "--to", "new", "--no-cache"];
    let answer = place.splitlint(resplit).exits(0);
    assert!(!answer.stdout.contains("SECRET"));
    let again = [
        "scan",
        "new",
        "--no-cache",
        "--select",
        "LEAK005",
        "--report",
        "again",
    ];
    place.splitlint(again).exits(0);
    nowhere(&place.path("again"), "SECRET");
}

#[test]
fn one_image_in_both_monochromes_is_a_copy() {
    let place = Place::new();
    for patient in 0..4 {
        place.write(
            format!("data/train/a/{patient}.dcm"),
            slice(patient, 0, false),
        );
        place.write(
            format!("data/test/a/{}.dcm", patient + 10),
            slice(patient + 10, 0, false),
        );
    }
    place.write("data/test/a/99.dcm", slice(2, 0, true));
    place
        .splitlint(["scan", "data", "--no-cache", "--select", "LEAK001,LEAK002"])
        .exits(1);
    let pairs = place.read("splitlint-report/pairs.csv");
    let across: Vec<&str> = pairs.lines().skip(1).collect();
    assert_eq!(across.len(), 1, "{pairs}");
    assert!(
        across[0].contains("train/a/2.dcm") && across[0].contains("test/a/99.dcm"),
        "{pairs}"
    );
}
