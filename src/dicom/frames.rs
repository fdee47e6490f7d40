//! The frames of a file, each as a file of its own that differs in its pixels only.
//! Decodes none.

use super::elements::{Elements, Syntax};
use super::{Fault, Header, MAGIC, PREAMBLE, read, text};

/// Frames of a file at most: an hour of ultrasound has 100,000.
const MOST_FRAMES: u32 = 1 << 17;

/// A file whose frames can be taken out.
#[derive(Debug)]
pub struct Frames<'a> {
    /// All before the pixels, as a file of one frame has it.
    head: Vec<u8>,
    /// The tag and kind of the pixels, as written.
    tag: &'a [u8],
    big_endian: bool,
    pixels: Pixels<'a>,
}

#[derive(Debug)]
enum Pixels<'a> {
    /// The bytes of each frame.
    Plain(Vec<&'a [u8]>),
    /// The fragments of each.
    Coded(Vec<Vec<&'a [u8]>>),
}

/// How many frames a file has, by its beginning; 1 where it does not say.
pub fn count(head: &[u8]) -> u32 {
    let mut count = 1;
    let Some((mut elements, _)) = open(head) else {
        return count;
    };
    while let Ok(Some(element)) = elements.next() {
        match element.tag {
            (0x0028, 0x0008) => count = text(element.value).parse().unwrap_or(1),
            // Elements ascend.
            (0x0028, 0x0009..) | (0x0029.., _) => break,
            _ => {}
        }
    }
    if count <= MOST_FRAMES {
        count.max(1)
    } else {
        1
    }
}

/// The elements behind the file's own, and how they are written.
fn open(bytes: &[u8]) -> Option<(Elements<'_>, Syntax)> {
    let mut meta = Elements::new(bytes.get(PREAMBLE + MAGIC.len()..)?, Syntax::EXPLICIT);
    let mut syntax = Syntax::EXPLICIT;
    while let Ok(Some(element)) = meta.next_in_group(0x0002) {
        if element.tag == (0x0002, 0x0010) {
            syntax = Syntax::of(&text(element.value));
        }
    }
    Some((Elements::new(meta.rest(), syntax), syntax))
}

impl<'a> Frames<'a> {
    /// Finds the frames of a whole file.
    ///
    /// # Errors
    /// [`Fault`], where they cannot be told apart.
    pub fn of(bytes: &'a [u8]) -> Result<Self, Fault> {
        let (header, _) = read(bytes)?;
        let (mut elements, syntax) = open(bytes).ok_or(Fault::Truncated)?;
        let mut counted = None;
        loop {
            let begin = bytes.len() - elements.rest().len();
            let element = elements.next()?.ok_or(Fault::Truncated)?;
            let end = bytes.len() - elements.rest().len();
            if element.tag == (0x0028, 0x0008) {
                counted = Some(end - element.value.len()..end);
            }
            if element.tag != (0x7FE0, 0x0010) {
                continue;
            }
            let mut head = bytes[..begin].to_vec();
            if let Some(digits) = counted {
                let digits = &mut head[digits];
                digits.fill(b' ');
                digits.iter_mut().take(1).for_each(|first| *first = b'1');
            }
            let pixels = match element.is_open {
                true => Pixels::Coded(elements.frames(header.frames)?),
                false => Pixels::Plain(plain(&header, element.value)?),
            };
            return Ok(Self {
                head,
                tag: &bytes[begin..begin + if syntax.explicit { 8 } else { 4 }],
                big_endian: syntax.big_endian,
                pixels,
            });
        }
    }

    /// One frame, from 0, as a file.
    pub fn file(&self, index: usize) -> Option<Vec<u8>> {
        let four = |number: usize| match self.big_endian {
            true => (number as u32).to_be_bytes(),
            false => (number as u32).to_le_bytes(),
        };
        let mut file = [&self.head[..], self.tag].concat();
        match &self.pixels {
            Pixels::Plain(frames) => {
                let frame = frames.get(index)?;
                file.extend(four(frame.len().next_multiple_of(2)));
                file.extend_from_slice(frame);
                file.resize(file.len() + frame.len() % 2, 0);
            }
            Pixels::Coded(frames) => {
                file.extend([0xFF; 4]);
                let empty: &[u8] = &[];
                for fragment in std::iter::once(&empty).chain(frames.get(index)?) {
                    file.extend([0xFE, 0xFF, 0x00, 0xE0]);
                    file.extend((fragment.len() as u32).to_le_bytes());
                    file.extend_from_slice(fragment);
                }
                file.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
            }
        }
        Some(file)
    }
}

/// Frames that lie one behind the other.
fn plain<'a>(header: &Header, pixels: &'a [u8]) -> Result<Vec<&'a [u8]>, Fault> {
    let numbers = match header.photometric.as_str() {
        // Of two pixels one pair of chromas.
        "YBR_FULL_422" => 2,
        _ => u64::from(header.samples),
    };
    let bits =
        u64::from(header.width) * u64::from(header.height) * numbers * u64::from(header.allocated);
    let size = usize::try_from(bits / 8).unwrap_or(usize::MAX);
    if size == 0 || !bits.is_multiple_of(8) {
        return Err(Fault::Corrupt("its frames do not begin with a byte"));
    }
    let frames: Vec<&[u8]> = pixels
        .chunks_exact(size)
        .take(header.frames as usize)
        .collect();
    match frames.len() == header.frames as usize {
        true => Ok(frames),
        false => Err(Fault::Truncated),
    }
}

#[cfg(test)]
mod tests {
    use super::super::written::{file, fragments, image, padded};
    use super::super::{PixelData, read};
    use super::*;

    /// Two by one pixels of 16 bits, three frames of these bytes.
    fn three(syntax: &str, pixels: Option<Vec<u8>>) -> Vec<u8> {
        let plain = pixels.is_none();
        let all = pixels.unwrap_or_else(|| (0..12).collect());
        let mut elements = image((2, 1), "MONOCHROME2", (16, 16, false), all);
        elements.push((0x0028_0008, "IS", padded(b"3", b' ')));
        elements.sort_by_key(|(tag, ..)| *tag);
        if !plain {
            elements.last_mut().expect("pixels").1 = "open";
        }
        file(syntax, &elements)
    }

    #[test]
    fn frames_are_files_of_their_own_in_every_syntax() {
        for syntax in ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"] {
            let bytes = three(syntax, None);
            assert_eq!(count(&bytes[..bytes.len() - 12]), 3);
            let frames = Frames::of(&bytes).expect("three frames");
            for index in 0..3u8 {
                let file = frames.file(index.into()).expect("a frame");
                let (header, pixels) = read(&file).expect("a file");
                assert_eq!(header.frames, 1);
                let from = 4 * index;
                assert_eq!(
                    pixels,
                    PixelData::Plain(&[from, from + 1, from + 2, from + 3])
                );
            }
            assert!(frames.file(3).is_none());
        }
    }

    #[test]
    fn fragments_go_to_their_frames_by_the_table_or_one_each() {
        let jpeg = "1.2.840.10008.1.2.4.50";
        let coded = |frames: &Frames<'_>, index| {
            let file = frames.file(index).expect("a frame");
            let (_, pixels) = read(&file).expect("a file");
            match pixels {
                PixelData::Coded(bytes) => bytes,
                other => panic!("{other:?}"),
            }
        };
        let bytes = three(jpeg, Some(fragments(&[b"ab", b"cd", b"ef"])));
        let frames = Frames::of(&bytes).expect("three frames");
        assert_eq!(coded(&frames, 1), b"cd");
        let mut table = fragments(&[b"ab", b"cd", b"ef", b"gh"]);
        table.splice(4..8, [12, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 30, 0, 0, 0]);
        let bytes = three(jpeg, Some(table));
        let frames = Frames::of(&bytes).expect("three frames");
        assert_eq!(coded(&frames, 0), b"abcd");
        assert_eq!(coded(&frames, 2), b"gh");
        let bytes = three(jpeg, Some(fragments(&[b"ab", b"cd"])));
        assert!(
            Frames::of(&bytes).is_err(),
            "two fragments are no three frames"
        );
    }

    #[test]
    fn every_prefix_has_no_frames_or_is_refused() {
        let bytes = three("1.2.840.10008.1.2.1", None);
        for end in 0..bytes.len() {
            assert!(Frames::of(&bytes[..end]).is_err(), "{end}");
            assert!([1, 3].contains(&count(&bytes[..end])), "{end}");
        }
    }
}
