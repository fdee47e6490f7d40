use super::written::{file, fragments, image, padded};
use super::*;

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";

#[test]
fn elements_are_found_whether_their_kind_is_written_or_not() {
    for syntax in [EXPLICIT, IMPLICIT] {
        let mut elements = image((3, 2), "MONOCHROME2", (16, 12, true), vec![7; 12]);
        elements.insert(
            0,
            (0x0008_1140, "SQ", vec![0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]),
        );
        elements.push((0x0028_1050, "DS", padded(br"40\50", b' ')));
        elements.push((0x0028_1051, "DS", padded(br"400\500", b' ')));
        elements.push((0x0028_1052, "DS", padded(b"-1024", b' ')));
        elements.push((0x0028_0008, "IS", padded(b"3", b' ')));
        // Elements ascend; pixels come last.
        elements.sort_by_key(|(tag, ..)| *tag);
        let bytes = file(syntax, &elements);
        assert!(is_dicom(&bytes));
        let (header, pixels) = read(&bytes).expect("read");
        assert_eq!((header.width, header.height, header.frames), (3, 2, 3));
        assert_eq!(
            (header.allocated, header.stored, header.signed),
            (16, 12, true)
        );
        assert_eq!(header.window, Some([40.0, 400.0]));
        assert_eq!(header.rescale, [1.0, -1024.0]);
        let identity = identity(&bytes);
        assert_eq!(
            (&identity.patient[..], &identity.study[..]),
            ("PAT-001", "1.2.3")
        );
        assert_eq!(pixels, PixelData::Plain(&[7; 12]));
    }
}

#[test]
fn identities_are_not_printed() {
    let bytes = file(
        EXPLICIT,
        &image((1, 1), "MONOCHROME2", (8, 8, false), vec![0; 2]),
    );
    let (header, _) = read(&bytes).expect("read");
    let printed = format!("{header:?} {:?}", identity(&bytes));
    assert!(!printed.contains("PAT"), "{printed}");
}

#[test]
fn sequences_of_open_length_are_passed_over() {
    // An item of open length with an element and a sequence of its own.
    let item = [
        &[0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF][..],
        &[0x08, 0x00, 0x60, 0x00, b'C', b'S', 2, 0, b'C', b'T'],
        &[
            0x08, 0x00, 0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF,
        ],
        &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0],
        &[0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0],
        &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0],
    ];
    let mut elements = image((2, 1), "MONOCHROME1", (8, 8, false), vec![1, 2]);
    elements.insert(0, (0x0008_1115, "open", item.concat()));
    let bytes = file(EXPLICIT, &elements);
    let (header, pixels) = read(&bytes).expect("read");
    assert_eq!(header.photometric, "MONOCHROME1");
    assert_eq!(pixels, PixelData::Plain(&[1, 2]));
}

#[test]
fn coded_pixels_are_the_fragments_of_the_first_frame() {
    let coded = |frames: &[u8], value: Vec<u8>| {
        let mut elements = image((2, 1), "MONOCHROME2", (8, 8, false), Vec::new());
        elements.retain(|(tag, ..)| *tag != 0x7FE0_0010);
        elements.push((0x0028_0008, "IS", padded(frames, b' ')));
        elements.sort_by_key(|(tag, ..)| *tag);
        elements.push((0x7FE0_0010, "open", value));
        let bytes = file("1.2.840.10008.1.2.4.50", &elements);
        read(&bytes).map(|(_, pixels)| match pixels {
            PixelData::Coded(frame) => frame,
            other => panic!("{other:?}"),
        })
    };
    let two = fragments(&[b"ab", b"cd"]);
    assert_eq!(coded(b"1", two.clone()), Ok(b"abcd".to_vec()));
    assert_eq!(coded(b"2", two), Ok(b"ab".to_vec()));
    // A table of offsets: the second frame begins behind two fragments.
    let mut table = fragments(&[b"ab", b"cd", b"ef"]);
    table.splice(4..8, [8, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0]);
    assert_eq!(coded(b"2", table), Ok(b"abcd".to_vec()));
}

#[test]
fn every_prefix_is_a_fault_or_has_fewer_pixels() {
    let mut elements = image((3, 2), "MONOCHROME2", (16, 12, false), vec![7; 12]);
    elements.insert(
        0,
        (0x0008_1140, "SQ", vec![0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]),
    );
    let whole = file(EXPLICIT, &elements);
    for end in 0..whole.len() {
        match read(&whole[..end]) {
            Err(_) | Ok((_, PixelData::None)) => {}
            Ok((_, PixelData::Plain(pixels))) => assert!(pixels.len() < 12, "{end}"),
            Ok((_, PixelData::Coded(_))) => panic!("{end}"),
        }
    }
}
