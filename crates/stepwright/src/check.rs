//! What there is to say of a definition: AWS's diagnostics and our advice, each with its place in the file.

use std::ops::Range;

use advice::{Advice, Rule, advise};
use asl::Program;
use asl::diagnostic::{Code, Diagnostic, Severity};
use asl::program::MachineType;
use document::{Definition, Derived, Document, Syntax, placeholders};

use crate::excerpt::{ExcerptPlace, place};

/// A definition that is to be read.
#[derive(Debug)]
pub(crate) struct Subject {
    /// What to call it in messages.
    pub(crate) name: String,
    /// The text of the file that it stands in.
    pub(crate) source: String,
    /// How the definition is written.
    pub(crate) syntax: Syntax,
    /// The type of its state machine.
    pub(crate) machine_type: MachineType,
    /// The definition as it is read.
    pub(crate) text: String,
    /// How to get from a place in it to one in `source`, step by step.
    pub(crate) origins: Vec<Derived>,
    /// Where its placeholders get their values.
    pub(crate) values_from: ValuesFrom,
}

/// Where the values of placeholders come from: what is to be done about one that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValuesFrom {
    /// `--var` and `--vars`.
    CommandLine,
    /// `vars` of the test file.
    TestFile,
    /// The command takes none.
    Nowhere,
}

/// What a definition gave.
pub(crate) struct Checked {
    /// The program, where nothing is an error.
    pub(crate) program: Option<Program>,
    /// The definition as JSON; empty where it is YAML that cannot be read.
    pub(crate) json: String,
    /// AWS's diagnostics in their order, and our advice behind them.
    pub(crate) findings: Vec<Finding>,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FindingCode {
    /// AWS: the definition is refused, or warned of, there as well.
    Aws(Code),
    /// We: AWS takes it as it is.
    Advice(Rule),
}

/// One thing to say.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What it is, and who says so.
    pub(crate) code: FindingCode,
    /// In words.
    pub(crate) message: String,
    /// Where, as AWS writes it; absent where AWS gives none.
    pub(crate) location: Option<String>,
    /// Where in the definition, as a JSON pointer (RFC 6901): the place itself, or what is nearest above where that does
    /// not exist. Absent where the text cannot be read as a document.
    pub(crate) pointer: Option<String>,
    /// Where in the file, as byte offsets.
    pub(crate) span: Option<Range<usize>>,
    /// Where in the file, for people.
    pub(crate) region: Option<Region>,
    /// What to do about it.
    pub(crate) help: Option<String>,
}

/// From the first character to the one after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    /// The first character.
    pub(crate) start: ExcerptPlace,
    /// The character after the last.
    pub(crate) end: ExcerptPlace,
}

impl FindingCode {
    /// As it is printed: AWS's codes in upper case, ours in lower case.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Aws(code) => code.as_str(),
            Self::Advice(rule) => rule.name(),
        }
    }
}

impl Finding {
    /// AWS's location, where it is a path. For a text that is no JSON, AWS quotes that text instead: the excerpt and the
    /// line say the same in less.
    pub(crate) fn path_location(&self) -> Option<&str> {
        self.location.as_deref().filter(|location| location.starts_with('/'))
    }
}

impl Subject {
    /// The definition that a file is. `values` fill its placeholders; they are those of the command line.
    pub(crate) fn of_file(
        name: String,
        source: String,
        syntax: Syntax,
        machine_type: MachineType,
        values: &placeholders::Values,
    ) -> Self {
        let filled = placeholders::fill(&source, values);
        let (text, values_from) = (filled.text().to_owned(), ValuesFrom::CommandLine);
        Self { name, syntax, machine_type, text, origins: vec![filled], source, values_from }
    }

    /// Reads it and says what there is to say.
    pub(crate) fn check(&self) -> Checked {
        let read = Definition::read(&self.text, self.syntax, self.machine_type);
        let mut findings: Vec<Finding> = read.diagnostics.into_iter().map(|one| self.diagnostic(one)).collect();
        if let Ok(document) = Document::parse(&self.text, self.syntax) {
            let positions = document.positions();
            for advice in advise(document.value()) {
                let place = if advice.is_about_name {
                    positions.name_span(&advice.steps)
                } else {
                    positions.span(&advice.steps)
                };
                let (pointer, span) = (positions.pointer(&advice.steps), document.origin(place));
                findings.push(self.advice(advice, pointer, span));
            }
        }
        Checked { program: read.program, json: read.json.into_owned(), findings }
    }

    fn diagnostic(&self, diagnostic: Diagnostic) -> Finding {
        let open = diagnostic.span.as_ref().filter(|_| diagnostic.severity == Severity::Error);
        let help = open.and_then(|span| self.open_placeholder(span)).or(diagnostic.help);
        let span = diagnostic.span.map(|span| self.origin(span));
        Finding {
            severity: diagnostic.severity,
            code: FindingCode::Aws(diagnostic.code),
            message: diagnostic.message,
            location: diagnostic.location,
            pointer: diagnostic.pointer,
            region: span.clone().map(|span| self.region(span)),
            span,
            help,
        }
    }

    fn advice(&self, advice: Advice, pointer: String, span: Range<usize>) -> Finding {
        let span = self.origin(span);
        Finding {
            severity: Severity::Warning,
            code: FindingCode::Advice(advice.rule),
            message: advice.message,
            location: None,
            pointer: Some(pointer),
            region: Some(self.region(span.clone())),
            span: Some(span),
            help: Some(advice.help),
        }
    }

    /// What to do about a placeholder that has no value, where an error is about one.
    fn open_placeholder(&self, span: &Range<usize>) -> Option<String> {
        let about = |(range, _): &(Range<usize>, &str)| range.start < span.end && span.start < range.end;
        let (_, name) = placeholders::find(&self.text).find(about)?;
        let what_to_do = match self.values_from {
            ValuesFrom::CommandLine => format!("give it with --var {name}=VALUE or --vars FILE"),
            ValuesFrom::TestFile => "put it under vars: in the test file".to_owned(),
            ValuesFrom::Nowhere => "put one in its place".to_owned(),
        };
        Some(format!("${{{name}}} is a placeholder without a value: {what_to_do}."))
    }

    fn origin(&self, span: Range<usize>) -> Range<usize> {
        self.origins.iter().fold(span, |span, origin| origin.origin(span))
    }

    fn region(&self, span: Range<usize>) -> Region {
        Region { start: place(&self.source, span.start), end: place(&self.source, span.end.max(span.start)) }
    }
}

/// A definition in a file of that name, for the tests.
#[cfg(test)]
pub(crate) fn subject(name: &str, source: &str) -> Subject {
    let syntax = Syntax::of_path(std::path::Path::new(name));
    let values = placeholders::Values::new();
    let name = crate::definition::shown_name(std::path::Path::new(name));
    Subject::of_file(name, source.to_owned(), syntax, MachineType::Standard, &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_stands_behind_diagnostics_and_has_a_place() {
        let source = "StartAt: S\nStates:\n  S:\n    Type: Task\n    Resource: arn:aws:states:::sqs:sendMessage\n    \
                      Parameters: {QueueUrl: q, MessageBdy: x}\n    Next: T\n";
        let checked = subject("m.yaml", source).check();
        let codes: Vec<_> = checked.findings.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes, ["MISSING_TRANSITION_TARGET", "MISSING_END_STATE", "unknown-parameter"]);
        let advice = checked.findings.last().unwrap();
        assert_eq!(&source[advice.span.clone().unwrap()], "MessageBdy");
        assert_eq!(advice.pointer.as_deref(), Some("/States/S/Parameters/MessageBdy"));
        assert_eq!(advice.region.unwrap().start, ExcerptPlace { line: 6, column: 31 });
    }

    #[test]
    fn placeholders_are_filled_and_open_ones_are_told() {
        let source = r#"{"StartAt": "S", "States": {"S": {"Type": "Wait", "Seconds": ${Seconds}, "End": ${Open}}}}"#;
        let values = placeholders::Values::from([("Seconds".to_owned(), "-1".to_owned())]);
        let subject = Subject::of_file("m".into(), source.into(), Syntax::Json, MachineType::Standard, &values);
        let findings = subject.check().findings;
        let [open] = &findings[..] else { panic!("{findings:?}") };
        assert!(open.help.as_deref().unwrap().starts_with("${Open} is a placeholder without a value"), "{open:?}");
        let filled = source.replace("${Open}", "true");
        let subject = Subject::of_file("m".into(), filled.clone(), Syntax::Json, MachineType::Standard, &values);
        let findings = subject.check().findings;
        assert_eq!(&filled[findings[0].span.clone().unwrap()], "${Seconds}", "{findings:?}");
    }
}
