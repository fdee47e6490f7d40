//! Vectors that an ONNX model of the user's makes of the images. Knows nothing
//! of labels.

#[cfg(feature = "onnx")]
mod declared;
#[cfg(not(feature = "onnx"))]
mod disabled;
#[cfg(feature = "onnx")]
mod enabled;
#[cfg(feature = "onnx")]
mod file;
#[cfg(feature = "onnx")]
mod normalised;
#[cfg(feature = "onnx")]
mod plain;
#[cfg(feature = "onnx")]
mod pooled;
#[cfg(feature = "onnx")]
mod preprocessing;
mod subjects;
#[cfg(all(test, feature = "onnx"))]
mod tests;

#[cfg(not(feature = "onnx"))]
pub use disabled::Model;
#[cfg(feature = "onnx")]
pub use enabled::Model;

pub use subjects::{Subjects, WholeImages};

use std::path::PathBuf;

use super::Vectors;

/// A model, and what its file may leave unsaid.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelFile {
    /// The `.onnx` file.
    pub path: PathBuf,
    /// Pixels on each side of the image it takes.
    pub size: Option<u32>,
    /// The order of its input's dimensions.
    pub layout: Option<Layout>,
    /// Subtracted from each channel of 0 to 1: three numbers, or one for all.
    pub mean: Option<Vec<f32>>,
    /// What each channel is divided by then: three numbers, or one for all.
    pub std: Option<Vec<f32>>,
    /// The output that holds the vector.
    pub output: Option<String>,
}

/// The order of dimensions in a batch of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Image, channel, row, column: PyTorch.
    Nchw,
    /// Image, row, column, channel: Keras.
    Nhwc,
}

impl Layout {
    /// Both, as a user writes them.
    pub const ALL: [(&'static str, Self); 2] = [("nchw", Self::Nchw), ("nhwc", Self::Nhwc)];

    /// As a user writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nchw => "nchw",
            Self::Nhwc => "nhwc",
        }
    }
}

/// Pixels a side of which no model takes more: an image of them fills 200 MB.
pub const LARGEST_SIDE: u32 = 4096;

/// What a model saw.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seen {
    /// The subjects that have a vector, in their order.
    pub rows: Vec<usize>,
    /// Their vectors.
    pub vectors: Vectors,
    /// How many of them an earlier scan had made.
    pub known: usize,
    /// Those without a vector, and why.
    pub failed: Vec<(usize, String)>,
}
