//! What can be wrong with a box. Finds nothing.

/// Something wrong with a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoxFlaw {
    /// It was written in another way than its format says.
    Misread,
    /// It fits the image as it is stored, and not as EXIF turns it.
    Unturned,
    /// A part of it lies outside the image.
    Outside,
    /// It has no width or no height.
    Degenerate,
    /// It covers the whole image.
    CoversImage,
    /// Another box of its class lies on it.
    Duplicate,
    /// A box of another class lies on it.
    TwoClasses,
    /// Much larger or smaller than others of its class.
    OddSize,
    /// Much longer or wider than others of its class.
    OddAspect,
    /// It overlaps another of its class so far that one of both is taken for a
    /// second detection of the other.
    Crowded,
}

impl BoxFlaw {
    /// All, in the order of tables.
    pub const ALL: [Self; 10] = [
        Self::Misread,
        Self::Unturned,
        Self::Outside,
        Self::Degenerate,
        Self::CoversImage,
        Self::Duplicate,
        Self::TwoClasses,
        Self::OddSize,
        Self::OddAspect,
        Self::Crowded,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Misread => "misread",
            Self::Unturned => "unturned",
            Self::Outside => "outside",
            Self::Degenerate => "degenerate",
            Self::CoversImage => "covers-image",
            Self::Duplicate => "duplicate",
            Self::TwoClasses => "two-classes",
            Self::OddSize => "odd-size",
            Self::OddAspect => "odd-aspect",
            Self::Crowded => "crowded",
        }
    }
}

/// A set of [`BoxFlaw`]s: a bit each, because there are millions of boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BoxFlaws(u16);

impl BoxFlaws {
    /// Adds a flaw.
    pub fn add(&mut self, flaw: BoxFlaw) {
        self.0 |= 1 << flaw as u16;
    }

    /// Takes a flaw out.
    pub fn remove(&mut self, flaw: BoxFlaw) {
        self.0 &= !(1 << flaw as u16);
    }

    /// Whether a flaw is among them.
    pub fn contains(self, flaw: BoxFlaw) -> bool {
        self.0 & (1 << flaw as u16) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// All of them, in the order of [`BoxFlaw::ALL`].
    pub fn iter(self) -> impl Iterator<Item = BoxFlaw> {
        (BoxFlaw::ALL.into_iter()).filter(move |&flaw| self.contains(flaw))
    }
}
