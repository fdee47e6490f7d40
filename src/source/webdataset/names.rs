//! Names of members: the key of a sample, and what the member is to it.

/// A member's name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// The path up to the first dot of the file's name.
    pub(super) key: String,
    /// What follows, in lower case: `jpg`, `seg.png`.
    pub(super) extension: String,
}

/// Takes a member's name apart; `None` where it has no dot or begins with one,
/// as for the library (webdataset, `base_plus_ext`).
pub(super) fn parted(folder: &str, name: &str) -> Option<Name> {
    let (stem, extension) = name.split_once('.')?;
    if stem.is_empty() {
        return None;
    }
    Some(Name {
        key: format!("{folder}/{stem}"),
        extension: extension.to_lowercase(),
    })
}

/// The key of the sample that a member belongs to, by its whole name; `None` for
/// one that belongs to none, or leaves the archive.
pub fn sample_key(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let parts: Vec<&str> = (name.split('/'))
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    let (file, folders) = parts.split_last()?;
    let leaves = name.starts_with('/') || parts.contains(&"..");
    let parted = parted(&folders.join("/"), file).filter(|_| !leaves)?;
    Some(parted.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_ends_at_the_first_dot_of_the_file_name() {
        let name = parted("a.b", "c.seg.PNG").expect("a name");
        assert_eq!(
            (name.key.as_str(), name.extension.as_str()),
            ("a.b/c", "seg.png")
        );
        assert_eq!(parted("", ".hidden"), None);
        assert_eq!(parted("a", "LICENSE"), None);
        assert_eq!(sample_key("./a.b//c.seg.PNG").as_deref(), Some("a.b/c"));
        for none in ["/a/c.png", "../c.png", "a/", ".hidden", "a/LICENSE"] {
            assert_eq!(sample_key(none), None, "{none}");
        }
    }
}
