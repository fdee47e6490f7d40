//! JPEG 2000, as a file or a bare codestream, by `hayro-jpeg2000` (ISO/IEC 15444-1).

use hayro_jpeg2000::{ColorSpace, DecodeSettings, DecodedImage, DecoderContext, Image};

use super::read::Read;
use super::whole::{Samples, Whole};
use crate::decode::header::ColourMode;
use crate::decode::{DecodeFailure, Limits, check_size, icc};

/// A sample that has more bits than this is cut to it.
const MOST_BITS: u8 = 16;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Read, DecodeFailure> {
    let read = |strict| {
        let settings = DecodeSettings {
            strict,
            ..DecodeSettings::default()
        };
        Image::new(bytes, &settings).map_err(|error| failure(error, bytes))
    };
    // Strict, it refuses a codestream that is cut short, but takes opacity that nobody
    // declared for an ink: the colours are those of the other.
    let (image, lenient) = (read(true)?, read(false)?);
    check_size(image.width(), image.height(), limits)?;
    let bits = image.original_bit_depth();
    let alpha = usize::from(lenient.has_alpha());
    let colours = usize::from(lenient.color_space().num_channels());
    let icc = match lenient.color_space() {
        ColorSpace::Icc { profile, .. } => Some(icc::name(profile)),
        _ => None,
    };
    if !matches!(
        (lenient.color_space(), colours),
        (ColorSpace::CMYK, _) | (_, 1 | 3)
    ) {
        let what = format!("JPEG 2000 of {colours} channels");
        return Err(DecodeFailure::unsupported(what));
    }
    let mut context = DecoderContext::default();
    let decoded = (image.decode(&mut context)).map_err(|error| failure(error, bytes))?;
    let (width, height) = (image.width(), image.height());
    let mut whole = Whole {
        width,
        height,
        channels: colours + alpha,
        samples: woven(&decoded, colours, alpha, width as usize * height as usize)?,
        range: None,
    };
    if colours == 4 {
        whole = on_paper(whole);
    }
    Ok(Read {
        whole,
        colour: match (colours, alpha) {
            (1, 0) => ColourMode::Gray,
            (1, _) => ColourMode::GrayAlpha,
            (3, 0) => ColourMode::Rgb,
            (3, _) => ColourMode::Rgba,
            _ => ColourMode::Cmyk,
        },
        bits,
        animated: false,
        exif: None,
        icc,
    })
}

/// Samples pixel by pixel: of up to 8 bits spread over 8; of more as they are, so that
/// one rule stretches them in all formats. Opacity always fills its range.
fn woven(
    image: &DecodedImage<'_>,
    colours: usize,
    alpha: usize,
    pixels: usize,
) -> Result<Samples, DecodeFailure> {
    let planes = image.components();
    let planes = planes.get(..colours + alpha).unwrap_or_default();
    let deep = planes
        .iter()
        .map(|plane| plane.bit_depth())
        .max()
        .unwrap_or(0);
    if planes.is_empty() || planes.iter().any(|plane| plane.samples().len() != pixels) {
        return Err(DecodeFailure::corrupt("its components do not fit its size"));
    }
    let full = if deep <= 8 { 255.0 } else { 65_535.0 };
    let scales: Vec<f32> = (planes.iter().enumerate())
        .map(|(channel, plane)| {
            let most = (1u64 << plane.bit_depth().min(32)) as f32 - 1.0;
            match deep <= 8 || channel >= colours || plane.bit_depth() > MOST_BITS {
                true => full / most.max(1.0),
                false => 1.0,
            }
        })
        .collect();
    let all = (0..pixels).flat_map(|pixel| {
        let of_planes = planes.iter().zip(&scales);
        // The casts clamp.
        of_planes.map(move |(plane, scale)| plane.samples()[pixel] * scale + 0.5)
    });
    Ok(match deep <= 8 {
        true => Samples::Eight(all.map(|value| value as u8).collect()),
        false => Samples::Sixteen(all.map(|value| value.min(full) as u16).collect()),
    })
}

/// Inks on white paper, as everywhere here without a profile.
fn on_paper(image: Whole) -> Whole {
    fn printed<T: Copy + Into<u32> + TryFrom<u32>>(
        samples: &[T],
        channels: usize,
        full: u32,
    ) -> Vec<T> {
        let mut shown = Vec::with_capacity(samples.len());
        for pixel in samples.chunks_exact(channels) {
            let [c, m, y, k, rest @ ..] = pixel else {
                break;
            };
            let paper = |ink: T| u64::from(full - ink.into().min(full));
            let ink = |ink: T| (paper(ink) * paper(*k) + u64::from(full) / 2) / u64::from(full);
            for value in [*c, *m, *y].map(ink) {
                shown.extend(T::try_from(value as u32).ok());
            }
            shown.extend_from_slice(rest);
        }
        shown
    }
    let samples = match &image.samples {
        Samples::Eight(samples) => Samples::Eight(printed(samples, image.channels, 255)),
        Samples::Sixteen(samples) => Samples::Sixteen(printed(samples, image.channels, 65_535)),
    };
    Whole {
        channels: image.channels - 1,
        samples,
        ..image
    }
}

/// What a codestream ends with.
const END: &[u8] = b"\xFF\xD9";

fn failure(error: hayro_jpeg2000::DecodeError, bytes: &[u8]) -> DecodeFailure {
    let text = error.to_string();
    match text.contains("unsupported") {
        true => DecodeFailure::unsupported(format!("JPEG 2000: {text}")),
        false if !bytes.ends_with(END) => DecodeFailure::Truncated,
        false => DecodeFailure::corrupt(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five by three pixels of gray, `20 x + 40 y`, and of three colours of which the
    /// second is mirrored top to bottom and the third left to right: lossless, as
    /// OpenJPEG 2.5.4 writes them, without its comment.
    const GRAY: &[u8] = b"\xff\x4f\xff\x51\x00\x29\x00\x00\x00\x00\x00\x05\x00\x00\x00\x03\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x01\x07\x01\x01\xff\x52\x00\x0c\x00\x00\x00\x01\x00\x00\x04\x04\x00\x01\xff\x5c\x00\x04\
        \x40\x40\xff\x90\x00\x0a\x00\x00\x00\x00\x00\x1f\x00\x01\xff\x93\xdf\x80\x70\x06\xbf\x6a\x6c\
        \xd3\x73\xe6\x50\xca\x0a\xe5\xcc\x68\x7f\xff\xd9";
    const COLOURS: &[u8] = b"\xff\x4f\xff\x51\x00\x2f\x00\x00\x00\x00\x00\x05\x00\x00\x00\x03\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x03\x07\x01\x01\x07\x01\x01\x07\x01\x01\xff\x52\x00\x0c\x00\x00\x00\x01\x00\x00\x04\x04\
        \x00\x01\xff\x5c\x00\x04\x40\x40\xff\x90\x00\x0a\x00\x00\x00\x00\x00\x41\x00\x01\xff\x93\xdf\
        \x80\x70\x06\xbf\x6a\x6c\xd3\x73\xe6\x50\xca\x0a\xe5\xcc\x68\x7f\xdf\x80\x70\x0e\x5d\x8a\xbd\
        \x62\xfe\x1a\xc4\xa2\x38\x0e\x28\x62\xbf\xdf\x80\x70\x23\x78\xfb\xd9\x64\xec\xbe\xfc\x17\x02\
        \x3a\xb1\x5d\x1f\xff\xd9";

    fn samples(bytes: &[u8]) -> Vec<u8> {
        match read(bytes, &Limits::default()).map(|read| read.whole.samples) {
            Ok(Samples::Eight(samples)) => samples,
            Ok(Samples::Sixteen(_)) => panic!("samples of 16 bits"),
            Err(failure) => panic!("{failure}"),
        }
    }

    #[test]
    fn pixels_are_those_that_were_written() {
        let tone = |x: u8, y: u8| 20 * x + 40 * y;
        let places = || (0..3).flat_map(|y| (0..5).map(move |x| (x, y)));
        let gray: Vec<u8> = places().map(|(x, y)| tone(x, y)).collect();
        let colours: Vec<u8> = places()
            .flat_map(|(x, y)| [tone(x, y), tone(x, 2 - y), tone(4 - x, y)])
            .collect();
        assert_eq!(samples(GRAY), gray);
        assert_eq!(samples(COLOURS), colours);
    }

    #[test]
    fn every_prefix_is_refused() {
        for whole in [GRAY, COLOURS] {
            for end in 0..whole.len() {
                assert!(read(&whole[..end], &Limits::default()).is_err(), "{end}");
            }
            let half = read(&whole[..whole.len() - 9], &Limits::default()).err();
            assert_eq!(half, Some(DecodeFailure::Truncated));
        }
    }

    #[test]
    fn a_size_above_the_limit_is_refused_before_any_pixel() {
        let mut large = GRAY.to_vec();
        // Width and height of the image and of its tiles.
        for at in [8, 12, 24, 28] {
            large[at..at + 4].copy_from_slice(&60_000u32.to_be_bytes());
        }
        let refused = read(&large, &Limits::default()).err();
        assert!(
            matches!(refused, Some(DecodeFailure::TooLarge { .. })),
            "{refused:?}"
        );
    }
}
