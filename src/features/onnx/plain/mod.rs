//! Runs plain convolutional networks, with numbers that are the same on every
//! processor. Takes only chains of convolutions, bounds, sums and one mean; the
//! runtime runs all others. One image at a time, on one thread.
//!
//! The runtime spends most of such a network in convolutions of single channels,
//! one number at a time (an EfficientNet-Lite0 at 224 pixels: 42 ms of CPU; here
//! 22). An image lies here row by row, the channels of a pixel side by side, so
//! that both kinds of convolution are sums of whole vectors.

mod graph;
mod kernels;
#[cfg(test)]
mod tests;

use kernels::{Depthwise, Panels};

/// A network that was recognised, ready to run.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    steps: Vec<Step>,
    /// The place of the image that holds the vector.
    output: usize,
}

/// One operator. Places count the images made: 0 is the input, `n + 1` that of
/// step `n`.
#[derive(Debug, Clone)]
struct Step {
    kind: Kind,
    /// The places of the images it takes.
    from: Vec<usize>,
    /// Places that no later step takes.
    dropped: Vec<usize>,
}

#[derive(Debug, Clone)]
enum Kind {
    /// Every output from all inputs.
    Dense(Dense),
    /// Every channel by itself.
    Depthwise(Depthwise, Window, [f32; 2]),
    /// The sum of two images.
    Add,
    /// The mean of all pixels, as an image of one.
    Mean,
}

#[derive(Debug, Clone)]
struct Dense {
    window: Window,
    inputs: usize,
    outputs: usize,
    weights: Panels,
    bounds: [f32; 2],
}

/// What a convolution sees at once, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Window {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
}

/// What lies beyond the edges and counts as 0.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Padding {
    /// Above and left, below and right.
    Fixed([usize; 2], [usize; 2]),
    /// As much as the output needs to be the input over the stride, the odd
    /// pixel below and right: ONNX's `SAME_UPPER`.
    Same,
}

impl Window {
    /// Rows and columns of the output, and the padding above and left. `None`
    /// where the kernel is larger than the image.
    fn over(&self, from: [usize; 2]) -> Option<([usize; 2], [usize; 2])> {
        let (mut to, mut before) = ([0; 2], [0; 2]);
        for axis in 0..2 {
            let (kernel, stride) = (self.kernel[axis], self.stride[axis]);
            (to[axis], before[axis]) = match self.padding {
                Padding::Fixed(first, last) => {
                    let length = from[axis] + first[axis] + last[axis];
                    (length.checked_sub(kernel)? / stride + 1, first[axis])
                }
                Padding::Same => {
                    let to = from[axis].div_ceil(stride);
                    let needed = (to.max(1) - 1) * stride + kernel;
                    (to, needed.saturating_sub(from[axis]) / 2)
                }
            };
        }
        Some((to, before))
    }

    fn is_one_pixel(&self) -> bool {
        let none = match self.padding {
            Padding::Fixed(first, last) => first == [0; 2] && last == [0; 2],
            Padding::Same => true,
        };
        self.kernel == [1; 2] && self.stride == [1; 2] && none
    }
}

/// An image, pixel by pixel.
struct Pixels {
    size: [usize; 2],
    channels: usize,
    data: Vec<f32>,
}

/// Pixels whose windows lie side by side at once: of an image of 224 pixels and
/// 27 numbers a window, 100 KB.
const PATCHES: usize = 1024;

impl Plain {
    /// The vector of one image of `size` (rows, columns), given pixel by pixel.
    ///
    /// # Errors
    /// In words, where the image is too small for the network.
    pub(super) fn run(&self, data: Vec<f32>, size: [usize; 2]) -> Result<Vec<f32>, String> {
        let channels = data.len() / (size[0] * size[1]).max(1);
        let mut made: Vec<Option<Pixels>> = vec![Some(Pixels {
            size,
            channels,
            data,
        })];
        for step in &self.steps {
            let image = match (&step.kind, &step.from[..]) {
                (Kind::Add, &[left, right]) => added(&mut made, left, right, &step.dropped),
                (kind, &[from]) => made[from].as_ref().and_then(|image| kind.of(image)),
                _ => None,
            };
            let image = image.ok_or_else(|| {
                format!(
                    "an image of {} × {} pixels does not fit the network",
                    size[1], size[0]
                )
            })?;
            step.dropped.iter().for_each(|&place| made[place] = None);
            made.push(Some(image));
        }
        let vector = made.swap_remove(self.output);
        Ok(vector.map(|image| image.data).unwrap_or_default())
    }
}

/// The sum, in the memory of one of the two if no later step takes it.
fn added(
    made: &mut [Option<Pixels>],
    left: usize,
    right: usize,
    dropped: &[usize],
) -> Option<Pixels> {
    let (free, other) = match dropped.contains(&left) {
        true => (left, right),
        false => (right, left),
    };
    let mut sum = match dropped.contains(&free) && free != other {
        true => made[free].take()?,
        false => made[free].as_ref()?.copy(),
    };
    let other = made[other].as_ref()?;
    if (sum.size, sum.channels) != (other.size, other.channels) {
        return None;
    }
    kernels::add(&mut sum.data, &other.data);
    Some(sum)
}

impl Pixels {
    fn copy(&self) -> Self {
        Self {
            data: self.data.clone(),
            ..*self
        }
    }
}

impl Kind {
    fn of(&self, image: &Pixels) -> Option<Pixels> {
        match self {
            Self::Dense(dense) => dense.of(image),
            Self::Depthwise(layer, window, bounds) => {
                let (size, before) = window.over(image.size)?;
                if layer.bias.len() != image.channels {
                    return None;
                }
                let mut data = vec![0.0; size[0] * size[1] * image.channels];
                layer.run(&image.data, (image.size, size), before, *bounds, &mut data);
                Some(Pixels {
                    size,
                    channels: image.channels,
                    data,
                })
            }
            Self::Mean => Some(mean(image)),
            Self::Add => None,
        }
    }
}

impl Dense {
    fn of(&self, image: &Pixels) -> Option<Pixels> {
        if image.channels != self.inputs {
            return None;
        }
        let (size, before) = self.window.over(image.size)?;
        let count = size[0] * size[1];
        let mut data = vec![0.0; count * self.outputs];
        if self.window.is_one_pixel() {
            self.weights.multiply(&image.data, self.bounds, &mut data);
        } else {
            let width = self.window.kernel[0] * self.window.kernel[1] * self.inputs;
            for (block, out) in data.chunks_mut(PATCHES * self.outputs).enumerate() {
                let first = block * PATCHES;
                let places = first..first + out.len() / self.outputs;
                let mut patches = Vec::with_capacity(places.len() * width);
                for place in places {
                    let at = [place / size[1], place % size[1]];
                    self.patch(image, at, before, &mut patches);
                }
                self.weights.multiply(&patches, self.bounds, out);
            }
        }
        Some(Pixels {
            size,
            channels: self.outputs,
            data,
        })
    }

    /// Appends what the window sees at a place of the output.
    fn patch(&self, image: &Pixels, at: [usize; 2], before: [usize; 2], patches: &mut Vec<f32>) {
        let Window { kernel, stride, .. } = self.window;
        for ky in 0..kernel[0] {
            for kx in 0..kernel[1] {
                let row = (at[0] * stride[0] + ky).checked_sub(before[0]);
                let column = (at[1] * stride[1] + kx).checked_sub(before[1]);
                match (row, column) {
                    (Some(y), Some(x)) if y < image.size[0] && x < image.size[1] => {
                        let place = (y * image.size[1] + x) * image.channels;
                        patches.extend(&image.data[place..place + image.channels]);
                    }
                    _ => patches.extend(std::iter::repeat_n(0.0, image.channels)),
                }
            }
        }
    }
}

fn mean(image: &Pixels) -> Pixels {
    let mut data = vec![0.0; image.channels];
    for pixel in image.data.chunks_exact(image.channels.max(1)) {
        kernels::add(&mut data, pixel);
    }
    let count = (image.size[0] * image.size[1]).max(1) as f32;
    data.iter_mut().for_each(|sum| *sum /= count);
    Pixels {
        size: [1; 2],
        channels: image.channels,
        data,
    }
}
