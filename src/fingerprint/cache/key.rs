//! Names under which the cache keeps things. Stores nothing.

use super::row;
use crate::decode::Limits;
use crate::fingerprint::FingerprintTable;
use crate::sample::{ContentHash, SampleId};
use crate::source::Version;

/// Counts changes to what a fingerprint or a thumbnail holds: a decoder, a
/// reduction, a statistic, a hash, or how they are written down. Raise it with
/// every such change; the test `fingerprints_change_only_with_their_version`
/// tells when.
pub(super) const VERSION: u32 = 11;

/// Names how this build computes fingerprints of images under `limits`: where two names
/// are equal, the same bytes give the same fingerprint.
pub fn method(limits: Limits) -> String {
    let Limits { max_pixels } = limits;
    let mut name = format!("fingerprint {VERSION}, at most {max_pixels} pixels");
    for (format, decoded) in [
        ("JPEG 2000", cfg!(feature = "jpeg2000")),
        ("JPEG XL", cfg!(feature = "jpeg-xl")),
    ] {
        name.push_str(if decoded { ", with " } else { ", without " });
        name.push_str(format);
    }
    name
}

/// 128 bits that stand for everything an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key([u8; 16]);

impl Key {
    /// The fingerprint of a sample in the state of `version`, decoded under
    /// `limits`.
    pub(crate) fn of_sample(version: &Version, limits: Limits) -> Self {
        let Limits { max_pixels } = limits;
        let mut parts = Parts::new("sample");
        parts.add(&max_pixels.to_le_bytes());
        // A build with one decoder more is to try again.
        let decoders = [cfg!(feature = "jpeg2000"), cfg!(feature = "jpeg-xl")];
        parts.add(&decoders.map(u8::from));
        parts.add(version.as_bytes());
        parts.key()
    }

    /// Something else made of the same file, by name.
    pub(crate) fn derived(&self, name: &str) -> Self {
        let mut parts = Parts::new(name);
        parts.add(&self.0);
        parts.key()
    }

    /// What `method` (its name, version and settings) makes of a content.
    pub fn of_content(method: &str, content: ContentHash) -> Self {
        Self::of_parts(method, [&content.0[..]])
    }

    /// What `method` (its name, version and settings) says of two contents, in
    /// this order.
    pub fn of_pair(method: &str, a: ContentHash, b: ContentHash) -> Self {
        let mut parts = Parts::new(method);
        parts.add(&a.0);
        parts.add(&b.0);
        parts.key()
    }

    /// What `method` (its name, version and settings) makes of `parts`, in this
    /// order.
    pub fn of_parts<'a>(method: &str, of: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut parts = Parts::new(method);
        of.into_iter().for_each(|part| parts.add(part));
        parts.key()
    }

    /// What `method` (its name and version) says of all images of `table`;
    /// `None` if a sample was not reached.
    pub fn of_table(method: &str, table: &FingerprintTable) -> Option<Self> {
        let mut parts = Parts::new(method);
        for id in 0..table.len() as u32 {
            let row = table.get(SampleId(id))?;
            parts.add(&row::to_bytes(row).unwrap_or_default());
        }
        Some(parts.key())
    }

    /// Two halves, for two integer columns.
    pub(super) fn halves(&self) -> (i64, i64) {
        let half = |from: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&self.0[from..from + 8]);
            i64::from_le_bytes(bytes)
        };
        (half(0), half(8))
    }

    /// What proves that `payload` was stored under this key and is whole.
    pub(super) fn seal(&self, payload: &[u8]) -> [u8; Self::SEAL] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0).update(payload);
        let mut seal = [0; Self::SEAL];
        seal.copy_from_slice(&hasher.finalize().as_bytes()[..Self::SEAL]);
        seal
    }

    /// 8 bytes: a damaged row passes once in 2⁶⁴.
    pub(super) const SEAL: usize = 8;
}

/// Hashes parts with their lengths, so that no two lists run together.
struct Parts(blake3::Hasher);

impl Parts {
    fn new(kind: &str) -> Self {
        let mut parts = Self(blake3::Hasher::new());
        parts.add(&VERSION.to_le_bytes());
        parts.add(kind.as_bytes());
        parts
    }

    fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    fn key(self) -> Key {
        let mut short = [0; 16];
        short.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        Key(short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_limit_enter_the_key() {
        let version = Version::of(&[b"/data/1.jpg", b"3"]);
        let limits = Limits { max_pixels: 7 };
        let keys = [
            Key::of_sample(&version, limits),
            Key::of_sample(&version, Limits { max_pixels: 8 }),
            Key::of_sample(&Version::of(&[b"/data/1.jpg", b"4"]), limits),
            Key::of_sample(&version.of_member("tar 1", 0), limits),
            Key::of_sample(&version.of_member("tar 1", 1), limits),
            Key::of_sample(&version, limits).derived("thumbnail"),
        ];
        let distinct: std::collections::BTreeSet<Key> = keys.into_iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }
}
