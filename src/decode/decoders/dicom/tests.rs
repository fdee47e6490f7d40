//! Images of DICOM files that the test writes.

use super::*;
use crate::dicom::written::{file, fragments, image, padded};

const EXPLICIT: &str = "1.2.840.10008.1.2.1";

fn whole(bytes: &[u8]) -> Whole {
    match read(bytes, &Limits::default()) {
        Ok(read) => read.whole,
        Err(failure) => panic!("{failure}"),
    }
}

fn eight(bytes: &[u8]) -> Vec<u8> {
    match whole(bytes).samples {
        Samples::Eight(samples) => samples,
        Samples::Sixteen(_) => panic!("samples of 16 bits"),
    }
}

fn words(numbers: &[i16]) -> Vec<u8> {
    numbers.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[test]
fn a_window_shows_what_lies_in_it_whatever_the_interpretation() {
    let stored = [0, 1024, 1064, 1104, 4000, 24];
    let window = |photometric| {
        let mut elements = image((3, 2), photometric, (16, 16, true), words(&stored));
        elements.push((0x0028_1050, "DS", padded(b"40", b' ')));
        elements.push((0x0028_1051, "DS", padded(b"81", b' ')));
        elements.push((0x0028_1052, "DS", padded(b"-1024", b' ')));
        elements.push((0x0028_1053, "DS", padded(b"1", b' ')));
        elements.sort_by_key(|(tag, ..)| *tag);
        eight(&file(EXPLICIT, &elements))
    };
    // -1024, 0, 40, 80, 2976, -1000 Hounsfield units in 0 to 80.
    let shown = [0, 2, 129, 255, 255, 0];
    for (seen, wanted) in window("MONOCHROME2").iter().zip(shown) {
        assert!(seen.abs_diff(wanted) <= 2, "{seen}, not {wanted}");
    }
    let turned: Vec<u8> = window("MONOCHROME1").iter().map(|v| 255 - v).collect();
    assert_eq!(turned, window("MONOCHROME2"));
}

#[test]
fn scanner_is_named_where_other_images_name_their_camera() {
    let mut elements = image((2, 1), "MONOCHROME2", (8, 8, false), vec![1, 2]);
    assert!(
        read(&file(EXPLICIT, &elements), &Limits::default()).is_ok_and(|read| read.exif.is_none())
    );
    elements.push((0x0008_0070, "LO", padded(b"ACME", b' ')));
    elements.push((0x0008_1090, "LO", padded(b"Scan 3T", b' ')));
    elements.sort_by_key(|(tag, ..)| *tag);
    let exif = read(&file(EXPLICIT, &elements), &Limits::default()).map(|read| read.exif);
    let exif = exif.ok().flatten().expect("a scanner");
    assert_eq!(
        (exif.make.as_deref(), exif.model.as_deref()),
        (Some("ACME"), Some("Scan 3T"))
    );
    assert_eq!(exif.software, None);
}

#[test]
fn without_a_window_numbers_keep_their_order() {
    let signed = image((3, 1), "MONOCHROME2", (16, 12, true), words(&[-5, 0, 2047]));
    let seen = whole(&file(EXPLICIT, &signed)).samples;
    assert!(matches!(seen, Samples::Sixteen(v) if v == [2043, 2048, 4095]));
    let turned = image((3, 1), "MONOCHROME1", (16, 12, false), words(&[0, 1, 4095]));
    let seen = whole(&file(EXPLICIT, &turned)).samples;
    assert!(matches!(seen, Samples::Sixteen(v) if v == [4095, 4094, 0]));
    let big = image((2, 1), "MONOCHROME2", (8, 8, false), vec![3, 200]);
    assert_eq!(eight(&file("1.2.840.10008.1.2", &big)), [3, 200]);
}

#[test]
fn colours_in_pixels_planes_and_palettes_are_read() {
    let pixels = vec![1, 2, 3, 4, 5, 6];
    let mut elements = image((2, 1), "RGB", (8, 8, false), pixels.clone());
    assert_eq!(eight(&file(EXPLICIT, &elements)), pixels);
    for element in &mut elements {
        if element.0 == 0x0028_0006 {
            element.2 = vec![1, 0];
        }
    }
    assert_eq!(eight(&file(EXPLICIT, &elements)), [1, 3, 5, 2, 4, 6]);
    let gray = image(
        (2, 1),
        "YBR_FULL_422",
        (8, 8, false),
        vec![9, 200, 128, 128],
    );
    assert_eq!(eight(&file(EXPLICIT, &gray)), [9, 9, 9, 200, 200, 200]);
    let mut elements = image((2, 2), "PALETTE COLOR", (8, 8, false), vec![5, 6, 7, 0]);
    for (at, colours) in (0..3).zip([[0x1100u16, 0x2200], [0x3300, 0x4400], [0x5500, 0x6600]]) {
        let description = [2u16, 5, 16].iter().flat_map(|v| v.to_le_bytes()).collect();
        let colours = colours.iter().flat_map(|v| v.to_le_bytes()).collect();
        elements.push((0x0028_1101 + at, "US", description));
        elements.push((0x0028_1201 + at, "OW", colours));
    }
    elements.sort_by_key(|(tag, ..)| *tag);
    let (one, two) = ([0x11, 0x33, 0x55], [0x22, 0x44, 0x66]);
    assert_eq!(
        eight(&file(EXPLICIT, &elements)),
        [one, two, two, one].concat()
    );
}

fn coded(syntax: &str, bits: u16, frame: &[u8]) -> Vec<u8> {
    let allocated = if bits > 8 { 16 } else { 8 };
    let mut elements = image((4, 2), "MONOCHROME2", (allocated, bits, false), Vec::new());
    elements.retain(|(tag, ..)| *tag != 0x7FE0_0010);
    elements.push((0x7FE0_0010, "open", fragments(&[frame])));
    file(syntax, &elements)
}

#[test]
fn run_lengths_are_unpacked_byte_by_byte() {
    // Two planes, the upper bytes first: runs of 1 and of 0, and literals.
    let mut frame = vec![2, 0, 0, 0, 64, 0, 0, 0, 68, 0, 0, 0];
    frame.resize(64, 0);
    frame.extend([0xFD, 1, 0xFD, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
    let seen = whole(&coded("1.2.840.10008.1.2.5", 16, &frame)).samples;
    let wanted = [257, 258, 259, 260, 5, 6, 7, 8];
    assert!(matches!(seen, Samples::Sixteen(v) if v == wanted));
}

#[test]
fn jpeg_inside_is_read() {
    let mut frame = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut frame, 100);
    let tones = [10, 10, 10, 10, 200, 200, 200, 200];
    encoder
        .encode(&tones, 4, 2, jpeg_encoder::ColorType::Luma)
        .unwrap();
    let seen = eight(&coded("1.2.840.10008.1.2.4.50", 8, &frame));
    assert!(
        seen.iter().zip(tones).all(|(a, b)| a.abs_diff(b) <= 3),
        "{seen:?}"
    );
}

#[test]
fn what_is_not_decoded_is_named_and_what_is_cut_short_is_truncated() {
    let named = read(
        &coded("1.2.840.10008.1.2.4.80", 8, b"x"),
        &Limits::default(),
    )
    .err();
    assert_eq!(
        named,
        Some(DecodeFailure::unsupported("DICOM packed by JPEG-LS"))
    );
    let whole = file(
        EXPLICIT,
        &image((3, 2), "MONOCHROME2", (16, 12, false), vec![7; 12]),
    );
    for end in 0..whole.len() {
        assert!(read(&whole[..end], &Limits::default()).is_err(), "{end}");
    }
    let half = read(&whole[..whole.len() - 5], &Limits::default()).err();
    assert_eq!(half, Some(DecodeFailure::Truncated));
}

/// A sequence with one item, as a writer gives its lengths or leaves them open.
fn sequence(elements: &[(u32, &str, Vec<u8>)], is_open: bool) -> Vec<u8> {
    let mut item = Vec::new();
    for (tag, kind, value) in elements {
        crate::dicom::written::element(&mut item, (true, false), *tag, kind, value);
    }
    let length = |length: usize| match is_open {
        true => [0xFF; 4],
        false => (length as u32).to_le_bytes(),
    };
    let mut sequence = [[0xFE, 0xFF, 0x00, 0xE0], length(item.len())].concat();
    sequence.extend(item);
    if is_open {
        sequence.extend([0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
        sequence.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    }
    sequence
}

#[test]
fn a_lookup_table_is_shown_in_place_of_the_window() {
    let shown = |bits: i16, grays: Vec<u8>, is_open: bool| {
        let table = [
            (0x0028_3002, "US", words(&[4, 10, bits])),
            (0x0028_3006, "OW", grays),
        ];
        let kind = if is_open { "open" } else { "SQ" };
        let pixels = words(&[0, 10, 11, 12, 13, 4000]);
        let mut elements = image((3, 2), "MONOCHROME2", (16, 16, true), pixels);
        elements.push((0x0028_1050, "DS", padded(b"40", b' ')));
        elements.push((0x0028_1051, "DS", padded(b"81", b' ')));
        elements.push((0x0028_3010, kind, sequence(&table, is_open)));
        elements.sort_by_key(|(tag, ..)| *tag);
        eight(&file(EXPLICIT, &elements))
    };
    let wanted = [0, 0, 51, 255, 102, 102];
    let of_ten_bits = words(&[0, 205, 1023, 409]);
    for is_open in [false, true] {
        let seen = shown(10, of_ten_bits.clone(), is_open);
        for (seen, wanted) in seen.iter().zip(wanted) {
            assert!(seen.abs_diff(wanted) <= 1, "{seen}, not {wanted}");
        }
    }
    assert_eq!(shown(8, vec![0, 51, 255, 102], false), wanted);
    // A table that is cut off is none: the window counts.
    assert_eq!(shown(8, vec![0, 51], false)[5], 255);
}

#[test]
fn how_an_image_was_taken_is_known_without_a_name_or_a_day() {
    let mut elements = image((2, 1), "MONOCHROME2", (8, 8, false), vec![1, 2]);
    for (tag, kind, value) in [
        (0x0008_0020, "DA", "20190412"),
        (0x0008_0080, "LO", "St. Mary"),
        (0x0008_103E, "LO", "Chest of Jane Doe"),
        (0x0018_0015, "CS", "CHEST"),
        (0x0018_5101, "CS", "Doe, Jane"),
        (0x0020_0062, "CS", "L"),
    ] {
        elements.push((tag, kind, padded(value.as_bytes(), b' ')));
    }
    elements.sort_by_key(|(tag, ..)| *tag);
    let exif = read(&file(EXPLICIT, &elements), &Limits::default()).map(|read| read.exif);
    let exif = exif.ok().flatten().expect("facts");
    let scan = &exif.scan;
    assert_eq!(scan.body_part.as_deref(), Some("CHEST"));
    assert_eq!(
        (scan.laterality.as_deref(), scan.year),
        (Some("L"), Some(2019))
    );
    assert_eq!(scan.view, None, "what is no code is not kept");
    assert!(scan.series.is_some() && scan.site.is_some());
    let all = format!("{exif:?}");
    for part in ["Doe", "Jane", "Mary", "0412"] {
        assert!(!all.contains(part), "{all}");
    }
}
