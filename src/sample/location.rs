//! Where the bytes of a sample live. Opens nothing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where the bytes of a sample live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of its own.
    File(PathBuf),
    /// A member of an archive, a row of a Parquet shard, an image of an array.
    Member {
        /// The file that holds it.
        container: PathBuf,
        /// Its place in the container's own order.
        entry: u64,
        /// Its name there, if it has one.
        name: Option<String>,
    },
}

impl Location {
    /// The file that holds the bytes.
    pub fn file(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Member { container, .. } => container,
        }
    }

    /// The extension that the name announces, as written.
    pub fn extension(&self) -> Option<String> {
        let name = match self {
            Self::File(path) => path.as_os_str(),
            Self::Member { name, .. } => OsStr::new(name.as_deref()?),
        };
        let extension = Path::new(name).extension()?;
        Some(extension.to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extension_is_that_of_the_file_or_of_the_member() {
        let file = Location::File("/a.b/1.Jpg".into());
        assert_eq!(file.extension().as_deref(), Some("Jpg"));
        let member = |name: Option<&str>| Location::Member {
            container: "/set.tar".into(),
            entry: 0,
            name: name.map(str::to_owned),
        };
        assert_eq!(member(Some("x/1.png")).extension().as_deref(), Some("png"));
        assert_eq!(member(None).extension(), None);
        assert_eq!(member(None).file(), Path::new("/set.tar"));
    }
}
