//! A coarse grid over an image that marks where it differs from another. Compares
//! nothing.

/// GridMask along each side of an image.
const SIDE: usize = 16;

/// The cells of an image that differ from another, a bit each, row by row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct GridMask(pub(crate) [u64; SIDE * SIDE / 64]);

impl GridMask {
    /// Marks the cell at `x`, `y`, which run from −½ to ½.
    pub(crate) fn mark_at(&mut self, x: f32, y: f32) {
        let cell = |v: f32| (((v + 0.5) * SIDE as f32).max(0.0) as usize).min(SIDE - 1);
        let index = cell(y) * SIDE + cell(x);
        self.0[index / 64] |= 1 << (index % 64);
    }

    /// Number of marked cells.
    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The cells marked in both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = *self;
        for (word, other) in both.0.iter_mut().zip(other.0) {
            *word &= other;
        }
        both
    }

    /// The indices of marked cells.
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        let words = self.0;
        (0..SIDE * SIDE).filter(move |i| words[i / 64] >> (i % 64) & 1 == 1)
    }

    /// Number of cells.
    pub(crate) const CELLS: usize = SIDE * SIDE;

    /// Marks the cell of this index.
    pub(crate) fn mark(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }
}
