//! `report.html` and the review in a real browser: nothing is complained of,
//! nothing asked for, and their tools work. Passes over the question where no Chromium is
//! found, unless `CI` is set.

#[cfg(unix)]
mod devtools;
#[cfg(unix)]
mod review;
#[cfg(unix)]
#[expect(
    dead_code,
    reason = "a browser asks for images and nobody is killed here"
)]
#[path = "../support/reviewing.rs"]
mod reviewing;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names under which systems install it.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Where systems without such names keep it.
const PLACES: [&str; 3] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
];

/// Uses the page as a person would, and writes what came of it into an element.
const PERSON: &str = r##"<pre id="said"></pre><script nonce="splitlint">
addEventListener("load", () => {
  const said = [];
  const one = (query) => document.querySelector(query);
  const seen = () => [...document.querySelectorAll("#rows tbody tr")].filter((row) => !row.hidden).length;
  const all = seen();
  const type = (text) => { one("#filter").value = text; one("#filter").dispatchEvent(new Event("input", { bubbles: true })); };
  type("leak001"); said.push("filtered " + (seen() > 0 && seen() < all));
  type(""); said.push("unfiltered " + (seen() === all));
  one(".severity[value=error]").click(); said.push("severity " + (seen() < all)); one(".severity[value=error]").click();
  const head = one("#rows th:nth-child(3) button");
  head.focus(); head.click();
  said.push("sorted " + (head.closest("th").getAttribute("aria-sort") === "ascending" && document.activeElement === head));
  one(".lay").click(); one(".cut").focus(); one(".cut").value = 20; one(".cut").dispatchEvent(new Event("input", { bubbles: true }));
  said.push("slid " + (one(".cut").closest(".pair").style.getPropertyValue("--cut") === "20%"));
  const cards = () => [...document.querySelectorAll(".card")].filter((card) => !card.hidden).length;
  const before = cards();
  one("#class").selectedIndex = 1; one("#class").dispatchEvent(new Event("input", { bubbles: true }));
  said.push("classed " + (cards() > 0 && cards() < before && seen() < all));
  one("#class").selectedIndex = 0; one("#class").dispatchEvent(new Event("input", { bubbles: true }));
  one(".accept").click();
  said.push("accepted " + (!one("#bar").hidden && one("#bar-command").textContent.includes("--baseline accepted.csv")));
  one(".decide").value = "keep"; one(".decide").dispatchEvent(new Event("change", { bubbles: true }));
  said.push("decided " + one("#bar-count").textContent.startsWith("1 labels decided, 1 findings"));
  one(".card .shot img").click();
  said.push("enlarged " + (one("#large").open && one("#large a").href.startsWith("file:")));
  one("#large").close();
  location.hash = one("#rows a.code").getAttribute("href");
  const tools = [...document.querySelectorAll("a[href], button, input, summary, .scroll, .strip")];
  said.push("reached " + tools.every((tool) => tool.tabIndex === 0));
  said.push("named " + [...document.images].every((image) => image.alt));
  setTimeout(() => { said.push("opened " + !!one("details.check[open]")); one("#said").textContent = said.join("; "); }, 200);
});
</script></body>"##;

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .flat_map(|folder| BROWSERS.map(|name| folder.join(name)))
        .chain(PLACES.map(PathBuf::from))
        .find(|file| file.is_file())
        // Some systems have a stub in its place that only says what to install.
        .filter(|file| {
            let version = Command::new(file).arg("--version").output();
            version.is_ok_and(|version| version.status.success())
        });
    if found.is_none() {
        support::skip("no Chromium is installed");
    }
    found
}

/// The page over the data set `data`, scanned in `place`.
fn page(place: &Path, data: &Path) -> PathBuf {
    let scan = Command::new(env!("CARGO_BIN_EXE_splitlint"))
        .args(["scan", "--no-cache", "--quiet", "--fail-on", "never"])
        .arg("--report")
        .args([&place.join("report"), data])
        .current_dir(place)
        .output()
        .expect("the program starts");
    let page = place.join("report/report.html");
    assert!(page.is_file(), "{}", String::from_utf8_lossy(&scan.stderr));
    page
}

/// The document after its scripts ran, which must leave no complaint behind.
fn opened(browser: &Path, page: &Path, place: &Path) -> String {
    let seen = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync"])
        // Nothing but the file itself is there to be reached.
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=5000"])
        .arg(format!(
            "--user-data-dir={}",
            place.join("profile").display()
        ))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    let log = String::from_utf8_lossy(&seen.stderr);
    let complaints: Vec<&str> = log.lines().filter(|l| l.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    String::from_utf8_lossy(&seen.stdout).into_owned()
}

#[test]
fn page_opens_without_complaint_and_its_tools_work() {
    let Some(browser) = browser() else { return };
    let place = tempfile::tempdir().expect("a temporary folder");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo");
    let page = page(place.path(), &demo);
    let document = opened(&browser, &page, place.path());
    // The script has counted the rows of the table.
    let count = document.split("id=\"count\"").nth(1).expect("a count");
    assert!(count[..80].contains(" shown"), "{}", &count[..80]);

    let text = fs::read_to_string(&page).expect("there");
    fs::write(&page, text.replace("</body>", PERSON)).expect("written");
    let document = opened(&browser, &page, place.path());
    let said = document.split("<pre id=\"said\">").nth(1).expect("an end");
    let said = said.split("</pre>").next().expect("a beginning");
    assert_eq!(said.matches(" true").count(), 12, "{said}");
}

#[cfg(unix)]
#[test]
fn names_that_bite_are_shown_as_text() {
    let Some(browser) = browser() else { return };
    let place = tempfile::tempdir().expect("a temporary folder");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo/train/city");
    let image = |n: u32| fs::read(demo.join(format!("{n:02}.jpg"))).expect("the demo set");
    let long = "x".repeat(240);
    for (number, class) in (0..).zip([
        "<img src=x onerror=console.error(1)>",
        "\"quoted\" 'n `ticked` & {{ page }}",
        "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{202e}gnp",
        long.as_str(),
    ]) {
        // The same image in both splits, so that every name is in a finding.
        for split in ["train", "test"] {
            let folder = place.path().join("data").join(split).join(class);
            fs::create_dir_all(&folder).expect("made");
            fs::write(folder.join(format!("{class:.200}.jpg")), image(number)).expect("written");
        }
    }
    let page = page(place.path(), &place.path().join("data"));
    let document = opened(&browser, &page, place.path());
    assert!(document.contains("&lt;img src=x onerror"), "shown as text");
    assert!(!document.contains("<img src=\"x\""));
    assert!(!document.contains('\u{202e}'));
    assert!(document.contains(&long));
    assert!(document.contains("{{ page }}"));
}
