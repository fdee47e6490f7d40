use super::*;
use crate::report::fixture::{Fixture, LONG};

fn page(fixture: &Fixture) -> String {
    // The bytes of no image in particular.
    let thumbnails = (shown(&fixture.report()).into_iter())
        .map(|id| (id, vec![0xff, 0xd8, 0xff]))
        .collect();
    let originals = (shown(&fixture.report()).into_iter())
        .map(|id| (id, format!("../data/{}.jpg", id.0)))
        .collect();
    render(&fixture.report(), &thumbnails, &Crops::new(), &originals).expect("rendered")
}

#[test]
fn images_link_to_their_files_and_labels_can_be_decided_on_the_page() {
    let text = page(&Fixture::new());
    assert!(
        text.contains("href=\"..&#x2f;data&#x2f;"),
        "a link to the original"
    );
    assert!(text.contains("class=\"decide\"") && text.contains("data-content=\"b3-"));
    assert!(text.contains("save decisions.csv") && text.contains("class=\"accept\""));
    assert!(
        text.contains("<select id=\"class\">"),
        "a class can be chosen"
    );
}

#[test]
fn no_name_becomes_part_of_the_page() {
    let text = page(&Fixture::new());
    assert!(
        text.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"),
        "class name"
    );
    assert!(!text.contains("<script>alert"));
    assert!(!text.contains("<img src=x"));
    assert!(!text.contains('\u{202e}'));
    assert!(text.contains(&"x".repeat(LONG)));
}

#[test]
fn page_asks_for_nothing_from_elsewhere() {
    let text = page(&Fixture::new());
    for part in [
        "http://",
        "https://",
        "src=\"/",
        "url(",
        "@import",
        "<link rel=\"style",
    ] {
        assert!(!text.contains(part), "{part}");
    }
}

#[test]
fn every_finding_carries_its_code_linked_to_its_explanation() {
    let fixture = Fixture::new();
    let text = page(&fixture);
    for finding in &fixture.outcome.findings {
        let code = finding.check.code;
        assert!(text.contains(&finding.id.to_string()));
        assert!(text.contains(&format!("href=\"#check-{code}\"")));
        assert!(text.contains(&format!("id=\"check-{code}\"")));
    }
}

#[test]
fn headlines_and_what_was_not_checked_are_linked_to_their_parts() {
    let text = page(&Fixture::new());
    for anchor in ["leaks", "labels", "distribution", "files", "unchecked"] {
        assert!(text.contains(&format!("href=\"#{anchor}\"")), "{anchor}");
        assert!(text.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
    assert!(text.contains("no group is declared"));
}

#[test]
fn images_are_asked_for_once_each_and_only_where_shown() {
    let fixture = Fixture::new();
    let ids: Vec<u32> = shown(&fixture.report()).iter().map(|id| id.0).collect();
    assert_eq!(ids, [0, 1, 6, 10, 12, 13, 14, 16]);
}

#[test]
fn page_of_many_findings_stays_small_and_says_what_is_left_out() {
    let mut fixture = Fixture::new();
    let leak = fixture.outcome.findings[1].clone();
    fixture.outcome.findings = vec![leak; 50_000];
    let thumbnails = (shown(&fixture.report()).into_iter())
        .map(|id| (id, vec![0; 400_000]))
        .collect();
    let text = render(
        &fixture.report(),
        &thumbnails,
        &Crops::new(),
        &Originals::new(),
    )
    .expect("rendered");
    assert!(text.len() < 5_000_000, "{}", text.len());
    assert!(text.contains("49,000 more are not shown"));
    assert!(text.contains("images were left out"));
}

#[test]
fn objects_that_a_finding_names_are_shown_cut_out() {
    let mut fixture = Fixture::new();
    let findings = &mut fixture.outcome.findings;
    let is_label =
        |f: &&mut crate::finding::Finding| f.check.family == crate::finding::Family::Label;
    let suspect = findings.iter_mut().find(is_label).expect("a label");
    suspect.objects = vec![ObjectId(3)];
    let sample = suspect.samples[0];
    assert_eq!(shown_objects(&fixture.report()), [(sample, ObjectId(3))]);
    let thumbnails = Thumbnails::from([(sample, vec![1; 9])]);
    let crops = Crops::from([(ObjectId(3), vec![2; 9])]);
    let page = |crops| render(&fixture.report(), &thumbnails, crops, &Originals::new());
    let with = page(&crops).expect("rendered");
    assert_eq!(with.matches("class=\"crop\"").count(), 1);
    let without = page(&Crops::new()).expect("rendered");
    assert!(!without.contains("class=\"crop\""));
}
