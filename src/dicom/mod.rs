//! The data elements of a DICOM file (PS3.10, PS3.5): what it says of its pixels,
//! where they lie, and whom they show. Decodes no pixel and prints no identity.

mod elements;
pub mod frames;
mod lookup;
#[cfg(test)]
pub(crate) mod written;

use elements::{Elements, Syntax};
pub use lookup::Lookup;

/// What a file begins with, behind 128 bytes of anything.
const MAGIC: &[u8] = b"DICM";

/// Bytes before [`MAGIC`].
const PREAMBLE: usize = 128;

/// Whether a file is of this format by its first bytes.
pub fn is_dicom(bytes: &[u8]) -> bool {
    bytes
        .get(PREAMBLE..)
        .is_some_and(|rest| rest.starts_with(MAGIC))
}

/// Why a file cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It ends within an element.
    Truncated,
    /// Its elements contradict themselves.
    Corrupt(&'static str),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Truncated => f.write_str("it ends within an element"),
            Self::Corrupt(why) => f.write_str(why),
        }
    }
}

/// Whom a file shows. Not to be printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// PatientID, blanks trimmed.
    pub patient: String,
    /// StudyInstanceUID.
    pub study: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// What a file says of its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The UID of how the pixels are coded.
    pub transfer_syntax: String,
    /// PhotometricInterpretation, such as `MONOCHROME2`.
    pub photometric: String,
    /// SamplesPerPixel.
    pub samples: u16,
    /// Planes of colours lie one behind the other.
    pub planar: bool,
    /// NumberOfFrames, at least 1.
    pub frames: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// BitsAllocated.
    pub allocated: u16,
    /// BitsStored: the lower ones.
    pub stored: u16,
    /// Stored numbers are signed.
    pub signed: bool,
    /// RescaleSlope and RescaleIntercept.
    pub rescale: [f64; 2],
    /// The first WindowCenter and WindowWidth.
    pub window: Option<[f64; 2]>,
    /// The first VOI lookup table: what a viewer shows in place of a window.
    pub lookup: Option<Lookup>,
    /// The palette: for red, green and blue the first number that is looked up, and
    /// the colours of it and the following.
    pub palette: Option<[(i32, Vec<u16>); 3]>,
    /// Numbers have their upper byte first.
    pub big_endian: bool,
    /// Manufacturer, ManufacturerModelName and SoftwareVersions; empty where they are
    /// not given.
    pub scanner: [String; 3],
    /// How it was taken.
    pub taken: Taken,
}

/// How an image was taken: nothing of whom it shows. Free text and names are kept as
/// hashes, because anything may be written there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// BodyPartExamined, a code.
    pub body_part: String,
    /// ViewPosition, a code.
    pub view: String,
    /// Laterality or ImageLaterality, a code.
    pub laterality: String,
    /// A hash of SeriesDescription.
    pub series: String,
    /// A hash of InstitutionName.
    pub site: String,
    /// The year of AcquisitionDate, SeriesDate or StudyDate, the first that is there.
    pub year: Option<u16>,
}

/// Where the pixels are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PixelData<'a> {
    /// All frames, one behind the other.
    Plain(&'a [u8]),
    /// The first frame as its coder wrote it.
    Coded(Vec<u8>),
    /// The file has none.
    None,
}

/// Reads a file, or as much of its beginning as is given: `PixelData` is then
/// `Plain` of what is there.
///
/// # Errors
/// [`Fault`], if what is there contradicts itself or ends before the pixels.
pub fn read(bytes: &[u8]) -> Result<(Header, PixelData<'_>), Fault> {
    let rest = bytes
        .get(PREAMBLE + MAGIC.len()..)
        .ok_or(Fault::Truncated)?;
    let mut meta = Elements::new(rest, Syntax::EXPLICIT);
    let mut transfer_syntax = String::new();
    while let Some(element) = meta.next_in_group(0x0002)? {
        if element.tag == (0x0002, 0x0010) {
            transfer_syntax = text(element.value);
        }
    }
    let syntax = Syntax::of(&transfer_syntax);
    let mut header = Header {
        transfer_syntax,
        photometric: String::new(),
        samples: 1,
        planar: false,
        frames: 1,
        width: 0,
        height: 0,
        allocated: 0,
        stored: 0,
        signed: false,
        rescale: [1.0, 0.0],
        window: None,
        palette: None,
        big_endian: syntax.big_endian,
        lookup: None,
        scanner: Default::default(),
        taken: Taken::default(),
    };
    let mut years = [None; 3];
    let mut window = [None, None];
    let mut palette: [[Vec<u16>; 2]; 3] = Default::default();
    let mut elements = Elements::new(meta.rest(), syntax);
    loop {
        let Some(element) = elements.next()? else {
            return Ok((finished(header, window, palette), PixelData::None));
        };
        let value = element.value;
        let short = || elements::number(value, syntax.big_endian);
        let numbers = || elements::numbers(value, syntax.big_endian);
        match element.tag {
            (0x0008, 0x0020) => years[2] = year(value),
            (0x0008, 0x0021) => years[1] = year(value),
            (0x0008, 0x0022) => years[0] = year(value),
            (0x0008, 0x0080) => header.taken.site = hashed(value),
            (0x0008, 0x103E) => header.taken.series = hashed(value),
            (0x0018, 0x0015) => header.taken.body_part = code(value),
            (0x0018, 0x5101) => header.taken.view = code(value),
            (0x0020, 0x0060 | 0x0062) => header.taken.laterality = code(value),
            (0x0028, 0x3010) => header.lookup = lookup::first(value, syntax, header.signed),
            (0x0008, 0x0070) => header.scanner[0] = text(value),
            (0x0008, 0x1090) => header.scanner[1] = text(value),
            (0x0018, 0x1020) => header.scanner[2] = text(value),
            (0x0028, 0x0002) => header.samples = short(),
            (0x0028, 0x0004) => header.photometric = text(value),
            (0x0028, 0x0006) => header.planar = short() == 1,
            (0x0028, 0x0008) => header.frames = text(value).parse().unwrap_or(1).max(1),
            (0x0028, 0x0010) => header.height = short().into(),
            (0x0028, 0x0011) => header.width = short().into(),
            (0x0028, 0x0100) => header.allocated = short(),
            (0x0028, 0x0101) => header.stored = short(),
            (0x0028, 0x0103) => header.signed = short() == 1,
            (0x0028, 0x1050) => window[0] = decimal(value),
            (0x0028, 0x1051) => window[1] = decimal(value),
            (0x0028, 0x1052) => header.rescale[1] = decimal(value).unwrap_or(0.0),
            (0x0028, 0x1053) => header.rescale[0] = decimal(value).unwrap_or(1.0),
            (0x0028, at @ 0x1101..=0x1103) => palette[usize::from(at - 0x1101)][0] = numbers(),
            (0x0028, at @ 0x1201..=0x1203) => palette[usize::from(at - 0x1201)][1] = numbers(),
            (0x7FE0, 0x0010) => {
                header.taken.year = years.into_iter().flatten().next();
                let header = finished(header, window, palette);
                let pixels = match element.is_open {
                    true => PixelData::Coded(elements.first_frame(header.frames)?),
                    false => PixelData::Plain(value),
                };
                return Ok((header, pixels));
            }
            _ => {}
        }
    }
}

/// Whom a file shows, as far as its beginning says.
pub fn identity(bytes: &[u8]) -> Identity {
    let mut identity = Identity::default();
    let rest = bytes.get(PREAMBLE + MAGIC.len()..).unwrap_or_default();
    let mut meta = Elements::new(rest, Syntax::EXPLICIT);
    let mut syntax = Syntax::EXPLICIT;
    while let Ok(Some(element)) = meta.next_in_group(0x0002) {
        if element.tag == (0x0002, 0x0010) {
            syntax = Syntax::of(&text(element.value));
        }
    }
    let mut elements = Elements::new(meta.rest(), syntax);
    while let Ok(Some(element)) = elements.next() {
        match element.tag {
            (0x0010, 0x0020) => identity.patient = text(element.value),
            (0x0020, 0x000D) => identity.study = text(element.value),
            // Elements ascend.
            (0x0021.., _) => break,
            _ => {}
        }
    }
    identity
}

fn finished(mut header: Header, window: [Option<f64>; 2], palette: [[Vec<u16>; 2]; 3]) -> Header {
    if let [Some(center), Some(width)] = window {
        // A window of no width shows nothing (PS3.3, C.11.2.1.2).
        header.window = (width >= 1.0).then_some([center, width]);
    }
    let signed = header.signed;
    let curves = palette.map(|[description, colours]| {
        let first = *description.get(1)?;
        let first = match signed {
            true => i32::from(first.cast_signed()),
            false => i32::from(first),
        };
        // Entries of 8 bits lie two in a word.
        let eight = description.get(2) == Some(&8);
        let colours = match eight && colours.len() * 2 <= usize::from(description[0]).max(2) {
            true => colours
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .map(|v| u16::from(v) * 257)
                .collect(),
            false => colours,
        };
        (!colours.is_empty()).then_some((first, colours))
    });
    if let [Some(red), Some(green), Some(blue)] = curves {
        header.palette = Some([red, green, blue]);
    }
    header
}

/// The year of a date, which is as much of it as names nobody.
fn year(value: &[u8]) -> Option<u16> {
    let date = text(value);
    let year = date.get(..4)?.parse().ok()?;
    (1890..2200).contains(&year).then_some(year)
}

/// A code of capitals; anything else may be text about a person.
fn code(value: &[u8]) -> String {
    let code = text(value);
    // Codes have 16 characters at most (PS3.5, 6.2).
    let is_code = code.len() <= 16
        && (code.bytes())
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"_ ".contains(&b));
    if is_code { code } else { String::new() }
}

/// Hexadecimal digits of a hash: 32 bits keep some thousand names apart.
const DIGITS: usize = 8;

/// A text that may say anything, as a hash.
fn hashed(value: &[u8]) -> String {
    let text = text(value);
    match text.is_empty() {
        true => text,
        false => blake3::hash(text.as_bytes()).to_hex()[..DIGITS].to_owned(),
    }
}

/// Text without the blanks and zeros that pad it.
fn text(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.trim_matches(['\0', ' ']).to_owned()
}

/// The first of the decimal numbers of a value.
fn decimal(value: &[u8]) -> Option<f64> {
    let text = text(value);
    let first = text.split('\\').next()?.trim().parse::<f64>().ok()?;
    first.is_finite().then_some(first)
}

#[cfg(test)]
mod tests;
