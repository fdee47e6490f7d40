//! Files of every kind that is unpacked here, written byte by byte.

mod bands;
mod old_jpeg;
mod packing;

use super::super::whole::Samples;
use super::*;
use old_jpeg::jpeg;
use packing::{FAX, from_bits, ways};

const SHORT: u16 = 3;
const LONG: u16 = 4;

/// A TIFF of `fields` and of `tiles`, or of strips where no width of tiles is given.
fn file(little: bool, mut fields: Vec<(u16, Vec<u32>)>, tiles: &[Vec<u8>]) -> Vec<u8> {
    let number = |value: u32, length: usize| match little {
        true => value.to_le_bytes()[..length].to_vec(),
        false => value.to_be_bytes()[4 - length..].to_vec(),
    };
    let mut out = if little {
        b"II".to_vec()
    } else {
        b"MM".to_vec()
    };
    out.extend(number(42, 2));
    let mut offsets = Vec::new();
    let mut at = 8;
    for tile in tiles {
        offsets.push(at);
        at += tile.len() as u32;
    }
    let tiled = fields.iter().any(|(tag, _)| *tag == 322);
    let (places, lengths) = if tiled { (324, 325) } else { (273, 279) };
    if !tiles.is_empty() {
        fields.push((places, offsets));
        fields.push((
            lengths,
            tiles.iter().map(|tile| tile.len() as u32).collect(),
        ));
    }
    fields.sort();
    out.extend(number(at, 4));
    out.extend(tiles.concat());
    let mut far = at + 2 + 12 * fields.len() as u32 + 4;
    let mut tail = Vec::new();
    out.extend(number(fields.len() as u32, 2));
    for (tag, values) in fields {
        let (kind, size) = match tag {
            256 | 257 | 273 | 279 | 322..=325 | 513..=521 => (LONG, 4),
            _ => (SHORT, 2),
        };
        out.extend(number(tag.into(), 2));
        out.extend(number(kind.into(), 2));
        out.extend(number(values.len() as u32, 4));
        let mut bytes: Vec<u8> = values.iter().flat_map(|&v| number(v, size)).collect();
        if bytes.len() > 4 {
            out.extend(number(far, 4));
            far += bytes.len() as u32;
            tail.extend(bytes);
        } else {
            bytes.resize(4, 0);
            out.extend(bytes);
        }
    }
    out.extend(number(0, 4));
    out.extend(tail);
    out
}

fn sample(x: usize, y: usize, channel: usize) -> u8 {
    (x * 3 + y * 5 + channel * 71) as u8
}

/// Tiles of `side`, channel by channel; what lies beyond the image is zero.
fn planes_of_tiles(
    little: bool,
    (width, height): (usize, usize),
    channels: usize,
    side: usize,
) -> Vec<u8> {
    let mut tiles = Vec::new();
    for channel in 0..channels {
        for top in (0..height).step_by(side) {
            for left in (0..width).step_by(side) {
                let tile = (top..top + side)
                    .flat_map(|y| (left..left + side).map(move |x| (x, y)))
                    .map(|(x, y)| match x < width && y < height {
                        true => sample(x, y, channel),
                        false => 0,
                    });
                tiles.push(tile.collect());
            }
        }
    }
    let mut fields = vec![
        (256, vec![width as u32]),
        (257, vec![height as u32]),
        (258, vec![8; channels]),
        (259, vec![1]),
        (262, vec![2]),
        (277, vec![channels as u32]),
        (284, vec![2]),
        (322, vec![side as u32]),
        (323, vec![side as u32]),
    ];
    if channels > 3 {
        fields.push((338, vec![2; channels - 3]));
    }
    file(little, fields, &tiles)
}

#[test]
fn colours_in_planes_of_tiles_are_those_that_were_written() {
    for little in [true, false] {
        for channels in [3, 4] {
            // Whole tiles, tiles that are cut, and one tile a plane.
            for (width, height, side) in [(32, 48, 16), (75, 50, 32), (20, 12, 32)] {
                let bytes = planes_of_tiles(little, (width, height), channels, side);
                let read = whole(&bytes, &Limits::default());
                let Ok(Whole {
                    samples: Samples::Eight(samples),
                    ..
                }) = read
                else {
                    panic!("{channels} channels of {width} by {height} are not read");
                };
                let expected: Vec<u8> = (0..height)
                    .flat_map(|y| (0..width).map(move |x| (x, y)))
                    .flat_map(|(x, y)| (0..channels).map(move |c| sample(x, y, c)))
                    .collect();
                assert!(samples == expected, "{channels} {width} {height} {little}");
            }
        }
    }
}

#[test]
fn planes_of_tiles_that_are_cut_short_or_claim_too_much_are_refused() {
    let bytes = planes_of_tiles(true, (40, 30), 3, 16);
    for end in (0..bytes.len()).step_by(7) {
        assert!(whole(&bytes[..end], &Limits::default()).is_err(), "{end}");
    }
    // Every number of the directory, as large as it gets.
    let first = bytes.len() - 400;
    for at in first..bytes.len() {
        let mut broken = bytes.clone();
        broken[at] = 0xff;
        // Read or refused: a panic would end the test.
        let _ = whole(&broken, &Limits::default());
    }
}

/// Size, bits, samples a pixel, compression and photometric interpretation of one
/// strip.
fn fields(
    (width, height): (u32, u32),
    bits: u32,
    samples: u32,
    compression: u32,
    photometric: u32,
) -> Vec<(u16, Vec<u32>)> {
    vec![
        (256, vec![width]),
        (257, vec![height]),
        (258, vec![bits; samples as usize]),
        (259, vec![compression]),
        (262, vec![photometric]),
        (277, vec![samples]),
        (278, vec![height]),
    ]
}

fn read(bytes: &[u8]) -> Result<Whole, DecodeFailure> {
    whole(bytes, &Limits::default())
}

fn eight(bytes: &[u8]) -> Vec<u8> {
    match read(bytes).map(|whole| whole.samples) {
        Ok(Samples::Eight(samples)) => samples,
        Ok(Samples::Sixteen(_)) => panic!("samples of 16 bits"),
        Err(failure) => panic!("{failure}"),
    }
}

fn sixteen(bytes: &[u8]) -> Vec<u16> {
    match read(bytes).map(|whole| whole.samples) {
        Ok(Samples::Sixteen(samples)) => samples,
        Ok(Samples::Eight(_)) => panic!("samples of 8 bits"),
        Err(failure) => panic!("{failure}"),
    }
}

/// Numbers of `bits` bits, one behind the other, each row padded to whole bytes.
fn packed(numbers: &[u16], across: usize, bits: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for row in numbers.chunks(across) {
        let mut bytes = vec![0; (row.len() * bits).div_ceil(8)];
        for (place, number) in row.iter().enumerate() {
            for bit in (0..bits).filter(|bit| number >> (bits - 1 - bit) & 1 == 1) {
                let at = place * bits + bit;
                bytes[at / 8] |= 0x80 >> (at % 8);
            }
        }
        out.extend(bytes);
    }
    out
}

#[test]
fn numbers_of_any_few_bits_are_those_that_were_written() {
    for bits in [9, 10, 12, 14, 15] {
        let numbers: Vec<u16> = (0..7 * 5).map(|v| v * 311 % (1 << bits)).collect();
        let strip = packed(&numbers, 7, bits);
        let file = file(true, fields((7, 5), bits as u32, 1, 1, 1), &[strip]);
        assert_eq!(sixteen(&file), numbers, "{bits} bits");
    }
    for bits in [3, 5, 6, 7] {
        let most = (1 << bits) - 1;
        let numbers: Vec<u16> = (0..7 * 5).map(|v| v * 11 % (most + 1)).collect();
        let strip = packed(&numbers, 7, bits);
        let file = file(false, fields((7, 5), bits as u32, 1, 1, 1), &[strip]);
        let spread: Vec<u8> = numbers.iter().map(|&v| (v * 255 / most) as u8).collect();
        assert_eq!(eight(&file), spread, "{bits} bits");
    }
}

#[test]
fn differences_of_twelve_bits_add_up() {
    let numbers: Vec<u16> = (0..7 * 5).map(|v| v * 997 % 4096).collect();
    let differences: Vec<u16> = (numbers.chunks(7))
        .flat_map(|row| {
            let before = std::iter::once(0).chain(row.iter().copied());
            row.iter()
                .zip(before)
                .map(|(now, before)| now.wrapping_sub(before) & 0xFFF)
        })
        .collect();
    let mut all = fields((7, 5), 12, 1, 1, 1);
    all.push((317, vec![2]));
    let file = file(true, all, &[packed(&differences, 7, 12)]);
    assert_eq!(sixteen(&file), numbers);
}

#[test]
fn bits_in_reverse_order_are_turned_back() {
    let numbers: Vec<u16> = (0..20 * 3).map(|v| v * 7 % 16).collect();
    let strip = packed(&numbers, 20, 4);
    let reversed = strip.iter().map(|byte| byte.reverse_bits()).collect();
    let usual = file(true, fields((20, 3), 4, 1, 1, 1), &[strip]);
    let mut all = fields((20, 3), 4, 1, 1, 1);
    all.push((266, vec![2]));
    assert_eq!(eight(&file(true, all, &[reversed])), eight(&usual));
}

#[test]
fn a_page_without_interpretation_has_that_of_its_kind() {
    for little in [true, false] {
        let without = |mut all: Vec<(u16, Vec<u32>)>, strip: &[u8]| {
            all.retain(|(tag, _)| *tag != 262);
            eight(&file(little, all, &[strip.to_vec()]))
        };
        let fax = without(fields((8, 2), 1, 1, 4, 0), &from_bits(FAX[3].2));
        assert_eq!(fax[..8], [255, 255, 255, 255, 0, 0, 0, 0]);
        assert_eq!(without(fields((2, 1), 8, 1, 1, 0), &[7, 9]), [7, 9]);
        let colours = without(fields((1, 1), 8, 3, 1, 0), &[7, 9, 11]);
        assert_eq!(colours, [7, 9, 11]);
    }
}

#[test]
fn subsampled_chroma_belongs_to_its_unit() {
    // Two units of 2 × 2: gray of four tones, and red (Rec. 601: 76, 85, 255).
    let strip = vec![10, 20, 30, 40, 128, 128, 76, 76, 76, 76, 85, 255];
    let mut all = fields((3, 2), 8, 3, 1, 6);
    all.push((530, vec![2, 2]));
    let shown = eight(&file(true, all, &[strip]));
    let expected = [
        [[10; 3], [20; 3], [254, 0, 0]],
        [[30; 3], [40; 3], [254, 0, 0]],
    ];
    for (seen, wanted) in shown.iter().zip(expected.as_flattened().as_flattened()) {
        assert!(seen.abs_diff(*wanted) <= 1, "{shown:?}");
    }
}

#[test]
fn a_missing_plane_of_nothing_known_does_not_hide_the_others() {
    let mut all = fields((2, 2), 8, 2, 1, 1);
    all.extend([(284, vec![2]), (338, vec![0])]);
    all.extend([(273, vec![8, 0]), (279, vec![4, 0])]);
    let mut bytes = file(true, all, &[]);
    // The pixels lie where the strip of the first plane begins: behind the header,
    // before which the directory has moved.
    let pixels = [1, 2, 3, 4];
    let at = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    assert_eq!(at, 8);
    let directory = bytes.split_off(8);
    bytes.extend(pixels);
    bytes.extend(moved(&directory, 4));
    bytes[4..8].copy_from_slice(&12u32.to_le_bytes());
    assert_eq!(eight(&bytes), pixels);
}

/// A directory whose far values have moved by `by` bytes.
fn moved(directory: &[u8], by: u32) -> Vec<u8> {
    let mut moved = directory.to_vec();
    let count = u16::from_le_bytes([moved[0], moved[1]]);
    for entry in moved[2..].chunks_exact_mut(12).take(count.into()) {
        let size = if entry[2] == 4 { 4 } else { 2 };
        let values = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
        if values * size > 4 {
            let at = u32::from_le_bytes([entry[8], entry[9], entry[10], entry[11]]) + by;
            entry[8..].copy_from_slice(&at.to_le_bytes());
        }
    }
    moved
}

#[test]
fn colours_of_cie_lab_are_those_of_srgb() {
    // White, black, and the primaries of sRGB before D50 (Bradford), rounded.
    let cases = [
        ([255u8, 0, 0], [255u8, 255, 255]),
        ([0, 0, 0], [0, 0, 0]),
        ([138, 81, 70], [255, 0, 0]),
        ([224, (-79i8).cast_unsigned(), 81], [0, 255, 0]),
        ([75, 68, (-112i8).cast_unsigned()], [0, 0, 255]),
    ];
    for (lab, rgb) in cases {
        let [l, a, b] = lab;
        let offset = [l, a.wrapping_add(128), b.wrapping_add(128)];
        for (form, stored) in [(8, lab), (9, offset)] {
            let shown = eight(&file(
                true,
                fields((1, 1), 8, 3, 1, form),
                &[stored.to_vec()],
            ));
            for (seen, wanted) in shown.iter().zip(rgb) {
                assert!(
                    seen.abs_diff(wanted) <= 12,
                    "{lab:?}: {shown:?}, not {rgb:?}"
                );
            }
        }
    }
}

#[test]
fn every_prefix_of_every_kind_is_refused_or_whole() {
    let numbers: Vec<u16> = (0..7 * 5).map(|v| v * 311 % 4096).collect();
    let mut files = vec![file(
        true,
        fields((7, 5), 12, 1, 1, 1),
        &[packed(&numbers, 7, 12)],
    )];
    for (compression, options, code) in FAX {
        let mut all = fields((8, 2), 1, 1, compression, 0);
        all.push((292, vec![options]));
        files.push(file(false, all, &[from_bits(code)]));
    }
    for (method, strip) in ways(&[9; 35]) {
        let mut all = fields((7, 5), 8, 1, method, 1);
        all.push((266, vec![1]));
        files.push(file(true, all, &[strip]));
    }
    let mut all = fields((16, 16), 8, 3, 6, 6);
    all.push((513, vec![8]));
    files.push(file(true, all, &[jpeg()]));
    for bytes in files {
        assert!(read(&bytes).is_ok());
        // Four bytes at the end name the next page, which nobody asks for.
        for end in 0..bytes.len() - 16 {
            assert!(read(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
        }
    }
}

#[test]
fn tiles_that_claim_more_than_any_image_are_refused() {
    let mut all = fields((8, 8), 12, 1, 1, 1);
    all.extend([(322, vec![1 << 16]), (323, vec![1 << 16])]);
    let refused = read(&file(true, all, &[vec![0; 64]])).map(|whole| whole.width);
    assert!(
        matches!(refused, Err(DecodeFailure::Corrupt(_))),
        "{refused:?}"
    );
}
