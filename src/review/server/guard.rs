//! Who may ask: a browser on this machine that was given the address. Answers
//! nothing.

use super::http::Request;

/// The hosts under which this server is reached. Another name that leads here is
/// DNS rebinding: a page of that name would be of one origin with ours. The port
/// may be another where it is forwarded from a machine without a screen.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Hexadecimal digits of a token: 128 bits, which nobody guesses.
const TOKEN: usize = 32;

/// What the address holds and nobody else knows.
#[derive(Debug, Clone)]
pub struct Token(String);

impl Token {
    /// From 16 random bytes.
    pub fn new(random: [u8; TOKEN / 2]) -> Self {
        Self(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// As it stands in the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `given` is it, in a time that does not depend on where it differs.
    fn is(&self, given: &str) -> bool {
        let pairs = self.0.bytes().zip(given.bytes());
        let differences = pairs.fold(0, |sum, (a, b)| sum | (a ^ b));
        self.0.len() == given.len() && differences == 0
    }
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forbidden {
    /// It came under a name that is not ours.
    Host,
    /// It came without the token.
    Token,
    /// Another page sent it.
    Origin,
    /// It is neither a question of a page nor a decision.
    Method,
    /// Its body is no JSON, which another page could not send unasked.
    Type,
}

impl Forbidden {
    pub(super) fn words(self) -> (u16, &'static str) {
        match self {
            Self::Host => (403, "this server is reached at 127.0.0.1 only"),
            Self::Token => (
                403,
                "the address is not complete: copy all of what `splitlint review` printed",
            ),
            Self::Origin => (403, "another page sent this"),
            Self::Method => (405, "only GET and POST are answered"),
            Self::Type => (415, "decisions are sent as application/json"),
        }
    }
}

/// What of the address follows the token, for a request that may be answered.
///
/// # Errors
/// [`Forbidden`].
pub(super) fn admit<'a>(request: &'a Request, token: &Token) -> Result<&'a str, Forbidden> {
    let host = request.header("host").ok_or(Forbidden::Host)?;
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        if is_port { name } else { host }
    });
    if !HOSTS.contains(&name) {
        return Err(Forbidden::Host);
    }
    let path = request.path.strip_prefix('/').ok_or(Forbidden::Token)?;
    let (given, rest) = path.split_once('/').unwrap_or((path, ""));
    if !token.is(given) {
        return Err(Forbidden::Token);
    }
    match request.method.as_str() {
        "GET" => {}
        "POST" => {
            let own = format!("http://{host}");
            if request.header("origin").is_some_and(|origin| origin != own)
                || (request.header("sec-fetch-site")).is_some_and(|site| site != "same-origin")
            {
                return Err(Forbidden::Origin);
            }
            let content = request.header("content-type").unwrap_or_default();
            let kind = content.split(';').next().unwrap_or_default().trim();
            if !kind.eq_ignore_ascii_case("application/json") {
                return Err(Forbidden::Type);
            }
        }
        _ => return Err(Forbidden::Method),
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token::new([7; TOKEN / 2])
    }

    fn asked(method: &str, path: &str, headers: &[(&str, &str)]) -> Result<String, Forbidden> {
        let request = Request::made(method, path, headers, "");
        admit(&request, &token()).map(str::to_owned)
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:4711");
    const JSON: (&str, &str) = ("content-type", "application/json");

    #[test]
    fn address_without_its_token_is_forbidden() {
        let own = format!("/{}/review.js", token().as_str());
        assert_eq!(asked("GET", &own, &[HOST]).as_deref(), Ok("review.js"));
        let almost = own.replacen('7', "8", 1);
        let short = format!("/{}/", &token().as_str()[1..]);
        for path in [&almost, &short, "/", "/review.js", "//", "*", ""] {
            assert_eq!(asked("GET", path, &[HOST]), Err(Forbidden::Token), "{path}");
        }
    }

    #[test]
    fn foreign_host_is_forbidden_whatever_it_knows() {
        let own = format!("/{}/", token().as_str());
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:80",
            "127.0.0.1:x",
            "",
            "localhost:",
        ] {
            assert_eq!(
                asked("GET", &own, &[("host", host)]),
                Err(Forbidden::Host),
                "{host}"
            );
        }
        assert_eq!(asked("GET", &own, &[]), Err(Forbidden::Host));
        assert_eq!(asked("GET", &own, &[HOST, HOST]), Err(Forbidden::Host));
        for host in ["localhost:8080", "127.0.0.1", "[::1]:9"] {
            assert!(asked("GET", &own, &[("host", host)]).is_ok(), "{host}");
        }
    }

    #[test]
    fn decision_of_another_page_is_forbidden() {
        let own = format!("/{}/decide", token().as_str());
        let post = |more: &[(&str, &str)]| asked("POST", &own, &[&[HOST, JSON], more].concat());
        assert_eq!(post(&[]).as_deref(), Ok("decide"));
        assert!(post(&[("origin", "http://127.0.0.1:4711")]).is_ok());
        for other in [
            "http://127.0.0.1:4712",
            "https://127.0.0.1:4711",
            "null",
            "http://evil.example",
        ] {
            assert_eq!(
                post(&[("origin", other)]),
                Err(Forbidden::Origin),
                "{other}"
            );
        }
        assert_eq!(
            post(&[("sec-fetch-site", "cross-site")]),
            Err(Forbidden::Origin)
        );
        let form = ("content-type", "text/plain");
        assert_eq!(asked("POST", &own, &[HOST, form]), Err(Forbidden::Type));
        assert_eq!(asked("PUT", &own, &[HOST, JSON]), Err(Forbidden::Method));
    }
}
