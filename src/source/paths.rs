//! Paths by their words alone. Touches no disk.

use std::path::{Component, Path, PathBuf};

/// `path` without `.` parts, and `..` taken back where a part stands before.
pub(super) fn normalised(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(parts.last(), Some(Component::Normal(_))) => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.into_iter().collect()
}

/// The way from the folder `from` to `path`, both absolute: `..` for each
/// folder up.
pub(super) fn between(from: &Path, path: &Path) -> PathBuf {
    let (mut from, mut to) = (from.components().peekable(), path.components().peekable());
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let up = from.map(|_| Component::ParentDir);
    up.chain(to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_up_only_as_far_as_it_must() {
        for (from, to, way) in [
            ("/a/b", "/a/b/c/1.jpg", "c/1.jpg"),
            ("/a/b", "/a/x/1.jpg", "../x/1.jpg"),
            ("/a/b/c", "/a/1.jpg", "../../1.jpg"),
            ("/a", "/a", ""),
        ] {
            assert_eq!(between(Path::new(from), Path::new(to)), Path::new(way));
        }
        assert_eq!(normalised(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }
}
