//! A new split: planned, proven, copied, scanned from nothing.

use std::collections::BTreeSet;
use std::fs;

use super::run::Place;

/// A data set of two classes whose test split holds copies of training images
/// and too few dogs.
fn leaky(place: &Place) {
    place.leaky_set();
}

#[test]
fn repaired_copy_scans_clean_from_nothing_and_the_input_is_as_it_was() {
    let place = Place::new();
    leaky(&place);
    place.scan().args(["--select", "LEAK"]).exits(1);
    let before = fs::read_dir(place.path("data/test/cat"))
        .expect("a folder")
        .count();
    for way in ["link-or-copy", "symlink", "copy"] {
        let to = format!("new-{way}");
        place
            .splitlint(["resplit", "data", "--to", to.as_str(), "--by", way])
            .exits(0)
            .says("atoms in several splits")
            .says("the checks of leaks, groups and class shares pass");
        let select = ["--select", "LEAK001,LEAK002,DIST006"];
        let args = ["scan", to.as_str(), "--no-cache", "--report", "again"];
        place.splitlint(args).args(select).exits(0);
    }
    let after = fs::read_dir(place.path("data/test/cat"))
        .expect("a folder")
        .count();
    assert_eq!(before, after, "the input is as it was");
    let rows = place.read("splitlint-resplit/splits.csv");
    assert!(rows.starts_with("sample,old,new,atom,reason\n"), "{rows}");
    assert!(rows.contains("its atom was in several splits"), "{rows}");
    let listed = ["train", "test"].map(|split| {
        place
            .read(format!("splitlint-resplit/{split}.txt"))
            .lines()
            .count()
    });
    assert_eq!(listed[0] + listed[1], rows.lines().count() - 1);
    let args = [
        "scan",
        "splitlint-resplit/manifest.csv",
        "--no-cache",
        "--report",
        "third",
    ];
    place
        .splitlint(args)
        .args(["--select", "LEAK001,LEAK002"])
        .exits(0);
}

#[test]
fn report_stands_for_the_data_set_it_was_made_of() {
    let place = Place::new();
    leaky(&place);
    place.splitlint(["scan", "data"]).exits(1);
    let page = place.read("splitlint-report/report.html");
    assert!(
        page.contains("splitlint resplit REPORT"),
        "the page names the command"
    );
    place.splitlint(["resplit", "splitlint-report"]).exits(0);
    let of_report = place.read("splitlint-resplit/splits.csv");
    place
        .splitlint(["resplit", "data", "--out", "other", "--jobs", "1"])
        .exits(0);
    assert_eq!(of_report, place.read("other/splits.csv"));
}

#[test]
fn kept_split_stays_and_what_leaks_into_it_is_left_out() {
    let place = Place::new();
    leaky(&place);
    place
        .splitlint(["resplit", "data", "--keep", "test"])
        .exits(0);
    let rows = place.read("splitlint-resplit/splits.csv");
    for row in rows.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(cells[1] == "test", cells[2] == "test", "{row}");
    }
    assert!(rows.contains("left out: belongs together with"), "{rows}");
}

#[test]
fn scenes_are_searched_where_they_are_to_stay_together() {
    let place = Place::new();
    leaky(&place);
    place
        .splitlint(["resplit", "data", "--keep-together", "copies,scenes"])
        .exits(0)
        .says("the checks of leaks, groups and class shares pass");
}

/// The id of the only finding of `code` in the report.
fn id_of(place: &Place, code: &str) -> String {
    let findings = place.read("splitlint-report/findings.csv");
    let mut reader = csv::Reader::from_reader(findings.as_bytes());
    let headers = reader.headers().expect("headers").clone();
    let column = |name| headers.iter().position(|h| h == name).expect("a column");
    let (of_code, of_id) = (column("code"), column("id"));
    let rows = reader.records().map(|row| row.expect("a row"));
    let found: Vec<String> = rows
        .filter(|row| &row[of_code] == code)
        .map(|row| row[of_id].to_owned())
        .collect();
    assert_eq!(found.len(), 1, "{findings}");
    found[0].clone()
}

#[test]
fn rejected_copies_hold_nothing_together_and_accepted_ones_do() {
    let place = Place::new();
    leaky(&place);
    place.scan().args(["--select", "LEAK"]).exits(1);
    let id = id_of(&place, "LEAK001");
    let both = ["train/cat/000.jpg", "test/cat/copy.jpg"];
    for (choice, verdict) in [("accept", "right"), ("reject", "wrong")] {
        let text = format!(
            "finding,code,choice,verdict,note,reviewer,about\n{id},LEAK001,{choice},{verdict},two flags,Ana,\n"
        );
        place.write("splitlint-report/review.csv", text);
        let args = ["resplit", "splitlint-report", "--out", choice, "--to"];
        let to = format!("new-{choice}");
        let run = place.splitlint(args).args([&to]).exits(0);
        let rows = both.map(|sample| row(&place, choice, sample));
        assert_eq!(rows[0].1 == rows[1].1, choice == "accept", "{rows:?}");
        if choice == "accept" {
            continue;
        }
        run.says("1 pair that a review found to be no copies hold nothing together")
            .says("--baseline reject/baseline.csv");
        assert_ne!(rows[0].0, rows[1].0, "nothing moves without need");
        assert!(place.read("reject/baseline.csv").contains("two flags,Ana"));
        let scan = [
            "scan",
            &to,
            "--no-cache",
            "--select",
            "LEAK",
            "--report",
            "again",
        ];
        place.splitlint(scan).exits(1);
        let accepted = ["--baseline", "reject/baseline.csv"];
        place.splitlint(scan).args(accepted).exits(0);
    }
}

#[test]
fn decisions_that_wait_are_named() {
    let place = Place::new();
    leaky(&place);
    place.scan().args(["--select", "LEAK"]).exits(1);
    let sheet = "sample,given,suggested,decision\ntrain/cat/001.jpg,cat,,drop\ntrain/cat/002.jpg,cat,,keep\n";
    place.write("splitlint-report/decisions.csv", sheet);
    place
        .splitlint(["resplit", "splitlint-report"])
        .exits(0)
        .says("1 decision in decisions.csv drops or relabels a sample");
}

/// The new split and the atom of a sample.
fn row(place: &Place, out: &str, sample: &str) -> (String, String) {
    let rows = place.read(format!("{out}/splits.csv"));
    let row = rows
        .lines()
        .find(|row| row.starts_with(&format!("{sample},")));
    let cells: Vec<&str> = row
        .unwrap_or_else(|| panic!("{sample} in {rows}"))
        .split(',')
        .collect();
    (cells[2].to_owned(), cells[3].to_owned())
}

/// An image of six by six soft patches, as a PNG file.
fn patches(seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let small = image::RgbImage::from_fn(6, 6, |_, _| {
        image::Rgb([(); 3].map(|()| {
            // Marsaglia's xorshift (2003), 32 bits.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as u8
        }))
    });
    let filter = image::imageops::FilterType::Triangle;
    let image = image::imageops::resize(&small, 64, 64, filter);
    let mut png = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("written to memory");
    png.into_inner()
}

#[test]
fn two_shots_of_one_place_come_into_one_split_where_scenes_stay_together() {
    let place = Place::new();
    for (number, folder) in ["train/cat", "train/dog", "test/cat", "test/dog"]
        .into_iter()
        .enumerate()
    {
        for i in 0..4 {
            let name = format!("data/{folder}/{i}.png");
            place.write(name, patches((number * 4 + i) as u32));
        }
    }
    let shots =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/checks/LEAK008/fires");
    let both = ["train/cat/a.png", "test/cat/b.png"];
    for (from, to) in ["train/city/1.png", "test/city/2.png"]
        .into_iter()
        .zip(both)
    {
        place.write(
            format!("data/{to}"),
            fs::read(shots.join(from)).expect("a shot"),
        );
    }
    place
        .splitlint(["resplit", "data", "--out", "copies"])
        .exits(0);
    let scenes = [
        "resplit",
        "data",
        "--out",
        "scenes",
        "--keep-together",
        "copies,scenes",
    ];
    place
        .splitlint(scenes)
        .exits(0)
        .says("atoms in several splits                         1              0");
    let [apart, together] =
        ["copies", "scenes"].map(|out| both.map(|sample| row(&place, out, sample)));
    assert_ne!(apart[0], apart[1], "two shots are no copies");
    assert_eq!(together[0], together[1], "one atom in one split");
}

/// A window of 240 samples a side, from `left` on, of a wide image of random blocks.
fn window(seed: u32, left: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let mut blocks = image::GrayImage::new(30, 20);
    for block in blocks.pixels_mut() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        block.0 = [(state >> 8) as u8];
    }
    let filter = image::imageops::FilterType::Triangle;
    let wide = image::imageops::resize(&blocks, 360, 240, filter);
    let shown = image::imageops::crop_imm(&wide, left, 0, 240, 240).to_image();
    let mut png = std::io::Cursor::new(Vec::new());
    shown
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("written to memory");
    png.into_inner()
}

#[test]
fn overlapping_windows_are_copies_and_come_into_one_split() {
    let place = Place::new();
    for (number, folder) in ["train/cat", "train/dog", "test/cat", "test/dog"]
        .into_iter()
        .enumerate()
    {
        for i in 0..4 {
            let name = format!("data/{folder}/{i}.png");
            place.write(name, window((number * 4 + i + 2) as u32, 0));
        }
    }
    let both = ["train/cat/a.png", "test/cat/b.png"];
    for (sample, left) in both.iter().zip([0, 80]) {
        place.write(format!("data/{sample}"), window(1, left));
    }
    place
        .splitlint(["resplit", "data", "--out", "new"])
        .exits(0);
    let [one, other] = both.map(|sample| row(&place, "new", sample));
    assert_eq!(one, other, "one atom in one split");
}

#[test]
fn declared_groups_of_coco_and_yolo_sets_stay_together() {
    for layout in ["coco", "yolo"] {
        let place = Place::new();
        let mut lists = [(); 2].map(|()| (Vec::new(), Vec::new()));
        for i in 0..24u64 {
            let (number, split) = if i < 16 { (0, "train") } else { (1, "val") };
            // Six patients, each with images in both splits.
            let name = format!("p{}-{i:02}", i % 6);
            place.image(&format!("data/images/{split}/{name}.png"), i);
            let class = i % 2;
            place.write(
                format!("data/labels/{split}/{name}.txt"),
                format!("{class} 0.5 0.5 0.5 0.5\n"),
            );
            lists[number]
                .0
                .push(format!("{{\"id\":{i},\"file_name\":\"{name}.png\"}}"));
            lists[number].1.push(format!(
                "{{\"id\":{i},\"image_id\":{i},\"category_id\":{class},\"bbox\":[1,1,20,20]}}"
            ));
        }
        match layout {
            "yolo" => {
                let yaml = "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n";
                place.write("data/data.yaml", yaml);
            }
            _ => {
                fs::remove_dir_all(place.path("data/labels")).expect("removed");
                for (split, (images, boxes)) in ["train", "val"].into_iter().zip(&lists) {
                    let (images, boxes) = (images.join(","), boxes.join(","));
                    let text = format!(
                        "{{\"images\":[{images}],\"annotations\":[{boxes}],\"categories\":\
                         [{{\"id\":0,\"name\":\"cat\"}},{{\"id\":1,\"name\":\"dog\"}}]}}"
                    );
                    place.write(format!("data/annotations/instances_{split}.json"), text);
                }
            }
        }
        let groups = ["--group-regex", r"/(p\d)-"];
        place
            .splitlint(["resplit", "data", "--to", "new"])
            .args(groups)
            .exits(0)
            .says("atoms in several splits                         6              0");
        let scan = [
            "scan",
            "new",
            "--no-cache",
            "--select",
            "LEAK001,LEAK002,LEAK005,FILE",
        ];
        place
            .splitlint(scan)
            .args(groups)
            .exits(0)
            .says("24 images");
    }
}

/// Every image of a YOLO set with its label file.
fn annotated(root: &std::path::Path) -> BTreeSet<(Vec<u8>, Option<String>)> {
    let mut found = BTreeSet::new();
    for split in ["train", "val"] {
        for entry in fs::read_dir(root.join("images").join(split)).expect("a folder") {
            let image = entry.expect("an entry").path();
            let name = image.file_name().expect("a name");
            let label = root.join("labels").join(split).join(name);
            let label = fs::read_to_string(label.with_extension("txt")).ok();
            found.insert((fs::read(&image).expect("an image"), label));
        }
    }
    found
}

#[test]
fn yolo_set_is_copied_with_its_labels_and_a_description_of_the_new_splits() {
    let place = Place::new();
    for i in 0..24u64 {
        let split = if i < 16 { "train" } else { "val" };
        // The last is a copy of the first, under its own box.
        place.image(&format!("data/images/{split}/{:02}.png", i % 16), i % 23);
        if i % 5 != 4 {
            let label = format!("{} 0.5 0.5 0.5 0.{}\n", i % 2, 10 + i);
            place.write(format!("data/labels/{split}/{:02}.txt", i % 16), label);
        }
    }
    let yaml = "# mine\npath: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n";
    place.write("data/data.yaml", yaml);
    let before = annotated(&place.path("data"));
    let args = [
        "resplit",
        "data",
        "--to",
        "new",
        "--fresh",
        "--sizes",
        "train=0.5,val=0.5",
    ];
    let _ = place.splitlint(args).into_command().output().expect("runs");
    assert_eq!(annotated(&place.path("new")), before);
    assert_eq!(
        annotated(&place.path("data")),
        before,
        "the input is as it was"
    );
    assert_eq!(
        place.read("new/data.yaml"),
        "# mine\nnames: [cat, dog]\ntrain: \"images/train\"\nval: \"images/val\"\n"
    );
    let args = [
        "scan",
        "new",
        "--no-cache",
        "--select",
        "LEAK001,LEAK002,FILE",
    ];
    place.splitlint(args).exits(0);
    assert!(place.read("data/data.yaml") == yaml);
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let place = Place::new();
    leaky(&place);
    let refused = |args: &[&str], why: &str| {
        place
            .splitlint(["resplit", "data"])
            .args(args)
            .exits(2)
            .warns(why);
    };
    refused(
        &["--keep-together", "copies,scene"],
        "`--keep-together scene`",
    );
    refused(&["--keep", "holdout-2"], "`--keep holdout-2`");
    refused(&["--sizes", "train"], "NAME=SIZE");
    refused(&["--to", "data/inside"], "lies in the data set");
    refused(&["--temporal"], "of unknown time");
    assert!(!place.path("data/inside").exists());
}

#[test]
fn columns_of_a_manifest_stay_and_one_hot_labels_are_corrected_in_place() {
    let place = Place::new();
    let mut text = "path,cat,dog,camera\n".to_owned();
    for i in 0..24u64 {
        place.image(&format!("data/{i:02}.jpg"), i);
        let cat = i % 2;
        text.push_str(&format!("{i:02}.jpg,{cat},{},no {i}\n", 1 - cat));
    }
    place.write("data/manifest.csv", &text);
    let args = ["resplit", "data", "--fresh", "--sizes", "train=0.5,val=0.5"];
    place.splitlint(args).args(["--to", "new"]).exits(0);
    let written = place.read("new/manifest.csv");
    assert!(
        written.starts_with("path,cat,dog,camera,split\n"),
        "{written}"
    );
    for line in text.lines().skip(1) {
        let is_kept = |row: &str| {
            row.strip_prefix(line)
                .is_some_and(|end| [",train", ",val"].contains(&end))
        };
        assert!(written.lines().any(is_kept), "{line} in {written}");
    }
    // Another split of that copy changes the column that is there.
    let args = [
        "resplit", "new", "--kfold", "3", "--out", "folds", "--to", "third",
    ];
    place.splitlint(args).exits(0);
    let written = place.read("third/manifest.csv");
    assert!(
        written.starts_with("path,cat,dog,camera,split\n"),
        "{written}"
    );
    assert_eq!(written.matches(",fold-").count(), 24, "{written}");

    place
        .splitlint(["scan", "data", "--select", "LEAK,LABEL"])
        .exits(0);
    let sheet = "sample,given,suggested,decision\n00.jpg,dog,,cat\n01.jpg,cat,,drop\n";
    place.write("splitlint-report/decisions.csv", sheet);
    place
        .splitlint(["apply", "splitlint-report", "--to", "cleaned"])
        .exits(0);
    let cleaned = place.read("cleaned/manifest.csv");
    assert!(cleaned.contains("\n00.jpg,1,0,no 0\n"), "{cleaned}");
    assert!(cleaned.contains("\n02.jpg,0,1,no 2\n"), "{cleaned}");
    assert!(!cleaned.contains("no 1\n"), "{cleaned}");
}
