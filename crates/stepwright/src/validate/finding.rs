//! What was found in one definition, as far as it is to be shown.

use std::path::PathBuf;

use asl::diagnostic::Severity;

use crate::check::{Finding, Subject};

/// What one definition gave.
pub(super) struct Checked {
    /// The file; absent for stdin.
    pub(super) path: Option<PathBuf>,
    /// What to call it in messages.
    pub(super) name: String,
    /// The state machine of a template that it is the definition of.
    pub(super) state_machine: Option<String>,
    /// The file's text.
    pub(super) source: String,
    /// What to show, in the order it was found.
    pub(super) findings: Vec<Finding>,
    is_valid: bool,
}

impl Checked {
    /// Keeps the findings that are at least so severe. Whether the definition is valid does not depend on that.
    pub(super) fn new(path: Option<PathBuf>, state_machine: Option<String>, subject: Subject, least: Severity) -> Self {
        let mut findings = subject.check().findings;
        let is_valid = findings.iter().all(|finding| finding.severity < Severity::Error);
        findings.retain(|finding| finding.severity >= least);
        Self { path, name: subject.name, state_machine, source: subject.source, findings, is_valid }
    }

    /// Whether there is no error, shown or not.
    pub(super) fn is_valid(&self) -> bool {
        self.is_valid
    }

    /// How many of the findings are that severe.
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// A definition with one error, one warning, a tab and a wide character, for the tests of the printers.
#[cfg(test)]
pub(super) fn sample() -> Checked {
    let source = "{\n  \"StartAt\": \"Añ\",\n  \"States\": {\n    \"Añ\": {\"Type\": \"Choice\", \"Choices\": [\n\t{\"Variable\": \"$.a\", \"IsPresent\": true, \"Next\": \"No\"}], \"Default\": \"P\"},\n    \"P\": {\"Type\": \"Pass\", \"Parameters\": {\"x\": \"$.y\"}, \"End\": true}\n  }\n}\n";
    checked("dir/a b.asl.json", source, Severity::Warning)
}

/// What a text gives under a file's name.
#[cfg(test)]
pub(super) fn checked(name: &str, source: &str, least: Severity) -> Checked {
    let path = Some(PathBuf::from(name)).filter(|_| name != "-");
    Checked::new(path, None, crate::check::subject(name, source), least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Region;
    use crate::excerpt::ExcerptPlace;

    #[test]
    fn hidden_warnings_and_shown_ones_leave_a_definition_valid() {
        let source = r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"x": "$.y"}, "End": true}}}"#;
        for (least, warnings) in [(Severity::Warning, 1), (Severity::Error, 0)] {
            let checked = checked("m.json", source, least);
            assert!(checked.is_valid());
            assert_eq!(checked.count(Severity::Warning), warnings);
        }
    }

    #[test]
    fn regions_count_characters_from_one() {
        let sample = sample();
        let finding = sample.findings.iter().find(|one| one.severity == Severity::Error).unwrap();
        let at = |column| ExcerptPlace { line: 5, column };
        assert_eq!(finding.region, Some(Region { start: at(49), end: at(53) }), "{finding:?}");
    }
}
