//! Text of the data set as HTML. Lets none of it act.

use minijinja::Value;

use crate::words::shown;

/// `text` with what stands between back-quotes as code, each piece kept from
/// turning its neighbours round.
pub(super) fn ticked(text: &str) -> Value {
    let text = shown(text);
    let mut html = String::with_capacity(text.len() + 32);
    let mut parts = text.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        if is_code && parts.peek().is_some() {
            html.push_str("<code><bdi>");
            escape_into(part, &mut html);
            html.push_str("</bdi></code>");
        } else {
            if is_code {
                html.push('`');
            }
            escape_into(part, &mut html);
        }
        is_code = !is_code;
    }
    Value::from_safe_string(html)
}

/// Appends `text` with everything escaped that has a meaning in HTML.
pub(in crate::report) fn escape_into(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
}
