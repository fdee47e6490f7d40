//! What is known of an image without its content: how it is stored, and
//! trivial properties of its pixels. Compares nothing, and reads no name: no
//! model sees one.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{Column, Kind, Values};
use crate::checks::CheckContext;
use crate::fingerprint::{Fingerprint, ImageFacts};
use crate::sample::SampleId;

/// All features of `rows` that are not the same for all of them. A row whose
/// image was not seen has none of them.
pub(super) fn columns(data: &CheckContext<'_>, rows: &[SampleId]) -> Vec<Column> {
    let numbers = |read: fn(&Fingerprint, &ImageFacts) -> Option<f64>| -> Values {
        Values::Numbers(
            rows.iter()
                .map(|&id| {
                    let row = data.fingerprints.get(id)?;
                    read(row, row.image.as_ref().ok()?)
                })
                .map(|value| value.unwrap_or(f64::NAN))
                .collect(),
        )
    };
    let names = |read: fn(&ImageFacts) -> String| -> Values {
        Values::Names(
            rows.iter()
                .map(|&id| {
                    let facts = data.fingerprints.facts(id);
                    facts.map_or_else(String::new, read)
                })
                .collect(),
        )
    };
    let all = [
        (
            "width",
            Kind::Container,
            numbers(|_, f| Some(f64::from(f.header.width))),
        ),
        (
            "height",
            Kind::Container,
            numbers(|_, f| Some(f64::from(f.header.height))),
        ),
        (
            "aspect ratio",
            Kind::Container,
            numbers(|_, f| Some(f64::from(f.header.width) / f64::from(f.header.height.max(1)))),
        ),
        (
            "format",
            Kind::Container,
            names(|f| f.header.format.name().to_owned()),
        ),
        (
            "colour mode",
            Kind::Container,
            names(|f| f.header.colour.name().to_owned()),
        ),
        (
            "bit depth",
            Kind::Container,
            numbers(|_, f| Some(f64::from(f.header.bit_depth))),
        ),
        (
            "JPEG quality",
            Kind::Container,
            numbers(|_, f| f.header.jpeg.map(|jpeg| f64::from(jpeg.quality))),
        ),
        (
            "JPEG tables",
            Kind::Container,
            names(|f| {
                f.header.jpeg.map_or_else(String::new, |jpeg| {
                    format!("{:08x}", jpeg.quantisation >> 32)
                })
            }),
        ),
        (
            "chroma subsampling",
            Kind::Container,
            names(|f| {
                f.header
                    .jpeg
                    .map_or_else(String::new, |jpeg| jpeg.subsampling.name().to_owned())
            }),
        ),
        (
            "JPEG coding",
            Kind::Container,
            names(|f| match f.header.jpeg {
                Some(jpeg) if jpeg.progressive => "progressive".to_owned(),
                Some(_) => "sequential".to_owned(),
                None => String::new(),
            }),
        ),
        (
            "EXIF data",
            Kind::Container,
            names(|f| match f.header.exif {
                Some(_) => "yes".to_owned(),
                None => String::new(),
            }),
        ),
        (
            "camera make",
            Kind::Container,
            names(|f| exif(f, |e| &e.make)),
        ),
        (
            "camera model",
            Kind::Container,
            names(|f| exif(f, |e| &e.model)),
        ),
        (
            "software",
            Kind::Container,
            names(|f| exif(f, |e| &e.software)),
        ),
        (
            "body part",
            Kind::Container,
            names(|f| exif(f, |e| &e.scan.body_part)),
        ),
        (
            "view position",
            Kind::Container,
            names(|f| exif(f, |e| &e.scan.view)),
        ),
        (
            "laterality",
            Kind::Container,
            names(|f| exif(f, |e| &e.scan.laterality)),
        ),
        (
            "series description (numbered)",
            Kind::Container,
            numbered(names(|f| exif(f, |e| &e.scan.series))),
        ),
        (
            "institution (numbered)",
            Kind::Container,
            numbered(names(|f| exif(f, |e| &e.scan.site))),
        ),
        (
            "year of acquisition",
            Kind::Container,
            numbers(|_, f| f.header.exif.as_deref()?.scan.year.map(f64::from)),
        ),
        (
            "colour profile",
            Kind::Container,
            names(|f| f.header.icc.clone().unwrap_or_default()),
        ),
        (
            "file size",
            Kind::Appearance,
            numbers(|row, _| Some(row.bytes as f64)),
        ),
        (
            "bytes per pixel",
            Kind::Appearance,
            numbers(|row, f| {
                let pixels = u64::from(f.header.width) * u64::from(f.header.height);
                Some(row.bytes as f64 / pixels.max(1) as f64)
            }),
        ),
        (
            "brightness",
            Kind::Appearance,
            numbers(|_, f| Some(f.statistics.brightness.into())),
        ),
        (
            "contrast",
            Kind::Appearance,
            numbers(|_, f| Some(f.statistics.contrast.into())),
        ),
        (
            "mean blueness",
            Kind::Appearance,
            numbers(|_, f| Some(f.statistics.mean_cb.into())),
        ),
        (
            "mean redness",
            Kind::Appearance,
            numbers(|_, f| Some(f.statistics.mean_cr.into())),
        ),
        (
            "colourfulness",
            Kind::Appearance,
            numbers(|_, f| Some(f.statistics.colourfulness.into())),
        ),
        (
            "sharpness",
            Kind::Appearance,
            numbers(|_, f| Some(f.statistics.sharpness.into())),
        ),
        (
            "border brightness",
            Kind::Appearance,
            numbers(|_, f| Some(f.statistics.border_luma.into())),
        ),
        (
            "border width",
            Kind::Appearance,
            numbers(|_, f| Some(f.statistics.border_width.into())),
        ),
    ];
    all.into_iter()
        .filter_map(|(name, kind, values)| Column::new(name, kind, values))
        .collect()
}

/// The same values under numbers: a hash of a name is found by trying likely names.
fn numbered(values: Values) -> Values {
    let Values::Names(names) = values else {
        return values;
    };
    let distinct: BTreeSet<&String> = names.iter().filter(|name| !name.is_empty()).collect();
    let numbers: BTreeMap<&String, usize> = distinct.into_iter().zip(1..).collect();
    let number = |name| numbers.get(name).map_or_else(String::new, usize::to_string);
    Values::Names(names.iter().map(number).collect())
}

fn exif(facts: &ImageFacts, field: fn(&crate::decode::ExifFacts) -> &Option<String>) -> String {
    let exif = facts.header.exif.as_deref();
    exif.and_then(|exif| field(exif).clone())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_hashes_get_numbers_and_absence_stays() {
        let names = ["f3", "", "0a", "f3"].map(str::to_owned).to_vec();
        let Values::Names(numbers) = numbered(Values::Names(names)) else {
            panic!("names stay names");
        };
        assert_eq!(numbers, ["2", "", "1", "2"]);
    }
}
