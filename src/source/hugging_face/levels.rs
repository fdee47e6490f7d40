//! Encodings of small numbers in Parquet pages: runs and bit-packed groups, and
//! packed differences. Knows no page.

/// Reads `count` numbers of `width` bits in the hybrid of runs and bit-packed
/// groups (parquet-format, "RLE / Bit-Packing Hybrid"). `None` where the bytes
/// end before.
pub(super) fn hybrid(bytes: &[u8], width: u32, count: usize) -> Option<Vec<u32>> {
    if width > 32 {
        return None;
    }
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(count).ok()?;
    if width == 0 {
        numbers.resize(count, 0);
        return Some(numbers);
    }
    let mut at = 0;
    while numbers.len() < count {
        let head = varint(bytes, &mut at)?;
        let left = count - numbers.len();
        if head & 1 == 0 {
            let run = usize::try_from(head >> 1).ok()?.min(left);
            let mut value = [0; 4];
            let stored = width.div_ceil(8) as usize;
            value[..stored].copy_from_slice(bytes.get(at..at.checked_add(stored)?)?);
            at += stored;
            if run == 0 {
                return None;
            }
            numbers.resize(numbers.len() + run, u32::from_le_bytes(value));
        } else {
            let groups = usize::try_from(head >> 1).ok()?;
            let size = groups.checked_mul(width as usize)?;
            // The last group may be cut off behind the numbers that count.
            let packed = &bytes[at..at.saturating_add(size).min(bytes.len())];
            let run = groups.checked_mul(8)?.min(left);
            if run == 0 || packed.len() * 8 < run.checked_mul(width as usize)? {
                return None;
            }
            numbers.extend((0..run).map(|index| bits(packed, index * width as usize, width)));
            at += packed.len();
        }
    }
    Some(numbers)
}

/// Reads packed differences (parquet-format, `DELTA_BINARY_PACKED`), and says
/// how many bytes they took.
pub(super) fn deltas(bytes: &[u8], most: usize) -> Option<(Vec<i64>, usize)> {
    let mut at = 0;
    let block = usize::try_from(varint(bytes, &mut at)?).ok()?;
    let parts = usize::try_from(varint(bytes, &mut at)?).ok()?;
    let count = usize::try_from(varint(bytes, &mut at)?).ok()?;
    let first = signed(varint(bytes, &mut at)?);
    if parts == 0 || block == 0 || !block.is_multiple_of(parts) || count > most {
        return None;
    }
    let length = block / parts;
    if !length.is_multiple_of(8) {
        return None;
    }
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(count).ok()?;
    if count > 0 {
        numbers.push(first);
    }
    while numbers.len() < count {
        let least = signed(varint(bytes, &mut at)?);
        let widths = bytes.get(at..at.checked_add(parts)?)?;
        at += parts;
        for &width in widths {
            if numbers.len() == count {
                break;
            }
            if width > 64 {
                return None;
            }
            let size = (length / 8).checked_mul(usize::from(width))?;
            let packed = bytes.get(at..at.checked_add(size)?)?;
            at += size;
            for index in 0..length.min(count - numbers.len()) {
                let step = wide(packed, index * usize::from(width), u32::from(width));
                let before = numbers.last().copied().unwrap_or(first);
                numbers.push(before.wrapping_add(least).wrapping_add(step as i64));
            }
        }
    }
    Some((numbers, at))
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// `width` bits from bit `start`, the lowest first; `packed` has them.
fn bits(packed: &[u8], start: usize, width: u32) -> u32 {
    wide(packed, start, width) as u32
}

fn wide(packed: &[u8], start: usize, width: u32) -> u64 {
    let mut number = 0;
    let mut got = 0;
    let (mut byte, mut shift) = (start / 8, (start % 8) as u32);
    while got < width {
        let take = (8 - shift).min(width - got);
        let part = (u32::from(packed[byte]) >> shift) & ((1 << take) - 1);
        number |= u64::from(part) << got;
        got += take;
        (byte, shift) = (byte + 1, 0);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_groups_are_read_in_turn() {
        // Five times 3, then the example of the format: 0 to 7 in three bits.
        let bytes = [0x0a, 3, 0x03, 0x88, 0xc6, 0xfa];
        assert_eq!(
            hybrid(&bytes, 3, 13),
            Some(vec![3, 3, 3, 3, 3, 0, 1, 2, 3, 4, 5, 6, 7])
        );
        for end in 0..bytes.len() {
            assert_eq!(hybrid(&bytes[..end], 3, 13), None, "{end}");
        }
        assert_eq!(hybrid(&[], 0, 2), Some(vec![0, 0]));
        assert_eq!(hybrid(&[0, 1], 1, 1), None, "a run of none");
        assert_eq!(hybrid(&[3, 1], 40, 1), None);
    }

    #[test]
    fn differences_are_added_up() {
        // The example of the format: 7, 5, 3, 1, 2, 3, 4, 5; block of 128 in 4.
        let mut bytes = vec![128, 1, 4, 8, 14, 3, 2, 0, 0, 0];
        // -2 -2 -2 1 1 1 1, less the least, in two bits each; 32 to a part.
        bytes.extend([0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            deltas(&bytes, 8),
            Some((vec![7, 5, 3, 1, 2, 3, 4, 5], bytes.len()))
        );
        for end in 0..bytes.len() {
            assert_eq!(deltas(&bytes[..end], 8), None, "{end}");
        }
        assert_eq!(deltas(&bytes, 7), None, "more than the page has");
    }
}
