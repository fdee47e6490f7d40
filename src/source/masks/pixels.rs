//! The values of a mask: which class indices its pixels hold. Keeps no pixel.

use std::io::{BufRead, Cursor, Seek};

use image::{DynamicImage, ImageReader, Limits};

/// More pixels than this are not read of a mask: a class index takes no more
/// than one byte, and the largest that are published (aerial photos) have 10,000
/// × 10,000 pixels.
const MAX_PIXELS: u64 = 128 << 20;

/// What decoders may allocate: a row of pixels, or a whole image of the formats
/// that are not read row by row.
const MAX_ALLOC: u64 = 4 * MAX_PIXELS;

/// What the pixels of a mask are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Values {
    /// By gray level or place in the palette, how many pixels have it.
    Indices(Box<[u64; 256]>),
    /// Why they are no class indices.
    Other(&'static str),
}

/// A mask as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mask {
    pub(super) size: (u32, u32),
    pub(super) values: Values,
}

/// Pixels that cannot be indices.
pub(super) const COLOURED: &str = "coloured";
pub(super) const DEEP: &str = "of 16 bits";
pub(super) const LOSSY: &str = "JPEG, which changes values";

/// Reads a mask.
///
/// # Errors
/// Why it cannot be decoded.
pub(super) fn read(bytes: &[u8]) -> Result<Mask, String> {
    if bytes.starts_with(b"\x89PNG") {
        return read_png(bytes);
    }
    if bytes.starts_with(&[0xff, 0xd8]) {
        let size = size(Cursor::new(bytes)).ok_or("no size in its header")?;
        return Ok(Mask {
            size,
            values: Values::Other(LOSSY),
        });
    }
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    let size = size(Cursor::new(bytes)).ok_or("no size in its header")?;
    if u64::from(size.0) * u64::from(size.1) > MAX_PIXELS {
        return Err(format!("more than {MAX_PIXELS} pixels"));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let decoded = reader.decode().map_err(|error| error.to_string())?;
    let mut counts = Counts::default();
    match decoded {
        DynamicImage::ImageLuma8(gray) => gray.pixels().for_each(|pixel| counts.gray(pixel.0[0])),
        DynamicImage::ImageRgb8(image) => image.pixels().for_each(|pixel| counts.colour(&pixel.0)),
        DynamicImage::ImageRgba8(image) => image.pixels().for_each(|pixel| counts.colour(&pixel.0)),
        _ => counts.other = Some(DEEP),
    }
    Ok(Mask {
        size,
        values: counts.values(),
    })
}

/// Width and height by the header alone.
pub(super) fn size(from: impl BufRead + Seek) -> Option<(u32, u32)> {
    let reader = ImageReader::new(from).with_guessed_format().ok()?;
    reader.into_dimensions().ok()
}

/// PNG row by row, indices of a palette as they are.
fn read_png(bytes: &[u8]) -> Result<Mask, String> {
    let limits = png::Limits {
        bytes: MAX_ALLOC as usize,
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let info = reader.info();
    let size = (info.width, info.height);
    if u64::from(size.0) * u64::from(size.1) > MAX_PIXELS {
        return Err(format!("more than {MAX_PIXELS} pixels"));
    }
    let (kind, depth, width) = (info.color_type, info.bit_depth as u8, info.width as usize);
    let is_interlaced = info.interlaced;
    let mut counts = Counts::default();
    if depth == 16 {
        counts.other = Some(DEEP);
    }
    let mut count = |data: &[u8]| match kind {
        _ if depth == 16 => {}
        png::ColorType::Grayscale | png::ColorType::Indexed => counts.packed(data, depth, width),
        png::ColorType::GrayscaleAlpha => {
            (data.as_chunks::<2>().0.iter()).for_each(|pixel| counts.gray(pixel[0]));
        }
        png::ColorType::Rgb => {
            (data.as_chunks::<3>().0.iter()).for_each(|pixel| counts.colour(pixel));
        }
        png::ColorType::Rgba => {
            (data.as_chunks::<4>().0.iter()).for_each(|pixel| counts.colour(pixel));
        }
    };
    if is_interlaced {
        // Its rows come in seven passes, so that only the whole has rows.
        let room = reader
            .output_buffer_size()
            .filter(|&room| room as u64 <= MAX_ALLOC);
        let mut buffer = vec![0; room.ok_or("too large for an interlaced mask")?];
        let frame = reader
            .next_frame(&mut buffer)
            .map_err(|error| error.to_string())?;
        buffer.chunks(frame.line_size.max(1)).for_each(&mut count);
    } else {
        while let Some(row) = reader.next_row().map_err(|error| error.to_string())? {
            count(row.data());
        }
    }
    Ok(Mask {
        size,
        values: counts.values(),
    })
}

struct Counts {
    counts: Box<[u64; 256]>,
    other: Option<&'static str>,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            counts: Box::new([0; 256]),
            other: None,
        }
    }
}

impl Counts {
    fn gray(&mut self, value: u8) {
        self.counts[usize::from(value)] += 1;
    }

    /// A pixel of colours, which may all be gray.
    fn colour(&mut self, pixel: &[u8]) {
        if pixel[0] == pixel[1] && pixel[1] == pixel[2] {
            self.gray(pixel[0]);
        } else {
            self.other = Some(COLOURED);
        }
    }

    /// `count` values of `depth` bits each, the highest bits of a byte first.
    fn packed(&mut self, row: &[u8], depth: u8, count: usize) {
        let per_byte = usize::from(8 / depth.clamp(1, 8));
        let mask = (1_u16 << depth) as u8;
        let mask = mask.wrapping_sub(1);
        for place in 0..count {
            let Some(byte) = row.get(place / per_byte) else {
                return;
            };
            let shift = 8 - usize::from(depth) * (place % per_byte + 1);
            self.gray(byte >> shift & mask);
        }
    }

    fn values(self) -> Values {
        match self.other {
            Some(why) => Values::Other(why),
            None => Values::Indices(self.counts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(
        kind: png::ColorType,
        depth: png::BitDepth,
        (width, height): (u32, u32),
        data: &[u8],
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(kind);
        encoder.set_depth(depth);
        if kind == png::ColorType::Indexed {
            encoder.set_palette(
                (0..=255)
                    .flat_map(|v| [v, 0, 255 - v])
                    .take(48)
                    .collect::<Vec<u8>>(),
            );
        }
        let mut writer = encoder.write_header().expect("header");
        writer.write_image_data(data).expect("data");
        writer.finish().expect("end");
        bytes
    }

    fn counts(bytes: &[u8]) -> Vec<(usize, u64)> {
        match read(bytes).expect("readable").values {
            Values::Indices(counts) => (0..256)
                .map(|i| (i, counts[i]))
                .filter(|c| c.1 > 0)
                .collect(),
            Values::Other(why) => panic!("{why}"),
        }
    }

    #[test]
    fn indices_of_every_depth_are_counted_without_the_bits_that_fill_a_row() {
        use png::{BitDepth, ColorType};
        let one = png(
            ColorType::Grayscale,
            BitDepth::One,
            (3, 2),
            &[0b1010_0000, 0b0111_1111],
        );
        assert_eq!(counts(&one), [(0, 2), (1, 4)]);
        let two = png(ColorType::Indexed, BitDepth::Two, (3, 1), &[0b0011_0111]);
        assert_eq!(counts(&two), [(0, 1), (1, 1), (3, 1)]);
        let four = png(ColorType::Indexed, BitDepth::Four, (3, 1), &[0x0f, 0xf7]);
        assert_eq!(counts(&four), [(0, 1), (15, 2)]);
        let eight = png(ColorType::Indexed, BitDepth::Eight, (3, 1), &[0, 15, 7]);
        assert_eq!(counts(&eight), [(0, 1), (7, 1), (15, 1)]);
        let gray = png(
            ColorType::Rgb,
            BitDepth::Eight,
            (2, 1),
            &[0, 0, 0, 255, 255, 255],
        );
        assert_eq!(counts(&gray), [(0, 1), (255, 1)]);
    }

    #[test]
    fn colours_and_deep_pixels_are_no_indices() {
        use png::{BitDepth, ColorType};
        let colour = png(ColorType::Rgb, BitDepth::Eight, (1, 1), &[9, 0, 0]);
        assert_eq!(read(&colour).map(|m| m.values), Ok(Values::Other(COLOURED)));
        let deep = png(ColorType::Grayscale, BitDepth::Sixteen, (1, 1), &[1, 0]);
        assert_eq!(read(&deep).map(|m| m.values), Ok(Values::Other(DEEP)));
    }

    #[test]
    fn a_cut_or_damaged_mask_is_an_error_or_a_mask() {
        use png::{BitDepth, ColorType};
        let whole = png(ColorType::Indexed, BitDepth::Eight, (4, 4), &[3; 16]);
        for end in 0..whole.len() - 12 {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x55;
            let _ = read(&bytes);
        }
    }
}
