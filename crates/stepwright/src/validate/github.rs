//! Prints findings as GitHub's workflow commands, which become annotations on the lines of a pull request.
//!
//! The form and its escapes are those of `@actions/core`.

use std::fmt::Write;
use std::path::Path;

use asl::diagnostic::Severity;

use super::finding::Checked;
use crate::check::Finding;

/// One line per finding.
pub(super) fn print(checked: &[Checked]) -> String {
    let mut text = String::new();
    for one in checked {
        for finding in &one.findings {
            command(finding, one.path.as_deref(), &mut text);
        }
    }
    text
}

fn command(finding: &Finding, path: Option<&Path>, text: &mut String) {
    text.push_str(match finding.severity {
        Severity::Error => "::error ",
        Severity::Warning => "::warning ",
    });
    // Without a file there is nothing to annotate, and a line means nothing.
    if let Some(path) = path {
        let path = path.strip_prefix(".").unwrap_or(path).display().to_string();
        let _ = write!(text, "file={},", property(&path));
        if let Some(region) = finding.region {
            let _ = write!(text, "line={},col={},", region.start.line, region.start.column);
        }
    }
    let _ = writeln!(text, "title={}::{}", property(finding.code.as_str()), data(&message(finding)));
}

fn message(finding: &Finding) -> String {
    let mut message = finding.message.clone();
    if let Some(location) = finding.path_location() {
        let _ = write!(message, " at {location}");
    }
    if let Some(help) = &finding.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    message
}

/// The message, so that nothing in it ends the line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, so that nothing in it ends the property either.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::finding::checked;
    use super::*;

    const UNKNOWN_TARGET: &str =
        "{\"StartAt\": \"A\", \"States\": {\n\"A\": {\"Type\": \"Pass\", \"Next\": \"100%\\n::error::x\"}}}";

    #[test]
    fn a_finding_is_one_line_whatever_is_in_it() {
        for (name, properties) in [
            ("a,b:c%.json", "file=a%2Cb%3Ac%25.json,line=2,col=31,title="),
            ("./x.json", "file=x.json,line=2,col=31,title="),
            ("-", "title="),
        ] {
            let printed = print(&[checked(name, UNKNOWN_TARGET, Severity::Warning)]);
            let line = printed.lines().find(|line| line.contains("/States/A/Next")).unwrap();
            assert!(line.starts_with(&format!("::error {properties}MISSING_TRANSITION_TARGET::")), "{line}");
            assert!(line.contains("100%25%0A::error::x") && line.contains("%0Ahelp: "), "{line}");
            assert!(printed.lines().all(|line| !line.starts_with("::error::x")), "{printed}");
        }
    }

    #[test]
    fn warnings_are_warnings_and_nothing_found_is_nothing_printed() {
        let source = r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"x": "$.y"}, "End": true}}}"#;
        let printed = print(&[checked("m.json", source, Severity::Warning)]);
        assert!(printed.starts_with("::warning file=m.json,line=1,col="), "{printed}");
        assert_eq!(print(&[checked("m.json", source, Severity::Error)]), "");
    }
}
