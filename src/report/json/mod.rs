//! The report as JSON: `summary.json`, and the same with every finding.

mod dataset_v1;
mod digest_v1;
pub mod v1;

use serde::Serialize;

use super::Report;
use crate::digest::DatasetDigest;
use crate::sample::Listing;

/// `summary.json`: counts, headlines, checks and verdict.
pub fn summary(report: &Report<'_>) -> String {
    as_text(&v1::Document::summary(report))
}

/// The summary and all findings.
pub fn render(report: &Report<'_>) -> String {
    as_text(&v1::Document::whole(report))
}

/// A digest alone, as in the summary.
pub fn digest(digest: &DatasetDigest, listing: &Listing) -> impl Serialize + use<> {
    digest_v1::DigestV1::of(digest, listing)
}

fn as_text(document: &v1::Document) -> String {
    // Numbers, text, lists and maps with text keys: nothing that JSON lacks.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn json_of_the_fixture() {
        insta::assert_snapshot!(render(&Fixture::new().report()));
    }

    /// Holds `value` against the part of JSON Schema that ours is written in,
    /// and that it says nothing the schema does not know.
    fn hold(schema: &Value, whole: &Value, value: &Value, place: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = whole.pointer(reference.trim_start_matches('#'));
            return hold(target.expect(reference), whole, value, place);
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(n) if n.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let is = |name: &Value| name == kind || (name == "number" && kind == "integer");
        match &schema["type"] {
            Value::Null => {}
            Value::Array(kinds) => assert!(kinds.iter().any(is), "{place} is {kind}"),
            name => assert!(is(name), "{place} is {kind}"),
        }
        if let Some(known) = schema["enum"].as_array() {
            assert!(known.contains(value), "{place}: {value}");
        }
        if let Some(required) = schema["required"].as_array().filter(|_| value.is_object()) {
            for name in required.iter().filter_map(Value::as_str) {
                assert!(value.get(name).is_some(), "{place} lacks {name}");
            }
        }
        for (name, inner) in value.as_object().into_iter().flatten() {
            let place = format!("{place}.{name}");
            let known = (schema["properties"].get(name)).or(schema.get("additionalProperties"));
            hold(
                known.unwrap_or_else(|| panic!("{place}")),
                whole,
                inner,
                &place,
            );
        }
        for inner in value.as_array().into_iter().flatten() {
            hold(&schema["items"], whole, inner, place);
        }
    }

    #[test]
    fn document_is_as_the_published_schema_says() {
        let schema = include_str!("../../../docs/schema/report-v1.json");
        let schema: Value = serde_json::from_str(schema).expect("JSON");
        let fixture = Fixture::new();
        for text in [render(&fixture.report()), summary(&fixture.report())] {
            let document: Value = serde_json::from_str(&text).expect("JSON");
            hold(&schema, &schema, &document, "");
        }
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
