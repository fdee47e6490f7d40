//! Names under which the cache keeps things. Stores nothing.

use super::row;
use crate::decode::Limits;
use crate::fingerprint::FingerprintTable;
use crate::sample::{ContentHash, SampleId};
use crate::source::Stamp;

/// Counts changes to what a fingerprint or a thumbnail holds: a decoder, a
/// reduction, a statistic, a hash, or how they are written down. Raise it with
/// every such change; the test `fingerprints_change_only_with_their_version`
/// tells when.
pub(super) const VERSION: u32 = 6;

/// 128 bits that stand for everything an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key([u8; 16]);

impl Key {
    /// The fingerprint of a file as `stamp` found it, decoded under `limits`.
    pub(crate) fn of_file(stamp: &Stamp, limits: Limits) -> Self {
        let Limits { max_pixels } = limits;
        let mut parts = Parts::new("file");
        parts.add(&max_pixels.to_le_bytes());
        parts.add(stamp.path.as_os_str().as_encoded_bytes());
        parts.add(&stamp.size.to_le_bytes());
        parts.add(&stamp.modified.to_le_bytes());
        if let Some((device, inode)) = stamp.inode {
            parts.add(&device.to_le_bytes());
            parts.add(&inode.to_le_bytes());
        }
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

    /// What `method` (its name and version) says of all pictures of `table`;
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
    fn every_part_of_a_stamp_and_the_limit_enter_the_key() {
        let stamp = Stamp {
            path: "/data/1.jpg".into(),
            size: 3,
            modified: 4,
            inode: Some((5, 6)),
        };
        let limits = Limits { max_pixels: 7 };
        let keys = [
            Key::of_file(&stamp, limits),
            Key::of_file(&stamp, Limits { max_pixels: 8 }),
            Key::of_file(
                &Stamp {
                    path: "/data/2.jpg".into(),
                    ..stamp.clone()
                },
                limits,
            ),
            Key::of_file(
                &Stamp {
                    size: 4,
                    ..stamp.clone()
                },
                limits,
            ),
            Key::of_file(
                &Stamp {
                    modified: 5,
                    ..stamp.clone()
                },
                limits,
            ),
            Key::of_file(
                &Stamp {
                    inode: Some((5, 7)),
                    ..stamp.clone()
                },
                limits,
            ),
            Key::of_file(
                &Stamp {
                    inode: None,
                    ..stamp.clone()
                },
                limits,
            ),
            Key::of_file(&stamp, limits).derived("thumbnail"),
        ];
        let distinct: std::collections::BTreeSet<Key> = keys.into_iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }
}
