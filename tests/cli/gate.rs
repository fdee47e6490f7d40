//! The shell script that a pipeline would use, over a part of the demo set.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::run::Place;

#[test]
fn gate_stops_cannot_judge_and_passes_and_its_baseline_survives_renames() {
    let place = Place::new();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Two classes have every fault that decides, and half the images.
    for split in ["train", "val", "test"] {
        for class in ["lake", "city"] {
            let from = repository.join("sample-data/demo").join(split).join(class);
            for file in fs::read_dir(from).expect("the demo set") {
                let file = file.expect("readable").path();
                let name = file.file_name().expect("a file").to_string_lossy();
                let bytes = fs::read(&file).expect("readable");
                place.write(format!("data/{split}/{class}/{name}"), bytes);
            }
        }
    }
    // What labels look like is not what a gate is about, and slow.
    place.write("splitlint.toml", "ignore = [\"LABEL\"]\n");
    let program = Path::new(env!("CARGO_BIN_EXE_splitlint"));
    let mut path = program.parent().expect("a folder").as_os_str().to_owned();
    path.push(":/usr/local/bin:/usr/bin:/bin");
    let script = Command::new("sh")
        .arg(repository.join("tests/cli/gate.sh"))
        .arg("data")
        .current_dir(place.path(""))
        .env("PATH", path)
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&script.stdout);
    let complaint = String::from_utf8_lossy(&script.stderr);
    assert!(script.status.success(), "{said}\n{complaint}");
    let answers: String = (said.lines())
        .filter(|line| line.contains("<- splitlint scan"))
        .map(|line| &line[..1])
        .collect();
    assert_eq!(answers, "120010", "{said}\n{complaint}");
}
