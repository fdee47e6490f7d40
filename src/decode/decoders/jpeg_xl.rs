//! JPEG XL, bare or in its container, by `jxl-oxide` (ISO/IEC 18181). Of an animation
//! the first frame.

use jxl_oxide::{AllocTracker, InitializeResult, JxlImage, PixelFormat, Render};

use super::read::Read;
use super::whole::{Samples, Whole};
use crate::decode::header::ColourMode;
use crate::decode::{DecodeFailure, Limits, check_size, exif, icc};

/// Bytes that a decoder may take for each pixel and channel: a few planes of floats.
const BYTES_A_SAMPLE: usize = 32;

/// Bytes that it may take for tables, whatever the size of the image.
const TABLES: usize = 64 << 20;

/// Channels of an image at most, for memory: colours, opacity and a few others.
const MOST_CHANNELS: usize = 8;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Read, DecodeFailure> {
    let memory = AllocTracker::with_limit(TABLES);
    let mut image = opened(bytes, &memory, limits)?;
    if !image.is_loading_done() || image.num_loaded_keyframes() == 0 {
        return Err(DecodeFailure::Truncated);
    }
    let format = image.pixel_format();
    if format.has_black() {
        return Err(DecodeFailure::unsupported(
            "JPEG XL in four printing colours",
        ));
    }
    let metadata = &image.image_header().metadata;
    let bits = metadata.bit_depth.bits_per_sample();
    let animated = metadata.animation.is_some();
    let multiplied =
        (metadata.ec_info.iter()).any(|channel| channel.alpha_associated() == Some(true));
    let channels = format.channels();
    image.set_render_spot_color(true);
    let shown = image.render_frame(0).map_err(failure)?;
    let mut whole = match bits <= 8 {
        true => woven(&shown, channels, Samples::Eight)?,
        false => woven(&shown, channels, Samples::Sixteen)?,
    };
    if multiplied && format.has_alpha() {
        match &mut whole.samples {
            Samples::Eight(samples) => divide(samples, channels, u8::MAX.into()),
            Samples::Sixteen(samples) => divide(samples, channels, u16::MAX.into()),
        }
    }
    let exif = image.aux_boxes().first_exif().ok();
    let exif = exif
        .filter(|data| data.has_data())
        .map(jxl_oxide::AuxBoxData::unwrap);
    Ok(Read {
        whole,
        colour: match format {
            PixelFormat::Gray => ColourMode::Gray,
            PixelFormat::Graya => ColourMode::GrayAlpha,
            PixelFormat::Rgba => ColourMode::Rgba,
            _ => ColourMode::Rgb,
        },
        bits: bits.min(32) as u8,
        animated,
        // Its orientation is the codestream's, which has been applied.
        exif: exif.and_then(|data| exif::read(data.payload())),
        icc: image.original_icc().map(icc::name),
    })
}

/// The image with all of its bytes fed. Memory grows with the size in its header, once
/// that is known and allowed.
fn opened(bytes: &[u8], memory: &AllocTracker, limits: &Limits) -> Result<JxlImage, DecodeFailure> {
    let mut unread = JxlImage::builder()
        .alloc_tracker(memory.clone())
        .build_uninit();
    let used = unread.feed_bytes(bytes).map_err(failure)?;
    let mut image = match unread.try_init().map_err(failure)? {
        InitializeResult::Initialized(image) => image,
        InitializeResult::NeedMoreData(_) => return Err(DecodeFailure::Truncated),
    };
    check_size(image.width(), image.height(), limits)?;
    let channels = image.image_header().metadata.ec_info.len() + 3;
    let pixels = image.width() as usize * image.height() as usize;
    memory.expand_limit(pixels.saturating_mul(channels.min(MOST_CHANNELS) * BYTES_A_SAMPLE));
    image.feed_bytes(&bytes[used..]).map_err(failure)?;
    image.finalize().map_err(failure)?;
    Ok(image)
}

fn woven<T: jxl_oxide::FrameBufferSample + Clone>(
    shown: &Render,
    channels: usize,
    of: fn(Vec<T>) -> Samples,
) -> Result<Whole, DecodeFailure> {
    let mut stream = shown.stream();
    let (width, height) = (stream.width(), stream.height());
    let count = width as usize * height as usize * channels;
    let mut samples = vec![T::default(); count];
    if stream.channels() as usize != channels || stream.write_to_buffer(&mut samples) != count {
        return Err(DecodeFailure::corrupt("its frame does not fit its size"));
    }
    Ok(Whole {
        width,
        height,
        channels,
        samples: of(samples),
        range: None,
    })
}

/// Takes opacity out of colours that were multiplied by it.
fn divide<T: Copy + Into<u32> + TryFrom<u32>>(samples: &mut [T], channels: usize, full: u32) {
    for pixel in samples.chunks_exact_mut(channels) {
        let Some((&mut alpha, colours)) = pixel.split_last_mut() else {
            continue;
        };
        let alpha: u32 = alpha.into();
        for colour in colours.iter_mut().filter(|_| alpha > 0) {
            let value = u64::from((*colour).into()) * u64::from(full) / u64::from(alpha);
            if let Ok(value) = T::try_from(value.min(full.into()) as u32) {
                *colour = value;
            }
        }
    }
}

fn failure(error: Box<dyn std::error::Error + Send + Sync>) -> DecodeFailure {
    let text = error.to_string();
    let io = error.downcast_ref::<std::io::Error>();
    match io.is_some_and(|io| io.kind() == std::io::ErrorKind::UnexpectedEof) {
        true => DecodeFailure::Truncated,
        false => DecodeFailure::corrupt(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five by three pixels of red `20 x + 40 y`, of green the same mirrored top to
    /// bottom and of blue left to right, bare, and of gray with 16 bits in a container:
    /// lossless, as libjxl 0.11 writes them.
    const COLOURS: &[u8] = b"\xff\x0a\x10\x50\x10\x09\x08\x04\x01\x00\xfc\x00\x4b\x18\x93\x8e\
        \x83\x83\x19\x28\x8e\x0b\x26\x0d\xce\x03\x00\x00\x00\x88\x1d\xb1\xf0\x0b\xc4\x03\x50\x64\
        \x6c\xc2\xd8\x84\xb1\x09\x63\x13\xc6\xbc\xb0\xe8\x85\x45\x2f\x2c\x7a\x61\xd1\x0b\x8b\x0f\
        \x19\x1b\x33\x56\x64\xde\x99\x79\x67\xcf\x9b\xdd\xdd\x20\x00";
    const GRAY: &[u8] = b"\x00\x00\x00\x0c\x4a\x58\x4c\x20\x0d\x0a\x87\x0a\x00\x00\x00\x14\
        \x66\x74\x79\x70\x6a\x78\x6c\x20\x00\x00\x00\x00\x6a\x78\x6c\x20\x00\x00\x00\x09\x6a\x78\
        \x6c\x6c\x0a\x00\x00\x00\x38\x6a\x78\x6c\x63\xff\x0a\x10\x50\xfc\x00\x45\x8b\x08\x04\x01\
        \x00\x88\x00\x4b\x18\x8b\x15\xc2\x71\x3b\x37\x9c\x41\x41\x50\x10\x14\x04\x05\xb1\xed\x50\
        \x10\x14\x04\x05\x41\x41\x50\x50\x4c\x0a\x70\x69\xed\xfc\x09";

    #[test]
    fn pixels_are_those_that_were_written() {
        let tone = |x: u8, y: u8| 20 * x + 40 * y;
        let places = || (0..3).flat_map(|y| (0..5).map(move |x| (x, y)));
        let shown = read(COLOURS, &Limits::default()).unwrap().whole.samples;
        let colours: Vec<u8> = places()
            .flat_map(|(x, y)| [tone(x, y), tone(x, 2 - y), tone(4 - x, y)])
            .collect();
        assert!(matches!(shown, Samples::Eight(shown) if shown == colours));
        let shown = read(GRAY, &Limits::default()).unwrap().whole.samples;
        let gray: Vec<u16> = places().map(|(x, y)| u16::from(tone(x, y)) * 257).collect();
        assert!(matches!(shown, Samples::Sixteen(shown) if shown == gray));
    }

    #[test]
    fn every_prefix_is_refused() {
        for whole in [COLOURS, GRAY] {
            for end in 0..whole.len() - 1 {
                assert!(read(&whole[..end], &Limits::default()).is_err(), "{end}");
            }
        }
    }

    #[test]
    fn a_size_above_the_limit_is_refused_before_any_pixel() {
        let limits = Limits { max_pixels: 14 };
        let refused = read(COLOURS, &limits).err();
        let too_large = DecodeFailure::TooLarge {
            pixels: 15,
            limit: 14,
        };
        assert_eq!(refused, Some(too_large));
    }
}
