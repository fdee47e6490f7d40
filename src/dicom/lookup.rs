//! The VOI lookup table of a file (PS3.3, C.11.2): which gray a number is shown in. Shows
//! no pixel.

use super::elements::{Elements, Syntax, numbers};

/// Grays by number, from the first that is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The number of the first gray.
    first: i32,
    grays: Vec<u16>,
    /// The brightest gray there may be.
    most: u16,
}

impl Lookup {
    /// Share of the brightest gray in which a number is shown: numbers beyond either end
    /// have the gray there.
    pub fn share(&self, number: f64) -> f64 {
        let at = number.round() - f64::from(self.first);
        // The cast clamps.
        let at = (at as usize).min(self.grays.len() - 1);
        f64::from(self.grays[at]) / f64::from(self.most)
    }
}

/// Grays of a table at most: as many as 16 bits name.
const MOST: usize = 1 << 16;

/// The first table of a sequence; `None` for one that is not sound.
pub(super) fn first(sequence: &[u8], syntax: Syntax, signed: bool) -> Option<Lookup> {
    let item = Elements::new(sequence, syntax).first_item()?;
    let mut elements = Elements::new(item, syntax);
    let (mut described, mut grays) = (Vec::new(), &[][..]);
    while let Ok(Some(element)) = elements.next() {
        match element.tag {
            (0x0028, 0x3002) => described = numbers(element.value, syntax.big_endian),
            (0x0028, 0x3006) => grays = element.value,
            _ => {}
        }
    }
    let &[count, first, bits] = &described[..] else {
        return None;
    };
    // 0 stands for as many as there can be.
    let count = if count == 0 { MOST } else { usize::from(count) };
    if !(1..=16).contains(&bits) {
        return None;
    }
    let mut grays = match bits <= 8 && grays.len() < 2 * count {
        true => grays.iter().map(|&gray| u16::from(gray)).collect(),
        false => numbers(grays, syntax.big_endian),
    };
    grays.truncate(count);
    (grays.len() == count).then(|| Lookup {
        first: match signed {
            true => first.cast_signed().into(),
            false => first.into(),
        },
        grays,
        most: ((1u32 << bits) - 1) as u16,
    })
}
