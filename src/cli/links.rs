//! Links from one file to another as a browser takes them. Opens no file.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

/// `path` with links resolved as far as it exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), ..) => real,
        (Err(_), Some(parent), Some(name)) => resolved(parent).join(name),
        _ => path.to_owned(),
    }
}

/// The relative link from a page in `folder` to `file`, both absolute; none
/// between two disks that share no root.
pub(super) fn from_folder(folder: &Path, file: &Path) -> Option<String> {
    let folder: Vec<Component<'_>> = folder.components().collect();
    let file: Vec<Component<'_>> = file.components().collect();
    let shared = folder.iter().zip(&file).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return None;
    }
    let mut link = "../".repeat(folder.len() - shared);
    for (index, part) in file[shared..].iter().enumerate() {
        if index > 0 {
            link.push('/');
        }
        // A name with a colon at the start of a link would be a scheme.
        if link.is_empty() {
            link.push_str("./");
        }
        for &byte in part.as_os_str().as_encoded_bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                link.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(link, "%{byte:02X}");
            }
        }
    }
    Some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn link_leads_from_the_report_to_the_image() {
        let link = |folder: &str, file: &str| from_folder(Path::new(folder), Path::new(file));
        assert_eq!(
            link("/w/r", "/w/d/a b%.jpg").as_deref(),
            Some("../d/a%20b%25.jpg")
        );
        assert_eq!(link("/w/d", "/w/d/x:1.jpg").as_deref(), Some("./x%3A1.jpg"));
        assert_eq!(
            link("/a/b/c", "/é.jpg").as_deref(),
            Some("../../../%C3%A9.jpg")
        );
    }
}
