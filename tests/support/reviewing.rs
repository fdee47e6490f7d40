//! `splitlint review`, started as a person does and asked as a browser does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A review under way; killed when it is dropped.
pub(crate) struct Reviewing {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Reviewing {
    /// Starts `command`, a `splitlint review`.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut url = String::new();
        stdout.read_line(&mut url).expect("a line");
        let url = url.trim_end().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "`{url}`");
        Self { child, stdout, url }
    }

    /// The status and the body of the answer to `body`, sent to `path`.
    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let head = format!(
            "content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        let (status, bytes) = self.sent("POST", path, &head, &body);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// The status and the bytes at `path`.
    pub(crate) fn get(&self, path: &str) -> (u16, Vec<u8>) {
        self.sent("GET", path, "", "")
    }

    fn sent(&self, method: &str, path: &str, head: &str, body: &str) -> (u16, Vec<u8>) {
        let rest = self.url.strip_prefix("http://").expect("an address");
        let (host, token) = rest.split_once('/').expect("a token");
        let mut connection = TcpStream::connect(host).expect("somebody listens");
        let request =
            format!("{method} /{token}{path} HTTP/1.1\r\nhost: {host}\r\n{head}\r\n{body}");
        connection.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).expect("answered");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let body = answer.split_off(end.expect("a head") + 4);
        let head = String::from_utf8_lossy(&answer).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        (status.expect("a status"), body)
    }

    /// The findings of `filter`, the first 50.
    pub(crate) fn items(&self, filter: &Value) -> Vec<Value> {
        let (status, answer) = self.post("items", &json!({"filter": filter, "count": 50}));
        assert_eq!(status, 200, "{answer}");
        answer["items"].as_array().expect("a list").clone()
    }

    /// Decides as Ana does.
    pub(crate) fn decide(&self, item: &Value, choice: &str) -> (u16, Value) {
        let wish = json!({
            "code": item["code"], "id": item["id"], "choice": choice, "seen": item["seen"],
        });
        let body = json!({"wishes": [wish], "reviewer": "Ana", "note": "seen by Ana"});
        self.post("decide", &body)
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Ends it with Ctrl-C: its exit code and last words.
    #[cfg(unix)]
    pub(crate) fn interrupt(mut self) -> (Option<i32>, String) {
        let sent = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()
            .expect("`kill` is everywhere");
        assert!(sent.success());
        let mut words = String::new();
        self.stdout.read_to_string(&mut words).expect("text");
        (self.child.wait().expect("ended").code(), words)
    }
}

impl Drop for Reviewing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
