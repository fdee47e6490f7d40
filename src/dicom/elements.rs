//! Walks data elements one by one (PS3.5, section 7). Knows no meaning of any.

use super::Fault;

/// Sequences in sequences at most: real files have a handful.
const MOST_NESTED: usize = 32;

/// A length that is not given: items follow up to a delimiter.
const OPEN: u32 = 0xFFFF_FFFF;

const ITEM: Tag = (0xFFFE, 0xE000);
const ITEM_END: Tag = (0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = (0xFFFE, 0xE0DD);

/// Group and element.
pub(super) type Tag = (u16, u16);

/// How elements are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syntax {
    /// Each element says of what kind its value is.
    pub(super) explicit: bool,
    pub(super) big_endian: bool,
}

impl Syntax {
    pub(super) const EXPLICIT: Self = Self {
        explicit: true,
        big_endian: false,
    };

    /// That of a transfer syntax (PS3.5, annex A).
    pub(super) fn of(uid: &str) -> Self {
        Self {
            explicit: uid != "1.2.840.10008.1.2",
            big_endian: uid == "1.2.840.10008.1.2.2",
        }
    }
}

/// One element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    pub(super) value: &'a [u8],
    /// Its value are items up to a delimiter; of pixels they have not been read.
    pub(super) is_open: bool,
}

/// Elements from first to last. Of those with an open length, only pixels are handed
/// out unread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elements<'a> {
    rest: &'a [u8],
    syntax: Syntax,
}

/// A table of offsets, and fragments with the offset of each.
type Fragments<'a> = (Vec<usize>, Vec<(usize, &'a [u8])>);

/// An unsigned number of two bytes, 0 if it is none.
pub(super) fn number(value: &[u8], big_endian: bool) -> u16 {
    numbers(value, big_endian).first().copied().unwrap_or(0)
}

/// Unsigned numbers of two bytes.
pub(super) fn numbers(value: &[u8], big_endian: bool) -> Vec<u16> {
    let two = value.as_chunks::<2>().0.iter();
    two.map(|&two| match big_endian {
        true => u16::from_be_bytes(two),
        false => u16::from_le_bytes(two),
    })
    .collect()
}

impl<'a> Elements<'a> {
    pub(super) fn new(bytes: &'a [u8], syntax: Syntax) -> Self {
        Self {
            rest: bytes,
            syntax,
        }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next element if it is of this group.
    pub(super) fn next_in_group(&mut self, group: u16) -> Result<Option<Element<'a>>, Fault> {
        // What follows may be written down in another way.
        let next = self.rest.get(..2).ok_or(Fault::Truncated)?;
        match number(next, self.syntax.big_endian) == group {
            true => self.next(),
            false => Ok(None),
        }
    }

    /// The next element; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Element<'a>>, Fault> {
        // Some writers pad with zeros.
        if self.rest.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        let (tag, length) = self.head()?;
        if length == OPEN && tag != (0x7FE0, 0x0010) {
            let items = self.rest;
            self.skip_items(0)?;
            return Ok(Some(Element {
                tag,
                value: &items[..items.len() - self.rest.len()],
                is_open: true,
            }));
        }
        let is_open = length == OPEN;
        let value = match is_open {
            true => &[],
            // What is cut off is the pixels, which their reader counts.
            false if tag == (0x7FE0, 0x0010) => {
                let length = self.rest.len().min(length as usize);
                self.take(length)?
            }
            false => self.take(length as usize)?,
        };
        Ok(Some(Element {
            tag,
            value,
            is_open,
        }))
    }

    /// The elements of the first item of a sequence, whose value this is.
    pub(super) fn first_item(mut self) -> Option<&'a [u8]> {
        let (tag, length) = self.head().ok()?;
        if tag != ITEM {
            return None;
        }
        if length != OPEN {
            return self.take(length as usize).ok();
        }
        let items = self.rest;
        self.skip_open_item(0).ok()?;
        // Without the delimiter, which has a tag and a length.
        items.get(..items.len() - self.rest.len() - 8)
    }

    /// The tag and the length of an element; the rest begins with its value.
    fn head(&mut self) -> Result<(Tag, u32), Fault> {
        let big_endian = self.syntax.big_endian;
        let two = |value: &[u8]| number(value, big_endian);
        let four = |value: &[u8]| match big_endian {
            true => u32::from(two(value)) << 16 | u32::from(two(&value[2..])),
            false => u32::from(two(&value[2..])) << 16 | u32::from(two(value)),
        };
        let tag = self.take(4)?;
        let tag = (two(tag), two(&tag[2..]));
        if !self.syntax.explicit || tag.0 == 0xFFFE {
            return Ok((tag, four(self.take(4)?)));
        }
        let kind = self.take(2)?;
        let long = matches!(
            kind,
            b"OB"
                | b"OD"
                | b"OF"
                | b"OL"
                | b"OV"
                | b"OW"
                | b"SQ"
                | b"SV"
                | b"UC"
                | b"UN"
                | b"UR"
                | b"UT"
                | b"UV"
        );
        if !kind.iter().all(u8::is_ascii_uppercase) {
            return Err(Fault::Corrupt("an element has no kind of value"));
        }
        match long {
            true => {
                self.take(2)?;
                Ok((tag, four(self.take(4)?)))
            }
            false => Ok((tag, two(self.take(2)?).into())),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, behind) = self.rest.split_at_checked(length).ok_or(Fault::Truncated)?;
        self.rest = behind;
        Ok(taken)
    }

    /// Passes over the items of a sequence of open length.
    fn skip_items(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > MOST_NESTED {
            return Err(Fault::Corrupt("sequences lie too deep in each other"));
        }
        loop {
            match self.head()? {
                (SEQUENCE_END, _) => return Ok(()),
                (ITEM, OPEN) => self.skip_open_item(depth)?,
                (ITEM, length) => {
                    self.take(length as usize)?;
                }
                _ => return Err(Fault::Corrupt("a sequence holds what is no item")),
            }
        }
    }

    fn skip_open_item(&mut self, depth: usize) -> Result<(), Fault> {
        loop {
            match self.head()? {
                (ITEM_END, _) => return Ok(()),
                (_, OPEN) => self.skip_items(depth + 1)?,
                (_, length) => {
                    self.take(length as usize)?;
                }
            }
        }
    }

    /// The first of `frames` frames of coded pixels, whose fragments come next.
    pub(super) fn first_frame(&mut self, frames: u32) -> Result<Vec<u8>, Fault> {
        let (starts, fragments) = self.fragments()?;
        let first = match (frames, starts.get(1)) {
            (0 | 1, _) => &fragments[..],
            (_, Some(&second)) => {
                let before = fragments.iter().take_while(|&&(at, _)| at < second);
                &fragments[..before.count()]
            }
            (_, None) => fragments.get(..1).unwrap_or_default(),
        };
        let bytes = first.iter().map(|&(_, fragment)| fragment);
        Ok(bytes.collect::<Vec<_>>().concat())
    }

    /// The fragments of each of `frames` frames: by the table of offsets, or one each
    /// where that is empty.
    pub(super) fn frames(&mut self, frames: u32) -> Result<Vec<Vec<&'a [u8]>>, Fault> {
        let (starts, fragments) = self.fragments()?;
        let count = frames as usize;
        if starts.len() == count {
            let mut all = vec![Vec::new(); count];
            for (at, fragment) in fragments {
                let frame = starts.partition_point(|&start| start <= at);
                all[frame.max(1) - 1].push(fragment);
            }
            return Ok(all);
        }
        match fragments.len() == count {
            true => Ok(fragments
                .into_iter()
                .map(|(_, fragment)| vec![fragment])
                .collect()),
            false => Err(Fault::Corrupt(
                "no table says which fragments belong to which frame",
            )),
        }
    }

    /// The table of offsets of coded pixels, and their fragments with the offset of
    /// each (PS3.5, A.4).
    fn fragments(&mut self) -> Result<Fragments<'a>, Fault> {
        let (tag, length) = self.head()?;
        if tag != ITEM || length == OPEN {
            return Err(Fault::Corrupt("coded pixels have no table of offsets"));
        }
        let table = self.take(length as usize)?.as_chunks::<4>().0;
        let table = table.iter().map(|&four| u32::from_le_bytes(four) as usize);
        let begin = self.rest.len();
        let mut fragments = Vec::new();
        loop {
            let at = begin - self.rest.len();
            match self.head()? {
                (SEQUENCE_END, _) => return Ok((table.collect(), fragments)),
                (ITEM, length) if length != OPEN => {
                    fragments.push((at, self.take(length as usize)?))
                }
                _ => return Err(Fault::Corrupt("coded pixels hold what is no fragment")),
            }
        }
    }
}
