//! The report as JSON: `summary.json`, and the same with every finding.

mod dataset_v1;
pub mod v1;

use super::Report;

/// `summary.json`: counts, headlines, checks and verdict.
pub fn summary(report: &Report<'_>) -> String {
    as_text(&v1::Document::summary(report))
}

/// The summary and all findings.
pub fn render(report: &Report<'_>) -> String {
    as_text(&v1::Document::whole(report))
}

fn as_text(document: &v1::Document) -> String {
    // Numbers, text, lists and maps with text keys: nothing that JSON lacks.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn json_of_the_fixture() {
        insta::assert_snapshot!(render(&Fixture::new().report()));
    }

    #[test]
    fn summary_is_the_whole_without_findings() {
        let fixture = Fixture::new();
        let parse =
            |text: String| -> serde_json::Value { serde_json::from_str(&text).expect("JSON") };
        let mut whole = parse(render(&fixture.report()));
        let object = whole.as_object_mut().expect("an object");
        object.remove("findings");
        object.remove("accepted");
        assert_eq!(whole, parse(summary(&fixture.report())));
    }
}
