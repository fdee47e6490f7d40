//! Image formats that are known and not decoded here. Decides nothing about them.

use super::looks_like_ico;

/// Signatures of images that are not decoded here. Longer before shorter.
const FOREIGN: [(&[u8], &str); 26] = [
    (b"II\xBC", "JPEG XR"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xC5\xD0\xD3\xC6", "PostScript"),
    (b"\x76\x2F\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"DDS ", "DDS"),
    (b"SIMPLE  =", "FITS"),
    (b"gimp xcf", "GIMP XCF"),
    (b"BPG\xFB", "BPG"),
    (b"FLIF", "FLIF"),
    (b"farbfeld", "farbfeld"),
    (b"\x8AMNG", "MNG"),
    (b"\x8BJNG", "JNG"),
    (b"icns", "Apple icon"),
    (b"AT&TFORM", "DjVu"),
    (b"\xABKTX", "KTX texture"),
    (b"FUJIFILMCCD-RAW", "Fujifilm raw"),
    (b"IIU\0", "Panasonic raw"),
    (b"IIRO", "Olympus raw"),
    (b"IIRS", "Olympus raw"),
    (b"MMOR", "Olympus raw"),
    (b"FOVb", "Sigma raw"),
    (b"PF\n", "PFM"),
    (b"Pf\n", "PFM"),
];

/// The name of a format that is not decoded here, by the first bytes of a file.
pub(super) fn foreign(bytes: &[u8]) -> Option<&'static str> {
    if let Some((_, name)) = FOREIGN.iter().find(|(sign, _)| bytes.starts_with(sign)) {
        return Some(name);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return base_media(bytes);
    }
    if bytes.starts_with(b"\0\0\x02\0") && looks_like_ico(bytes) {
        return Some("Windows cursor");
    }
    if bytes.starts_with(b"II*\0") && bytes.get(8..10) == Some(b"CR") {
        return Some("Canon raw");
    }
    is_svg(bytes).then_some("SVG")
}

/// HEIC, AVIF and Canon CR3 are the same container with different brands; the
/// major brand may be a general one, and the list behind it then decides.
fn base_media(bytes: &[u8]) -> Option<&'static str> {
    let size = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    let brands = bytes.get(8..size.clamp(12, 256).min(bytes.len()))?;
    brands
        .chunks_exact(4)
        .find_map(|brand| match brand {
            b"avif" | b"avis" => Some("AVIF"),
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Some("HEIC"),
            b"crx " => Some("Canon raw"),
            b"jxl " => Some("JPEG XL"),
            _ => None,
        })
        .or_else(|| (brands.starts_with(b"mif1") || brands.starts_with(b"msf1")).then_some("HEIF"))
}

/// `<svg` among the first bytes of something that begins as XML.
fn is_svg(bytes: &[u8]) -> bool {
    // 1 KiB: room for the XML declaration, a licence comment and the doctype.
    let head = &bytes[..bytes.len().min(1024)];
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    text.trim_ascii_start().starts_with(b"<") && memchr::memmem::find(text, b"<svg").is_some()
}

/// Camera raw formats that are TIFF by content.
pub(super) fn camera_raw(extension: &str) -> Option<&'static str> {
    match extension {
        "nef" | "nrw" => Some("Nikon raw"),
        "arw" | "sr2" | "srf" => Some("Sony raw"),
        "dng" => Some("DNG raw"),
        "pef" => Some("Pentax raw"),
        "srw" => Some("Samsung raw"),
        "3fr" | "fff" => Some("Hasselblad raw"),
        "iiq" => Some("Phase One raw"),
        "erf" => Some("Epson raw"),
        "kdc" | "dcr" => Some("Kodak raw"),
        _ => None,
    }
}
