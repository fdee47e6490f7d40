//! World files: six numbers beside an image that place it, and the text beside both
//! that names their system. Opens no image.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Affine, System, Units};
use crate::image_format::WORLD_FILES;

/// Bytes of either file at most: a world file has six lines.
const MOST_BYTES: u64 = 64 << 10;

/// The world files and their systems of one folder, by name in lower case.
#[derive(Debug, Default)]
pub(super) struct Beside(BTreeMap<OsString, PathBuf>);

impl Beside {
    /// Of the folder at `path`; none where it cannot be read.
    pub(super) fn of(path: &Path) -> Self {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let named = entries.filter_map(|entry| {
            let name = entry.file_name().to_ascii_lowercase();
            let extension = Path::new(&name).extension()?.to_str()?.to_owned();
            let counts = extension == "prj" || WORLD_FILES.contains(&extension.as_str());
            counts.then(|| (name, entry.path()))
        });
        Self(named.collect())
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the image at `path` lies by its world file.
    pub(super) fn place(&self, path: &Path) -> Option<(Affine, Option<System>)> {
        let stem = path.file_stem()?.to_ascii_lowercase();
        let named = |extension: &str| {
            let mut name = stem.clone();
            name.push(".");
            name.push(extension);
            self.0.get(&name)
        };
        let own = path.extension()?.to_str()?.to_ascii_lowercase();
        let (first, last) = (own.chars().next()?, own.chars().last()?);
        let file = named(&format!("{first}{last}w"))
            .or_else(|| named(&format!("{own}w")))
            .or_else(|| named("wld"))?;
        let affine = parse(&text(file)?)?;
        let system = named("prj").and_then(|file| text(file));
        Some((affine, system.as_deref().and_then(system_of)))
    }
}

fn text(file: &Path) -> Option<String> {
    let small = std::fs::metadata(file).ok()?.len() <= MOST_BYTES;
    small.then(|| std::fs::read_to_string(file).ok()).flatten()
}

/// The six numbers: of a column A and D, of a row B and E, of the middle of the first
/// pixel C and F.
pub(super) fn parse(text: &str) -> Option<Affine> {
    let numbers: Option<Vec<f64>> = (text.split_whitespace().take(6))
        .map(|word| word.replace(',', ".").parse().ok())
        .collect();
    match numbers?[..] {
        [a, d, b, e, c, f] => Some(Affine([a, b, c, d, e, f]).moved([-0.5, -0.5])),
        _ => None,
    }
}

/// The system that a text names (WKT, ISO 19162): its kind and first name.
fn system_of(text: &str) -> Option<System> {
    let kind = text.trim_start().split('[').next()?;
    let units = match kind {
        "GEOGCS" | "GEOGCRS" | "GEODCRS" => Units::Degrees,
        "PROJCS" | "PROJCRS" => {
            let unit = text.rsplit_once("UNIT[")?.1;
            let metres = unit.split(',').nth(1)?.trim_end().trim_end_matches(']');
            Units::Metres(metres.parse().ok().filter(|&metres: &f64| metres > 0.0)?)
        }
        _ => return None,
    };
    let name = text.split('"').nth(1)?;
    let hash = blake3::hash(text.split_whitespace().collect::<String>().as_bytes()).to_hex();
    let name = format!("{name} ({})", &hash[..8]);
    Some(System { name, units })
}
