//! Prints findings for programs: one array, one object per file.

use asl::diagnostic::Severity;
use serde_json::{Value, json};

use super::finding::Checked;
use crate::check::{Finding, FindingCode};

/// The array. Members that ValidateStateMachineDefinition has are named as there.
pub(super) fn print(checked: &[Checked]) -> Value {
    checked.iter().map(file).collect()
}

fn file(checked: &Checked) -> Value {
    json!({
        "file": checked.path.as_deref().map_or_else(|| checked.name.clone(), |path| path.display().to_string()),
        "stateMachine": checked.state_machine,
        "result": if checked.is_valid() { "OK" } else { "FAIL" },
        "diagnostics": checked.findings.iter().map(diagnostic).collect::<Vec<_>>(),
    })
}

fn diagnostic(finding: &Finding) -> Value {
    let [start, end] = [finding.region.map(|region| region.start), finding.region.map(|region| region.end)];
    json!({
        "source": match finding.code { FindingCode::Aws(_) => "AWS", FindingCode::Advice(_) => "Stepwright" },
        "severity": match finding.severity { Severity::Error => "ERROR", Severity::Warning => "WARNING" },
        "code": finding.code.as_str(),
        "message": finding.message,
        "location": finding.location,
        "pointer": finding.pointer,
        "line": start.map(|place| place.line),
        "column": start.map(|place| place.column),
        "endLine": end.map(|place| place.line),
        "endColumn": end.map(|place| place.column),
        "help": finding.help,
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::{checked, sample};
    use super::*;

    #[test]
    fn a_finding_is_one_object_with_every_member() {
        let printed = print(&[sample()]);
        assert_eq!((&printed[0]["file"], &printed[0]["result"]), (&json!("dir/a b.asl.json"), &json!("FAIL")));
        let found = printed[0]["diagnostics"].as_array().unwrap();
        let mut error = found.iter().find(|one| one["severity"] == "ERROR").unwrap().clone();
        for text in ["message", "help"] {
            assert!(error.as_object_mut().unwrap().remove(text).unwrap().is_string());
        }
        let expected = json!({
            "source": "AWS", "severity": "ERROR", "code": "MISSING_TRANSITION_TARGET", "location": "/States/Añ/Choices[0]/Next",
            "pointer": "/States/Añ/Choices/0/Next", "line": 5, "column": 49, "endLine": 5, "endColumn": 53,
        });
        assert_eq!(error, expected);
    }

    #[test]
    fn hidden_warnings_leave_the_result_as_it_is() {
        let source = r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"x": "$.y"}, "End": true}}}"#;
        let printed = print(&[checked("-", source, Severity::Error)]);
        assert_eq!(printed, json!([{"file": "<stdin>", "stateMachine": null, "result": "OK", "diagnostics": []}]));
    }
}
