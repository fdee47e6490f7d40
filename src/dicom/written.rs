//! Writes files for tests, element by element.

/// A file of these elements: tag, kind of value, value.
pub(crate) fn file(syntax: &str, elements: &[(u32, &str, Vec<u8>)]) -> Vec<u8> {
    let big_endian = syntax == "1.2.840.10008.1.2.2";
    let explicit = syntax != "1.2.840.10008.1.2";
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    element(
        &mut file,
        (true, false),
        0x0002_0010,
        "UI",
        &padded(syntax.as_bytes(), 0),
    );
    for (tag, kind, value) in elements {
        element(&mut file, (explicit, big_endian), *tag, kind, value);
    }
    file
}

/// Appends one element.
pub(crate) fn element(
    file: &mut Vec<u8>,
    (explicit, big_endian): (bool, bool),
    tag: u32,
    kind: &str,
    value: &[u8],
) {
    let two = |v: u16| {
        if big_endian {
            v.to_be_bytes()
        } else {
            v.to_le_bytes()
        }
    };
    let four = |v: u32| {
        if big_endian {
            v.to_be_bytes()
        } else {
            v.to_le_bytes()
        }
    };
    file.extend(two((tag >> 16) as u16));
    file.extend(two(tag as u16));
    let length = match kind {
        "open" => u32::MAX,
        _ => value.len() as u32,
    };
    let kind = if kind == "open" { "OB" } else { kind };
    if explicit {
        file.extend(kind.as_bytes());
        match matches!(kind, "OB" | "OW" | "SQ" | "UN") {
            true => {
                file.extend([0, 0]);
                file.extend(four(length));
            }
            false => file.extend(two(length as u16)),
        }
    } else {
        file.extend(four(length));
    }
    file.extend(value);
}

/// Text of even length.
pub(crate) fn padded(text: &[u8], with: u8) -> Vec<u8> {
    let mut text = text.to_vec();
    if text.len() % 2 == 1 {
        text.push(with);
    }
    text
}

/// The elements of an image; `numbers` are its pixels.
pub(crate) fn image(
    (width, height): (u16, u16),
    photometric: &str,
    (allocated, stored, signed): (u16, u16, bool),
    pixels: Vec<u8>,
) -> Vec<(u32, &'static str, Vec<u8>)> {
    let short = |v: u16| v.to_le_bytes().to_vec();
    let samples = if photometric == "RGB" || photometric.starts_with("YBR") {
        3
    } else {
        1
    };
    vec![
        (0x0010_0010, "PN", padded(b"Doe^Jane", b' ')),
        (0x0010_0020, "LO", padded(b"PAT-001", b' ')),
        (0x0020_000D, "UI", padded(b"1.2.3", 0)),
        (0x0028_0002, "US", short(samples)),
        (0x0028_0004, "CS", padded(photometric.as_bytes(), b' ')),
        (0x0028_0006, "US", short(0)),
        (0x0028_0010, "US", short(height)),
        (0x0028_0011, "US", short(width)),
        (0x0028_0100, "US", short(allocated)),
        (0x0028_0101, "US", short(stored)),
        (0x0028_0103, "US", short(signed.into())),
        (0x7FE0_0010, "OW", pixels),
    ]
}

/// Fragments in items, with an empty table of offsets.
pub(crate) fn fragments(all: &[&[u8]]) -> Vec<u8> {
    let mut value = vec![0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0];
    for fragment in all {
        let fragment = padded(fragment, 0);
        value.extend([0xFE, 0xFF, 0x00, 0xE0]);
        value.extend((fragment.len() as u32).to_le_bytes());
        value.extend(fragment);
    }
    value.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    value
}
