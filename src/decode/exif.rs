//! The few EXIF facts that checks ask for. Unreadable EXIF is no EXIF: it says
//! nothing about whether the image can be used.

use exif::{Exif, In, Reader, Tag, Value};

use super::orientation::Orientation;
use crate::calendar::civil_milliseconds;

/// What the camera wrote down. Text is trimmed; empty text is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExifFacts {
    /// How the stored image must be turned.
    pub orientation: Orientation,
    /// Maker of the camera.
    pub make: Option<String>,
    /// Model of the camera.
    pub model: Option<String>,
    /// Serial number of the camera body.
    pub serial: Option<String>,
    /// Program that wrote the file.
    pub software: Option<String>,
    /// When the image was taken: milliseconds since 1970-01-01 00:00 by the
    /// camera's own clock, whatever its time zone.
    pub captured_ms: Option<i64>,
    /// Where: degrees north and degrees east.
    pub gps: Option<(f64, f64)>,
    /// What a medical scanner wrote down in place of EXIF.
    pub scan: ScanFacts,
}

/// How a medical image was taken. Nothing of it names a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScanFacts {
    /// The part of the body, a code.
    pub body_part: Option<String>,
    /// From where, a code.
    pub view: Option<String>,
    /// Left or right, a code.
    pub laterality: Option<String>,
    /// A hash of what the series is called.
    pub series: Option<String>,
    /// A hash of the institution's name.
    pub site: Option<String>,
    /// The year.
    pub year: Option<u16>,
}

/// Reads the facts from a TIFF structure, as found in a JPEG's APP1 segment
/// behind `Exif\0\0`. `None` if it cannot be read.
pub(crate) fn read(tiff: &[u8]) -> Option<ExifFacts> {
    // Cameras write broken maker notes behind sound main tags.
    let exif = match Reader::new()
        .continue_on_error(true)
        .read_raw(tiff.to_vec())
    {
        Ok(exif) => exif,
        Err(exif::Error::PartialResult(partial)) => partial.into_inner().0,
        Err(_) => return None,
    };
    Some(ExifFacts {
        orientation: number(&exif, Tag::Orientation)
            .map_or(Orientation::Upright, Orientation::from_exif),
        make: text(&exif, Tag::Make),
        model: text(&exif, Tag::Model),
        serial: text(&exif, Tag::BodySerialNumber),
        software: text(&exif, Tag::Software),
        captured_ms: captured(&exif),
        gps: gps(&exif),
        scan: ScanFacts::default(),
    })
}

fn number(exif: &Exif, tag: Tag) -> Option<u32> {
    exif.get_field(tag, In::PRIMARY)?.value.get_uint(0)
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    let text = String::from_utf8_lossy(ascii(exif, tag)?);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!text.is_empty()).then(|| text.to_owned())
}

fn captured(exif: &Exif) -> Option<i64> {
    let time =
        ascii(exif, Tag::DateTimeOriginal).or_else(|| ascii(exif, Tag::DateTimeDigitized))?;
    let time = exif::DateTime::from_ascii(time).ok()?;
    let whole = civil_milliseconds(
        (time.year, time.month, time.day),
        (time.hour, time.minute, time.second),
    )?;
    let fraction = ascii(exif, Tag::SubSecTimeOriginal).map_or(0, milliseconds);
    Some(whole + fraction)
}

/// "7", "70" and "700" are all seven tenths.
fn milliseconds(digits: &[u8]) -> i64 {
    digits
        .iter()
        .take_while(|digit| digit.is_ascii_digit())
        .zip([100, 10, 1])
        .map(|(digit, weight)| i64::from(digit - b'0') * weight)
        .sum()
}

fn gps(exif: &Exif) -> Option<(f64, f64)> {
    let north = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S')?;
    let east = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W')?;
    let possible = north.abs() <= 90.0 && east.abs() <= 180.0;
    // Exactly zero by zero is what devices write that have no fix.
    (possible && (north, east) != (0.0, 0.0)).then_some((north, east))
}

fn degrees(exif: &Exif, tag: Tag, reference: Tag, negative: u8) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else {
        return None;
    };
    let [degrees, rest @ ..] = parts.as_slice() else {
        return None;
    };
    let part = |index: usize| rest.get(index).map_or(0.0, exif::Rational::to_f64);
    let value = degrees.to_f64() + part(0) / 60.0 + part(1) / 3600.0;
    let sign = match ascii(exif, reference).and_then(<[u8]>::first) {
        Some(letter) if letter.eq_ignore_ascii_case(&negative) => -1.0,
        _ => 1.0,
    };
    value.is_finite().then_some(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use exif::{Field, Rational, experimental::Writer};

    fn written(fields: &[Field]) -> Vec<u8> {
        let mut writer = Writer::new();
        for field in fields {
            writer.push_field(field);
        }
        let mut buffer = std::io::Cursor::new(Vec::new());
        writer.write(&mut buffer, false).unwrap();
        buffer.into_inner()
    }

    fn field(tag: Tag, value: Value) -> Field {
        Field {
            tag,
            ifd_num: In::PRIMARY,
            value,
        }
    }

    fn ascii(tag: Tag, text: &str) -> Field {
        field(tag, Value::Ascii(vec![text.as_bytes().to_vec()]))
    }

    fn angle(tag: Tag, degrees: u32, minutes: u32) -> Field {
        let part = |num| Rational { num, denom: 1 };
        field(
            tag,
            Value::Rational(vec![part(degrees), part(minutes), part(0)]),
        )
    }

    #[test]
    fn facts_are_read_as_written() {
        let facts = read(&written(&[
            ascii(Tag::Make, "Maker  "),
            ascii(Tag::Model, "Model 1"),
            ascii(Tag::BodySerialNumber, "0042"),
            ascii(Tag::Software, " "),
            field(Tag::Orientation, Value::Short(vec![6])),
            ascii(Tag::DateTimeOriginal, "2019:07:01 12:30:05"),
            ascii(Tag::SubSecTimeOriginal, "7"),
            angle(Tag::GPSLatitude, 48, 30),
            ascii(Tag::GPSLatitudeRef, "N"),
            angle(Tag::GPSLongitude, 2, 15),
            ascii(Tag::GPSLongitudeRef, "W"),
        ]))
        .unwrap();
        assert_eq!(facts.make.as_deref(), Some("Maker"));
        assert_eq!(facts.model.as_deref(), Some("Model 1"));
        assert_eq!(facts.serial.as_deref(), Some("0042"));
        assert_eq!(facts.software, None);
        assert_eq!(facts.orientation, Orientation::QuarterTurn);
        // date -u -d '2019-07-01 12:30:05' +%s
        assert_eq!(facts.captured_ms, Some(1_561_984_205_700));
        assert_eq!(facts.gps, Some((48.5, -2.25)));
    }

    #[test]
    fn unset_clock_and_missing_fix_are_no_facts() {
        let facts = read(&written(&[
            ascii(Tag::DateTimeOriginal, "0000:00:00 00:00:00"),
            angle(Tag::GPSLatitude, 0, 0),
            angle(Tag::GPSLongitude, 0, 0),
        ]))
        .unwrap();
        assert_eq!(facts.captured_ms, None);
        assert_eq!(facts.gps, None);
    }

    #[test]
    fn every_prefix_of_exif_is_read_or_refused_without_panic() {
        let whole = written(&[
            ascii(Tag::Make, "Maker of cameras"),
            angle(Tag::GPSLatitude, 48, 30),
            ascii(Tag::DateTimeOriginal, "2019:07:01 12:30:05"),
        ]);
        for length in 0..whole.len() {
            let _ = read(&whole[..length]);
        }
    }
}
