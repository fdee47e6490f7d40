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
