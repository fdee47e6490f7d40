//! What a file's name says without opening it.

use std::ffi::OsStr;
use std::path::Path;

use crate::image_format::WORLD_FILES;

/// What systems and tools leave behind, in lower case; names that begin with
/// a dot come on top. `@eaDir` holds the thumbnails of Synology drives.
const JUNK: [&str; 10] = [
    "$recycle.bin",
    "@eadir",
    "__macosx",
    "__pycache__",
    "desktop.ini",
    // The index of a medium, beside the DICOM files that it names (PS3.10, 8.6): they are
    // found as they lie.
    "dicomdir",
    "ehthumbs.db",
    "lost+found",
    "system volume information",
    "thumbs.db",
];

/// Extensions of annotations and notes, in lower case: such files are no
/// images, and a detection set has as many of them as images.
const TEXT: [&str; 11] = [
    "csv", "json", "jsonl", "md", "ndjson", "toml", "tsv", "txt", "xml", "yaml", "yml",
];

/// Whether the name says that the file is text.
pub(super) fn is_text(name: &OsStr) -> bool {
    let extension = Path::new(name).extension().unwrap_or_default();
    TEXT.iter().any(|text| extension.eq_ignore_ascii_case(text))
}

/// Whether the name says that the file places an image on earth, or keeps what GDAL
/// found out of it.
pub(super) fn is_beside_an_image(name: &OsStr) -> bool {
    let name = name.to_ascii_lowercase();
    let extension = Path::new(&name).extension().and_then(OsStr::to_str);
    let is = |known: &&str| extension == Some(*known);
    WORLD_FILES.iter().any(is) || ["prj", "ovr"].iter().any(is)
}

/// Whether a file or folder of this name is passed over.
pub(super) fn is_junk(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.first() == Some(&b'.')
        || JUNK
            .iter()
            .any(|junk| bytes.eq_ignore_ascii_case(junk.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systems_leave_behind_is_junk_and_an_image_is_not() {
        for name in [
            ".DS_Store",
            "._1.jpg",
            "Thumbs.db",
            "THUMBS.DB",
            "__MACOSX",
            "DICOMDIR",
            ".git",
        ] {
            assert!(is_junk(OsStr::new(name)), "{name}");
        }
        for name in ["1.jpg", "thumbs", "cat", "_x"] {
            assert!(!is_junk(OsStr::new(name)), "{name}");
        }
    }
}
