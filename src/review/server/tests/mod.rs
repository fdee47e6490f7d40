//! The server over a small report: what is asked, decided and written.

mod deciding;

use std::fs;
use std::io::{Cursor, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::desk::Desk;
use super::guard::Token;
use super::http::{BODY, Request, Response};
use super::loaded::Loaded;
use super::{Review, Server, routes};
use crate::decisions;
use crate::executor::StopFlag;
use crate::finding::{CheckInfo, CountsAs, Family, FindingId, Severity};
use crate::progress::Silent;
use crate::review::baseline_in;
use crate::sample::ContentHash;
use crate::source::{self, Request as Asked};

const fn check(code: &'static str, family: Family, counts_as: CountsAs) -> CheckInfo {
    CheckInfo {
        code,
        family,
        counts_as,
        name: "a-check",
        summary: "a fact",
        next_step: "look",
        severity: Severity::Warning,
        docs: "",
    }
}

static LEAK: CheckInfo = check("LEAK002", Family::Leak, CountsAs::Leak);
static CONFLICT: CheckInfo = check("LABEL001", Family::Label, CountsAs::LabelConflict);
static SUSPECT: CheckInfo = check("LABEL002", Family::Label, CountsAs::SuspectLabel);
static OUTLIER: CheckInfo = check("LABEL004", Family::Label, CountsAs::Remark);

fn find_check(code: &str) -> Option<&'static CheckInfo> {
    [&LEAK, &CONFLICT, &SUSPECT, &OUTLIER]
        .into_iter()
        .find(|info| info.code == code)
}

const HOST: (&str, &str) = ("host", "127.0.0.1:1");
const JSON: (&str, &str) = ("content-type", "application/json");
const MARKUP: &str = "<img src=x onerror=alert(1)>.png";

/// The samples: name below the data set.
const SAMPLES: [&str; 4] = [
    "train/cat/a.png",
    "train/dog/b.png",
    "test/cat/c.png",
    "test/dog/d.png",
];

/// A data set of four images, a report on it, and a place for the baseline.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        for (shade, key) in (0..).zip(SAMPLES) {
            place.write(&format!("data/{key}"), &png(shade));
        }
        place.report();
        place
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    fn report(&self) {
        let mut samples =
            "sample,content_hash,width,height,label_score,suggested_label\n".to_owned();
        for key in SAMPLES {
            let bytes = fs::read(self.0.path().join("data").join(key)).expect("there");
            samples.push_str(&format!("{key},{},8,8,0.1,dog\n", ContentHash::of(&bytes)));
        }
        self.write("report/samples.csv", samples.as_bytes());
        let findings = [
            (
                "LABEL004",
                "warning",
                "`a` fits no class",
                SAMPLES[0].to_owned(),
                "",
            ),
            (
                "LABEL002",
                "warning",
                MARKUP,
                format!("{};{}", SAMPLES[2], SAMPLES[3]),
                "cat;dog",
            ),
            (
                "LEAK002",
                "error",
                "`c` is a copy of `a`",
                format!("{};{}", SAMPLES[2], SAMPLES[0]),
                "",
            ),
            (
                "LABEL001",
                "error",
                "labels differ",
                format!("{};{}", SAMPLES[3], SAMPLES[0]),
                "cat;dog",
            ),
        ];
        let mut text = "id,code,name,severity,message,splits,labels,samples,score\n".to_owned();
        for (code, severity, message, samples, labels) in findings {
            let id = FindingId::of_names(code, [message]);
            text.push_str(&format!(
                "{id},{code},a-check,{severity},{message},test,{labels},{samples},0.9\n"
            ));
        }
        self.write("report/findings.csv", text.as_bytes());
        let pairs = format!(
            "sample_a,sample_b,relation,transform,similarity,matrix\n\
             {0},{1},near,same view,0.99,1 0 0 0 1 0\n{0},{2},near,same view,0.98,1 0 0 0 1 0\n",
            SAMPLES[0], SAMPLES[2], SAMPLES[3]
        );
        self.write("report/pairs.csv", pairs.as_bytes());
        self.write("report/summary.json", b"{}");
    }

    fn open(data: &Path, report: &Path) -> crate::error::Result<Loaded> {
        let asked = Asked {
            root: Some(data.to_owned()),
            ..Asked::default()
        };
        let listed = source::list(&asked, &StopFlag::default(), &Silent)?;
        Loaded::of(report, listed, &find_check)
    }

    fn desk(&self) -> Desk {
        let (data, report) = (self.0.path().join("data"), self.0.path().join("report"));
        let open = Box::new(move || Self::open(&data, &report));
        let today = "2027-01-01".parse().expect("a day");
        Desk::new(open, self.0.path().join("baseline.csv"), today).expect("a report")
    }
}

fn png(shade: u8) -> Vec<u8> {
    let image = RgbImage::from_fn(8, 8, |x, y| {
        image::Rgb([x as u8 * 20, y as u8 * 20, shade * 50])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image)
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("encodes");
    bytes.into_inner()
}

fn token() -> Token {
    Token::new([3; 16])
}

fn get(desk: &Desk, path: &str) -> Response {
    let path = format!("/{}/{path}", token().as_str());
    routes::answer(&Request::made("GET", &path, &[HOST], ""), &token(), desk)
}

fn post(desk: &Desk, path: &str, body: &Value) -> (u16, Value) {
    let path = format!("/{}/{path}", token().as_str());
    let request = Request::made("POST", &path, &[HOST, JSON], &body.to_string());
    let response = routes::answer(&request, &token(), desk);
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let value = serde_json::from_slice(&response.body).unwrap_or(Value::String(text));
    (response.status, value)
}

/// All findings of a desk as a page sees them.
fn items(desk: &Desk) -> Vec<Value> {
    let (status, answer) = post(
        desk,
        "items",
        &json!({"filter": {"state": "all"}, "count": 50}),
    );
    assert_eq!(status, 200, "{answer}");
    answer["items"].as_array().expect("a list").clone()
}

fn of_check(desk: &Desk, code: &str) -> Value {
    let items = items(desk);
    let found = items.into_iter().find(|item| item["code"] == code);
    found.expect("a finding")
}

/// The name of an image of the first finding.
fn image_of(desk: &Desk, sample: usize) -> String {
    let name = items(desk)[0]["samples"][sample]["image"]
        .as_str()
        .map(str::to_owned);
    name.expect("a name")
}

fn decide(desk: &Desk, item: &Value, choice: &str, reviewer: &str) -> (u16, Value) {
    let wish =
        json!({"code": item["code"], "id": item["id"], "choice": choice, "seen": item["seen"]});
    post(
        desk,
        "decide",
        &json!({"wishes": [wish], "reviewer": reviewer, "note": format!("by {reviewer}")}),
    )
}

#[test]
fn errors_come_first_and_what_is_shown_is_what_the_report_says() {
    let place = Place::new();
    let desk = place.desk();
    let all = items(&desk);
    let codes: Vec<&str> = all
        .iter()
        .filter_map(|item| item["code"].as_str())
        .collect();
    assert_eq!(codes, ["LEAK002", "LABEL001", "LABEL004", "LABEL002"]);
    let kinds: Vec<&str> = all
        .iter()
        .filter_map(|item| item["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["pair", "conflict", "image", "label"]);
    // The one that the other was made from comes first.
    let leak = &all[0];
    assert_eq!(leak["samples"][0]["key"], SAMPLES[0]);
    assert_eq!(
        leak["pair"]["matrix"],
        json!([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    );
    assert_eq!(all[3]["suggested"], "dog");
    assert_eq!(all[3]["samples"][0]["in_doubt"], true);
}

#[test]
fn nothing_but_listed_images_can_be_read() {
    let place = Place::new();
    place.write("data/secret.txt", b"secret");
    let desk = place.desk();
    let name = image_of(&desk, 0);
    let first = get(&desk, &format!("image/{name}"));
    assert_eq!((first.status, first.content_type), (200, "image/png"));
    for path in [
        "image/4-00",
        "image/-1",
        "image/+1",
        "image/",
        "image",
        &format!("image/{name}/"),
        &format!("image/{name}/x"),
        &format!("image/{name}/64/1"),
        "image/../../etc/passwd",
        "../data/secret.txt",
        "%2e%2e/secret.txt",
        &format!("image/{name}/../../secret.txt"),
        "report/summary.json",
        "/etc/passwd",
        "image/99999999999",
        "start",
        "decide",
    ] {
        let response = get(&desk, path);
        assert_eq!(
            (response.status, response.content_type),
            (404, "text/plain; charset=utf-8"),
            "{path}"
        );
    }
    // The image of another scan is not taken for this one.
    let other = name.replace(|c: char| c.is_ascii_hexdigit() && c != '0', "0");
    assert_eq!(get(&desk, &format!("image/{other}")).status, 409);
    let wrong = Token::new([4; 16]);
    let path = format!("/{}/image/0", wrong.as_str());
    let foreign = routes::answer(&Request::made("GET", &path, &[HOST], ""), &token(), &desk);
    assert_eq!(foreign.status, 403);
    let path = format!("/{}/image/0", token().as_str());
    let rebound = Request::made("GET", &path, &[("host", "evil.example")], "");
    assert_eq!(routes::answer(&rebound, &token(), &desk).status, 403);
}

#[test]
fn image_that_changed_since_the_scan_is_not_shown() {
    let place = Place::new();
    let desk = place.desk();
    let key = format!("data/{}", SAMPLES[2]);
    let image = image_of(&desk, 1);
    assert_eq!(get(&desk, &format!("image/{image}/64")).status, 200);
    place.write(&key, &png(77));
    assert_eq!(get(&desk, &format!("image/{image}/64")).status, 409);
}

#[test]
fn names_with_markup_go_out_as_json_and_nowhere_else() {
    let place = Place::new();
    let desk = place.desk();
    assert_eq!(of_check(&desk, "LABEL002")["message"], MARKUP);
    for path in ["", "review.js", "page.js", "stage.js", "review.css"] {
        let response = get(&desk, path);
        assert_eq!(response.status, 200);
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert!(!text.contains("onerror=alert"), "{path}");
        // The policy would stop it.
        assert!(
            !text.contains("innerHTML") && !text.contains("style=\""),
            "{path}"
        );
    }
}

/// The answer to these bytes on a connection of their own.
fn sent(server: &Server, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(server.address).expect("connected");
    let _ = connection.write_all(bytes);
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn server_answers_refuses_and_ends() {
    let place = Place::new();
    let data = place.0.path().join("data");
    let list = Box::new(move |_: &Path| {
        let asked = Asked {
            root: Some(data.clone()),
            ..Asked::default()
        };
        source::list(&asked, &StopFlag::default(), &Silent)
    });
    let review = Review {
        folder: place.0.path().join("report"),
        baseline: place.0.path().join("baseline.csv"),
        today: "2027-01-01".parse().expect("a day"),
        port: 0,
        token: token(),
    };
    let server = Server::new(review, list, Arc::new(find_check)).expect("a server");
    assert!(server.address.ip().is_loopback());
    let (stop, path) = (StopFlag::default(), token().as_str().to_owned());
    thread::scope(|scope| {
        scope.spawn(|| server.serve(&stop));
        let answer = sent(
            &server,
            format!("GET /{path}/ HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes(),
        );
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer:.200}");
        assert!(answer.contains("<title>splitlint review</title>"));
        let answer = sent(&server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer:.200}");
        let head = format!(
            "POST /{path}/decide HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            BODY + 1
        );
        let answer = sent(&server, &[head.as_bytes(), &vec![b'x'; BODY + 1]].concat());
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer:.200}");
        assert!(sent(&server, b"\x16\x03\x01\x02\x00\r\n\r\n").starts_with("HTTP/1.1 400"));
        // Silent connections hold up neither the others nor the end.
        let silent: Vec<_> = (0..5)
            .filter_map(|_| TcpStream::connect(server.address).ok())
            .collect();
        assert!(
            sent(&server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 403")
        );
        stop.raise();
        server.wake()();
        drop(silent);
    });
}
