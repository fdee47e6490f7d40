//! DICOM: the first frame, as a viewer shows it: rescaled and in its window, black
//! where MONOCHROME1 has white (PS3.3, C.7.6.3 and C.11). Without a window the numbers
//! are stretched by the rule of all formats.

use std::io::Cursor;

use super::read::{Read, Reader};
use super::whole::{Samples, Whole};
use crate::decode::header::ColourMode;
use crate::decode::{DecodeFailure, ExifFacts, Limits, ScanFacts, check_size};
use crate::dicom::{self, Fault, Header, PixelData, Taken};

/// How the pixels of a file are coded (PS3.6, annex A).
enum Coding {
    Plain,
    RunLengths,
    Jpeg,
    Jpeg2000,
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Read, DecodeFailure> {
    let (header, pixels) = dicom::read(bytes).map_err(failure)?;
    check_size(header.width, header.height, limits)?;
    let coding = coding(&header.transfer_syntax)?;
    let whole = match (coding, pixels) {
        (_, PixelData::None) => return Err(DecodeFailure::unsupported("DICOM without pixels")),
        (Coding::Plain, PixelData::Plain(pixels)) => shown(&header, &numbers(&header, pixels)?)?,
        (Coding::RunLengths, PixelData::Coded(frame)) => {
            shown(&header, &numbers(&header, &run_lengths(&header, &frame)?)?)?
        }
        (Coding::Jpeg, PixelData::Coded(frame)) => jpeg(&header, &frame)?,
        (Coding::Jpeg2000, PixelData::Coded(frame)) => jpeg2000(&header, &frame, limits)?,
        _ => {
            return Err(DecodeFailure::corrupt(
                "its pixels are not coded as it says",
            ));
        }
    };
    Ok(Read {
        colour: match (whole.channels, &header.palette) {
            (1, _) => ColourMode::Gray,
            (_, Some(_)) if header.photometric == "PALETTE COLOR" => ColourMode::Palette,
            _ => ColourMode::Rgb,
        },
        whole,
        bits: header.stored.min(64) as u8,
        animated: header.frames > 1,
        exif: taken(&header),
        icc: None,
    })
}

/// The scanner, where other images name their camera, and how the image was taken.
fn taken(header: &Header) -> Option<ExifFacts> {
    let some = |name: &String| Some(name.clone()).filter(|name| !name.is_empty());
    let [make, model, software] = header.scanner.each_ref().map(some);
    let Taken {
        body_part,
        view,
        laterality,
        series,
        site,
        year,
    } = &header.taken;
    let scan = ScanFacts {
        body_part: some(body_part),
        view: some(view),
        laterality: some(laterality),
        series: some(series),
        site: some(site),
        year: *year,
    };
    let facts = ExifFacts {
        make,
        model,
        software,
        scan,
        ..ExifFacts::default()
    };
    (facts != ExifFacts::default()).then_some(facts)
}

fn coding(syntax: &str) -> Result<Coding, DecodeFailure> {
    let what = match syntax.strip_prefix("1.2.840.10008.1.2").unwrap_or("?") {
        "" | ".1" | ".2" => return Ok(Coding::Plain),
        ".5" => return Ok(Coding::RunLengths),
        ".4.50" | ".4.51" | ".4.57" | ".4.70" => return Ok(Coding::Jpeg),
        ".4.90" | ".4.91" => return Ok(Coding::Jpeg2000),
        ".1.99" => "deflated DICOM",
        ".4.80" | ".4.81" => "DICOM packed by JPEG-LS",
        ".4.100" | ".4.101" | ".4.102" | ".4.103" | ".4.104" | ".4.105" | ".4.106" => "DICOM video",
        ".4.110" | ".4.111" | ".4.112" => "DICOM packed by JPEG XL",
        ".4.201" | ".4.202" | ".4.203" => "DICOM packed by high-throughput JPEG 2000",
        _ => "DICOM of an unknown transfer syntax",
    };
    Err(DecodeFailure::unsupported(what))
}

fn failure(fault: Fault) -> DecodeFailure {
    match fault {
        Fault::Truncated => DecodeFailure::Truncated,
        Fault::Corrupt(why) => DecodeFailure::corrupt(why),
    }
}

/// The stored numbers of the first frame, pixel by pixel, signed where they are.
fn numbers(header: &Header, bytes: &[u8]) -> Result<Vec<i32>, DecodeFailure> {
    let (samples, pixels) = (usize::from(header.samples), pixels(header));
    let count = pixels * samples;
    let of = |word: u16| -> i32 {
        let unused = 16 - u32::from(header.stored.clamp(1, 16));
        match header.signed {
            // Shifted up and down again, the sign fills the bits that are not stored.
            true => i32::from(word.cast_signed() << unused >> unused),
            false => i32::from(word << unused >> unused),
        }
    };
    let all: Vec<i32> = match header.allocated {
        8 if header.photometric == "YBR_FULL_422" => {
            let four = bytes.as_chunks::<4>().0.iter();
            four.flat_map(|&[a, b, blue, red]| [a, blue, red, b, blue, red])
                .map(i32::from)
                .collect()
        }
        8 if header.signed => bytes.iter().map(|&v| v.cast_signed().into()).collect(),
        8 => bytes.iter().map(|&v| v.into()).collect(),
        16 => (bytes.as_chunks::<2>().0.iter())
            .map(|&two| match header.big_endian {
                true => of(u16::from_be_bytes(two)),
                false => of(u16::from_le_bytes(two)),
            })
            .collect(),
        1 => (0..count.min(bytes.len() * 8))
            .map(|at| i32::from(bytes[at / 8] >> (at % 8) & 1))
            .collect(),
        bits => {
            let what = format!("DICOM of {bits} bits a number");
            return Err(DecodeFailure::unsupported(what));
        }
    };
    let all = all.get(..count).ok_or(DecodeFailure::Truncated)?;
    match header.planar && samples > 1 {
        true => Ok((0..count)
            .map(|at| all[at % samples * pixels + at / samples])
            .collect()),
        false => Ok(all.to_vec()),
    }
}

fn pixels(header: &Header) -> usize {
    header.width as usize * header.height as usize
}

/// What the numbers show.
fn shown(header: &Header, numbers: &[i32]) -> Result<Whole, DecodeFailure> {
    let (samples, channels) = match (header.photometric.as_str(), header.samples) {
        ("MONOCHROME1" | "MONOCHROME2", 1) => (gray(header, numbers), 1),
        ("PALETTE COLOR", 1) => (Samples::Eight(looked_up(header, numbers)?), 3),
        ("RGB", 3) => (Samples::Eight(colours(header, numbers, |rgb| rgb)), 3),
        ("YBR_FULL" | "YBR_FULL_422", 3) => (Samples::Eight(colours(header, numbers, rgb)), 3),
        (other, samples) => {
            let what = format!("DICOM of {samples} samples a pixel in `{other}`");
            return Err(DecodeFailure::unsupported(what));
        }
    };
    Ok(Whole {
        width: header.width,
        height: header.height,
        channels,
        samples,
        range: None,
    })
}

/// Gray values by their table, else in their window, if there is one: of 8 bits, because
/// that is what the image was stretched to.
fn gray(header: &Header, numbers: &[i32]) -> Samples {
    let inverted = header.photometric == "MONOCHROME1";
    let [slope, intercept] = header.rescale;
    if let Some(lookup) = &header.lookup {
        let share = |stored: i32| {
            let share = lookup.share(f64::from(stored) * slope + intercept);
            if inverted { 1.0 - share } else { share }
        };
        // The cast clamps.
        let tones = numbers.iter().map(|&v| (share(v) * 255.0 + 0.5) as u8);
        return Samples::Eight(tones.collect());
    }
    match header.window {
        Some([center, width]) => {
            let share = |stored: i32| {
                let value = f64::from(stored) * slope + intercept;
                // PS3.3, C.11.2.1.2.1; a width of 1 is a threshold.
                let share = match width > 1.0 {
                    true => (value - (center - 0.5)) / (width - 1.0) + 0.5,
                    false => f64::from(u8::from(value > center - 0.5)),
                };
                let share = share.clamp(0.0, 1.0);
                if inverted { 1.0 - share } else { share }
            };
            // The cast clamps.
            let tones = numbers.iter().map(|&v| (share(v) * 255.0 + 0.5) as u8);
            Samples::Eight(tones.collect())
        }
        None => {
            let bits = u32::from(header.stored.clamp(1, 16));
            let lift = if header.signed { 1 << (bits - 1) } else { 0 };
            let most = (1i32 << bits) - 1;
            let tone = |v: i32| {
                let v = (v + lift).clamp(0, most);
                if inverted != (slope < 0.0) {
                    most - v
                } else {
                    v
                }
            };
            match bits <= 8 {
                true => Samples::Eight(
                    numbers
                        .iter()
                        .map(|&v| (tone(v) * 255 / most) as u8)
                        .collect(),
                ),
                false => Samples::Sixteen(numbers.iter().map(|&v| tone(v) as u16).collect()),
            }
        }
    }
}

/// Pixels of colours, of 8 bits each.
fn colours(header: &Header, numbers: &[i32], of: fn([u8; 3]) -> [u8; 3]) -> Vec<u8> {
    let down = u32::from(header.stored.clamp(8, 16)) - 8;
    let three = numbers.as_chunks::<3>().0.iter();
    three
        .flat_map(|&three| of(three.map(|v| (v >> down).clamp(0, 255) as u8)))
        .collect()
}

/// Full-range Rec. 601 (PS3.3, C.7.6.3.1.2).
fn rgb([y, blue, red]: [u8; 3]) -> [u8; 3] {
    let [y, blue, red] = [
        f32::from(y),
        f32::from(blue) - 128.0,
        f32::from(red) - 128.0,
    ];
    let colours = [
        y + 1.402 * red,
        y - 0.344_136 * blue - 0.714_136 * red,
        y + 1.772 * blue,
    ];
    colours.map(|value| (value + 0.5) as u8)
}

fn looked_up(header: &Header, numbers: &[i32]) -> Result<Vec<u8>, DecodeFailure> {
    let palette = header.palette.as_ref();
    let palette = palette.ok_or_else(|| DecodeFailure::corrupt("it has no palette"))?;
    let mut shown = Vec::with_capacity(numbers.len() * 3);
    for &number in numbers {
        for (first, colours) in palette {
            // Numbers beyond either end have the colour there (PS3.3, C.7.6.3.1.5).
            let at = usize::try_from(number - first).unwrap_or(0);
            let colour = colours.get(at).or(colours.last()).copied().unwrap_or(0);
            shown.push((colour >> 8) as u8);
        }
    }
    Ok(shown)
}

/// Planes of bytes, each packed by itself (PS3.5, annex G), as plain numbers.
fn run_lengths(header: &Header, frame: &[u8]) -> Result<Vec<u8>, DecodeFailure> {
    let word = |at: usize| {
        let four = frame.get(at..at + 4).ok_or(DecodeFailure::Truncated)?;
        Ok(u32::from_le_bytes([four[0], four[1], four[2], four[3]]) as usize)
    };
    let bytes = usize::from(header.allocated / 8).max(1);
    let planes = usize::from(header.samples) * bytes;
    if word(0)? != planes || planes > 15 {
        return Err(DecodeFailure::corrupt(
            "its planes are not those of its pixels",
        ));
    }
    let pixels = pixels(header);
    let mut all = vec![0; pixels * planes];
    for plane in 0..planes {
        let begin = word(4 + 4 * plane)?;
        let mut rest = frame.get(begin..).ok_or(DecodeFailure::Truncated)?;
        let (sample, place) = (plane / bytes, plane % bytes);
        // The highest byte of a number comes first; ours is the lowest.
        let place = if header.big_endian {
            place
        } else {
            bytes - 1 - place
        };
        let at = |pixel: usize| match header.planar {
            true => (sample * pixels + pixel) * bytes + place,
            false => (pixel * usize::from(header.samples) + sample) * bytes + place,
        };
        let mut pixel = 0;
        while pixel < pixels {
            let (&control, behind) = rest.split_first().ok_or(DecodeFailure::Truncated)?;
            let (run, used): (&[u8], _) = match control {
                0..=127 => {
                    let length = usize::from(control) + 1;
                    (
                        behind.get(..length).ok_or(DecodeFailure::Truncated)?,
                        length,
                    )
                }
                128 => (&[], 0),
                129.. => (behind.get(..1).ok_or(DecodeFailure::Truncated)?, 1),
            };
            let count = if control > 128 {
                257 - usize::from(control)
            } else {
                run.len()
            };
            for index in 0..count.min(pixels - pixel) {
                all[at(pixel + index)] = run[index.min(run.len() - 1)];
            }
            pixel += count;
            rest = &behind[used..];
        }
    }
    Ok(all)
}

/// JPEG of 8 bits, and lossless JPEG of up to 16.
fn jpeg(header: &Header, frame: &[u8]) -> Result<Whole, DecodeFailure> {
    let broken = |error: jpeg_decoder::Error| match error {
        jpeg_decoder::Error::Unsupported(what) => {
            DecodeFailure::unsupported(format!("DICOM packed by JPEG: {what:?}"))
        }
        error => DecodeFailure::corrupt(error.to_string()),
    };
    let mut decoder = jpeg_decoder::Decoder::new(Cursor::new(frame));
    decoder.read_info().map_err(broken)?;
    let info = decoder
        .info()
        .ok_or_else(|| DecodeFailure::corrupt("its JPEG has no frame"))?;
    if (u32::from(info.width), u32::from(info.height)) != (header.width, header.height) {
        return Err(DecodeFailure::corrupt("the JPEG inside is not of its size"));
    }
    let bytes = decoder.decode().map_err(broken)?;
    let numbers: Vec<i32> = match info.pixel_format {
        jpeg_decoder::PixelFormat::L8 => {
            bytes.iter().map(|&v| signed(header, v.into(), 8)).collect()
        }
        jpeg_decoder::PixelFormat::L16 => (bytes.as_chunks::<2>().0.iter())
            .map(|&two| signed(header, u16::from_ne_bytes(two), 16))
            .collect(),
        // The decoder has made red, green and blue of them.
        jpeg_decoder::PixelFormat::RGB24 if header.samples == 3 => {
            return Ok(Whole {
                width: header.width,
                height: header.height,
                channels: 3,
                samples: Samples::Eight(bytes),
                range: None,
            });
        }
        _ => {
            return Err(DecodeFailure::unsupported(
                "DICOM packed by JPEG of other colours",
            ));
        }
    };
    match header.samples {
        1 => shown(header, &numbers),
        _ => Err(DecodeFailure::corrupt("the JPEG inside has other colours")),
    }
}

/// A stored number of which `bits` bits were coded.
fn signed(header: &Header, number: u16, bits: u16) -> i32 {
    let stored = header.stored.clamp(1, bits);
    let unused = 16 - u32::from(stored);
    match header.signed {
        true => i32::from((number << unused).cast_signed() >> unused),
        false => i32::from(number),
    }
}

/// JPEG 2000, whose numbers come from their own road.
fn jpeg2000(header: &Header, frame: &[u8], limits: &Limits) -> Result<Whole, DecodeFailure> {
    let reader: Reader = super::jpeg2000::read;
    let whole = reader(frame, limits)?.whole;
    if (whole.width, whole.height) != (header.width, header.height) {
        return Err(DecodeFailure::corrupt(
            "the JPEG 2000 inside is not of its size",
        ));
    }
    if header.samples != 1 {
        return Ok(whole);
    }
    if header.signed {
        return Err(DecodeFailure::unsupported(
            "DICOM packed by JPEG 2000 with signed numbers",
        ));
    }
    match (&whole.samples, whole.channels) {
        (Samples::Eight(samples), 1) if header.stored == 8 => shown(
            header,
            &samples.iter().map(|&v| v.into()).collect::<Vec<_>>(),
        ),
        (Samples::Sixteen(samples), 1) => shown(
            header,
            &samples.iter().map(|&v| v.into()).collect::<Vec<_>>(),
        ),
        _ => Err(DecodeFailure::corrupt(
            "the JPEG 2000 inside has other numbers",
        )),
    }
}

#[cfg(test)]
mod tests;
