//! The explanation of a check as HTML: the part of Markdown that our pages are
//! written in. Shows anything else as it stands.

use super::text::escape_into;

/// `page` (Markdown) without its title, as HTML.
pub(super) fn to_html(page: &str) -> String {
    let mut html = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            html.push_str("<pre><code>");
            for code in lines.by_ref().take_while(|code| !code.starts_with("```")) {
                escape_into(code, &mut html);
                html.push('\n');
            }
            html.push_str("</code></pre>");
        } else if let Some(heading) = line.strip_prefix("## ") {
            element("h4", heading, &mut html);
        } else if let Some(heading) = line.strip_prefix("### ") {
            element("h5", heading, &mut html);
        } else if line.starts_with("# ") || line.trim().is_empty() {
            // The title stands above already.
        } else if line.starts_with("| ") {
            html.push_str("<table>");
            table_row(line, "th", &mut html);
            while let Some(row) = lines.next_if(|row| row.starts_with('|')) {
                if !row.chars().all(|c| "|-: ".contains(c)) {
                    table_row(row, "td", &mut html);
                }
            }
            html.push_str("</table>");
        } else if is_point(line) {
            html.push_str("<ul>");
            let mut point = line[2..].to_owned();
            while let Some(next) = lines.next_if(|next| is_point(next) || next.starts_with("  ")) {
                if is_point(next) {
                    element("li", &point, &mut html);
                    point = next[2..].to_owned();
                } else {
                    point.push(' ');
                    point.push_str(next.trim());
                }
            }
            element("li", &point, &mut html);
            html.push_str("</ul>");
        } else {
            let mut paragraph = line.to_owned();
            let ends = |next: &str| {
                next.trim().is_empty() || next.starts_with(['#', '|', '`']) || is_point(next)
            };
            while let Some(next) = lines.next_if(|next| !ends(next) || is_code_word(next)) {
                paragraph.push(' ');
                paragraph.push_str(next);
            }
            element("p", &paragraph, &mut html);
        }
    }
    html
}

fn is_point(line: &str) -> bool {
    line.starts_with("- ") || line.starts_with("* ")
}

/// A line that goes on with a word in back-quotes, and starts no code block.
fn is_code_word(line: &str) -> bool {
    line.starts_with('`') && !line.starts_with("```")
}

fn element(name: &str, text: &str, html: &mut String) {
    html.push_str(&format!("<{name}>"));
    inline(text, html);
    html.push_str(&format!("</{name}>"));
}

fn table_row(row: &str, cell: &str, html: &mut String) {
    html.push_str("<tr>");
    for text in row.trim().trim_matches('|').split('|') {
        element(cell, text.trim(), html);
    }
    html.push_str("</tr>");
}

fn inline(text: &str, html: &mut String) {
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            html.push_str("<code>");
            escape_into(part, html);
            html.push_str("</code>");
        } else {
            for (index, part) in part.split("**").enumerate() {
                let strong = index % 2 == 1;
                html.push_str(if strong { "<strong>" } else { "" });
                escape_into(part, html);
                html.push_str(if strong { "</strong>" } else { "" });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_markdown_that_our_pages_use_becomes_html() {
        let page = "# title\n\n## What\n\nOne **bold**\n`code` <b>.\n\n- a\n  b\n- c\n\n\
                    ```toml\nx = \"<\"\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n";
        assert_eq!(
            to_html(page),
            "<h4>What</h4><p>One <strong>bold</strong> <code>code</code> &lt;b&gt;.</p>\
             <ul><li>a b</li><li>c</li></ul><pre><code>x = &quot;&lt;&quot;\n</code></pre>\
             <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
        );
    }
}
