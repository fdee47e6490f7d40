//! Why an image gave no pixels. States facts about the file and judges none.

/// Why bytes could not be turned into pixels. Each is a finding of its own.
///
/// The display text completes a sentence that begins with the file's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeFailure {
    /// The file has no bytes.
    #[error("is empty")]
    Empty,
    /// The bytes begin like no image format known here.
    #[error("is not an image")]
    NotAnImage,
    /// A Git LFS pointer stands where the image was not fetched.
    #[error("is a Git LFS pointer, not the image: fetch the images with `git lfs pull`")]
    LfsPointer,
    /// An image, in a format or variant that is not decoded here, by name,
    /// such as `HEIC`.
    #[error("cannot be decoded here: {0}")]
    Unsupported(String),
    /// The header announces more pixels than the limit allows.
    #[error("has {pixels} pixels, more than the limit of {limit}")]
    TooLarge {
        /// Width times height, as announced.
        pixels: u64,
        /// [`Limits::max_pixels`](super::Limits::max_pixels).
        limit: u64,
    },
    /// The file ends before its image does.
    #[error("is truncated")]
    Truncated,
    /// The content contradicts its format.
    #[error("is corrupt: {0}")]
    Corrupt(String),
    /// A decoder panicked; the scan went on.
    #[error("cannot be decoded: its decoder stops with an internal error")]
    Panicked(String),
    /// The bytes could not be read in the first place.
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

impl DecodeFailure {
    /// Every [`kind`](Self::kind).
    pub const KINDS: [&'static str; 9] = [
        "empty",
        "not-an-image",
        "unsupported",
        "too-large",
        "truncated",
        "corrupt",
        "panicked",
        "unreadable",
        "lfs-pointer",
    ];

    /// A name that reports and caches may rely on; it never changes.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotAnImage => "not-an-image",
            Self::LfsPointer => "lfs-pointer",
            Self::Unsupported(_) => "unsupported",
            Self::TooLarge { .. } => "too-large",
            Self::Truncated => "truncated",
            Self::Corrupt(_) => "corrupt",
            Self::Panicked(_) => "panicked",
            Self::Unreadable(_) => "unreadable",
        }
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }
}
