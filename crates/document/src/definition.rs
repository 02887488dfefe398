//! Reads a definition written in JSON or YAML.

use std::borrow::Cow;
use std::ops::Range;

use asl::Program;
use asl::diagnostic::{Code, Diagnostic, Severity};
use asl::read::{MachineType, read};

use crate::document::{Document, Syntax};

/// A definition that was read.
#[derive(Debug)]
pub struct Definition<'t> {
    /// The definition as JSON: the text itself where that is not YAML; empty where the YAML cannot be read.
    pub json: Cow<'t, str>,
    /// The program, where no diagnostic is an error.
    pub program: Option<Program>,
    /// Errors and warnings; their spans are byte ranges of the source text.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'t> Definition<'t> {
    /// Reads and validates a definition.
    pub fn read(text: &'t str, syntax: Syntax, machine_type: MachineType) -> Self {
        if syntax == Syntax::Json {
            // The language's own reader words what is wrong with JSON as AWS does.
            let reading = read(text, machine_type);
            return Self { json: text.into(), program: reading.program, diagnostics: reading.diagnostics };
        }
        let document = match Document::parse(text, syntax) {
            Ok(document) => document,
            Err(error) => {
                let at = error.offset.min(text.len());
                return Self { json: "".into(), program: None, diagnostics: vec![not_yaml(&error.message, at..at)] };
            }
        };
        let mut reading = read(document.json(), machine_type);
        for diagnostic in &mut reading.diagnostics {
            diagnostic.span = diagnostic.span.take().map(|span| document.origin(span));
        }
        Self { json: document.into_json(), program: reading.program, diagnostics: reading.diagnostics }
    }
}

fn not_yaml(message: &str, span: Range<usize>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: Code::InvalidJsonDescription,
        message: format!("Invalid YAML description: {message}"),
        location: None,
        pointer: None,
        span: Some(span),
        help: Some("Mend the YAML at the line and column given.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yaml_definition_is_a_program() {
        let text = "StartAt: A\nStates:\n  A: {Type: Wait, Seconds: 3, End: true}\n";
        let definition = Definition::read(text, Syntax::Yaml, MachineType::Standard);
        assert_eq!(definition.diagnostics, []);
        assert_eq!(definition.program.unwrap().states.len(), 1);
        assert_eq!(definition.json, r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":3,"End":true}}}"#);
    }

    #[test]
    fn diagnostics_point_into_the_yaml() {
        let text = "# ünder\nStartAt: A\nStates:\n  A:\n    Type: Pass\n    Next: Nowhere\n";
        let definition = Definition::read(text, Syntax::Yaml, MachineType::Standard);
        let shown: Vec<_> = definition.diagnostics.iter().map(|one| &text[one.span.clone().unwrap()]).collect();
        assert!(shown.contains(&"Nowhere"), "{shown:?}");
        assert!(definition.program.is_none());
    }

    #[test]
    fn yaml_that_cannot_be_read_is_a_diagnostic() {
        let definition = Definition::read("A: [", Syntax::Yaml, MachineType::Standard);
        let [diagnostic] = &definition.diagnostics[..] else { panic!("{:?}", definition.diagnostics) };
        assert_eq!(diagnostic.code, Code::InvalidJsonDescription);
    }
}
