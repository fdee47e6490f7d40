//! The way back, as a person walks it: scan, decide, accept, apply, scan again.
//! What was decided does not come back, and nothing else has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::ImageFormat;

use super::images::{Random, waves};
use super::run::Place;

/// Images of each class in each split. A probability is calibrated by the given
/// labels, so that five wrong ones of a hundred leave none above 95%, and a
/// label is in question from 20 to 1: of two hundred, all five are.
const EACH: u64 = 48;

/// Dogs among the cats and cats among the dogs.
const WRONG: [&str; 5] = [
    "test/cat/003.png",
    "test/dog/007.png",
    "train/cat/011.png",
    "train/dog/005.png",
    "train/dog/017.png",
];

/// An image that shows a red cat, which lies, or a blue dog, which stands: bars
/// before waves. The bars have sharp edges, without which two images of waves
/// may be taken for copies.
fn tinted(seed: u64, is_cat: bool) -> Vec<u8> {
    let mut image = waves(seed);
    let mut random = Random(seed ^ 0x5eed);
    let mut below = |bound: u32| (random.unit() * f64::from(bound)) as u32;
    for _ in 0..12 {
        let (long, short) = (16 + below(24), 3 + below(5));
        let (width, height) = if is_cat { (long, short) } else { (short, long) };
        let (left, top) = (below(64 - width), below(64 - height));
        let shade = below(256) as u8;
        for (x, y) in (0..width * height).map(|i| (i % width, i / width)) {
            image.put_pixel(left + x, top + y, image::Rgb([shade; 3]));
        }
    }
    for pixel in image.pixels_mut() {
        let [r, g, b] = pixel.0;
        pixel.0 = match is_cat {
            true => [r / 2 + 120, g / 2, b / 2],
            false => [r / 2, g / 2, b / 2 + 120],
        };
    }
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("encodes");
    bytes.into_inner()
}

/// Two splits of cats and dogs with five wrong labels, below `data`; and three
/// copies of images of another place in the test split, which `leak` names.
fn data(place: &Place, leak: impl Fn(u64) -> (String, u64)) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut write = |key: String, seed: u64, is_cat: bool| {
        place.write(format!("data/{key}"), tinted(seed, is_cat));
        let class = if key.contains("/cat/") { "cat" } else { "dog" };
        labels.insert(key, class.to_owned());
    };
    for (i, folder) in ["train/cat", "train/dog", "test/cat", "test/dog"]
        .into_iter()
        .enumerate()
    {
        for j in 0..EACH {
            let key = format!("{folder}/{j:03}.png");
            let is_cat = folder.ends_with("cat") != WRONG.contains(&key.as_str());
            write(key, i as u64 * 1000 + j, is_cat);
        }
    }
    for j in 0..3 {
        let (key, seed) = leak(j);
        write(key, seed, true);
    }
    labels
}

/// The rows of a table of the report in `folder`, by column.
fn rows(place: &Place, file: &str) -> Vec<BTreeMap<String, String>> {
    let text = place.read(file);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().expect("headers").clone();
    let row = |row: csv::StringRecord| {
        let cells = names.iter().zip(row.iter());
        cells
            .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
            .collect()
    };
    reader
        .records()
        .map(|record| row(record.expect("a row")))
        .collect()
}

/// Writes a table back as Excel of a German desk does.
fn as_excel(rows: &[BTreeMap<String, String>], columns: &[&str]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(columns).expect("written");
    for row in rows {
        writer
            .write_record(columns.iter().map(|&name| &row[name]))
            .expect("written");
    }
    writer.into_inner().expect("whole")
}

const COLUMNS: [&str; 8] = [
    "sample",
    "given",
    "suggested",
    "label_score",
    "decision",
    "split",
    "checks",
    "content",
];

/// Keeps two labels, changes two, drops one image, and says so in a file as a
/// spreadsheet writes it. The contents decided on, by what was decided.
fn decide(place: &Place) -> BTreeMap<String, String> {
    let file = "splitlint-report/decisions.csv";
    let mut questions = rows(place, file);
    let words = ["keep", "keep", "change", "change", "drop"];
    let mut left = words.into_iter();
    let mut decided = BTreeMap::new();
    for row in &mut questions {
        if WRONG.iter().any(|wrong| row["sample"].ends_with(wrong)) {
            let word = left.next().expect("five of them");
            row.insert("decision".to_owned(), word.to_owned());
            decided.insert(row["content"].clone(), word.to_owned());
        }
    }
    assert_eq!(
        decided.len(),
        words.len(),
        "every wrong label is in question"
    );
    place.write(file, as_excel(&questions, &COLUMNS));
    decided
}

/// Scans with the baseline and holds the report against what was decided.
#[track_caller]
fn nothing_comes_back(
    place: &Place,
    scan: &[&str],
    report: &str,
    decided: &BTreeMap<String, String>,
) {
    let with = [
        "--baseline",
        "splitlint-baseline.csv",
        "--report",
        report,
        "--no-cache",
    ];
    place.splitlint(["scan"]).args(scan).args(with).exits(0);
    let contents: BTreeMap<String, String> = rows(place, &format!("{report}/samples.csv"))
        .into_iter()
        .map(|row| (row["sample"].clone(), format!("b3-{}", row["content_hash"])))
        .collect();
    for finding in rows(place, &format!("{report}/findings.csv")) {
        if finding["code"].starts_with("LABEL") {
            let first = finding["samples"].split(';').next().unwrap_or_default();
            let known = contents.get(first).and_then(|content| decided.get(content));
            assert_eq!(known, None, "{finding:?}");
        }
        assert_ne!(finding["severity"], "error", "{finding:?}");
    }
    for row in rows(place, &format!("{report}/decisions.csv")) {
        assert!(!decided.contains_key(&row["content"]), "{row:?}");
    }
    let dropped = decided.iter().filter(|(_, word)| *word == "drop");
    for (content, _) in dropped {
        assert!(
            contents.values().all(|other| other != content),
            "it was dropped"
        );
    }
    assert_eq!(
        rows(place, &format!("{report}/drop.csv")).len(),
        0,
        "leaks were accepted"
    );
}

/// The first part: scan, decide, accept three leaks, scan again with both, apply.
fn walk(place: &Place, scan: &[&str], accepted: usize) -> BTreeMap<String, String> {
    place.splitlint(["scan", "--no-cache"]).args(scan).exits(1);
    let decided = decide(place);
    place
        .splitlint([
            "baseline",
            "--select",
            "LEAK001",
            "--reason",
            "a known burst",
            "--expires",
            "2099-12-31",
        ])
        .exits(0)
        .says(&format!("{accepted} new"));
    let with = ["--no-cache", "--baseline", "splitlint-baseline.csv"];
    place
        .splitlint(["scan"])
        .args(scan)
        .args(with)
        .exits(0)
        .warns("5 decisions were carried over");
    let before = snapshot(&place.path("data"));
    place
        .splitlint(["apply", "--to", "cleaned"])
        .exits(0)
        .says("1 sample dropped, 2 relabelled, 2 kept")
        .says("2 suspicious labels are accepted in `splitlint-baseline.csv`")
        .says("no copy across splits except those of ")
        .says("--baseline splitlint-baseline.csv");
    assert_eq!(
        snapshot(&place.path("data")),
        before,
        "the data set is as it was"
    );
    let baseline = place.read("splitlint-baseline.csv");
    assert_eq!(
        baseline.matches("a known burst").count(),
        accepted,
        "{baseline}"
    );
    assert_eq!(baseline.matches("LABEL002,").count(), 2, "{baseline}");
    decided
}

/// Every file below `folder` by its bytes: how many there are of each.
fn contents(folder: &Path) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = snapshot(folder).into_values().collect();
    all.sort();
    all
}

/// Every file below `folder` with its bytes.
fn snapshot(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let key = path
                    .strip_prefix(folder)
                    .expect("below")
                    .to_string_lossy()
                    .into_owned();
                files.insert(key, fs::read(&path).expect("readable"));
            }
        }
    }
    files
}

/// Two scans of one set leave the same bytes.
fn twice(place: &Place, scan: &[&str]) {
    for report in ["first", "second"] {
        let with = [
            "--baseline",
            "splitlint-baseline.csv",
            "--report",
            report,
            "--no-cache",
        ];
        place.splitlint(["scan"]).args(scan).args(with).exits(0);
    }
    let again = [
        "--baseline",
        "splitlint-baseline.csv",
        "--report",
        "first",
        "--no-cache",
    ];
    place.splitlint(["scan"]).args(scan).args(again).exits(0);
    let (first, second) = (
        snapshot(&place.path("first")),
        snapshot(&place.path("second")),
    );
    for (name, bytes) in &first {
        assert_eq!(Some(bytes), second.get(name), "{name}");
    }
}

/// Copies of training images in the test split.
fn from_training(j: u64) -> (String, u64) {
    (format!("test/cat/copy{j}.png"), j)
}

#[test]
fn what_was_decided_of_folders_stays_decided() {
    let place = Place::new();
    data(&place, from_training);
    let decided = walk(&place, &["data"], 3);
    nothing_comes_back(&place, &["cleaned"], "again", &decided);
    let dropped = contents(&place.path("data")).len() - contents(&place.path("cleaned")).len();
    assert_eq!(dropped, 1, "nothing else has gone");

    // Everything is renamed and moved within its split and class.
    for split in ["train", "test"] {
        for class in ["cat", "dog"] {
            let folder = format!("cleaned/{split}/{class}");
            let names: BTreeSet<_> = snapshot(&place.path(&folder)).into_keys().collect();
            for (i, name) in names.into_iter().enumerate() {
                let bytes = fs::read(place.path(format!("{folder}/{name}"))).expect("there");
                place.write(
                    format!("moved/set/{split}/{class}/sub/x{:04}.png", 9000 - i),
                    bytes,
                );
            }
        }
    }
    nothing_comes_back(&place, &["moved/set"], "third", &decided);
    twice(&place, &["moved/set"]);
}

#[test]
fn what_was_decided_of_a_manifest_with_columns_of_its_own_stays_decided() {
    let place = Place::new();
    let labels = data(&place, from_training);
    // As a spreadsheet writes it, with the paths of Windows.
    let mut manifest = b"\xef\xbb\xbfcamera;klass;img;part;box\r\n".to_vec();
    for (i, (key, label)) in labels.iter().enumerate() {
        let part = key.split('/').next().unwrap_or_default();
        let path = key.replace('/', "\\");
        manifest.extend(format!("cam{i};{label};{path};{part};\"{i};{i}\"\r\n").bytes());
    }
    place.write("data/list.csv", manifest);
    let columns = [
        "--path-column",
        "img",
        "--label-column",
        "klass",
        "--split-column",
        "part",
    ];
    let scan = |root| [&[root][..], &columns].concat();
    let decided = walk(&place, &scan("data/list.csv"), 3);
    let cleaned = place.read("cleaned/manifest.csv");
    let mut lines = cleaned.lines();
    assert_eq!(lines.next(), Some("camera,klass,img,part,box"));
    assert_eq!(lines.count(), labels.len() - 1);
    // The folder is read by the manifest in it.
    nothing_comes_back(&place, &scan("cleaned"), "again", &decided);
    let boxes: BTreeMap<String, String> = csv::Reader::from_reader(cleaned.as_bytes())
        .records()
        .map(|row| row.expect("a row"))
        .map(|row| (row[0].to_owned(), row[4].to_owned()))
        .collect();
    assert!(boxes.iter().all(|(camera, cell)| {
        let i = camera.trim_start_matches("cam");
        *cell == format!("{i};{i}")
    }));

    let mut moved = csv::Writer::from_writer(Vec::new());
    let mut reader = csv::Reader::from_reader(cleaned.as_bytes());
    moved
        .write_record(reader.headers().expect("headers"))
        .expect("written");
    for (i, row) in reader.records().enumerate() {
        let row = row.expect("a row");
        let bytes = fs::read(place.path(format!("cleaned/{}", &row[2]))).expect("there");
        let name = format!("all/{:04}.png", 5000 - i);
        place.write(format!("moved/{name}"), bytes);
        moved
            .write_record([&row[0], &row[1], &name, &row[3], &row[4]])
            .expect("written");
    }
    place.write("moved/manifest.csv", moved.into_inner().expect("whole"));
    nothing_comes_back(&place, &scan("moved"), "third", &decided);
    twice(&place, &scan("moved"));
}

#[test]
fn what_was_decided_beside_a_reference_stays_decided() {
    let place = Place::new();
    data(&place, |j| (format!("test/cat/used{j}.png"), 7000 + j));
    for j in 0..3 {
        place.write(format!("earlier/a/{j}.png"), tinted(7000 + j, true));
        // Of training images, which is no leak.
        place.write(format!("earlier/b/{j}.png"), tinted(j, true));
        place.write(format!("earlier/c/{j}.png"), tinted(8000 + j, true));
    }
    let scan = |root| [root, "--reference", "earlier"];
    let decided = walk(&place, &scan("data"), 6);
    let report = place.read("splitlint-baseline.csv");
    assert_eq!(
        report.matches("so no figure is affected").count(),
        3,
        "{report}"
    );
    nothing_comes_back(&place, &scan("cleaned"), "again", &decided);
    fs::rename(place.path("cleaned"), place.path("moved")).expect("moved");
    fs::rename(place.path("earlier"), place.path("older")).expect("moved");
    let scan = ["moved", "--reference", "older"];
    nothing_comes_back(&place, &scan, "third", &decided);
    twice(&place, &scan);
}

#[test]
fn nothing_that_a_person_wrote_is_overwritten() {
    let place = Place::new();
    data(&place, from_training);
    place.splitlint(["scan", "data", "--no-cache"]).exits(1);
    let file = "splitlint-report/decisions.csv";
    let mut questions = rows(&place, file);
    for (row, word) in questions.iter_mut().zip(["keep", "drop", "change"]) {
        row.insert("decision".to_owned(), word.to_owned());
        row.insert("my note".to_owned(), format!("asked Ana; {word}"));
    }
    for row in questions.iter_mut().skip(3) {
        row.insert("my note".to_owned(), String::new());
    }
    let columns = [&COLUMNS[..], &["my note"]].concat();
    place.write(file, as_excel(&questions, &columns));
    place
        .splitlint(["scan", "data", "--no-cache"])
        .exits(1)
        .warns("3 decisions were carried over");
    let again = rows(&place, file);
    for word in ["keep", "drop", "change"] {
        let note = format!("asked Ana; {word}");
        assert!(
            again
                .iter()
                .any(|row| row["decision"] == word && row["my note"] == note)
        );
    }
    let once = place.read(file);
    // The image that was to be dropped goes, another is relabelled: both are
    // done, and what was written of them is kept aside.
    let of = |word: &str| {
        again
            .iter()
            .find(|row| row["decision"] == word)
            .expect("is there")
    };
    fs::remove_file(place.path(format!("data/{}", of("drop")["sample"]))).expect("removed");
    place
        .splitlint(["scan", "data", "--no-cache"])
        .exits(1)
        .warns("1 decision that no longer applies is kept in `decisions-aside.csv`: 1 done");
    let aside = place.read("splitlint-report/decisions-aside.csv");
    assert!(
        aside.contains("asked Ana; drop") && aside.contains("done: the image is gone"),
        "{aside}"
    );
    assert_eq!(once.matches("asked Ana").count(), 3);
    assert_eq!(place.read(file).matches("asked Ana").count(), 2);
    place.write(file, "garbage\n");
    place
        .splitlint(["scan", "data", "--no-cache"])
        .exits(1)
        .warns("decisions-unread-1.csv");
    assert_eq!(
        place.read("splitlint-report/decisions-unread-1.csv"),
        "garbage\n"
    );
}

#[test]
fn conflict_between_copies_waits_for_a_decision_and_is_settled_by_it() {
    let place = Place::new();
    data(&place, |j| (format!("test/dog/copy{j}.png"), j));
    let conflicts = ["--select", "LEAK,LABEL001", "--no-cache"];
    place.splitlint(["scan", "data"]).args(conflicts).exits(1);
    assert_eq!(
        rows(&place, "splitlint-report/drop.csv").len(),
        0,
        "no side settles a conflict"
    );
    let file = "splitlint-report/decisions.csv";
    let mut questions = rows(&place, file);
    assert_eq!(questions.len(), 6, "both sides of each");
    place
        .splitlint(["apply"])
        .exits(0)
        .says("3 label conflicts wait for a decision");
    for row in &mut questions {
        let word = match row["sample"].starts_with("test") {
            true => "drop",
            false => "keep",
        };
        row.insert("decision".to_owned(), word.to_owned());
    }
    place.write(file, as_excel(&questions, &COLUMNS));
    place
        .splitlint(["apply", "--to", "cleaned"])
        .exits(0)
        .says("3 samples dropped, 0 relabelled, 3 kept");
    place
        .splitlint(["scan", "cleaned", "--report", "again"])
        .args(conflicts)
        .exits(0);
}

#[test]
fn editing_the_cleaned_copy_leaves_the_original_alone() {
    let place = Place::new();
    place.leaky_set();
    place.scan().exits(1);
    place.splitlint(["apply", "--to", "cleaned"]).exits(0);
    let (original, copy) = ("data/test/cat/001.jpg", "cleaned/test/cat/001.jpg");
    let before = fs::read(place.path(original)).expect("there");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .open(place.path(copy))
        .expect("there");
    std::io::Write::write_all(&mut file, b"edited").expect("written");
    assert_eq!(fs::read(place.path(original)).expect("there"), before);
}

#[test]
fn gate_asks_for_coverage_and_a_column_of_labels_that_was_not_read_does_not_pass() {
    let place = Place::new();
    data(&place, |j| (format!("test/cat/other{j}.png"), 9000 + j));
    let mut manifest = String::from("img_path,klass,split\n");
    for key in snapshot(&place.path("data")).into_keys() {
        let parts: Vec<&str> = key.split('/').collect();
        manifest.push_str(&format!("{key},{},{}\n", parts[1], parts[0]));
    }
    place.write("data/list.csv", manifest);
    let scan = |more: &[&str]| {
        let arguments = [
            "scan",
            "data/list.csv",
            "--no-cache",
            "--select",
            "LEAK,LABEL",
        ];
        place.splitlint(arguments).args(more)
    };
    scan(&[])
        .exits(0)
        .says("if a column holds the labels: `--label-column NAME`");
    scan(&["--require", "LEAK,LABEL"])
        .exits(2)
        .says("`require` names LABEL, but LABEL001 did not run");
    scan(&["--require", "LEAK,LABEL", "--label-column", "klass"]).exits(0);
    scan(&["--require", "DIST001"])
        .exits(2)
        .says("it was not selected");
    scan(&["--require", "LEEK"])
        .exits(2)
        .warns("did you mean `LEAK`?");
}

#[test]
fn findings_of_any_severity_fail_where_advice_does() {
    let place = Place::new();
    place.clean_set(6);
    // A training image that was used before: advice.
    place.image("earlier/1.jpg", 1);
    let scan = |bar: &str| {
        let arguments = [
            "--select",
            "LEAK001",
            "--reference",
            "earlier",
            "--fail-on",
            bar,
        ];
        place.scan().args(arguments)
    };
    scan("warning")
        .exits(0)
        .says("1 training image is in the data used before too");
    scan("advice").exits(1);
}

#[test]
fn report_of_the_scan_before_says_that_it_is_old() {
    let place = Place::new();
    place.clean_set(6);
    let leaks = ["--select", "LEAK001"];
    place.scan().args(leaks).exits(0);
    assert!(
        place
            .read("splitlint-report/summary.json")
            .contains("\"clean\"")
    );
    place.write("splitlint.toml", "fail-on = \"sometimes\"\n");
    place
        .scan()
        .args(leaks)
        .exits(2)
        .warns("splitlint.toml:1: `fail-on` is `sometimes`");
    let summary = place.read("splitlint-report/summary.json");
    assert!(
        summary.contains("the scan after this report reached no verdict"),
        "{summary}"
    );
    assert!(
        place
            .read("splitlint-report/report.html")
            .contains("class=\"old\"")
    );
    fs::remove_file(place.path("splitlint.toml")).expect("removed");
    place.scan().args(leaks).exits(0);
    assert!(
        !place
            .read("splitlint-report/report.html")
            .contains("reached no verdict")
    );
}

#[test]
fn difference_is_summed_up_with_what_makes_it_worse() {
    let place = Place::new();
    place.leaky_set();
    let scan = |report: &str, code| {
        place
            .scan()
            .args(["--select", "LEAK001,FILE001", "--report", report])
            .exits(code);
    };
    scan("old", 1);
    fs::remove_file(place.path("data/test/cat/copy.jpg")).expect("removed");
    place.write("data/test/cat/broken.jpg", "no image");
    scan("new", 1);
    place
        .splitlint(["diff", "old", "new"])
        .exits(1)
        .says("balance: 1 gone (1 error), 1 new (1 error); worse, because of what is new: 1 error");
}

#[test]
fn groups_come_back_from_a_spreadsheet_and_a_pattern_that_matches_nothing_is_refused() {
    let place = Place::new();
    place.clean_set(3);
    let groups = "\u{feff}file;patient\r\ntrain\\cat\\000.jpg;p1\r\ntest\\cat\\001.jpg;p1\r\n;\r\n";
    place.write("groups.csv", groups);
    let select = ["--select", "LEAK005"];
    place
        .scan()
        .args(select)
        .args(["--group-file", "groups.csv"])
        .exits(1)
        .says("group `p1`");
    place
        .scan()
        .args(select)
        .args(["--group-regex", "patient([0-9]+)_"])
        .exits(2)
        .warns("matches none of 12 paths, such as `test/cat/000.jpg`");
}
