//! Where a GeoTIFF file lies, by its tags (OGC 19-008r4). Reads no pixel.

use std::io::{Read, Seek};

use super::{Affine, System, Units};
use crate::tiff_directory::{Directories, Directory};

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const PIXEL_SCALE: u16 = 33_550;
const TIE_POINTS: u16 = 33_922;
const TRANSFORMATION: u16 = 34_264;
const KEYS: u16 = 34_735;
const DOUBLES: u16 = 34_736;
const TEXTS: u16 = 34_737;

const MODEL_TYPE: u16 = 1024;
const RASTER_TYPE: u16 = 1025;
const CITATION: u16 = 1026;
const GEODETIC: u16 = 2048;
const PROJECTED: u16 = 3072;
const PROJECTED_CITATION: u16 = 3073;
const PROJECTED_UNITS: u16 = 3076;

/// A code that means: defined by the other keys.
const USER_DEFINED: u16 = 32_767;

/// What a file says of its place.
#[derive(Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) size: [u32; 2],
    /// `None` where nothing places it, or only points on the ground.
    pub(super) affine: Option<Affine>,
    pub(super) system: Option<System>,
}

/// Reads the first directory; `None` if the file is no TIFF file that can be read.
pub(super) fn read(file: impl Read + Seek) -> Option<Placed> {
    let mut file = Directories::open(file).ok()??;
    let first = file.directory().ok()??;
    let side = |value: Option<f64>| value.filter(|v| (1.0..4e9).contains(v)).map(|v| v as u32);
    let size = [
        side(file.first(&first, WIDTH))?,
        side(file.first(&first, HEIGHT))?,
    ];
    let keys = Keys::of(&mut file, &first);
    let affine = affine(&mut file, &first).map(|affine| match keys.number(RASTER_TYPE) {
        // Points are in the middle of their pixels.
        Some(2) => affine.moved([-0.5, -0.5]),
        _ => affine,
    });
    Some(Placed {
        size,
        affine,
        system: keys.system(),
    })
}

fn affine<R: Read + Seek>(file: &mut Directories<R>, first: &Directory) -> Option<Affine> {
    if let [a, b, _, c, d, e, _, f, ..] = file.numbers(first, TRANSFORMATION)[..] {
        return Some(Affine([a, b, c, d, e, f]));
    }
    match (
        &file.numbers(first, PIXEL_SCALE)[..],
        &file.numbers(first, TIE_POINTS)[..],
    ) {
        (&[across, down, ..], &[column, row, _, x, y, ..]) => {
            let origin = [x - column * across, y + row * down];
            Some(Affine([across, 0.0, origin[0], 0.0, -down, origin[1]]))
        }
        _ => None,
    }
}

/// The GeoKeyDirectory.
struct Keys {
    /// Key, tag of its value, length, value or its place.
    all: Vec<[u16; 4]>,
    doubles: Vec<f64>,
    texts: String,
}

impl Keys {
    fn of<R: Read + Seek>(file: &mut Directories<R>, first: &Directory) -> Self {
        let shorts = file.numbers(first, KEYS).into_iter().map(|v| v as u16);
        let shorts: Vec<u16> = shorts.collect();
        let (four, _) = shorts.as_chunks::<4>();
        let count = four.first().map_or(0, |head| usize::from(head[3]));
        Self {
            all: four.iter().skip(1).take(count).copied().collect(),
            doubles: file.numbers(first, DOUBLES),
            texts: file.text(first, TEXTS),
        }
    }

    /// A value that is written into the directory itself.
    fn number(&self, wanted: u16) -> Option<u16> {
        let find = |&&[key, tag, ..]: &&[u16; 4]| key == wanted && tag == 0;
        self.all.iter().find(find).map(|key| key[3])
    }

    fn text(&self, wanted: u16) -> Option<&str> {
        let find = |&&[key, tag, ..]: &&[u16; 4]| key == wanted && tag == TEXTS;
        let &[_, _, length, place] = self.all.iter().find(find)?;
        let place = usize::from(place);
        let text = self.texts.get(place..place + usize::from(length))?;
        Some(text.trim_end_matches(['|', ' ']))
    }

    /// The coordinate reference system.
    fn system(&self) -> Option<System> {
        let code = |key| {
            self.number(key)
                .filter(|code| !matches!(code, 0 | &USER_DEFINED))
        };
        let units = match self.number(MODEL_TYPE) {
            Some(2) => Units::Degrees,
            Some(1) => match self.number(PROJECTED_UNITS) {
                Some(9002) => Units::Metres(0.3048),
                Some(9003) => Units::Metres(1200.0 / 3937.0),
                // Of EPSG's projected systems nearly all count in metres.
                _ => Units::Metres(1.0),
            },
            _ => return None,
        };
        let known = match units {
            Units::Degrees => code(GEODETIC),
            _ => code(PROJECTED),
        };
        let name = match known {
            Some(code) => format!("EPSG:{code}"),
            None => {
                let cited = self.text(PROJECTED_CITATION).or(self.text(CITATION));
                format!("{} ({})", cited.unwrap_or("unnamed"), self.hash())
            }
        };
        Some(System { name, units })
    }

    /// What tells systems apart that are defined by their keys.
    fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for &[key, tag, length, value] in &self.all {
            hasher.update(&key.to_le_bytes());
            let (from, length) = (usize::from(value), usize::from(length));
            match tag {
                DOUBLES => {
                    let values = self.doubles.iter().skip(from).take(length);
                    values.for_each(|value| {
                        hasher.update(&value.to_le_bytes());
                    });
                }
                TEXTS => {
                    let text = self.texts.get(from..from + length).unwrap_or_default();
                    hasher.update(text.as_bytes());
                }
                _ => {
                    hasher.update(&value.to_le_bytes());
                }
            }
        }
        hasher.finalize().to_hex()[..8].to_owned()
    }
}
