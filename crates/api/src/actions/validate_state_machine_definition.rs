//! ValidateStateMachineDefinition: what CreateStateMachine would say, as a list, without creating anything.

use std::borrow::Cow;

use asl::Text;
use asl::diagnostic::{Code, Diagnostic, Severity};
use asl::read::{self, MachineType as ReadAs};
use store::record::MachineType;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::ArnKind;
use crate::json_object_writer::JsonObjectWriter;
use crate::listing::page_size;
use crate::shape::{Int, OneOf, TextShape, int, one_of, text};
use crate::shapes::STATE_MACHINE_TYPE;

/// An empty definition is answered with a diagnostic, as AWS does.
/// No quota: the model's constraint of the member.
const DEFINITION: TextShape = text(0..=1_048_576).sensitive();
const SEVERITY: OneOf<Severity> = one_of(&[("ERROR", Severity::Error), ("WARNING", Severity::Warning)]);
/// No quota: the model's constraint of the member.
const MAX_RESULTS: Int = int(0..=100);

/// ValidateStateMachineDefinition
pub(crate) struct ValidateStateMachineDefinition;

/// What to look at, and how much of what is found to show.
pub(crate) struct Validation {
    definition: Text,
    read_as: ReadAs,
    severity: Severity,
    size: usize,
}

impl Action for ValidateStateMachineDefinition {
    const NAME: &'static str = "ValidateStateMachineDefinition";
    const IAM_ACTION: &'static str = "states:ValidateStateMachineDefinition";
    type Input = Validation;

    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (definition, machine_type, severity, max_results) = request.read(|members| {
            (
                members.required("definition", &DEFINITION),
                members.optional("type", &STATE_MACHINE_TYPE).unwrap_or(MachineType::Standard),
                members.optional("severity", &SEVERITY).unwrap_or(Severity::Error),
                members.optional("maxResults", &MAX_RESULTS),
            )
        })?;
        let read_as = match machine_type {
            MachineType::Standard => ReadAs::Standard,
            MachineType::Express => ReadAs::Express,
        };
        Ok(Validation { definition, read_as, severity, size: page_size(max_results, context.quotas.page_items) })
    }

    fn resources(_validation: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Every(ArnKind::StateMachine)]
    }

    async fn perform(context: &CallContext<'_>, validation: Self::Input) -> Result<ResponseBody, ApiError> {
        let judge = move || {
            let reading = read::read(&validation.definition, validation.read_as);
            Ok(write(&reading.diagnostics, validation.severity, validation.size))
        };
        Ok(context.runtime.compute(judge).await?.into())
    }
}

/// Diagnostics at least as severe as asked for, at most so many.
fn write(diagnostics: &[Diagnostic], severity: Severity, size: usize) -> String {
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    let wanted: Vec<&Diagnostic> = diagnostics.iter().filter(|d| d.severity >= severity).collect();
    let mut answer = JsonObjectWriter::new(64 + 192 * wanted.len());
    answer
        .text("result", if failed { "FAIL" } else { "OK" })
        .list("diagnostics", wanted.iter().take(size), |item, diagnostic| {
            item.text("severity", if diagnostic.severity == Severity::Error { "ERROR" } else { "WARNING" })
                .text("code", diagnostic.code.as_str())
                .text("message", &message(diagnostic))
                .optional_text("location", diagnostic.location.as_deref());
        })
        .boolean("truncated", wanted.len() > size);
    answer.finish()
}

/// What is wrong. As recorded, that a text is not JSON is told in the words of AWS's reader, which end with the place.
fn message(diagnostic: &Diagnostic) -> Cow<'_, str> {
    match (diagnostic.code, &diagnostic.location) {
        (Code::InvalidJsonDescription, Some(location)) => Cow::Owned(format!("{}\n at {location}", diagnostic.message)),
        _ => Cow::Borrowed(&diagnostic.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(severity: Severity, location: Option<&str>) -> Diagnostic {
        Diagnostic {
            severity,
            code: Code::NoPath,
            message: "m".to_owned(),
            location: location.map(str::to_owned),
            pointer: None,
            span: None,
            help: None,
        }
    }

    #[test]
    fn warnings_are_shown_only_when_asked_for_and_fail_nothing() {
        let found = [diagnostic(Severity::Warning, Some("/States/A"))];
        assert_eq!(write(&found, Severity::Error, 100), r#"{"result":"OK","diagnostics":[],"truncated":false}"#);
        assert_eq!(
            write(&found, Severity::Warning, 100),
            r#"{"result":"OK","diagnostics":[{"severity":"WARNING","code":"NO_PATH","message":"m","location":"/States/A"}],"truncated":false}"#
        );
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        let told = |definition: &str| write(&read::read(definition, ReadAs::Standard).diagnostics, Severity::Error, 1);
        assert_eq!(
            told("not a definition"),
            r#"{"result":"FAIL","diagnostics":[{"severity":"ERROR","code":"INVALID_JSON_DESCRIPTION","message":"Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: (String)\"not a definition\"; line: 1, column: 4]","location":"[Source: (String)\"not a definition\"; line: 1, column: 4]"}],"truncated":false}"#
        );
        assert!(told("{\n  \"a\": }").contains(r#"\n at [Source: (String)\"{\n  \"a\": }\"; line: 2, column: "#));
        for other in ["", "[]", "{}"] {
            assert!(!told(other).contains("Source:"), "{other}");
        }
    }

    #[test]
    fn more_than_asked_for_is_cut() {
        let found = [diagnostic(Severity::Error, None), diagnostic(Severity::Error, None)];
        assert_eq!(
            write(&found, Severity::Error, 1),
            r#"{"result":"FAIL","diagnostics":[{"severity":"ERROR","code":"NO_PATH","message":"m"}],"truncated":true}"#
        );
    }
}
