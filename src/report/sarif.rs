//! The report as SARIF 2.1.0 (OASIS standard of 2020-03-27, errata 01).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Report;
use super::headline_sentences;
use crate::finding::{CheckInfo, CheckRun, Finding, Measured, RunState, Severity};
use crate::gate::Accepted;
use crate::sample::SampleId;

/// Where the standard publishes its schema.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The name under which a reader sets the data set's own folder.
const ROOT: &str = "DATASET";

/// Samples that one result names as places; a finding that folds thousands of
/// copies has them all in `findings.parquet`.
const PLACES: usize = 100;

/// The report as SARIF: a rule for each check, a result for each finding,
/// accepted ones as suppressed results. Locations are relative to the data
/// set's folder.
pub fn render(report: &Report<'_>) -> String {
    let rules: Vec<&CheckInfo> = report.outcome.runs.iter().map(|run| run.check).collect();
    let places: BTreeMap<&str, usize> = (rules.iter().enumerate())
        .map(|(place, check)| (check.code, place))
        .collect();
    let outcome = report.outcome;
    let new = (outcome.findings.iter()).map(|finding| result(report, &places, finding));
    let accepted = outcome.accepted.iter().map(|accepted| {
        let mut result = result(report, &places, &accepted.finding);
        result["suppressions"] = json!([suppression(accepted)]);
        result
    });
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "splitlint",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(|check| rule(check)).collect::<Vec<_>>(),
            }},
            "originalUriBaseIds": {
                ROOT: {"description": {"text": "the data set's folder"}},
            },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                // Whether the tool did its work, not whether it found anything.
                "executionSuccessful": outcome.verdict.exit_code() != 2,
                "exitCode": outcome.verdict.exit_code(),
                "toolExecutionNotifications": (outcome.runs.iter())
                    .filter_map(notification)
                    .collect::<Vec<_>>(),
            }],
            "results": new.chain(accepted).collect::<Vec<_>>(),
            "properties": {
                "verdict": outcome.verdict.name(),
                "headlines": (headline_sentences::headlines(report).into_iter())
                    .map(|sentence| sentence.text)
                    .collect::<Vec<_>>(),
            },
        }],
    });
    // A value made by hand has nothing that JSON lacks.
    let mut text = serde_json::to_string_pretty(&without_blanks(document)).unwrap_or_default();
    text.push('\n');
    text
}

fn rule(check: &CheckInfo) -> Value {
    json!({
        "id": check.code,
        "name": pascal_case(check.name),
        "shortDescription": {"text": sentence(check.summary)},
        "fullDescription": {"text": sentence(check.summary)},
        "help": {
            "text": sentence(check.next_step),
            "markdown": check.docs,
        },
        "defaultConfiguration": {"level": level(check.severity)},
        "properties": {"tags": [check.family.name(), check.name]},
    })
}

/// `near-duplicate` as `NearDuplicate`: what the standard asks of a rule's
/// name.
fn pascal_case(name: &str) -> String {
    name.split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters)
        })
        .collect()
}

/// `text` with a capital and a full stop, as the standard asks of messages.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

fn result(report: &Report<'_>, rules: &BTreeMap<&str, usize>, finding: &Finding) -> Value {
    let places = &finding.samples[..finding.samples.len().min(PLACES)];
    let (first, others) = places.split_at(places.len().min(1));
    let listing = &report.evidence.listing;
    let splits = (finding.splits.iter()).filter_map(|&id| listing.split_name(Some(id)));
    let labels = finding.labels.iter().map(|&id| listing.class_name(id));
    let mut properties = json!({
        "splits": splits.collect::<Vec<_>>(),
        "labels": labels.collect::<Vec<_>>(),
        "score": finding.score,
    });
    match &finding.measured {
        Measured::None => {}
        Measured::Pair(pair) => {
            properties["relation"] = json!(pair.relation.name());
            properties["transform"] = json!(pair.transform.to_string());
            properties["similarity"] = json!(pair.similarity);
            properties["distance"] = json!(pair.distance);
        }
        Measured::Figures(figures) => {
            for figure in figures {
                properties[figure.name] = json!(figure.value);
            }
        }
    }
    json!({
        "ruleId": finding.check.code,
        "ruleIndex": rules.get(finding.check.code),
        "level": level(finding.severity),
        "message": {"text": format!("{}{}", finding.message, member(report, finding))},
        "locations": first.iter().map(|&id| location(report, id, None)).collect::<Vec<_>>(),
        "relatedLocations": (others.iter().enumerate())
            .map(|(place, &id)| location(report, id, Some(place + 1)))
            .collect::<Vec<_>>(),
        "partialFingerprints": {"splitlint/v1": finding.id.to_string()},
        "properties": properties,
    })
}

/// The member that a finding is about, where its location is the container.
fn member(report: &Report<'_>, finding: &Finding) -> String {
    (finding.samples.first()).map_or_else(String::new, |&id| report.container(id))
}

fn location(report: &Report<'_>, id: SampleId, place: Option<usize>) -> Value {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(&report.file(id)), "uriBaseId": ROOT},
            // Readers made for source code want a line to point at.
            "region": {"startLine": 1},
        },
    });
    if report.listing.container_of(id).is_some() {
        location["logicalLocations"] = json!([{"name": report.key(id), "kind": "member"}]);
        location["message"] = json!({"text": report.key(id)});
    }
    if let Some(place) = place {
        location["id"] = json!(place);
    }
    location
}

/// A key as a relative URI reference (RFC 3986): everything escaped but what
/// may stand in a path.
fn uri(key: &str) -> String {
    let mut uri = String::with_capacity(key.len());
    for byte in key.bytes() {
        let may_stand = byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
        if may_stand {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn suppression(accepted: &Accepted) -> Value {
    let justification = match (accepted.reason.as_str(), accepted.who.as_str()) {
        ("", "") => String::new(),
        (reason, "") => reason.to_owned(),
        ("", who) => who.to_owned(),
        (reason, who) => format!("{reason} ({who})"),
    };
    json!({"kind": "external", "status": "accepted", "justification": justification})
}

fn notification(run: &CheckRun) -> Option<Value> {
    let (level, text) = match &run.state {
        RunState::Completed | RunState::NotSelected => return None,
        RunState::NotApplicable(why) => ("note", format!("not applicable: {why}")),
        RunState::Failed(why) => ("error", format!("failed: {why}")),
    };
    Some(json!({
        "level": level,
        "message": {"text": text},
        "associatedRule": {"id": run.check.code},
    }))
}

/// Drops members that are `null`, which the schema allows nowhere, an address
/// that this build has not, and lists without anything in them.
fn without_blanks(value: Value) -> Value {
    let is_blank = |name: &str, value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty() && name != "results",
        _ => false,
    };
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(name, value)| !is_blank(name, value))
                .map(|(name, value)| (name, without_blanks(value)))
                .collect(),
        ),
        Value::Array(all) => Value::Array(all.into_iter().map(without_blanks).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn sarif_of_the_fixture() {
        insta::assert_snapshot!(render(&Fixture::new().report()));
    }

    #[test]
    fn uri_escapes_everything_that_has_a_meaning_in_one() {
        assert_eq!(uri("a b/c%d?e#f:g\\h"), "a%20b/c%25d%3Fe%23f%3Ag%5Ch");
        assert_eq!(uri("é"), "%C3%A9");
    }

    #[test]
    fn every_result_points_at_its_rule() {
        let text = render(&Fixture::new().report());
        let sarif: Value = serde_json::from_str(&text).expect("JSON");
        let run = &sarif["runs"][0];
        for result in run["results"].as_array().expect("results") {
            let index = result["ruleIndex"].as_u64().expect("a rule") as usize;
            let rule = &run["tool"]["driver"]["rules"][index];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
}
