//! Entropy-coded bytes as bits. Knows nothing of what the bits mean.

/// The entropy-coded bytes of a scan with their stuffing removed, cut at the
/// restart markers.
pub(super) struct ScanBytes {
    bytes: Vec<u8>,
    /// Where each restart interval ends in `bytes`.
    ends: Vec<usize>,
    /// The first restart marker that does not come in turn, counted from 0.
    out_of_order: Option<usize>,
    /// Where in the file the marker stands that ends the scan; `None` if the
    /// file ends first.
    pub(super) next_marker: Option<usize>,
}

impl ScanBytes {
    /// Reads from `start` to the next marker other than a restart.
    pub(super) fn read(file: &[u8], start: usize) -> Self {
        let mut scan = Self {
            bytes: Vec::with_capacity(file.len().saturating_sub(start) + 8),
            ends: Vec::new(),
            out_of_order: None,
            next_marker: None,
        };
        let mut from = start;
        while let Some(offset) = memchr::memchr(0xFF, file.get(from..).unwrap_or_default()) {
            let at = from + offset;
            match file.get(at + 1) {
                Some(0) => {
                    // A stuffed FF: keep it, drop the zero.
                    scan.bytes.extend_from_slice(&file[from..=at]);
                    from = at + 2;
                }
                Some(&marker @ 0xD0..=0xD7) => {
                    scan.bytes.extend_from_slice(&file[from..at]);
                    let expected = 0xD0 + (scan.ends.len() % 8) as u8;
                    if marker != expected && scan.out_of_order.is_none() {
                        scan.out_of_order = Some(scan.ends.len());
                    }
                    scan.ends.push(scan.bytes.len());
                    from = at + 2;
                }
                // Fill bytes before a marker.
                Some(0xFF) => {
                    scan.bytes.extend_from_slice(&file[from..at]);
                    from = at + 1;
                }
                Some(_) => {
                    scan.bytes.extend_from_slice(&file[from..at]);
                    scan.next_marker = Some(at);
                    break;
                }
                None => break,
            }
        }
        scan.ends.push(scan.bytes.len());
        // So that the last bits are read like all others, eight bytes at once.
        scan.bytes.extend_from_slice(&[0; 8]);
        scan
    }

    /// Number of restart intervals.
    pub(super) fn intervals(&self) -> usize {
        self.ends.len()
    }

    /// Whether the restart markers between the first `intervals` intervals come
    /// numbered 0 to 7 in turn.
    pub(super) fn restarts_in_order(&self, intervals: usize) -> bool {
        self.out_of_order
            .is_none_or(|marker| marker + 1 >= intervals)
    }

    /// Whether nothing lies behind the last restart marker.
    pub(super) fn last_is_empty(&self) -> bool {
        matches!(self.ends.as_slice(), [.., before, last] if before == last)
    }

    /// A reader of restart interval `index`.
    pub(super) fn interval(&self, index: usize) -> Bits<'_> {
        let start = match index.checked_sub(1) {
            Some(previous) => self.ends[previous],
            None => 0,
        };
        let end = self.ends[index];
        Bits {
            bytes: &self.bytes,
            end_bits: end * 8,
            position: start,
            window: 0,
            valid: 0,
        }
    }
}

/// Finds the next marker at or behind `from` that is neither stuffing, fill
/// nor a restart: how scans that are not needed are passed over.
pub(super) fn skip_scan(file: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let at = from + memchr::memchr(0xFF, file.get(from..)?)?;
        match file.get(at + 1)? {
            0 | 0xD0..=0xD7 => from = at + 2,
            0xFF => from = at + 1,
            _ => return Some(at),
        }
    }
}

/// Bits, most significant first. Reading past the end gives bits that mean
/// nothing, and [`overrun`](Self::overrun) then reports it.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    end_bits: usize,
    position: usize,
    /// The next bits, left-aligned.
    window: u64,
    /// How many bits of `window` count; at most 63.
    valid: u32,
}

impl Bits<'_> {
    /// Makes at least 56 bits available. After Fabian Giesen, "Reading bits in
    /// far too many ways", variant 4: no branch on how many are left.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if let Some(Some(next)) = self
            .bytes
            .get(self.position..)
            .map(<[u8]>::first_chunk::<8>)
        {
            self.window |= u64::from_be_bytes(*next) >> self.valid;
        }
        self.position += ((63 - self.valid) >> 3) as usize;
        self.valid |= 56;
    }

    /// The next `count` bits, 1 to 32, without taking them.
    #[inline(always)]
    pub(super) fn peek(&self, count: u32) -> u32 {
        (self.window >> (64 - count)) as u32
    }

    /// Takes `count` bits, as many as are available.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) {
        self.window <<= count;
        self.valid -= count;
    }

    /// Whether more bits were taken than there were.
    pub(super) fn overrun(&self) -> bool {
        self.position * 8 - self.valid as usize > self.end_bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffing_fill_and_restarts_are_removed() {
        let file = [0xAA, 0xFF, 0x00, 0xBB, 0xFF, 0xD0, 0xCC, 0xFF, 0xFF, 0xD9];
        let scan = ScanBytes::read(&file, 0);
        assert_eq!(scan.intervals(), 2);
        assert_eq!(scan.next_marker, Some(8));
        assert!(scan.restarts_in_order(scan.intervals()));
        assert_eq!(scan.bytes[..4], [0xAA, 0xFF, 0xBB, 0xCC]);
        assert_eq!(skip_scan(&file, 0), Some(8));
        assert_eq!(skip_scan(&file[..8], 0), None);
    }

    #[test]
    fn bits_come_in_order_and_the_end_is_noticed() {
        let file: Vec<u8> = (0..40).chain([0xFF, 0xD9]).collect();
        let scan = ScanBytes::read(&file, 0);
        let mut bits = scan.interval(0);
        for byte in 0..40 {
            bits.refill();
            assert_eq!(bits.peek(8), byte);
            bits.take(8);
            assert!(!bits.overrun());
        }
        bits.refill();
        bits.take(1);
        assert!(bits.overrun());
    }
}
