//! Huffman tables for a reader that wants DC coefficients and only steps over
//! the others. Knows nothing of scans.

use std::cell::RefCell;
use std::rc::Rc;

use super::bits::Bits;
use crate::decode::DecodeFailure;

/// 12: with it nearly every code of the usual tables fits, and a table stays
/// within a quarter of a 32 KiB first-level cache.
const LOOK: u32 = 12;
const LOOK_SIZE: usize = 1 << LOOK;

/// A table as the DHT segment defines it, checked for consistency.
struct Codes {
    /// (length, symbol) of the code that begins each look-up index; 0: longer.
    short: Box<[(u8, u8); LOOK_SIZE]>,
    /// For each length the first code behind those of that length,
    /// left-aligned in 16 bits; grows with the length.
    limits: [u32; 17],
    /// What to add to a right-aligned code of each length to find its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Codes {
    /// `definition`: 16 counts and then the symbols (ITU-T T.81, B.2.4.2).
    fn new(definition: &[u8]) -> Result<Self, DecodeFailure> {
        let broken = || DecodeFailure::corrupt("a Huffman table contradicts itself");
        let (counts, symbols) = definition.split_at_checked(16).ok_or_else(broken)?;
        let mut short = Box::new([(0, 0); LOOK_SIZE]);
        let mut limits = [0; 17];
        let mut offsets = [0; 17];
        let mut code = 0u32;
        let mut index = 0usize;
        for length in 1..=16u32 {
            let count = usize::from(counts[length as usize - 1]);
            offsets[length as usize] = index as i32 - code as i32;
            for &symbol in symbols.get(index..index + count).ok_or_else(broken)? {
                if length <= LOOK {
                    let first = (code << (LOOK - length)) as usize;
                    let span = 1 << (LOOK - length);
                    short
                        .get_mut(first..first + span)
                        .ok_or_else(broken)?
                        .fill((length as u8, symbol));
                }
                code += 1;
            }
            index += count;
            if code > 1 << length {
                return Err(broken());
            }
            limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(Self {
            short,
            limits,
            offsets,
            symbols: symbols[..index].to_vec(),
        })
    }

    /// Takes one code and gives its symbol. Needs 16 bits available.
    fn take(&self, bits: &mut Bits<'_>) -> Result<u8, DecodeFailure> {
        let (length, symbol) = self.short[bits.peek(LOOK) as usize];
        if length > 0 {
            bits.take(u32::from(length));
            return Ok(symbol);
        }
        let code = bits.peek(16);
        for length in LOOK + 1..=16 {
            if code < self.limits[length as usize] {
                bits.take(length);
                let index = (code >> (16 - length)) as i32 + self.offsets[length as usize];
                return usize::try_from(index)
                    .ok()
                    .and_then(|index| self.symbols.get(index).copied())
                    .ok_or_else(no_such_code);
            }
        }
        Err(no_such_code())
    }
}

fn no_such_code() -> DecodeFailure {
    DecodeFailure::corrupt("a code is not in its Huffman table")
}

/// The value that `size` bits stand for (ITU-T T.81, F.2.2.1 EXTEND).
fn extend(bits: u32, size: u32) -> i32 {
    let value = bits as i32;
    if size > 0 && bits >> (size - 1) == 0 {
        value - (1 << size) + 1
    } else {
        value
    }
}

/// Decodes differences of DC coefficients.
pub(super) struct DcTable {
    /// Code and value in one step where both fit: bits 0–3 how many bits they
    /// take, none if they do not fit, and above them the difference.
    fast: Box<[i16; LOOK_SIZE]>,
    codes: Codes,
}

impl DcTable {
    fn new(definition: &[u8]) -> Result<Self, DecodeFailure> {
        let codes = Codes::new(definition)?;
        // 15 bits are the most a difference can have outside lossless JPEG.
        if codes.symbols.iter().any(|&size| size > 15) {
            return Err(DecodeFailure::corrupt("a DC table holds impossible sizes"));
        }
        let mut fast = Box::new([0; LOOK_SIZE]);
        let mut at = 0;
        while at < LOOK_SIZE {
            let (length, size) = codes.short[at];
            let (length, size) = (u32::from(length), u32::from(size));
            // All that begins with this code, or one place that none begins.
            let span = if length > 0 { 1 << (LOOK - length) } else { 1 };
            if length > 0 && length + size <= LOOK {
                let alike = 1 << (LOOK - length - size);
                let spans = fast[at..at + span].chunks_exact_mut(alike);
                for (value, span) in (0..).zip(spans) {
                    span.fill((extend(value, size) << 4) as i16 | (length + size) as i16);
                }
            }
            at += span;
        }
        Ok(Self { fast, codes })
    }

    /// Takes one difference. Needs 12 bits available and takes no more of them,
    /// or leaves 40.
    #[inline(always)]
    pub(super) fn difference(&self, bits: &mut Bits<'_>) -> Result<i32, DecodeFailure> {
        let entry = self.fast[bits.peek(LOOK) as usize];
        let taken = entry & 15;
        if taken > 0 {
            bits.take(taken as u32);
            return Ok(i32::from(entry >> 4));
        }
        self.long_difference(bits)
    }

    #[cold]
    fn long_difference(&self, bits: &mut Bits<'_>) -> Result<i32, DecodeFailure> {
        bits.refill();
        let size = u32::from(self.codes.take(bits)?);
        if size == 0 {
            return Ok(0);
        }
        let value = extend(bits.peek(size), size);
        bits.take(size);
        bits.refill();
        Ok(value)
    }
}

/// Steps over AC coefficients, several at a time.
pub(super) struct AcTable {
    /// What the next bits hold: see [`Steps`].
    steps: Box<[Steps; LOOK_SIZE]>,
    codes: Codes,
}

/// All coefficients whose codes lie within the look-up bits: bits 0–5 how many
/// bits they take, and above them how many places they advance, so that one
/// comparison with the end of the block shows whether there is more to know.
#[derive(Clone, Copy)]
struct Steps(u16);

impl Steps {
    /// Places that an end of block advances on top of those before it.
    const END: u32 = 64;
    /// A code of more than [`LOOK`] bits, or none.
    const LONG: Self = Self::new(0, 2 * Self::END);

    const fn new(bits: u32, places: u32) -> Self {
        Self((places << 6 | bits) as u16)
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        u32::from(self.0 & 63)
    }

    #[inline(always)]
    fn places(self) -> u32 {
        u32::from(self.0 >> 6)
    }
}

/// What one AC symbol does: bits behind its code, places, end of block.
fn ac_symbol(symbol: u8) -> (u32, u32, bool) {
    let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
    if size == 0 && run != 15 {
        return (0, 0, true);
    }
    (size, run + 1, false)
}

impl AcTable {
    fn new(definition: &[u8]) -> Result<Self, DecodeFailure> {
        let codes = Codes::new(definition)?;
        let mut steps = Box::new([Steps::LONG; LOOK_SIZE]);
        for (index, entry) in steps.iter_mut().enumerate() {
            *entry = Self::chain(&codes, index);
        }
        Ok(Self { steps, codes })
    }

    /// As many symbols as can be distinguished from the look-up bits alone. The value
    /// bits of the last may reach beyond them: only their number matters.
    fn chain(codes: &Codes, index: usize) -> Steps {
        let (mut taken, mut places) = (0, 0);
        while taken < LOOK {
            let rest = (index << taken) & (LOOK_SIZE - 1);
            let (length, symbol) = codes.short[rest];
            let length = u32::from(length);
            if length == 0 || taken + length > LOOK {
                break;
            }
            let (value_bits, advance, end) = ac_symbol(symbol);
            if places + advance > 63 {
                break;
            }
            taken += length + value_bits;
            places += advance;
            if end {
                return Steps::new(taken, places + Steps::END);
            }
        }
        match taken {
            0 => Steps::LONG,
            _ => Steps::new(taken, places),
        }
    }

    /// Steps over the 63 AC coefficients of a block. Needs 27 bits available,
    /// the most that one look-up takes, and refills as it goes.
    #[inline(always)]
    pub(super) fn skip_block(&self, bits: &mut Bits<'_>) -> Result<(), DecodeFailure> {
        let mut place = 1;
        let mut steps = self.look_up(bits);
        loop {
            if place + steps.places() > 63 {
                break;
            }
            bits.take(steps.bits());
            place += steps.places();
            bits.refill();
            steps = self.look_up(bits);
            if place + steps.places() > 63 {
                break;
            }
            bits.take(steps.bits());
            place += steps.places();
            // Two look-ups take 54 of 56 bits.
            steps = self.look_up(bits);
        }
        let end = steps.places() & Steps::END > 0;
        if end && place + steps.places() - Steps::END <= 63 {
            bits.take(steps.bits());
            return Ok(());
        }
        self.skip_slowly(bits, place)
    }

    #[inline(always)]
    fn look_up(&self, bits: &Bits<'_>) -> Steps {
        self.steps[bits.peek(LOOK) as usize]
    }

    /// One symbol at a time, where a block may end without saying so because
    /// it is full, and where codes are long.
    #[cold]
    fn skip_slowly(&self, bits: &mut Bits<'_>, mut place: u32) -> Result<(), DecodeFailure> {
        while place < 64 {
            bits.refill();
            let (value_bits, advance, end) = ac_symbol(self.codes.take(bits)?);
            bits.take(value_bits);
            if end {
                return Ok(());
            }
            place += advance;
        }
        if place > 64 {
            return Err(DecodeFailure::corrupt(
                "a block holds more than 64 coefficients",
            ));
        }
        Ok(())
    }
}

/// Tables that were built on this thread. Most files of a set share the
/// standard tables, and building one costs as much as decoding 500 blocks.
struct Cache<T> {
    tables: Vec<(Box<[u8]>, Rc<T>)>,
}

impl<T> Cache<T> {
    /// Room for the standard tables and a few cameras; about 0.5 MB.
    const SIZE: usize = 16;

    const fn new() -> Self {
        Self { tables: Vec::new() }
    }

    fn get(
        &mut self,
        definition: &[u8],
        build: impl Fn(&[u8]) -> Result<T, DecodeFailure>,
    ) -> Result<Rc<T>, DecodeFailure> {
        let known = self.tables.iter().position(|(key, _)| **key == *definition);
        if let Some(index) = known {
            // Most recently used first.
            self.tables[..=index].rotate_right(1);
        } else {
            let table = Rc::new(build(definition)?);
            self.tables.truncate(Self::SIZE - 1);
            self.tables.insert(0, (definition.into(), table));
        }
        Ok(Rc::clone(&self.tables[0].1))
    }
}

thread_local! {
    static DC: RefCell<Cache<DcTable>> = const { RefCell::new(Cache::new()) };
    static AC: RefCell<Cache<AcTable>> = const { RefCell::new(Cache::new()) };
}

/// The DC table of this definition: 16 counts, then the symbols.
pub(super) fn dc_table(definition: &[u8]) -> Result<Rc<DcTable>, DecodeFailure> {
    DC.with_borrow_mut(|cache| cache.get(definition, DcTable::new))
}

/// The AC table of this definition: 16 counts, then the symbols.
pub(super) fn ac_table(definition: &[u8]) -> Result<Rc<AcTable>, DecodeFailure> {
    AC.with_borrow_mut(|cache| cache.get(definition, AcTable::new))
}
