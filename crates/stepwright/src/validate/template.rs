//! The definitions in a template of CloudFormation or SAM.

use std::path::{Path, PathBuf};

use document::placeholders::Values;
use document::{Document, Syntax};
use stack::{DefinitionPlace, StateMachine};

use crate::check::{Subject, ValuesFrom};
use crate::definition::{ReadError, read_text};
use crate::excerpt::place;

/// A definition of a state machine in a template.
pub(super) struct Templated {
    /// The file that it stands in: the template, or a file of its own.
    pub(super) path: PathBuf,
    /// The state machine's logical identity.
    pub(super) state_machine: String,
    /// The definition.
    pub(super) subject: Subject,
}

/// Why a state machine of a template is not checked.
#[derive(Debug, thiserror::Error)]
pub(super) enum TemplateError {
    /// It has none.
    #[error("{0}: the template has no state machine")]
    NoStateMachine(String),
    /// Its definition is in S3, or is made by something that is not known here.
    #[error("{place}: the definition of {state_machine} is not in files: it was not checked")]
    Elsewhere {
        /// File, line and column.
        place: String,
        /// Its logical identity.
        state_machine: String,
    },
    /// It has no definition.
    #[error(
        "{place}: {state_machine} has no definition: expected Definition, DefinitionString, DefinitionUri or \
         DefinitionS3Location among its properties"
    )]
    Missing {
        /// File, line and column.
        place: String,
        /// Its logical identity.
        state_machine: String,
    },
    /// It refers to what is not in the template.
    #[error("{place}: {state_machine} refers to {name}, which is no resource and no parameter of the template")]
    UnknownReference {
        /// File, line and column.
        place: String,
        /// Its logical identity.
        state_machine: String,
        /// What it refers to.
        name: String,
    },
    /// Its definition's file cannot be read.
    #[error("{place}: the definition of {state_machine}")]
    Unreadable {
        /// File, line and column.
        place: String,
        /// Its logical identity.
        state_machine: String,
        /// Why.
        source: ReadError,
    },
}

/// The definitions in a template, and what is wrong with the others; `None` where the text is no template.
pub(super) fn definitions(file: &Path, source: &str, values: &Values) -> Option<(Vec<Templated>, Vec<TemplateError>)> {
    let document = Document::parse_template(source, Syntax::of_path(file)).ok()?;
    if !stack::is_template(&document) {
        return None;
    }
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for machine in stack::state_machines(&document, source, values) {
        problems.extend(unknown_references(file, source, &machine));
        match definition(file, source, machine) {
            Ok(definition) => found.push(definition),
            Err(problem) => problems.push(problem),
        }
    }
    if found.is_empty() && problems.is_empty() {
        problems.push(TemplateError::NoStateMachine(file.display().to_string()));
    }
    Some((found, problems))
}

/// CloudFormation refuses a template for each of them.
fn unknown_references<'m>(
    file: &'m Path,
    source: &'m str,
    machine: &'m StateMachine,
) -> impl Iterator<Item = TemplateError> + 'm {
    machine.unknown_references.iter().map(move |reference| TemplateError::UnknownReference {
        place: shown_place(file, source, reference.place.start),
        state_machine: machine.logical_id.clone(),
        name: reference.name.clone(),
    })
}

fn shown_place(file: &Path, source: &str, offset: usize) -> String {
    let at = place(source, offset);
    format!("{}:{}:{}", file.display(), at.line, at.column)
}

fn definition(file: &Path, source: &str, machine: StateMachine) -> Result<Templated, TemplateError> {
    let StateMachine { logical_id, machine_type, definition, substitutions, place: range, .. } = machine;
    let at = shown_place(file, source, range.start);
    let named = |path: &Path| format!("{} ({logical_id})", path.display());
    match definition {
        DefinitionPlace::Here { text, syntax, origins } => {
            let (name, source, values_from) = (named(file), source.to_owned(), ValuesFrom::CommandLine);
            let subject = Subject { name, source, syntax, machine_type, text, origins, values_from };
            Ok(Templated { path: file.to_owned(), state_machine: logical_id, subject })
        }
        DefinitionPlace::File(name) => {
            let path = file.parent().unwrap_or(Path::new("")).join(name);
            let text = match read_text(&path) {
                Ok(text) => text,
                Err(source) => return Err(TemplateError::Unreadable { place: at, state_machine: logical_id, source }),
            };
            let syntax = Syntax::of_path(&path);
            let subject = Subject::of_file(named(&path), text, syntax, machine_type, &substitutions);
            Ok(Templated { path, state_machine: logical_id, subject })
        }
        DefinitionPlace::Elsewhere => Err(TemplateError::Elsewhere { place: at, state_machine: logical_id }),
        DefinitionPlace::Missing => Err(TemplateError::Missing { place: at, state_machine: logical_id }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_of_a_template_are_found_with_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("template.yaml");
        std::fs::write(folder.path().join("a.asl.json"), "{\"StartAt\": \"${Start}\"}").unwrap();
        let source = "Resources:
  A: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: a.asl.json, DefinitionSubstitutions: {Start: S}}}
  B: {Type: AWS::Serverless::StateMachine, Properties: {Definition: {StartAt: S}, Type: EXPRESS}}
  C: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: none.json}}
  D: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: {Bucket: b, Key: k}}}
  E: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: 's3://b/k.asl.json', Role: !GetAtt Rol.Arn}}
  F: {Type: AWS::StepFunctions::StateMachine}
";
        let (found, problems) = definitions(&file, source, &Values::new()).unwrap();
        let texts: Vec<_> = found.iter().map(|one| (&*one.state_machine, &*one.subject.text)).collect();
        assert_eq!(texts, [("A", r#"{"StartAt": "S"}"#), ("B", r#"{"StartAt":"S"}"#)]);
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        let at = file.display();
        assert_eq!(
            problems,
            [
                format!("{at}:4:57: the definition of C"),
                format!("{at}:5:57: the definition of D is not in files: it was not checked"),
                format!("{at}:6:99: E refers to Rol, which is no resource and no parameter of the template"),
                format!("{at}:6:57: the definition of E is not in files: it was not checked"),
                format!(
                    "{at}:7:3: F has no definition: expected Definition, DefinitionString, DefinitionUri or \
                     DefinitionS3Location among its properties"
                ),
            ]
        );
    }

    #[test]
    fn what_is_no_template_is_none_and_an_empty_one_says_so() {
        let file = Path::new("template.yaml");
        for source in ["StartAt: A\nStates: {}\n", "a: [", "Resources: 1"] {
            assert!(definitions(file, source, &Values::new()).is_none(), "{source}");
        }
        let (found, problems) = definitions(file, "Resources: {}", &Values::new()).unwrap();
        assert!(found.is_empty() && matches!(problems[..], [TemplateError::NoStateMachine(_)]));
    }
}
