//! What was done to a picture to get another, in words and numbers. Finds out
//! nothing itself.

use std::fmt;

/// What was done to the first picture of a pair to get the second.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transform {
    /// "identical", "mirrored, cropped to 81%", …
    pub words: String,
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}
