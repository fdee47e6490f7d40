//! A coarse grid over an image, to remember which places differ. Compares
//! nothing.

/// Cells along each side of an image: a place is remembered by its cells.
const CELLS: usize = 16;

/// Which cells of an image differ, a bit each, row by row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cells(pub(crate) [u64; CELLS * CELLS / 64]);

impl Cells {
    /// Where `x` and `y` run from −½ to ½.
    pub(crate) fn set(&mut self, x: f32, y: f32) {
        let cell = |v: f32| (((v + 0.5) * CELLS as f32).max(0.0) as usize).min(CELLS - 1);
        let index = cell(y) * CELLS + cell(x);
        self.0[index / 64] |= 1 << (index % 64);
    }

    /// How many differ.
    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Those of both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = *self;
        for (word, other) in both.0.iter_mut().zip(other.0) {
            *word &= other;
        }
        both
    }

    /// The numbers of those that differ.
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        let words = self.0;
        (0..CELLS * CELLS).filter(move |i| words[i / 64] >> (i % 64) & 1 == 1)
    }

    /// How many there are.
    pub(crate) const ALL: usize = CELLS * CELLS;

    /// The cell of number `index`.
    pub(crate) fn add(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }
}
