//! What a file's name or first bytes say about it. Decodes nothing.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Extensions of pictures, in lower case: what we decode, and what we can at
/// least name (HEIC, AVIF, JPEG XL, JPEG 2000), so that it becomes a finding.
const IMAGE_EXTENSIONS: [&str; 27] = [
    "apng", "avif", "bmp", "dib", "gif", "heic", "heif", "hif", "ico", "j2k", "jfif", "jp2", "jpe",
    "jpeg", "jpg", "jxl", "pam", "pbm", "pgm", "png", "pnm", "ppm", "qoi", "tga", "tif", "tiff",
    "webp",
];

/// What systems and tools leave behind, in lower case; names that begin with
/// a dot come on top. `@eaDir` holds the thumbnails of Synology drives.
const JUNK: [&str; 9] = [
    "$recycle.bin",
    "@eadir",
    "__macosx",
    "__pycache__",
    "desktop.ini",
    "ehthumbs.db",
    "lost+found",
    "system volume information",
    "thumbs.db",
];

/// Bytes that [`looks_like_image`] reads at most.
pub(super) const MAGIC_LEN: u64 = 64;

/// Whether a file or folder of this name is passed over.
pub(super) fn is_junk(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.first() == Some(&b'.')
        || JUNK
            .iter()
            .any(|junk| bytes.eq_ignore_ascii_case(junk.as_bytes()))
}

/// Whether the name alone says that the file is a picture.
pub(super) fn has_image_extension(name: &OsStr) -> bool {
    Path::new(name).extension().is_some_and(|extension| {
        IMAGE_EXTENSIONS.iter().any(|known| {
            extension
                .as_encoded_bytes()
                .eq_ignore_ascii_case(known.as_bytes())
        })
    })
}

/// Whether the first bytes of the file at `path` are those of a picture.
///
/// # Errors
/// When the file cannot be opened or read.
pub(super) fn sniff(path: &Path) -> io::Result<bool> {
    let mut start = Vec::with_capacity(MAGIC_LEN as usize);
    File::open(path)?.take(MAGIC_LEN).read_to_end(&mut start)?;
    Ok(looks_like_image(&start))
}

/// Whether a file that begins with `start` is a picture. Formats with a short
/// signature must show a plausible header too, because any text may begin
/// with `BM` or `P5`.
fn looks_like_image(start: &[u8]) -> bool {
    let at = |offset: usize, signature: &[u8]| {
        start
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(signature))
    };
    at(0, b"\xff\xd8\xff")
        || at(0, b"\x89PNG\r\n\x1a\n")
        || at(0, b"GIF87a")
        || at(0, b"GIF89a")
        || (at(0, b"RIFF") && at(8, b"WEBP"))
        || at(0, b"II*\0")
        || at(0, b"MM\0*")
        || at(0, b"II+\0")
        || at(0, b"MM\0+")
        || at(0, b"qoif")
        || at(0, b"\0\0\0\x0cjP  \r\n\x87\n")
        || at(0, b"\xff\x4f\xff\x51")
        || at(0, b"\0\0\0\x0cJXL \r\n\x87\n")
        || is_bmp(start)
        || is_pnm(start)
        || is_ico(start)
        || is_heif(start)
}

/// `BM`, four reserved zero bytes and a header size that exists.
fn is_bmp(start: &[u8]) -> bool {
    matches!(
        start,
        [
            b'B',
            b'M',
            _,
            _,
            _,
            _,
            0,
            0,
            0,
            0,
            _,
            _,
            _,
            _,
            12 | 16 | 40 | 52 | 56 | 64 | 108 | 124,
            0,
            0,
            0,
            ..
        ]
    )
}

/// `P1` to `P7`, white space, then a number, a comment or the `WIDTH` of PAM.
fn is_pnm(start: &[u8]) -> bool {
    let [b'P', kind @ b'1'..=b'7', rest @ ..] = start else {
        return false;
    };
    let text = rest.trim_ascii_start();
    text.len() < rest.len()
        && match text.first() {
            Some(b'#') => true,
            Some(first) if *kind == b'7' => first.is_ascii_uppercase(),
            Some(first) => first.is_ascii_digit(),
            None => false,
        }
}

/// An icon directory with at least one picture whose data lie behind it.
fn is_ico(start: &[u8]) -> bool {
    let [0, 0, 1, 0, low, high, entry @ ..] = start else {
        return false;
    };
    let count = u32::from(u16::from_le_bytes([*low, *high]));
    let (Some(reserved), Some(offset)) = (entry.get(3), entry.get(12..16)) else {
        return false;
    };
    let offset = u32::from_le_bytes([offset[0], offset[1], offset[2], offset[3]]);
    count > 0 && *reserved == 0 && offset >= 6 + 16 * count
}

/// An ISO media file whose main or compatible brands are those of pictures.
fn is_heif(start: &[u8]) -> bool {
    const BRANDS: [&[u8]; 8] = [
        b"avif", b"avis", b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1",
    ];
    let Some((head, compatible)) = start.split_at_checked(16) else {
        return false;
    };
    let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let compatible = &compatible[..compatible.len().min(length.saturating_sub(16))];
    &head[4..8] == b"ftyp"
        && (BRANDS.contains(&&head[8..12])
            || compatible.chunks_exact(4).any(|b| BRANDS.contains(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systems_leave_behind_is_junk_and_a_picture_is_not() {
        for name in [
            ".DS_Store",
            "._1.jpg",
            "Thumbs.db",
            "THUMBS.DB",
            "__MACOSX",
            ".git",
        ] {
            assert!(is_junk(OsStr::new(name)), "{name}");
        }
        for name in ["1.jpg", "thumbs", "cat", "_x"] {
            assert!(!is_junk(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
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
            assert!(looks_like_image(start), "{}", start.escape_ascii());
        }
    }

    #[test]
    fn text_that_begins_like_a_short_signature_is_no_picture() {
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
            assert!(!looks_like_image(start), "{}", start.escape_ascii());
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
