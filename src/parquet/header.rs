//! Headers of Parquet pages, in Thrift's compact protocol. Reads no values.

/// A page's header (parquet-format, `PageHeader`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    /// Bytes that follow the header.
    pub(crate) stored: u32,
    /// Bytes of these once unpacked.
    pub(crate) size: u32,
    /// Values, nulls included.
    pub(crate) values: u32,
    /// As the format numbers encodings.
    pub(crate) encoding: i64,
    /// Bytes of the header itself.
    pub(crate) length: usize,
}

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Dictionary,
    /// Levels and values, compressed together.
    First,
    /// Levels of these lengths, then values, compressed alone if at all.
    Second {
        repetition: u32,
        definition: u32,
        compressed: bool,
    },
    /// An index, which holds no values.
    Other,
}

/// Why there is no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes end inside it.
    Short,
    /// They are none.
    Damaged,
}

/// Structures within structures; the format has three levels.
const MAX_DEPTH: u32 = 8;

/// The header that `bytes` begin with.
pub(crate) fn header(bytes: &[u8]) -> Result<Header, Fault> {
    let mut reader = Reader { bytes, at: 0 };
    let (mut kind, mut size, mut stored) = (None, None, None);
    // Values and encoding as each kind of page has them; only that of the page's own
    // kind counts, for other readers too.
    let (mut first, mut dictionary, mut later) = ((0, 0), (0, 0), (0, 0));
    let mut met = [false; 3];
    let mut second = (0, 0, true);
    reader.structure(|reader, id, wire| {
        match (id, wire) {
            (1, INT32) => kind = Some(reader.int()?),
            (2, INT32) => size = Some(reader.int()?),
            (3, INT32) => stored = Some(reader.int()?),
            (5 | 7, STRUCT) => {
                let (own, place) = match id {
                    5 => (&mut first, 0),
                    _ => (&mut dictionary, 1),
                };
                if std::mem::replace(&mut met[place], true) {
                    return Err(Fault::Damaged);
                }
                reader.structure(|reader, id, wire| match (id, wire) {
                    (1, INT32) => reader.int().map(|count| own.0 = count),
                    (2, INT32) => reader.int().map(|number| own.1 = number),
                    _ => reader.skip(wire, 1),
                })?;
            }
            (8, STRUCT) if std::mem::replace(&mut met[2], true) => return Err(Fault::Damaged),
            (8, STRUCT) => reader.structure(|reader, id, wire| match (id, wire) {
                (1, INT32) => reader.int().map(|count| later.0 = count),
                (4, INT32) => reader.int().map(|number| later.1 = number),
                (5, INT32) => reader.int().map(|length| second.0 = length),
                (6, INT32) => reader.int().map(|length| second.1 = length),
                (7, TRUE | FALSE) => {
                    second.2 = wire == TRUE;
                    Ok(())
                }
                _ => reader.skip(wire, 1),
            })?,
            _ => reader.skip(wire, 0)?,
        }
        Ok(())
    })?;
    let count = |number: i64| u32::try_from(number).map_err(|_| Fault::Damaged);
    let kind = match kind.ok_or(Fault::Damaged)? {
        0 => Kind::First,
        2 => Kind::Dictionary,
        3 => Kind::Second {
            definition: count(second.0)?,
            repetition: count(second.1)?,
            compressed: second.2,
        },
        _ => Kind::Other,
    };
    let (values, encoding) = match kind {
        Kind::First => first,
        Kind::Dictionary => dictionary,
        Kind::Second { .. } => later,
        Kind::Other => (0, 0),
    };
    Ok(Header {
        kind,
        stored: count(stored.ok_or(Fault::Damaged)?)?,
        size: count(size.ok_or(Fault::Damaged)?)?,
        values: count(values)?,
        encoding,
        length: reader.at,
    })
}

/// Types of the compact protocol.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const INT32: u8 = 5;
const STRUCT: u8 = 12;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = *self.bytes.get(self.at).ok_or(Fault::Short)?;
        self.at += 1;
        Ok(byte)
    }

    /// A number in groups of seven bits, the lowest first.
    fn varint(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::Damaged)
    }

    /// A number whose sign is its lowest bit.
    fn int(&mut self) -> Result<i64, Fault> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn advance(&mut self, count: u64) -> Result<(), Fault> {
        let left = (self.bytes.len() - self.at) as u64;
        if count > left {
            return Err(Fault::Short);
        }
        self.at += count as usize;
        Ok(())
    }

    /// The fields of a structure: number and type, whose value `field` reads.
    fn structure(
        &mut self,
        mut field: impl FnMut(&mut Self, i64, u8) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut id: i64 = 0;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Ok(());
            }
            id = match byte >> 4 {
                0 => self.int()?,
                step => id.checked_add(i64::from(step)).ok_or(Fault::Damaged)?,
            };
            field(self, id, byte & 15)?;
        }
    }

    fn skip(&mut self, wire: u8, depth: u32) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::Damaged);
        }
        match wire {
            TRUE | FALSE => Ok(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(drop),
            7 => self.advance(8),
            8 => {
                let length = self.varint()?;
                self.advance(length)
            }
            9 | 10 => {
                let byte = self.byte()?;
                let count = match byte >> 4 {
                    15 => self.varint()?,
                    count => u64::from(count),
                };
                // In a list, a truth takes a byte.
                let element = if byte & 15 <= FALSE { 3 } else { byte & 15 };
                (0..count).try_for_each(|_| self.skip(element, depth + 1))
            }
            STRUCT => self.structure(|reader, _, wire| reader.skip(wire, depth + 1)),
            _ => Err(Fault::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A first page of 100 values, 300 bytes long, with statistics.
    fn page() -> Vec<u8> {
        let mut bytes = vec![0x15, 0, 0x15, 0xd8, 4, 0x15, 0xd8, 4, 0x2c];
        bytes.extend([0x15, 200, 1, 0x15, 0, 0x15, 6, 0x15, 6]);
        // Statistics: a null count, and two values.
        bytes.extend([0x1c, 0x36, 0, 0x28, 2, b'a', b'b', 0x18, 1, b'c', 0, 0, 0]);
        bytes
    }

    #[test]
    fn a_header_is_read_with_all_that_it_does_not_need() {
        let bytes = [page(), vec![1; 300]].concat();
        let read = header(&bytes).expect("a header");
        assert_eq!(
            (read.kind, read.stored, read.size, read.values, read.length),
            (Kind::First, 300, 300, 100, page().len())
        );
    }

    #[test]
    fn a_header_that_is_cut_off_asks_for_more_bytes() {
        let page = page();
        for end in 0..page.len() {
            assert_eq!(header(&page[..end]), Err(Fault::Short), "{end}");
        }
    }

    #[test]
    fn a_negative_count_and_a_second_header_are_damage() {
        let mut negative = page();
        // 100 values: 200 and 1 in two bytes; -100 is 199 and 1.
        assert_eq!((negative[10], negative[11]), (200, 1));
        negative[10] = 199;
        assert_eq!(header(&negative), Err(Fault::Damaged));
        let mut twice = page();
        let end = twice.len() - 1;
        // The field with number 5 again, by its number.
        twice.splice(end..end, [0x0c, 10, 0x15, 2, 0]);
        assert_eq!(header(&twice), Err(Fault::Damaged));
    }

    #[test]
    fn lists_that_claim_many_elements_end_with_the_bytes() {
        let mut bytes = vec![0x19, 0xf3];
        bytes.extend([0xff; 9]);
        bytes.push(1);
        assert_eq!(header(&bytes), Err(Fault::Short));
        let deep = [0x1c; 64];
        assert_eq!(header(&deep), Err(Fault::Damaged));
    }
}
