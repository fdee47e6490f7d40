//! What a file is by its first bytes, or by its name. Decodes nothing.

mod foreign;

use std::ffi::OsStr;
use std::path::Path;

use foreign::{camera_raw, foreign};

/// A format that is decoded here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// JPEG: baseline, extended and progressive, 8 bits, Huffman coded.
    Jpeg,
    /// PNG; of an animated one the default image.
    Png,
    /// GIF; of an animated one the first frame.
    Gif,
    /// WebP, lossy and lossless; of an animated one the first frame.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// TIFF and BigTIFF; the first page.
    Tiff,
    /// Netpbm: PBM, PGM, PPM (plain and raw) and PAM.
    Pnm,
    /// Quite OK Image.
    Qoi,
    /// Windows icon; its largest image.
    Ico,
    /// Truevision TGA, which has no signature: by extension and header.
    Tga,
    /// JPEG 2000: a file or a bare codestream.
    Jpeg2000,
    /// JPEG XL: bare or in its container; of an animation the first frame.
    JpegXl,
    /// Photoshop document: the image of all layers together.
    Psd,
    /// DICOM; of several frames the first.
    Dicom,
}

impl Format {
    /// All formats, in the order of the variants.
    pub const ALL: [Self; 14] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::WebP,
        Self::Bmp,
        Self::Tiff,
        Self::Pnm,
        Self::Qoi,
        Self::Ico,
        Self::Tga,
        Self::Jpeg2000,
        Self::JpegXl,
        Self::Psd,
        Self::Dicom,
    ];

    /// The name in reports, lower case; it never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Pnm => "pnm",
            Self::Qoi => "qoi",
            Self::Ico => "ico",
            Self::Tga => "tga",
            Self::Jpeg2000 => "jpeg2000",
            Self::JpegXl => "jpeg-xl",
            Self::Psd => "psd",
            Self::Dicom => "dicom",
        }
    }

    /// The format with this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// File extensions, lower case without dot, that announce this format.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif", "jif"],
            Self::Png => &["png", "apng"],
            Self::Gif => &["gif"],
            Self::WebP => &["webp"],
            Self::Bmp => &["bmp", "dib"],
            // The last three are scans of slides.
            Self::Tiff => &["tif", "tiff", "btf", "svs", "ndpi", "scn"],
            Self::Pnm => &["pnm", "pbm", "pgm", "ppm", "pam"],
            Self::Qoi => &["qoi"],
            Self::Ico => &["ico"],
            Self::Tga => &["tga", "icb", "vda", "vst"],
            Self::Jpeg2000 => &["jp2", "j2k", "j2c", "jpc", "jpx", "jpf"],
            Self::JpegXl => &["jxl"],
            Self::Psd => &["psd", "psb"],
            Self::Dicom => &["dcm", "dicom"],
        }
    }
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sniffed {
    /// Decoded here.
    Known(Format),
    /// An image format by this name that is not decoded here.
    Unsupported(&'static str),
    /// A Git LFS pointer, which stands where an image was not fetched.
    LfsPointer,
    /// Like no image format known here.
    NotAnImage,
    /// No bytes at all.
    Empty,
}

/// Recognises the format of `bytes` from their content.
///
/// `extension` (any case, without dot) is asked in two cases only: TGA has no
/// signature, and camera raw files are TIFF inside whose first page is a small
/// preview. A file is never rejected for its extension.
pub fn sniff(bytes: &[u8], extension: Option<&str>) -> Sniffed {
    if bytes.is_empty() {
        return Sniffed::Empty;
    }
    let extension = extension.map(str::to_ascii_lowercase);
    let extension = extension.as_deref().unwrap_or("");
    if let Some(format) = by_signature(bytes) {
        return match camera_raw(extension) {
            Some(raw) if format == Format::Tiff => Sniffed::Unsupported(raw),
            _ => Sniffed::Known(format),
        };
    }
    if let Some(name) = foreign(bytes) {
        return Sniffed::Unsupported(name);
    }
    if bytes.starts_with(LFS_POINTER) {
        return Sniffed::LfsPointer;
    }
    if Format::Tga.extensions().contains(&extension) && looks_like_tga(bytes) {
        return Sniffed::Known(Format::Tga);
    }
    Sniffed::NotAnImage
}

/// How a pointer begins (git-lfs, docs/spec.md, version 1).
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Extensions that announce an image in a format that is not decoded here, in
/// lower case.
const FOREIGN_EXTENSIONS: [&str; 4] = ["avif", "heic", "heif", "hif"];

/// Names in [`Sniffed::Unsupported`] of what labelled sets hold as images.
/// PDF, SVG and the like among images are files that lie there.
const FOREIGN_IMAGES: [&str; 3] = ["AVIF", "HEIC", "HEIF"];

/// Extensions of files beside images that place them on earth, lower case.
pub const WORLD_FILES: [&str; 10] = [
    "bpw", "gfw", "jgw", "jpegw", "jpgw", "pgw", "pngw", "tfw", "tifw", "wld",
];

/// Bytes that [`begins_image`] looks at: DICOM shows itself behind 128 bytes of anything.
pub const HEAD: usize = 132;

/// Whether the name alone announces an image, decoded here or not.
pub fn has_image_extension(name: &OsStr) -> bool {
    let Some(extension) = Path::new(name).extension().and_then(OsStr::to_str) else {
        return false;
    };
    let is = |known: &&str| extension.eq_ignore_ascii_case(known);
    FOREIGN_EXTENSIONS.iter().any(is)
        || Format::ALL
            .into_iter()
            .any(|format| format.extensions().iter().any(is))
}

/// Whether a file whose name announces nothing begins like an image. Formats
/// with a short signature must show a plausible header too, because any text
/// may begin with `BM` or `P5`. Asks for [`HEAD`] bytes.
pub fn begins_image(start: &[u8]) -> bool {
    match sniff(start, None) {
        Sniffed::Known(Format::Bmp) => start.get(6..10) == Some(&[0; 4]),
        Sniffed::Known(Format::Pnm) => pnm_goes_on(start),
        Sniffed::Known(Format::Ico) => start.get(9) == Some(&0),
        // Two bytes are too few to know a bare codestream by.
        Sniffed::Known(Format::JpegXl) => start.len() > 2,
        // What lies among images as a source of them; its name says whether it is one.
        Sniffed::Known(Format::Psd) => false,
        Sniffed::Known(_) => true,
        Sniffed::Unsupported(name) => FOREIGN_IMAGES.contains(&name) && start.len() > 2,
        Sniffed::LfsPointer | Sniffed::NotAnImage | Sniffed::Empty => false,
    }
}

/// `P1` to `P7`, white space, then a number, a comment or the `WIDTH` of PAM.
fn pnm_goes_on(start: &[u8]) -> bool {
    let [b'P', kind, rest @ ..] = start else {
        return false;
    };
    match rest.trim_ascii_start().first() {
        Some(b'#') => true,
        Some(first) if *kind == b'7' => first.is_ascii_uppercase(),
        Some(first) => first.is_ascii_digit(),
        None => false,
    }
}

fn by_signature(bytes: &[u8]) -> Option<Format> {
    let starts = |signature: &[u8]| bytes.starts_with(signature);
    if starts(b"\xFF\xD8\xFF") {
        Some(Format::Jpeg)
    } else if starts(b"\x89PNG\r\n\x1A\n") {
        Some(Format::Png)
    } else if starts(b"GIF87a") || starts(b"GIF89a") {
        Some(Format::Gif)
    } else if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(Format::WebP)
    } else if starts(b"BM") && looks_like_bmp(bytes) {
        Some(Format::Bmp)
    } else if is_tiff(bytes) {
        Some(Format::Tiff)
    } else if is_pnm(bytes) {
        Some(Format::Pnm)
    } else if starts(b"qoif") {
        Some(Format::Qoi)
    } else if starts(b"\0\0\x01\0") && looks_like_ico(bytes) {
        Some(Format::Ico)
    } else if starts(b"\0\0\0\x0CjP  \r\n\x87\n") || starts(b"\xFF\x4F\xFF\x51") {
        Some(Format::Jpeg2000)
    } else if starts(b"\0\0\0\x0CJXL \r\n\x87\n") || starts(b"\xFF\x0A") {
        Some(Format::JpegXl)
    } else if starts(b"8BPS\0\x01") || starts(b"8BPS\0\x02") {
        Some(Format::Psd)
    } else if bytes.get(128..132) == Some(b"DICM") {
        Some(Format::Dicom)
    } else {
        None
    }
}

/// "BM" begins many texts; the size of the header that follows is one of few.
fn looks_like_bmp(bytes: &[u8]) -> bool {
    bytes.get(14..18).is_some_and(|size| {
        let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
        matches!(size, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)
    })
}

fn is_tiff(bytes: &[u8]) -> bool {
    let classic = bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*");
    let big = bytes.starts_with(b"II+\0") || bytes.starts_with(b"MM\0+");
    // Canon marks its raw files behind the TIFF header.
    (classic || big) && bytes.get(8..10) != Some(b"CR")
}

fn is_pnm(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n', ..])
}

/// The reserved byte of the first directory line (which .NET sets to 255) and
/// its offset are checked,
/// because the four signature bytes are common.
fn looks_like_ico(bytes: &[u8]) -> bool {
    let Some(head) = bytes.get(..22) else {
        return false;
    };
    let count = u16::from_le_bytes([head[4], head[5]]);
    let offset = u32::from_le_bytes([head[18], head[19], head[20], head[21]]);
    count > 0 && matches!(head[9], 0 | 255) && offset >= 6 + 16 * u32::from(count)
}

fn looks_like_tga(bytes: &[u8]) -> bool {
    let Some(head) = bytes.get(..18) else {
        return false;
    };
    let colour_map = head[1];
    let kind = head[2];
    let width = u16::from_le_bytes([head[12], head[13]]);
    let height = u16::from_le_bytes([head[14], head[15]]);
    colour_map <= 1
        && matches!(kind, 1 | 2 | 3 | 9 | 10 | 11)
        && (kind & 7 == 1) == (colour_map == 1)
        && width > 0
        && height > 0
        && matches!(head[16], 8 | 15 | 16 | 24 | 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_outranks_the_extension() {
        let jpeg = b"\xFF\xD8\xFF\xE0 and so on";
        assert_eq!(sniff(jpeg, Some("png")), Sniffed::Known(Format::Jpeg));
        assert_eq!(sniff(b"hello, world", Some("jpg")), Sniffed::NotAnImage);
        assert_eq!(sniff(b"", Some("jpg")), Sniffed::Empty);
    }

    #[test]
    fn text_that_begins_like_a_signature_is_no_image() {
        for text in [
            "BM is short for bitmap, is it",
            "P5x",
            "II*",
            "GIF",
            "<html></html>",
        ] {
            assert_eq!(sniff(text.as_bytes(), None), Sniffed::NotAnImage, "{text}");
        }
    }

    #[test]
    fn images_that_are_not_decoded_are_named() {
        let avif = b"\0\0\0\x1Cftypmif1\0\0\0\0mif1avifmiaf";
        let cases: [(&[u8], &str); 4] = [
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
            (avif, "AVIF"),
            (b"%PDF-1.7", "PDF"),
            (b"<?xml version='1.0'?>\n<svg xmlns=''/>", "SVG"),
        ];
        for (bytes, name) in cases {
            assert_eq!(sniff(bytes, Some("jpg")), Sniffed::Unsupported(name));
        }
        assert_eq!(
            sniff(b"\0\0\0\x18ftypisom\0\0\0\0mp42", None),
            Sniffed::NotAnImage
        );
    }

    #[test]
    fn camera_raw_is_not_taken_for_its_preview() {
        assert_eq!(
            sniff(b"II*\0\x08\0\0\0", Some("NEF")),
            Sniffed::Unsupported("Nikon raw")
        );
        assert_eq!(
            sniff(b"II*\0\x10\0\0\0CR\x02\0", Some("tif")),
            Sniffed::Unsupported("Canon raw")
        );
        assert_eq!(
            sniff(b"II*\0\x08\0\0\0", Some("tif")),
            Sniffed::Known(Format::Tiff)
        );
    }

    #[test]
    fn tga_needs_its_extension_and_a_plausible_header() {
        let mut header = [0u8; 18];
        header[2] = 2;
        header[12] = 4;
        header[14] = 4;
        header[16] = 24;
        assert_eq!(sniff(&header, Some("TGA")), Sniffed::Known(Format::Tga));
        assert_eq!(sniff(&header, Some("jpg")), Sniffed::NotAnImage);
        header[16] = 7;
        assert_eq!(sniff(&header, Some("tga")), Sniffed::NotAnImage);
    }

    #[test]
    fn names_lead_back_to_their_format() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
    }

    #[test]
    fn a_git_lfs_pointer_is_no_image_and_known() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
        assert_eq!(sniff(pointer, Some("jpg")), Sniffed::LfsPointer);
        assert!(!begins_image(pointer));
    }

    #[test]
    fn an_image_is_known_by_its_first_bytes() {
        let bmp = [&b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"[..], &[0; 20]].concat();
        let ico = [
            &b"\0\0\x01\0\x01\0"[..],
            &[16, 16, 0, 0, 1, 0, 32, 0, 9, 9, 0, 0, 22, 0, 0, 0],
        ]
        .concat();
        for start in [
            &b"\xff\xd8\xff\xe0\0\x10JFIF"[..],
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"P6\n# made by hand\n4 4\n255\n",
            b"P5 4 4 255\n",
            b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic",
            b"\0\0\0\x1cftypisom\0\0\0\0mp41avifmp42",
            &bmp,
            &ico,
        ] {
            assert!(begins_image(start), "{}", start.escape_ascii());
        }
    }

    #[test]
    fn text_that_begins_like_a_short_signature_is_no_image() {
        for start in [
            &b""[..],
            b"BMW, Audi, Mercedes, Volkswagen and others",
            b"P5 is the fifth patient in the study",
            b"PK\x03\x04",
            b"\0\0\x01\0",
            b"\0\0\0\x18ftypmp42\0\0\0\0mp41isom",
            b"II am a text",
            b"# README",
        ] {
            assert!(!begins_image(start), "{}", start.escape_ascii());
        }
    }

    #[test]
    fn extensions_count_in_any_case() {
        assert!(has_image_extension(OsStr::new("a.JPG")));
        assert!(has_image_extension(OsStr::new("a.b.Tiff")));
        assert!(!has_image_extension(OsStr::new("a.txt")));
        assert!(!has_image_extension(OsStr::new("jpg")));
    }
}
