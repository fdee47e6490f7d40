//! The operations of a hash that the join needs: distance, and any run of its bits.

/// A hash of a fixed number of bits.
pub trait HashBits: Copy + Ord + Send + Sync {
    /// How many bits there are.
    const BITS: u32;

    /// Bits in which two hashes differ.
    fn distance(&self, other: &Self) -> u32;

    /// Bits `start..start + width`, lowest first; `width` is at most 31 and
    /// the run lies inside the hash.
    fn run(&self, start: u32, width: u32) -> u32;
}

impl HashBits for u64 {
    const BITS: u32 = 64;

    #[inline(always)]
    fn distance(&self, other: &Self) -> u32 {
        (self ^ other).count_ones()
    }

    #[inline(always)]
    fn run(&self, start: u32, width: u32) -> u32 {
        if width == 0 {
            return 0;
        }
        (self >> start) as u32 & ((1 << width) - 1)
    }
}

impl<const N: usize> HashBits for [u64; N] {
    const BITS: u32 = 64 * N as u32;

    #[inline(always)]
    fn distance(&self, other: &Self) -> u32 {
        let mut sum = 0;
        for word in 0..N {
            sum += (self[word] ^ other[word]).count_ones();
        }
        sum
    }

    #[inline(always)]
    fn run(&self, start: u32, width: u32) -> u32 {
        if width == 0 {
            return 0;
        }
        let (word, shift) = ((start / 64) as usize, start % 64);
        let low = self[word] >> shift;
        // A run of at most 31 bits lies in two words at most.
        let high = match self.get(word + 1) {
            Some(next) if shift > 0 => next << (64 - shift),
            _ => 0,
        };
        (low | high) as u32 & ((1 << width) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_across_words_join_their_halves() {
        let hash = [0xF000_0000_0000_0000u64, 0b101];
        assert_eq!(hash.run(60, 7), 0b101_1111);
        assert_eq!(hash.run(64, 3), 0b101);
        assert_eq!(hash.run(120, 8), 0);
        assert_eq!(0xABCDu64.run(4, 8), 0xBC);
        assert_eq!(0xABCDu64.run(0, 0), 0);
    }
}
