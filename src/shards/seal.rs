//! A checksum of a row: Parquet has none of what is in its pages. Guards against damage, not
//! against forgery.

/// The first 64 bits of BLAKE3 over `parts`, each with its length before it.
pub(super) fn seal<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> i64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    i64::from_le_bytes(first)
}
