//! Vectors that stand for images when labels are judged. Knows nothing of
//! labels.

pub mod built_in;
pub mod crops;
pub mod onnx;
pub mod supplied;

/// One vector for each sample that has one, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vectors {
    dim: usize,
    data: Vec<f32>,
}

impl Vectors {
    /// Rows of `dim` numbers each. `None` when `data` is no whole number of rows.
    pub fn new(dim: usize, data: Vec<f32>) -> Option<Self> {
        let whole = if dim == 0 {
            data.is_empty()
        } else {
            data.len().is_multiple_of(dim)
        };
        whole.then_some(Self { dim, data })
    }

    /// Numbers in a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.data.len().checked_div(self.dim).unwrap_or(0)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Row `index`. Panics when there is no such row.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.data[index * self.dim..(index + 1) * self.dim]
    }

    /// All rows, one after the other.
    pub fn as_slice(&self) -> &[f32] {
        &self.data
    }

    /// Scales every row to length 1 and gives the lengths they had. A row of
    /// zeros stays as it is.
    pub fn normalize(&mut self) -> Vec<f32> {
        if self.dim == 0 {
            return Vec::new();
        }
        let rows = self.data.chunks_exact_mut(self.dim);
        rows.map(|row| {
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            if length > f32::MIN_POSITIVE {
                row.iter_mut().for_each(|v| *v /= length);
            }
            length
        })
        .collect()
    }
}
