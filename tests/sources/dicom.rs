//! Series of patients, dealt over the splits.

use super::dicom_files::{file, image, padded};
use super::*;

/// A slice of a patient in a study.
fn slice(patient: &str, study: &str, tone: u8) -> Vec<u8> {
    let mut elements = image((2, 2), "MONOCHROME2", (8, 8, false), vec![tone; 4]);
    for (tag, _, value) in &mut elements {
        match tag {
            0x0010_0020 => *value = padded(patient.as_bytes(), b' '),
            0x0020_000D => *value = padded(study.as_bytes(), 0),
            _ => {}
        }
    }
    file("1.2.840.10008.1.2.1", &elements)
}

fn groups(listing: &Listing) -> Vec<Option<&str>> {
    let samples = listing.samples.iter();
    samples
        .map(|sample| Some(listing.group_name(sample.group?)))
        .collect()
}

#[test]
fn slices_of_a_patient_are_a_group_without_a_name() {
    let set = Set::of(&["train/other.png"]);
    set.put("train/1.dcm", &slice("DOE^JANE", "1.1", 1));
    // Without an extension, and in another study.
    set.put("val/IM0002", &slice("DOE^JANE", "1.2", 2));
    set.put("val/3.dcm", &slice("ROE^RICHARD", "1.3", 3));
    let listing = set.list();
    let groups = groups(&listing);
    assert_eq!(groups.len(), 4);
    // By key: train/1.dcm, train/other.png, val/3.dcm, val/IM0002.
    assert!(groups[0].is_some_and(|name| name.starts_with("patient ")));
    assert_eq!((groups[1], groups[0]), (None, groups[3]));
    assert_ne!(groups[0], groups[2]);
    let all = format!("{listing:?}");
    assert!(!all.contains("DOE") && !all.contains("ROE"), "{all}");
}

#[test]
fn one_identity_for_everyone_is_no_group() {
    let set = Set::of(&[]);
    for (name, study) in [
        ("train/1.dcm", "1.1"),
        ("train/2.dcm", "1.2"),
        ("val/3.dcm", "1.1"),
    ] {
        set.put(name, &slice("ANONYMOUS", study, 1));
    }
    let listing = set.list();
    let groups = groups(&listing);
    assert!(groups[0].is_some_and(|name| name.starts_with("study ")));
    assert_eq!(groups[0], groups[2]);
    assert_ne!(groups[0], groups[1]);
    // Not even a study tells them apart.
    let set = Set::of(&[]);
    for name in ["train/1.dcm", "val/3.dcm"] {
        set.put(name, &slice("ANONYMOUS", "1.1", 1));
    }
    let listing = set.list();
    assert_eq!(self::groups(&listing), [None, None]);
}

#[test]
fn damaged_files_belong_to_nobody() {
    let set = Set::of(&[]);
    let whole = slice("DOE^JANE", "1.1", 1);
    set.put("train/1.dcm", &whole[..150]);
    set.put("train/2.dcm", &slice("ROE^RICHARD", "1.2", 2));
    set.put("val/3.dcm", &slice("DOE^JANE", "1.3", 3));
    let listing = set.list();
    let groups = groups(&listing);
    assert_eq!(groups[0], None);
    assert!(groups[1].is_some() && groups[2].is_some() && groups[1] != groups[2]);
}

#[test]
fn frames_of_a_file_are_samples_of_one_group() {
    let frames = |patient: &str| {
        let pixels = (0..12).collect();
        let mut elements = image((2, 2), "MONOCHROME2", (8, 8, false), pixels);
        elements.push((0x0028_0008, "IS", padded(b"3", b' ')));
        elements.sort_by_key(|(tag, ..)| *tag);
        for (tag, _, value) in &mut elements {
            if *tag == 0x0010_0020 {
                *value = padded(patient.as_bytes(), b' ');
            }
        }
        file("1.2.840.10008.1.2.1", &elements)
    };
    let set = Set::of(&[]);
    set.put("train/a/1.dcm", &frames("DOE"));
    set.put("train/a/2.dcm", &frames("DOE"));
    set.put("val/a/3.dcm", &slice("DOE", "1.2.3", 4));
    let listed = list(&set.request()).expect("listed");
    let listing = &listed.listing;
    let keys: Vec<&str> = listing
        .samples
        .iter()
        .map(|sample| sample.key.as_str())
        .collect();
    assert_eq!(keys.len(), 7);
    assert_eq!(keys[1], "train/a/1.dcm/frame-0002.dcm");
    let image = listed.reader.read(SampleId(1)).expect("read");
    assert!(image.ends_with(&[4, 5, 6, 7]), "the second frame");
    // One patient and one study for all: a file of frames is a group nevertheless.
    assert_eq!(groups(listing)[0], Some("train/a/1.dcm"));
    assert_eq!(
        (groups(listing)[2], groups(listing)[6]),
        (groups(listing)[0], None)
    );
    set.put("val/a/3.dcm", &slice("ROE", "1.2.4", 4));
    let listing = set.list();
    let by_patient = groups(&listing);
    assert!(by_patient[0].is_some_and(|name| name.starts_with("patient ")));
    assert_eq!(by_patient[0], by_patient[5]);
    assert_ne!(by_patient[0], by_patient[6]);
}
