//! Puts files right that libjpeg reads and other decoders refuse, byte for byte in
//! place. Decodes nothing.

use std::borrow::Cow;

use super::{next_marker, segment};

const SOS: u8 = 0xDA;
const LINES_MARKER: u8 = 0xDC;
const APP14: u8 = 0xEE;
/// A comment, which everyone passes over.
const COMMENT: u8 = 0xFE;
/// Marker and length of a segment that defines the number of lines, which follows the
/// first scan (ITU-T T.81, B.2.5).
const LINES: &[u8] = b"\xFF\xDC\0\x04";
/// Content of a whole Adobe segment, which alone has a meaning in APP14.
const ADOBE: usize = 12;

/// The file with its height where it is looked for, and without Adobe segments that
/// are cut short.
pub(crate) fn mended(file: &[u8]) -> Cow<'_, [u8]> {
    let mut mended = Cow::Borrowed(file);
    let mut at = 2;
    while let Some((marker, behind)) = next_marker(file, at) {
        let Ok((content, end)) = segment(file, behind) else {
            break;
        };
        match marker {
            SOS => break,
            // What defines lines behind a scan defines nothing before it.
            LINES_MARKER => mended.to_mut()[behind - 1] = COMMENT,
            APP14 if content.len() < ADOBE => mended.to_mut()[behind - 1] = COMMENT,
            0xC0..=0xC2 if content.get(1..3) == Some(&[0, 0]) => {
                let Some(lines) = lines_behind(file, end) else {
                    break;
                };
                // Behind the length and the precision.
                mended.to_mut()[behind + 3..behind + 5]
                    .copy_from_slice(&file[lines + 4..lines + 6]);
                mended.to_mut()[lines + 1] = COMMENT;
            }
            _ => {}
        }
        at = end;
    }
    mended
}

/// The file without the segment that repeats its height.
pub(crate) fn without_second_height(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    if let Some(lines) = lines_behind(&file, 0) {
        file[lines + 1] = COMMENT;
    }
    file
}

/// Where a segment that defines the number of lines begins.
fn lines_behind(file: &[u8], at: usize) -> Option<usize> {
    let found = at + memchr::memmem::find(file.get(at..)?, LINES)?;
    (found + LINES.len() + 2 <= file.len()).then_some(found)
}
