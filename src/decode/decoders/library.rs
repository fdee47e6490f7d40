//! Everything else: the decoders of the `image` crate, the whole image at
//! once.

use std::borrow::Cow;
use std::io::{Cursor, ErrorKind};

use image::codecs::{bmp, gif, ico, jpeg, png, pnm, qoi, tga, tiff, webp};
use image::error::{ImageError, ImageFormatHint};
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageResult};

use super::container::{self, IconImage};
use super::whole::{Samples, Whole};
use crate::decode::header::{ColourMode, Header};
use crate::decode::matte::Views;
use crate::decode::reduce::Wanted;
use crate::decode::{DecodeFailure, Limits, check_size};
use crate::image_format::Format;

pub(super) fn reduced(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Views), DecodeFailure> {
    let decoder = open(format, bytes, limits)?;
    let container = container::walk(format, bytes)?;
    let (width, height) = decoder.dimensions();
    let (colour, bit_depth) = colour(format, bytes, decoder.original_color_type());
    let icc = container.icc.as_deref().map(str::to_owned);
    let reduced = read(decoder)?.reduced(wanted.block_side(width, height));

    let exif = container.exif_facts(format, bytes);
    let orientation = super::turned(exif.as_ref());
    let (width, height) = orientation.size(width, height);
    let header = Header {
        format,
        width,
        height,
        orientation,
        colour,
        bit_depth,
        animated: container.animated,
        exif: exif.map(Box::new),
        jpeg: None,
        icc,
    };
    Ok((header, reduced))
}

/// Every pixel.
pub(super) fn whole(format: Format, bytes: &[u8], limits: &Limits) -> Result<Whole, DecodeFailure> {
    read(open(format, bytes, limits)?)
}

fn read(decoder: Box<dyn ImageDecoder + '_>) -> Result<Whole, DecodeFailure> {
    let (width, height) = decoder.dimensions();
    let colour = decoder.color_type();
    let size = usize::try_from(decoder.total_bytes())
        .map_err(|_| DecodeFailure::corrupt("the image does not fit into memory"))?;
    let mut samples = vec![0; size];
    decoder.read_image_boxed(&mut samples).map_err(failure)?;
    Ok(Whole {
        width,
        height,
        channels: usize::from(colour.channel_count()),
        samples: match colour {
            ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => {
                Samples::Eight(samples)
            }
            ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => {
                let samples = samples.as_chunks::<2>().0.iter();
                Samples::Sixteen(samples.map(|&two| u16::from_ne_bytes(two)).collect())
            }
            // No decoder of ours gives any.
            _ => return Err(DecodeFailure::unsupported("an image of float samples")),
        },
        range: None,
    })
}

fn open<'a>(
    format: Format,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, DecodeFailure> {
    let decoder = decoder(format, bytes).map_err(failure)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, limits)?;
    Ok(decoder)
}

fn decoder<'a>(format: Format, bytes: &'a [u8]) -> ImageResult<Box<dyn ImageDecoder + 'a>> {
    let file = Cursor::new(bytes);
    Ok(match format {
        Format::Jpeg => Box::new(jpeg::JpegDecoder::new(file)?),
        Format::Png => match container::ended_png(bytes) {
            Cow::Owned(ended) => Box::new(png::PngDecoder::new(Cursor::new(ended))?),
            Cow::Borrowed(_) => Box::new(png::PngDecoder::new(file)?),
        },
        Format::Gif => Box::new(gif::GifDecoder::new(file)?),
        Format::WebP => Box::new(webp::WebPDecoder::new(file)?),
        Format::Bmp => match container::windows_bitmap(bytes) {
            Some(bitmap) => Box::new(bmp::BmpDecoder::new(Cursor::new(bitmap))?),
            None => Box::new(bmp::BmpDecoder::new(file)?),
        },
        Format::Tiff => Box::new(tiff::TiffDecoder::new(file)?),
        Format::Pnm => Box::new(pnm::PnmDecoder::new(file)?),
        Format::Qoi => Box::new(qoi::QoiDecoder::new(file)?),
        // The icon decoder refuses a PNG that has no transparency, and takes the image
        // of most bits for the largest.
        Format::Ico => match container::icon_image(bytes) {
            Some(IconImage::Png(png)) => Box::new(png::PngDecoder::new(Cursor::new(png))?),
            Some(IconImage::Icon(icon)) => Box::new(ico::IcoDecoder::new(Cursor::new(icon))?),
            None => Box::new(ico::IcoDecoder::new(file)?),
        },
        Format::Tga => Box::new(tga::TgaDecoder::new(file)?),
        // Read elsewhere, each by a decoder of its own.
        Format::Jpeg2000 | Format::JpegXl | Format::Psd | Format::Dicom => {
            return Err(ImageError::Unsupported(ImageFormatHint::Unknown.into()));
        }
    })
}

fn failure(error: ImageError) -> DecodeFailure {
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeFailure::Truncated
        }
        ImageError::Unsupported(error) => DecodeFailure::unsupported(error.to_string()),
        error if ended_early(&error) => DecodeFailure::Truncated,
        error => DecodeFailure::corrupt(error.to_string()),
    }
}

/// Whether an unexpected end of file lies at the bottom of the error. The QOI
/// decoder keeps only its text.
fn ended_early(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut source = Some(error);
    while let Some(error) = source {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == ErrorKind::UnexpectedEof) {
            return true;
        }
        if error.to_string().ends_with("failed to fill whole buffer") {
            return true;
        }
        source = error.source();
    }
    false
}

/// Colours as stored, and bits a channel.
fn colour(format: Format, bytes: &[u8], stored: ExtendedColorType) -> (ColourMode, u8) {
    use ExtendedColorType as Stored;
    // Decoders report a palette as what it expands to.
    match format {
        Format::Gif => {
            return (
                ColourMode::Palette,
                1 + (bytes.get(10).copied().unwrap_or(7) & 7),
            );
        }
        Format::Bmp => {
            // Windows headers keep the bits a pixel at byte 28, OS/2's at 24.
            let place = if bytes.get(14) == Some(&12) { 24 } else { 28 };
            if let Some(&bits @ 1..=8) = bytes.get(place) {
                return (ColourMode::Palette, bits);
            }
        }
        Format::Tga if bytes.get(1) == Some(&1) => return (ColourMode::Palette, 8),
        _ => {}
    }
    let mode = match stored {
        Stored::L1 => ColourMode::Bilevel,
        Stored::L2 | Stored::L4 | Stored::L8 | Stored::L16 | Stored::A8 => ColourMode::Gray,
        Stored::La1 | Stored::La2 | Stored::La4 | Stored::La8 | Stored::La16 => {
            ColourMode::GrayAlpha
        }
        Stored::Rgba1
        | Stored::Rgba2
        | Stored::Rgba4
        | Stored::Rgba8
        | Stored::Rgba16
        | Stored::Bgra8
        | Stored::Rgba32F => ColourMode::Rgba,
        Stored::Cmyk8 | Stored::Cmyk16 => ColourMode::Cmyk,
        _ => ColourMode::Rgb,
    };
    let bits = stored.bits_per_pixel() / u16::from(stored.channel_count().max(1));
    (mode, bits as u8)
}
