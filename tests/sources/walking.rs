//! What is met on the way: links, junk, filters, forbidden folders.

use super::*;

#[test]
fn an_image_without_a_usual_extension_is_known_by_content() {
    let set = Set::of(&["cat/1.jpg"]);
    set.put("cat/photo", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
        .put("cat/photo.dat", b"\xff\xd8\xff\xe0")
        .put("cat/text.jpg", b"only text")
        .put("cat/empty.png", b"")
        .put("cat/notes.txt", b"only text")
        .put("cat/README", b"only text");
    let listing = set.list();
    assert_eq!(listing.samples.len(), 5);
    assert_eq!(
        problems(&listing, ProblemKind::NotAnImage),
        [
            "cat/README: a file without extension and without an image signature",
            "cat/notes.txt: a `.txt` file without an image signature"
        ]
    );
}

#[test]
fn what_systems_leave_behind_is_passed_over_and_counted() {
    let set = Set::of(&[
        "cat/1.jpg",
        "cat/.hidden.jpg",
        "cat/._1.jpg",
        "cat/.DS_Store",
        "cat/Thumbs.db",
        "cat/desktop.ini",
        "cat/.ipynb_checkpoints/1-checkpoint.jpg",
        "__MACOSX/cat/._1.jpg",
    ]);
    let listing = set.list();
    assert_eq!(rows(&listing), ["cat/1.jpg - cat"]);
    assert_eq!(listing.skipped.junk, 7);
    // Loaders walk into the folder of checkpoints.
    assert_eq!(
        problems(&listing, ProblemKind::OutsideSplits),
        [
            "cat/.ipynb_checkpoints: 1 image in a folder that is skipped; torchvision, timm, \
             Keras and Ultralytics enter it and read them, Hugging Face does not"
        ]
    );
    assert_eq!(listing.problems.len(), 1, "{:?}", listing.problems);
}

#[test]
fn globs_choose_what_is_scanned_and_the_rest_is_counted() {
    let set = Set::of(&[
        "train/cat/1.jpg",
        "train/cat/2.png",
        "train/cat/thumbs/1.jpg",
        "test/cat/3.jpg",
        "test/cat/notes.txt",
        "old/cat/4.jpg",
    ]);
    let request = Request {
        include: vec!["*.jpg".into()],
        exclude: vec!["thumbs".into(), "/old".into()],
        ..set.request()
    };
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        ["test/cat/3.jpg test cat", "train/cat/1.jpg train cat"]
    );
    assert_eq!(listing.skipped.filtered, 4);
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);

    let nothing = Request {
        include: vec!["*.bmp".into()],
        ..set.request()
    };
    has_all(&error(&nothing), &["--include", "6 files"]);
    let bad = Request {
        exclude: vec!["a[".into()],
        ..set.request()
    };
    assert!(is_config(list(&bad)));
}

#[test]
fn a_class_folder_emptied_by_a_glob_is_not_told_as_empty() {
    let set = Set::of(&["train/cat/1.jpg", "train/dog/1.png", "test/cat/2.jpg"]);
    let request = Request {
        exclude: vec!["*.png".into()],
        ..set.request()
    };
    let listing = listed(&request).listing;
    assert_eq!(problems(&listing, ProblemKind::EmptyFolder), [""; 0]);
}

#[test]
fn the_report_folder_inside_the_root_is_never_scanned() {
    let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg", "out/thumbs/3.jpg"]);
    for (root, report) in [
        (set.path(""), set.path("out")),
        (set.path("train/.."), set.path("test/../out")),
        (set.path("out/../."), set.path("out/")),
    ] {
        let request = Request {
            root: Some(root),
            never_enter: vec![report, set.path("not/there/yet")],
            ..Request::default()
        };
        let listing = listed(&request).listing;
        assert_eq!(listing.samples.len(), 2);
        assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    }
}

#[test]
fn hard_links_to_one_file_are_noticed_within_and_across_splits() {
    let set = Set::of(&["train/cat/1.jpg", "test/cat/9.jpg"]);
    let first = set.path("train/cat/1.jpg");
    fs::hard_link(&first, set.path("train/cat/2.jpg")).expect("linked");
    fs::hard_link(&first, set.path("test/cat/1.jpg")).expect("linked");
    let listing = set.list();
    assert_eq!(listing.samples.len(), 4, "all stay samples");
    if cfg!(unix) {
        assert_eq!(
            problems(&listing, ProblemKind::SameFileTwice),
            [
                "train/cat/1.jpg: the same file on disk as `test/cat/1.jpg`",
                "train/cat/2.jpg: the same file on disk as `test/cat/1.jpg`"
            ]
        );
        assert!(listing.problems.iter().all(|p| p.sample.is_some()));
    }
}

#[cfg(unix)]
mod links {
    use super::*;

    #[test]
    fn a_linked_file_is_a_sample_and_the_same_file_twice() {
        let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg"]);
        set.link("test/cat/1.jpg", "../../train/cat/1.jpg");
        let listing = set.list();
        assert_eq!(listing.samples.len(), 3);
        assert_eq!(
            problems(&listing, ProblemKind::SameFileTwice),
            ["train/cat/1.jpg: the same file on disk as `test/cat/1.jpg`"]
        );
    }

    #[test]
    fn a_linked_folder_is_followed_and_its_files_are_noticed() {
        let elsewhere = Set::of(&["dog/3.jpg"]);
        let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg"]);
        set.link("test/again", "../train/cat")
            .link("test/dog", elsewhere.path("dog").to_str().expect("UTF-8"));
        let listing = set.list();
        assert_eq!(
            rows(&listing),
            [
                "test/again/1.jpg test again",
                "test/cat/2.jpg test cat",
                "test/dog/3.jpg test dog",
                "train/cat/1.jpg train cat"
            ]
        );
        assert_eq!(problems(&listing, ProblemKind::SameFileTwice).len(), 1);
    }

    #[test]
    fn a_root_that_is_a_link_is_a_root() {
        let set = Set::of(&["real/train/cat/1.jpg", "real/test/cat/2.jpg"]);
        set.link("alias", "real");
        let request = Request {
            root: Some(set.path("alias")),
            never_enter: vec![set.path("real/train")],
            ..Request::default()
        };
        assert_eq!(rows(&listed(&request).listing), ["test/cat/2.jpg test cat"]);
    }

    #[test]
    fn loops_of_links_are_told_once_and_change_nothing_else() {
        let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg"]);
        let before = rows(&set.list());
        set.link("train/cat/up", "..")
            .link("train/root", "../.")
            .link("above", "../..")
            .link("test/self", "self");
        let listing = set.list();
        assert_eq!(rows(&listing), before);
        let loops = problems(&listing, ProblemKind::LinkLoop);
        let keys: Vec<_> = loops.iter().map(|l| l.split(':').next()).collect();
        assert_eq!(
            keys,
            [
                Some("above"),
                Some("test/self"),
                Some("train/cat/up"),
                Some("train/root")
            ]
        );
        assert_eq!(listing.problems.len(), 4, "{:?}", listing.problems);
    }

    #[test]
    fn folders_that_link_to_each_other_end() {
        let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg"]);
        set.link("train/other", "../test")
            .link("test/other", "../train");
        let listing = set.list();
        assert_eq!(problems(&listing, ProblemKind::LinkLoop).len(), 2);
        assert_eq!(listing.samples.len(), 4);
    }

    #[test]
    fn chains_that_double_with_every_link_end() {
        let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg"]);
        for level in 0..30 {
            for name in ["a", "b"] {
                set.link(
                    &format!("chain/{level}/{name}"),
                    &format!("../{}", level + 1),
                );
            }
        }
        set.folder("chain/30").link("train/cat/in", "../../chain/0");
        let listing = set.list();
        assert_eq!(listing.samples.len(), 2);
        assert!(!problems(&listing, ProblemKind::LinkLoop).is_empty());
    }

    #[test]
    fn a_link_to_nothing_is_told_with_its_target() {
        let set = Set::of(&["cat/1.jpg"]);
        set.link("cat/2.jpg", "gone.jpg")
            .link("cat/more", "../gone");
        let listing = set.list();
        assert_eq!(
            problems(&listing, ProblemKind::BrokenLink),
            [
                "cat/2.jpg: a link to `gone.jpg`, which does not exist",
                "cat/more: a link to `../gone`, which does not exist"
            ]
        );
        assert_eq!(listing.samples.len(), 1);
    }

    #[test]
    fn a_link_into_the_report_folder_is_not_followed() {
        let set = Set::of(&["cat/1.jpg", "out/3.jpg"]);
        set.link("cat/out", "../out");
        let request = Request {
            never_enter: vec![set.path("out")],
            ..set.request()
        };
        assert_eq!(listed(&request).listing.samples.len(), 1);
    }

    #[test]
    fn names_that_are_not_utf8_survive() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg"]);
        let class = set.path("train").join(OsStr::from_bytes(b"caf\xe9"));
        fs::create_dir(&class).expect("created");
        let file = class.join(OsStr::from_bytes(b"\xff.jpg"));
        if fs::write(&file, b"bytes").is_err() {
            return; // A file system that takes only UTF-8.
        }
        let Listed {
            listing, reader, ..
        } = listed(&set.request());
        let index = rows(&listing)
            .iter()
            .position(|row| row == r"train/caf\xe9/\xff.jpg train caf\xe9");
        let id = SampleId(index.expect("listed") as u32);
        assert_eq!(reader.read(id).as_deref(), Ok(&b"bytes"[..]));
    }

    #[test]
    fn a_pipe_named_like_an_image_is_not_opened() {
        let set = Set::of(&["cat/1.jpg"]);
        let made = std::process::Command::new("mkfifo")
            .arg(set.path("cat/2.jpg"))
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return;
        }
        let listing = set.list();
        assert_eq!(listing.samples.len(), 1);
        assert_eq!(problems(&listing, ProblemKind::NotAnImage).len(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_told_and_is_not_called_empty() {
        use std::os::unix::fs::PermissionsExt;
        let set = Set::of(&["train/cat/1.jpg", "train/dog/1.jpg", "test/cat/2.jpg"]);
        let locked = set.path("train/dog");
        let mode = |mode| fs::set_permissions(&locked, fs::Permissions::from_mode(mode));
        mode(0).expect("locked");
        if fs::read_dir(&locked).is_ok() {
            return; // Run by root, for whom nothing is locked.
        }
        let listing = set.list();
        mode(0o755).expect("unlocked");
        assert_eq!(problems(&listing, ProblemKind::Unreadable).len(), 1);
        assert_eq!(problems(&listing, ProblemKind::EmptyFolder), [""; 0]);
    }
}

#[test]
fn a_stop_asked_for_ends_the_listing() {
    let set = Set::of(&["cat/1.jpg"]);
    let stop = StopFlag::default();
    stop.raise();
    let answer = source::list(&set.request(), &stop, &Silent);
    assert!(matches!(answer, Err(Error::Interrupted)));
}
