//! Turns images into the numbers a model takes. Reads no file.

use image::RgbImage;

use super::Layout;

/// How an image is shown to a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shown {
    /// Pixels across.
    pub(super) width: u32,
    /// Pixels down.
    pub(super) height: u32,
    /// Where the channels stand.
    pub(super) layout: Layout,
    /// Which there are.
    pub(super) channels: Channels,
    /// What becomes of a sample.
    pub(super) values: Values,
}

/// The channels of an image, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channels {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red.
    Bgr,
    /// Rec. 601 luma alone.
    Gray,
}

impl Channels {
    fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb | Self::Bgr => 3,
        }
    }
}

/// What becomes of samples of 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Values {
    /// They stay bytes.
    Bytes,
    /// They are scaled, then shifted, each of red, green and blue.
    Scaled {
        /// Factors.
        scale: [f32; 3],
        /// Terms.
        shift: [f32; 3],
    },
}

impl Values {
    /// 0 to 255, as numbers.
    pub(super) const RAW: Self = Self::Scaled {
        scale: [1.0; 3],
        shift: [0.0; 3],
    };
    /// 0 to 1.
    pub(super) const UNIT: Self = Self::Scaled {
        scale: [1.0 / 255.0; 3],
        shift: [0.0; 3],
    };

    /// 0 to 1, less `mean`, over `std`.
    pub(super) fn normal(mean: [f32; 3], std: [f32; 3]) -> Self {
        Self::Scaled {
            scale: std.map(|std| 1.0 / (255.0 * std)),
            shift: [0, 1, 2].map(|i| -mean[i] / std[i]),
        }
    }
}

impl Shown {
    /// The shape of a batch of `count` images.
    pub(super) fn shape(&self, count: usize) -> [usize; 4] {
        let (width, height) = (self.width as usize, self.height as usize);
        let channels = self.channels.count();
        match self.layout {
            Layout::Nchw => [count, channels, height, width],
            Layout::Nhwc => [count, height, width, channels],
        }
    }

    /// A batch of `count` images as bytes, or as numbers: those of `images`,
    /// which have the size of this, then black.
    pub(super) fn batch(&self, images: &[RgbImage], count: usize) -> Batch {
        let len = self.shape(count).iter().product();
        match self.values {
            Values::Bytes => {
                let mut batch = Vec::with_capacity(len);
                for image in images {
                    self.lay(image, |_, sample| sample, &mut batch);
                }
                batch.resize(len, 0);
                Batch::Bytes(batch)
            }
            Values::Scaled { scale, shift } => {
                let mut batch = Vec::with_capacity(len);
                let value =
                    |channel: usize, sample| f32::from(sample) * scale[channel] + shift[channel];
                for image in images {
                    self.lay(image, value, &mut batch);
                }
                batch.resize(len, 0.0);
                Batch::Numbers(batch)
            }
        }
    }

    /// Appends an image's samples in this layout; `value` receives which of
    /// red, green and blue a sample is of.
    fn lay<T>(&self, image: &RgbImage, value: impl Fn(usize, u8) -> T, batch: &mut Vec<T>) {
        let order: &[usize] = match self.channels {
            Channels::Rgb => &[0, 1, 2],
            Channels::Bgr => &[2, 1, 0],
            Channels::Gray => &[1],
        };
        let (pixels, _) = image.as_raw().as_chunks::<3>();
        let sample = |pixel: &[u8; 3], channel: usize| match self.channels {
            Channels::Gray => luma(pixel),
            _ => pixel[channel],
        };
        match self.layout {
            Layout::Nchw => {
                for &channel in order {
                    batch.extend((pixels.iter()).map(|p| value(channel, sample(p, channel))));
                }
            }
            Layout::Nhwc => {
                for pixel in pixels {
                    batch.extend(order.iter().map(|&c| value(c, sample(pixel, c))));
                }
            }
        }
    }
}

/// Images in a model's layout.
pub(super) enum Batch {
    /// For models that take bytes.
    Bytes(Vec<u8>),
    /// For all others.
    Numbers(Vec<f32>),
}

fn luma(&[r, g, b]: &[u8; 3]) -> u8 {
    ((u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 + 500) / 1000) as u8
}
