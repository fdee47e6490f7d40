//! Names of samples: by place and by content. Opens no file.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Component, Path};

/// A sample's path relative to the data set's root, `/` between parts.
///
/// Bytes that are not UTF-8 and control characters are written `\xHH` and a
/// backslash `\\`, so that two different paths never share a key and no key
/// can steer a terminal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleKey(Box<str>);

impl SampleKey {
    /// The key of a relative `path`. Root and prefix components are dropped.
    pub fn from_path(path: &Path) -> Self {
        let mut key = String::new();
        for part in path.components() {
            if let Component::Normal(name) = part {
                if !key.is_empty() {
                    key.push('/');
                }
                escape_into(name.as_encoded_bytes(), &mut key);
            } else if matches!(part, Component::ParentDir) {
                if !key.is_empty() {
                    key.push('/');
                }
                key.push_str("..");
            }
        }
        Self(key.into_boxed_str())
    }

    /// This key below the folder with the key `top`.
    pub fn below(&self, top: &Self) -> Self {
        if top.0.is_empty() {
            return self.clone();
        }
        Self(format!("{}/{}", top.0, self.0).into_boxed_str())
    }

    /// The key of the file or folder `name` in the folder with this key.
    pub fn child(&self, name: &OsStr) -> Self {
        let mut key = String::with_capacity(self.0.len() + 1 + name.len());
        if !self.0.is_empty() {
            key.push_str(&self.0);
            key.push('/');
        }
        escape_into(name.as_encoded_bytes(), &mut key);
        Self(key.into_boxed_str())
    }

    /// This key with `mark` behind it, for a second sample of the same path.
    pub fn marked(&self, mark: &str) -> Self {
        Self(format!("{}{mark}", self.0).into_boxed_str())
    }

    /// The key that `text` is; `None` where no key is written like that.
    pub fn from_text(text: &str) -> Option<Self> {
        let is_key = !text.is_empty() && !text.chars().any(char::is_control);
        is_key.then(|| Self(text.into()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SampleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `name` with control characters, invalid bytes and backslashes escaped, as
/// in a [`SampleKey`].
pub fn escaped(name: &OsStr) -> String {
    let mut text = String::with_capacity(name.len());
    escape_into(name.as_encoded_bytes(), &mut text);
    text
}

fn escape_into(name: &[u8], out: &mut String) {
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                out.push_str("\\\\");
            } else if c.is_control() {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    push_hex(byte, out);
                }
            } else {
                out.push(c);
            }
        }
        for &byte in chunk.invalid() {
            push_hex(byte, out);
        }
    }
}

fn push_hex(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push_str("\\x");
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// The first 128 bits of the BLAKE3 hash of a file's bytes.
///
/// 128 bits: among 10⁹ files two different ones meet with probability 10⁻²¹.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 16]);

impl ContentHash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
        Self(short)
    }

    /// The hash whose text is `text`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let number = u128::from_str_radix(text, 16).ok()?;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_by_slashes() {
        let key = SampleKey::from_path(Path::new("train").join("cat").join("1.jpg").as_path());
        assert_eq!(key.as_str(), "train/cat/1.jpg");
    }

    #[test]
    fn a_child_has_the_key_of_its_path() {
        let root = SampleKey::from_path(Path::new(""));
        let folder = root.child(OsStr::new("train"));
        assert_eq!(folder.as_str(), "train");
        let key = folder.child(OsStr::new("a b.jpg"));
        assert_eq!(
            key,
            SampleKey::from_path(&Path::new("train").join("a b.jpg"))
        );
    }

    #[cfg(unix)]
    #[test]
    fn names_that_differ_only_in_invalid_bytes_get_different_keys() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let key = |bytes: &[u8]| SampleKey::from_path(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(key(b"a\xff.jpg").as_str(), r"a\xff.jpg");
        assert_ne!(key(b"a\xff.jpg"), key(b"a\xfe.jpg"));
        assert_ne!(key(b"a\xff.jpg"), key(br"a\xff.jpg"));
        assert_eq!(key(b"a\x1b[2J.jpg").as_str(), r"a\x1b[2J.jpg");
    }
}
