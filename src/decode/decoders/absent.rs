//! Stands in for decoders that this build is without. Decodes nothing.

use super::read::Read;
use crate::decode::{DecodeFailure, Limits};

/// JPEG 2000 without the feature `jpeg2000`.
#[cfg(not(feature = "jpeg2000"))]
pub(super) mod jpeg2000 {
    use super::*;

    pub(in crate::decode::decoders) fn read(_: &[u8], _: &Limits) -> Result<Read, DecodeFailure> {
        Err(DecodeFailure::unsupported(
            "JPEG 2000, which this build was made without",
        ))
    }
}

/// JPEG XL without the feature `jpeg-xl`.
#[cfg(not(feature = "jpeg-xl"))]
pub(super) mod jpeg_xl {
    use super::*;

    pub(in crate::decode::decoders) fn read(_: &[u8], _: &Limits) -> Result<Read, DecodeFailure> {
        Err(DecodeFailure::unsupported(
            "JPEG XL, which this build was made without",
        ))
    }
}
