//! Prints findings as SARIF 2.1.0, which code scanning and editors read.

use std::fmt::Write;
use std::path::Path;

use asl::diagnostic::Severity;
use serde_json::{Map, Value, json};

use super::finding::Checked;
use super::rules::explanation;
use crate::check::{Finding, FindingCode, Region};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// What stdin is called: `<stdin>` is no URI.
const STDIN_URI: &str = "stdin";

/// The log of one run. `is_complete` says that every file could be read.
pub(super) fn print(checked: &[Checked], is_complete: bool) -> Value {
    let mut codes = Vec::new();
    let mut results = Vec::new();
    for one in checked {
        let uri = one.path.as_deref().map_or_else(|| STDIN_URI.to_owned(), uri);
        for finding in &one.findings {
            results.push(result(finding, &uri, &mut codes));
        }
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "stepwright",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.into_iter().map(rule).collect::<Vec<_>>(),
            }},
            "invocations": [{"executionSuccessful": is_complete}],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: FindingCode) -> Value {
    let text = json!({"text": explanation(code)});
    json!({"id": code.as_str(), "shortDescription": text, "fullDescription": text, "help": text})
}

/// A result; `codes` are those that have a rule so far.
fn result(finding: &Finding, uri: &str, codes: &mut Vec<FindingCode>) -> Value {
    let index = codes.iter().position(|code| *code == finding.code).unwrap_or_else(|| {
        codes.push(finding.code);
        codes.len() - 1
    });
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        let _ = write!(message, "\n{help}");
    }
    let mut result = json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": index,
        "level": match finding.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": {"text": message},
        "locations": [location(finding, uri)],
    });
    if let Some(location) = &finding.location {
        result["properties"] = json!({"location": location});
    }
    result
}

fn location(finding: &Finding, uri: &str) -> Value {
    let mut physical = Map::new();
    physical.insert("artifactLocation".into(), json!({"uri": uri}));
    if let Some(Region { start, end }) = finding.region {
        let region = json!({
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        });
        physical.insert("region".into(), region);
    }
    let mut location = json!({"physicalLocation": physical});
    if let Some(pointer) = &finding.pointer {
        location["logicalLocations"] = json!([{"fullyQualifiedName": pointer}]);
    }
    location
}

/// The path as a URI reference (RFC 3986): relative as it is, absolute as a `file` URI.
fn uri(path: &Path) -> String {
    let relative = path.strip_prefix(".").unwrap_or(path);
    let mut uri = String::from(if relative.is_absolute() { "file://" } else { "" });
    for byte in relative.to_string_lossy().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte.into()),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::super::finding::{checked, sample};
    use super::*;

    #[test]
    fn a_log_has_what_the_schema_requires() {
        let log = print(&[sample()], true);
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "stepwright");
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        for result in results {
            assert!(result["message"]["text"].is_string());
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
    }

    #[test]
    fn a_result_says_where() {
        let log = print(&[sample()], true);
        let results = log["runs"][0]["results"].as_array().unwrap();
        let error = results.iter().find(|result| result["level"] == "error").unwrap();
        let expected = json!([{
            "physicalLocation": {
                "artifactLocation": {"uri": "dir/a%20b.asl.json"},
                "region": {"startLine": 5, "startColumn": 49, "endLine": 5, "endColumn": 53},
            },
            "logicalLocations": [{"fullyQualifiedName": "/States/Añ/Choices/0/Next"}],
        }]);
        assert_eq!(error["locations"], expected);
        assert_eq!(error["properties"]["location"], "/States/Añ/Choices[0]/Next");
    }

    #[test]
    fn a_code_found_twice_is_one_rule() {
        let source = r#"{"StartAt": "X", "States": {"A": {"Type": "Pass", "Next": "Y"}}}"#;
        let log = print(&[checked("a.json", source, Severity::Error), checked("-", source, Severity::Error)], false);
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        let mut ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rules.len());
        assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
        assert!(log.to_string().contains(r#""uri":"stdin""#));
    }

    #[test]
    fn paths_become_uri_references() {
        for (path, expected) in [
            ("a/b.json", "a/b.json"),
            ("./a b.json", "a%20b.json"),
            ("c:d?.json", "c%3Ad%3F.json"),
            ("/tmp/ü.json", "file:///tmp/%C3%BC.json"),
        ] {
            assert_eq!(uri(Path::new(path)), expected);
        }
    }
}
