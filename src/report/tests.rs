//! What all printers must have in common.

use super::fixture::Fixture;
use super::terminal::Screen;
use super::*;

#[test]
fn every_printer_carries_the_same_findings() {
    let fixture = Fixture::new();
    let report = fixture.report();
    let by_id = [
        ("json", json::render(&report)),
        ("sarif", sarif::render(&report)),
        ("gitlab", gitlab::render(&report)),
        ("junit", junit::render(&report)),
        (
            "html",
            html::render(
                &report,
                &html::Thumbnails::new(),
                &html::Crops::new(),
                &html::Originals::new(),
            )
            .expect("rendered"),
        ),
    ];
    for finding in &fixture.outcome.findings {
        for (printer, text) in &by_id {
            assert!(text.contains(&finding.id.to_string()), "{printer}");
        }
    }
    let screen = Screen {
        width: Some(100),
        colour: false,
        report: None,
    };
    let github = github::render(&report);
    let markdown = markdown::render(&report);
    let terminal = terminal::render(&report, &screen);
    for run in &fixture.outcome.runs {
        let (code, name) = (run.check.code, run.check.name);
        let count = report.of_check(code).count();
        let annotations = github.matches(&format!("title={code} {name}")).count();
        assert_eq!(annotations, count, "{code}");
        let lines = |mark: &str| terminal.matches(&format!("{mark} {code} ")).count();
        assert_eq!(lines("\nE") + lines("\nW") + lines("\nA"), count, "{code}");
        if count > 0 {
            let messages = crate::words::counted(count as u64, "finding", "findings");
            let heading = format!("{code} {name}: {messages}");
            assert!(markdown.contains(&heading), "{heading}");
        }
    }
}
