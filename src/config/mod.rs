//! What the user asked for, complete and checked. Reads no environment.

mod checks;
mod file;
mod format;
mod keys;
mod labels;
mod options;
mod policy;
mod setting;
mod settings;
mod template;

pub use checks::SelectedCheck;
pub use file::{FILE_NAME, find, load, parse};
pub use format::{Format, Output};
pub use options::{CacheOption, Options};
pub use policy::{Accept, CountOrShare, OneOrEach};
pub use setting::{Example, SETTINGS, Section, Setting, setting};
pub use settings::{Cache, REPORT, Settings, resolve};
pub use template::{Facts, general, template};
