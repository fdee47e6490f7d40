//! What is put under transparent pixels. Knows nothing of file formats.

use super::reduce::Reduced;
use super::reducer::{Channels, Reducer, Row};

/// What shows through where an image is transparent. Programs differ: a copy
/// saved without transparency was made in one of these ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Matte {
    /// White, the paper of most programs.
    White,
    /// Black, what cleared memory holds.
    Black,
    /// Nothing: the alpha channel is dropped, as Pillow's `convert("RGB")`
    /// drops it, and hidden colours show.
    Dropped,
}

impl Matte {
    /// All of them, the usual one first.
    pub const ALL: [Self; 3] = [Self::White, Self::Black, Self::Dropped];
}

/// An image reduced, once before each matte where that makes a difference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Views {
    /// Before white; without its alpha channel where that hides everything.
    pub(super) usual: Reduced,
    /// Before black, and without its alpha channel.
    pub(super) others: Option<Box<[Reduced; 2]>>,
}

impl Views {
    pub(super) fn opaque(usual: Reduced) -> Self {
        Self {
            usual,
            others: None,
        }
    }

    pub(super) fn of(&self, matte: Matte) -> &Reduced {
        match (&self.others, matte) {
            (Some(others), Matte::Black) => &others[0],
            (Some(others), Matte::Dropped) => &others[1],
            _ => &self.usual,
        }
    }
}

/// A [`Reducer`] for each matte, of which two begin with the first pixel that
/// is not opaque: up to there all three sums are equal.
pub(super) struct Flattener {
    white: Reducer,
    others: Option<Box<[Reducer; 2]>>,
    /// Some pixel is not wholly transparent.
    visible: bool,
}

impl Flattener {
    /// As [`Reducer::new`].
    pub(super) fn new(width: u32, height: u32, block: u32, channels: Channels) -> Self {
        Self {
            white: Reducer::new(width, height, block, channels),
            others: None,
            visible: false,
        }
    }

    /// As [`Reducer::add_pixels`].
    pub(super) fn add_pixels(&mut self, y: u32, first: u32, step: u32, row: Row<'_>) {
        let (opaque, visible) = row.opacity();
        self.visible |= visible;
        if !opaque && self.others.is_none() {
            let begun = |matte| self.white.clone().before(matte);
            self.others = Some(Box::new([begun(Matte::Black), begun(Matte::Dropped)]));
        }
        self.white.add_pixels(y, first, step, row);
        for other in self.others.iter_mut().flat_map(|others| others.iter_mut()) {
            other.add_pixels(y, first, step, row);
        }
    }

    /// The block means.
    pub(super) fn finish(self) -> Views {
        let Some(others) = self.others else {
            return Views::opaque(self.white.finish());
        };
        let [black, dropped] = *others;
        if !self.visible {
            return Views::opaque(dropped.finish());
        }
        Views {
            usual: self.white.finish(),
            others: Some(Box::new([black.finish(), dropped.finish()])),
        }
    }
}
