//! What the user asked for, complete and checked. Reads no environment.

mod options;
mod settings;

pub use options::Options;
pub use settings::{SelectedCheck, Settings, resolve};
