//! An array of numbers as bytes: its type, shape and order. Opens no file.

/// What an array file says of its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) kind: Kind,
    pub(crate) big_endian: bool,
    /// The first dimension varies fastest.
    pub(crate) fortran: bool,
    pub(crate) shape: Vec<u64>,
    /// Of the first number.
    pub(crate) offset: u64,
}

/// The type of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unsigned(u8),
    Signed(u8),
    Float(u8),
    Bool,
    /// Text of so many characters of four bytes.
    Text(u32),
}

impl Kind {
    /// Bytes of one.
    pub(crate) fn size(self) -> u64 {
        match self {
            Self::Unsigned(size) | Self::Signed(size) | Self::Float(size) => size.into(),
            Self::Bool => 1,
            Self::Text(length) => u64::from(length) * 4,
        }
    }
}

impl Numbers {
    /// How many there are, and the bytes they take; `None` for more than can be
    /// counted.
    pub(crate) fn size(&self) -> Option<(u64, u64)> {
        let count = (self.shape.iter()).try_fold(1_u64, |all, side| all.checked_mul(*side))?;
        let bytes = count.checked_mul(self.kind.size())?;
        self.offset.checked_add(bytes)?;
        Some((count, bytes))
    }

    /// Number `index` of `bytes`, which begin with the first, as the text of a
    /// label; `None` behind their end.
    pub(crate) fn text(&self, bytes: &[u8], index: usize) -> Option<String> {
        let size = self.kind.size() as usize;
        let start = index.checked_mul(size)?;
        let one = bytes.get(start..start.checked_add(size)?)?;
        let mut wide = [0; 8];
        let number = |wide: [u8; 8]| u64::from_le_bytes(wide);
        if size <= 8 {
            wide[..size].copy_from_slice(one);
            if self.big_endian {
                wide[..size].reverse();
            }
        }
        Some(match self.kind {
            Kind::Bool => u8::from(one != [0]).to_string(),
            Kind::Unsigned(_) => number(wide).to_string(),
            Kind::Signed(_) => {
                let shift = 64 - 8 * size as u32;
                (((number(wide) << shift) as i64) >> shift).to_string()
            }
            Kind::Float(4) => {
                decimal(f32::from_le_bytes([wide[0], wide[1], wide[2], wide[3]]).into())
            }
            Kind::Float(_) => decimal(f64::from_le_bytes(wide)),
            Kind::Text(_) => {
                let chars = one.chunks_exact(4).map(|four| {
                    let mut four = [four[0], four[1], four[2], four[3]];
                    if self.big_endian {
                        four.reverse();
                    }
                    char::from_u32(u32::from_le_bytes(four)).unwrap_or('\u{fffd}')
                });
                chars.take_while(|c| *c != '\0').collect()
            }
        })
    }
}

/// `3` for 3.0; nothing for what is no number.
fn decimal(value: f64) -> String {
    if value.is_finite() {
        format!("{}", value + 0.0)
    } else {
        String::new()
    }
}

/// What an IDX file begins with (LeCun, Cortes and Burges, "The MNIST database").
pub(crate) fn idx(start: &[u8]) -> Result<Numbers, &'static str> {
    let [0, 0, kind, dimensions, rest @ ..] = start else {
        return Err("it does not begin like an IDX file");
    };
    let kind = match kind {
        0x08 => Kind::Unsigned(1),
        0x09 => Kind::Signed(1),
        0x0b => Kind::Signed(2),
        0x0c => Kind::Signed(4),
        0x0d => Kind::Float(4),
        0x0e => Kind::Float(8),
        _ => return Err("its type of numbers is unknown"),
    };
    let count = usize::from(*dimensions);
    let sides = rest.get(..count * 4).ok_or("its header is cut off")?;
    let side = |four: &[u8]| u64::from(u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
    Ok(Numbers {
        kind,
        big_endian: true,
        fortran: false,
        shape: sides.chunks_exact(4).map(side).collect(),
        offset: 4 + count as u64 * 4,
    })
}

/// Bytes in which a header of [`npy`] has to end: NumPy's own are below 1 kB.
pub(crate) const NPY_HEADER: usize = 1 << 16;

/// Dimensions of an array, at most, as NumPy has it.
const MAX_DIMENSIONS: usize = 64;

/// What an NPY file begins with (NumPy, "The NPY format").
pub(crate) fn npy(start: &[u8]) -> Result<Numbers, &'static str> {
    const CUT: &str = "its header is cut off";
    let rest = start
        .strip_prefix(b"\x93NUMPY")
        .ok_or("it does not begin like an NPY file")?;
    let (length, at) = match rest {
        [1, _, a, b, ..] => (u32::from(u16::from_le_bytes([*a, *b])), 10),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]), 12),
        [_, _, ..] => return Err("its version is unknown"),
        _ => return Err(CUT),
    };
    let end = (length as usize).checked_add(at).ok_or(CUT)?;
    let text = std::str::from_utf8(start.get(at..end).ok_or(CUT)?);
    let text = text.map_err(|_| "its header is no text")?;
    let value = |key: &str| {
        let after = &text[text.find(&format!("'{key}'"))? + key.len() + 2..];
        Some(after.trim_start().strip_prefix(':')?.trim_start())
    };
    let lost = "its header lacks the type, the order or the shape";
    let (descr, order, shape) = (value("descr"), value("fortran_order"), value("shape"));
    let (descr, order, shape) = (descr.ok_or(lost)?, order.ok_or(lost)?, shape.ok_or(lost)?);
    let descr = descr.strip_prefix('\'').and_then(|d| d.split_once('\''));
    let (kind, big_endian) = dtype(descr.ok_or("its numbers are of several types")?.0)?;
    let shape = shape.strip_prefix('(').and_then(|s| s.split_once(')'));
    let shape = shape.ok_or("its shape is no tuple")?.0;
    let sides = shape
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty());
    let sides: Result<Vec<u64>, _> = sides.take(MAX_DIMENSIONS + 1).map(str::parse).collect();
    let shape = sides.map_err(|_| "its shape holds no numbers")?;
    if shape.len() > MAX_DIMENSIONS {
        return Err("its shape has too many dimensions");
    }
    Ok(Numbers {
        kind,
        big_endian,
        fortran: order.starts_with("True"),
        shape,
        offset: end as u64,
    })
}

/// A type as NumPy writes it: `|u1`, `<i8`, `<U5`; whether its highest byte
/// comes first.
pub(crate) fn dtype(text: &str) -> Result<(Kind, bool), &'static str> {
    let unknown = "its type of numbers is not supported";
    let (big_endian, rest) = match text.as_bytes().first() {
        Some(b'>') => (true, &text[1..]),
        Some(b'<' | b'|' | b'=') => (false, &text[1..]),
        _ => (false, text),
    };
    let letter = rest.chars().next().ok_or(unknown)?;
    let size: u32 = (rest.get(letter.len_utf8()..).and_then(|s| s.parse().ok())).ok_or(unknown)?;
    let kind = match (letter, size) {
        ('u', 1 | 2 | 4 | 8) => Kind::Unsigned(size as u8),
        ('i', 1 | 2 | 4 | 8) => Kind::Signed(size as u8),
        ('f', 4 | 8) => Kind::Float(size as u8),
        ('b', 1) => Kind::Bool,
        // A longer name is none.
        ('U', 1..=1024) => Kind::Text(size),
        _ => return Err(unknown),
    };
    Ok((kind, big_endian))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idx_header_has_a_type_and_a_side_for_each_dimension() {
        let bytes = [0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 28, 0, 0, 1, 0];
        let read = idx(&bytes).expect("a header");
        assert_eq!((&read.shape[..], read.offset), (&[5, 28, 256][..], 16));
        assert_eq!(read.size(), Some((5 * 28 * 256, 5 * 28 * 256)));
        for end in 0..bytes.len() {
            assert!(idx(&bytes[..end]).is_err(), "{end}");
        }
        let huge = [&[0, 0, 14, 4][..], &[0xff; 16]].concat();
        assert_eq!(idx(&huge).expect("a header").size(), None);
    }

    #[test]
    fn an_npy_header_is_a_dictionary_of_python() {
        let text = "{'descr': '<i8', 'fortran_order': False, 'shape': (60000, 1), }\n";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        let read = npy(&bytes).expect("a header");
        assert_eq!(read.kind, Kind::Signed(8));
        assert_eq!((&read.shape[..], read.fortran), (&[60000, 1][..], false));
        for end in 0..bytes.len() {
            assert!(npy(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn numbers_of_every_type_become_the_text_of_labels() {
        let text = |descr: &str, bytes: &[u8]| {
            let (kind, big_endian) = dtype(descr).expect(descr);
            let shape = vec![1];
            Numbers {
                kind,
                big_endian,
                fortran: false,
                shape,
                offset: 0,
            }
            .text(bytes, 0)
        };
        assert_eq!(text("|u1", &[200]).as_deref(), Some("200"));
        assert_eq!(text("<i2", &[0xfe, 0xff]).as_deref(), Some("-2"));
        assert_eq!(text(">i4", &[0, 0, 0, 7]).as_deref(), Some("7"));
        assert_eq!(text("<f4", &3.0_f32.to_le_bytes()).as_deref(), Some("3"));
        assert_eq!(text("<f8", &f64::NAN.to_le_bytes()).as_deref(), Some(""));
        assert_eq!(text("|b1", &[1]).as_deref(), Some("1"));
        assert_eq!(
            text("<U2", &[99, 0, 0, 0, 0, 0, 0, 0]).as_deref(),
            Some("c")
        );
        assert_eq!(text("<i8", &[0; 7]), None);
        for odd in ["", "<", "|V3", "<M8[ns]", "O", "<i3", "\u{e9}1"] {
            assert!(dtype(odd).is_err(), "{odd}");
        }
    }
}
