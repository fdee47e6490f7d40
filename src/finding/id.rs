//! Identity of findings across runs. Knows nothing of what they say.

use std::fmt;

use crate::sample::{ContentHash, SampleKey};

/// 64 bits that stay the same for the same fact about the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(u64);

impl FindingId {
    /// Of a finding about samples: their content and splits, in any order, so
    /// that it survives renames and moves within a split.
    pub fn of_samples<'a>(
        code: &str,
        samples: impl IntoIterator<Item = (ContentHash, Option<&'a str>)>,
    ) -> Self {
        let mut parts: Vec<_> = samples.into_iter().collect();
        parts.sort_unstable();
        parts.dedup();
        let mut hash = Hasher::new("samples", code);
        for (content, split) in parts {
            hash.part(&content.0);
            hash.part(split.unwrap_or("").as_bytes());
        }
        hash.finish()
    }

    /// Of a doubt about the label `given` of one image: by its content and
    /// split, and not by what else the image may show, because that changes
    /// with every other label. So a label that was looked at stays accepted.
    pub fn of_label(code: &str, content: ContentHash, split: Option<&str>, given: &str) -> Self {
        Self::of_names(code, [&content.to_string(), split.unwrap_or(""), given])
    }

    /// Of a finding about splits and classes: their names, in the order given.
    pub fn of_names<'a>(code: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Hasher::new("names", code);
        for name in names {
            hash.part(name.as_bytes());
        }
        hash.finish()
    }

    /// Of a finding about a file without readable content: its key.
    pub fn of_key(code: &str, key: &SampleKey) -> Self {
        let mut hash = Hasher::new("key", code);
        hash.part(key.as_str().as_bytes());
        hash.finish()
    }

    /// The id whose text is `text`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit()))
            .then(|| u64::from_str_radix(text, 16).ok().map(Self))
            .flatten()
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Hashes parts with their lengths, so that no two lists of parts run together.
struct Hasher(blake3::Hasher);

impl Hasher {
    fn new(kind: &str, code: &str) -> Self {
        let mut hash = Self(blake3::Hasher::new());
        hash.part(kind.as_bytes());
        hash.part(code.as_bytes());
        hash
    }

    fn part(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn finish(&self) -> FindingId {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0.finalize().as_bytes()[..8]);
        FindingId(u64::from_be_bytes(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ContentHash = ContentHash([1; 16]);
    const B: ContentHash = ContentHash([2; 16]);

    #[test]
    fn order_of_samples_does_not_matter() {
        let one = FindingId::of_samples("LEAK001", [(A, Some("train")), (B, Some("test"))]);
        let two = FindingId::of_samples("LEAK001", [(B, Some("test")), (A, Some("train"))]);
        assert_eq!(one, two);
    }

    #[test]
    fn code_split_and_content_matter() {
        let id = |code, content, split| FindingId::of_samples(code, [(content, split)]);
        let base = id("LEAK001", A, Some("train"));
        assert_ne!(base, id("LEAK002", A, Some("train")));
        assert_ne!(base, id("LEAK001", B, Some("train")));
        assert_ne!(base, id("LEAK001", A, Some("test")));
    }

    #[test]
    fn text_form_reads_back() {
        let id = FindingId::of_names("DIST001", ["train", "test"]);
        assert_eq!(FindingId::parse(&id.to_string()), Some(id));
        assert_eq!(FindingId::parse("+000000000000000"), None);
    }
}
