//! Chromium by its DevTools protocol over a pipe: real keys and clicks, sizes and
//! schemes, and what the page complained of.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    session: Option<String>,
    calls: u64,
    /// What the page complained of.
    pub(crate) complaints: Vec<String>,
}

impl Browser {
    /// Starts `program` with its profile in `place`.
    pub(crate) fn start(program: &Path, place: &Path) -> Self {
        let (to, from) = (place.join("to"), place.join("from"));
        let made = Command::new("mkfifo").args([&to, &from]).status();
        assert!(made.expect("`mkfifo` is on every Unix").success());
        let child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$TO\" 4>\"$FROM\""])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            // Nothing but this machine is there to be reached.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg("--remote-debugging-pipe")
            .arg(format!(
                "--user-data-dir={}",
                place.join("profile").display()
            ))
            .envs([("TO", &to), ("FROM", &from)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut browser = Self {
            child,
            to: OpenOptions::new().write(true).open(&to).expect("opened"),
            from: BufReader::new(File::open(&from).expect("opened")),
            session: None,
            calls: 0,
            complaints: Vec::new(),
        };
        let made = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": made["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// The result of a method of the protocol.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut message = json!({"id": self.calls, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let text = format!("{message}\0");
        self.to
            .write_all(text.as_bytes())
            .expect("the browser runs");
        loop {
            let mut bytes = Vec::new();
            self.from
                .read_until(0, &mut bytes)
                .expect("the browser runs");
            bytes.pop();
            let answer: Value = serde_json::from_slice(&bytes).expect("JSON");
            if answer["id"] == json!(self.calls) {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
            let kind = answer["method"].as_str().unwrap_or_default();
            if [
                "Log.entryAdded",
                "Runtime.exceptionThrown",
                "Runtime.consoleAPICalled",
            ]
            .contains(&kind)
            {
                self.complaints.push(answer["params"].to_string());
            }
        }
    }

    /// What `expression` comes to.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", asked);
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// The text of the first element that `query` finds.
    #[track_caller]
    pub(crate) fn text(&mut self, query: &str) -> String {
        let text = self.value(&format!(
            "document.querySelector({})?.textContent ?? ''",
            json!(query)
        ));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until `expression` is true.
    #[track_caller]
    pub(crate) fn wait(&mut self, expression: &str) {
        let start = Instant::now();
        while self.value(&format!("!!({expression})")) != json!(true) {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "never: {expression}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Opens an address.
    pub(crate) fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url}));
    }

    /// The size of the page, and whether it is dark.
    pub(crate) fn screen(&mut self, width: u32, height: u32, is_dark: bool) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// Presses and releases a key.
    pub(crate) fn key(&mut self, key: &str) {
        let mut pressed = json!({"type": "keyDown", "key": key});
        if key.chars().count() == 1 {
            pressed["text"] = json!(key);
        }
        self.call("Input.dispatchKeyEvent", pressed);
        self.call(
            "Input.dispatchKeyEvent",
            json!({"type": "keyUp", "key": key}),
        );
    }

    /// Types a text, letter by letter.
    pub(crate) fn keys(&mut self, text: &str) {
        text.chars()
            .for_each(|letter| self.key(&letter.to_string()));
    }

    /// Clicks into the middle of the first element that `query` finds.
    #[track_caller]
    pub(crate) fn click(&mut self, query: &str) {
        let place = self.value(&format!(
            "(() => {{ const place = document.querySelector({}).getBoundingClientRect(); \
             return [place.x + place.width / 2, place.y + place.height / 2]; }})()",
            json!(query)
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
