//! Which three of many bands are shown as red, green and blue. Unpacks nothing.

use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::fields::{Fields, Photometric};

/// GDAL's metadata, an XML text.
const GDAL_METADATA: u16 = 42_112;

/// The fields that place an image on earth.
const PLACED: [u16; 3] = [33_550, 34_264, 34_735];

/// Names of red, green and blue, in lower case: in words, and as Sentinel-2 and
/// Landsat 8 number them.
const NAMES: [[&str; 3]; 3] = [
    ["red", "green", "blue"],
    ["b4", "b3", "b2"],
    ["b04", "b03", "b02"],
];

/// Whether a file shows ground: its numbers are measurements, which fill no range.
pub(super) fn shows_ground(file: &mut Decoder<Cursor<&[u8]>>) -> bool {
    PLACED
        .iter()
        .any(|&tag| file.find_tag(Tag::Unknown(tag)).ok().flatten().is_some())
}

/// The bands to show of a page of `samples` without colours: those that GDAL's metadata
/// name, else those of Sentinel-2 where it has as many bands, else the first three.
pub(super) fn chosen(
    file: &mut Decoder<Cursor<&[u8]>>,
    photometric: Photometric,
    samples: usize,
) -> Option<[usize; 3]> {
    if photometric != Photometric::BlackIsZero || samples < 3 {
        return None;
    }
    let metadata = file.get_tag_ascii_string(Tag::Unknown(GDAL_METADATA));
    let named = metadata.ok().and_then(|text| named(&text, samples));
    Some(named.unwrap_or(match samples {
        12 | 13 => [3, 2, 1],
        _ => [0, 1, 2],
    }))
}

/// The bands by their descriptions.
fn named(text: &str, samples: usize) -> Option<[usize; 3]> {
    let mut names: Vec<String> = vec![String::new(); samples];
    for item in text.split("<Item ").skip(1) {
        let (attributes, rest) = item.split_once('>')?;
        let value = |name: &str| {
            let (_, rest) = attributes.split_once(&format!("{name}=\""))?;
            rest.split_once('"').map(|(value, _)| value)
        };
        let place = value("sample").and_then(|sample| sample.parse::<usize>().ok());
        if let (Some("DESCRIPTION"), Some(place)) = (value("name"), place)
            && let (Some(name), Some((text, _))) = (names.get_mut(place), rest.split_once('<'))
        {
            *name = text.trim().to_ascii_lowercase();
        }
    }
    let find = |wanted: &[&str; 3]| {
        let place = |one: &str| names.iter().position(|name| name == one);
        Some([place(wanted[0])?, place(wanted[1])?, place(wanted[2])?])
    };
    NAMES.iter().find_map(find)
}

/// Where the numbers of three bands lie.
struct Place {
    pixels: usize,
    samples: usize,
    planar: Option<usize>,
    bands: [usize; 3],
}

impl Place {
    fn of<T: Copy>(&self, all: &[T]) -> Vec<T> {
        let at = |pixel: usize, band: usize| match self.planar {
            Some(bytes) => band * (bytes / size_of::<T>()) + pixel,
            None => pixel * self.samples + band,
        };
        let three = (0..self.pixels).flat_map(|pixel| self.bands.map(|band| at(pixel, band)));
        three.map_while(|place| all.get(place).copied()).collect()
    }
}

/// Three bands of all as the colours of a page of three; `planar`: the bytes of a plane.
pub(super) fn taken(
    numbers: DecodingResult,
    planar: Option<usize>,
    bands: [usize; 3],
    fields: &mut Fields,
) -> (DecodingResult, Option<usize>) {
    let place = Place {
        pixels: fields.width as usize * fields.height as usize,
        samples: fields.samples,
        planar,
        bands,
    };
    macro_rules! taken {
        ($all:expr, $kind:ident) => {
            DecodingResult::$kind(place.of($all))
        };
    }
    let three = match &numbers {
        DecodingResult::U8(all) => taken!(all, U8),
        DecodingResult::I8(all) => taken!(all, I8),
        DecodingResult::U16(all) => taken!(all, U16),
        DecodingResult::I16(all) => taken!(all, I16),
        DecodingResult::U32(all) => taken!(all, U32),
        DecodingResult::I32(all) => taken!(all, I32),
        DecodingResult::U64(all) => taken!(all, U64),
        DecodingResult::I64(all) => taken!(all, I64),
        DecodingResult::F16(all) => taken!(all, F16),
        DecodingResult::F32(all) => taken!(all, F32),
        DecodingResult::F64(all) => taken!(all, F64),
    };
    (fields.samples, fields.photometric, fields.planar) = (3, Photometric::Rgb, false);
    (three, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_found_by_their_descriptions() {
        let item = |sample: u32, name: &str| {
            format!(
                "<Item name=\"DESCRIPTION\" sample=\"{sample}\" role=\"description\">{name}</Item>"
            )
        };
        let text = format!(
            "<GDALMetadata>{}{}{}</GDALMetadata>",
            item(2, "Red"),
            item(1, "green"),
            item(0, "Blue")
        );
        assert_eq!(named(&text, 4), Some([2, 1, 0]));
        let text = ["B2", "B3", "B4", "B8"]
            .iter()
            .zip(0..)
            .map(|(name, i)| item(i, name));
        assert_eq!(named(&text.collect::<String>(), 4), Some([2, 1, 0]));
        assert_eq!(named(&item(9, "red"), 4), None);
        assert_eq!(named("<Item name=\"DESCRIPTION\" sample=\"0\"", 4), None);
    }
}
