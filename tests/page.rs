//! `report.html` in a real browser: its script runs, nothing is complained
//! of. Passes over the question where no Chromium is found.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Names under which systems install it.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| BROWSERS.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

#[test]
fn page_opens_without_complaint_and_its_script_runs() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium is installed");
        return;
    };
    let place = tempfile::tempdir().expect("a temporary folder");
    let report = place.path().join("report");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo");
    let scan = Command::new(env!("CARGO_BIN_EXE_splitlint"))
        .args(["scan", "--no-cache", "--quiet", "--fail-on", "never"])
        .arg("--report")
        .args([&report, &demo])
        .current_dir(place.path())
        .output()
        .expect("the program starts");
    let page = report.join("report.html");
    assert!(page.is_file(), "{}", String::from_utf8_lossy(&scan.stderr));

    let profile = place.path().join("profile");
    let seen = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync"])
        // Nothing but the file itself is there to be reached.
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    let document = String::from_utf8_lossy(&seen.stdout);
    let log = String::from_utf8_lossy(&seen.stderr);
    let complaints: Vec<&str> = log.lines().filter(|l| l.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    // The script has counted the rows of the table.
    let count = document.split("id=\"count\"").nth(1).expect("a count");
    assert!(count[..80].contains(" shown"), "{}", &count[..80]);
}
