//! What listing keeps for the next time. Knows neither what is kept nor where.

use super::reader::Version;

/// Keeps bytes from one listing to the next. Forgetting is allowed.
pub trait Memo: Send + Sync {
    /// What `method` (a name and version) made of the file in this state.
    fn get(&self, method: &str, of: &Version) -> Option<Vec<u8>>;

    /// Keeps what `method` made of the file in this state.
    fn put(&self, method: &str, of: &Version, made: Vec<u8>);
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forgetful;

impl Memo for Forgetful {
    fn get(&self, _: &str, _: &Version) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _: &str, _: &Version, _: Vec<u8>) {}
}
