//! A field that selects is a path; some take only a path to one place.
//!
//! Why: a path that cannot be read selects nothing, and a number, a list of items or a place to put a result is
//! one thing, not several.
//!
//! Refused: `"InputPath": "order"`, `"ResultPath": "$.a[*]"`. Mended: `"InputPath": "$.order"`, `"ResultPath": "$.a"`.

use crate::diagnostic::Code;
use crate::path::{Path, PathSyntaxError, ReferencePath};
use crate::read::log::Log;
use crate::read::place::SourcePlace;

/// Any path.
pub(crate) fn any(text: &str, place: &SourcePlace<'_>, log: &Log) -> Option<Path> {
    match Path::parse(text) {
        Ok(path) => Some(path),
        Err(error) => {
            let help = format!("Write a path that starts with $, such as $.name. {}.", error.message);
            log.error(place, Code::SchemaValidationFailed, "Value must be a valid JSONPath.", &help);
            log.unreadable();
            None
        }
    }
}

/// A path to one place.
pub(crate) fn single(text: &str, place: &SourcePlace<'_>, log: &Log) -> Option<Path> {
    let path = Path::parse(text);
    if !path.as_ref().is_ok_and(Path::is_definite) {
        refuse(path.as_ref().err(), place, log);
    }
    or_unreadable(path.ok(), log)
}

/// A path to one place outside the context object.
pub(crate) fn payload(text: &str, place: &SourcePlace<'_>, log: &Log) -> Option<Path> {
    if text.trim_start().starts_with("$$") {
        refuse(None, place, log);
        return or_unreadable(Path::parse(text).ok(), log);
    }
    single(text, place, log)
}

/// A path to put something at.
pub(crate) fn reference(text: &str, place: &SourcePlace<'_>, log: &Log) -> Option<ReferencePath> {
    let into_payload = text.strip_prefix('$').is_some_and(|rest| rest.starts_with(['.', '[']));
    let path = ReferencePath::parse(text);
    if path.is_err() || !into_payload {
        refuse(path.as_ref().err(), place, log);
    }
    or_unreadable(path.ok(), log)
}

fn refuse(error: Option<&PathSyntaxError>, place: &SourcePlace<'_>, log: &Log) {
    let detail = error.map(|error| format!(" {error}.")).unwrap_or_default();
    let help = format!("Write a path to one place, made of names and indexes only, such as $.order.items[0].{detail}");
    log.error(place, Code::SchemaValidationFailed, "Value is not a Reference Path", &help);
}

fn or_unreadable<T>(path: Option<T>, log: &Log) -> Option<T> {
    if path.is_none() {
        log.unreadable();
    }
    path
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn paths_are_paths() {
        let cases = [
            (r#"{"Type": "Pass", "InputPath": "order", "End": true}"#, "Value must be a valid JSONPath.", "InputPath"),
            (r#"{"Type": "Pass", "OutputPath": "", "End": true}"#, "Value must be a valid JSONPath.", "OutputPath"),
            (r#"{"Type": "Pass", "ResultPath": "$.a[*]", "End": true}"#, "Value is not a Reference Path", "ResultPath"),
            (r#"{"Type": "Pass", "ResultPath": "$$.a", "End": true}"#, "Value is not a Reference Path", "ResultPath"),
            (r#"{"Type": "Pass", "ResultPath": "$a", "End": true}"#, "Value is not a Reference Path", "ResultPath"),
            (r#"{"Type": "Wait", "SecondsPath": "$..a", "End": true}"#, "Value is not a Reference Path", "SecondsPath"),
        ];
        for (state, text, field) in cases {
            refused(&machine(state), &[&format!("SCHEMA_VALIDATION_FAILED: {text} at /States/X/{field}")]);
        }
        for state in [
            r#"{"Type": "Pass", "InputPath": "$.order", "OutputPath": "$$.Execution.Input", "End": true}"#,
            r#"{"Type": "Pass", "InputPath": null, "OutputPath": null, "ResultPath": null, "End": true}"#,
            r#"{"Type": "Pass", "InputPath": "$", "OutputPath": "$.a[*]", "ResultPath": "$.a[0]['b c']", "End": true}"#,
            r#"{"Type": "Wait", "SecondsPath": "$.a.b", "End": true}"#,
        ] {
            accepted(&machine(state));
        }
    }

    #[test]
    fn the_numbers_of_a_map_state_are_not_in_the_context_object() {
        let map = |path: &str| {
            machine(&format!(
                r#"{{"Type": "Map", "MaxConcurrencyPath": "{path}", "End": true,
                "ItemProcessor": {{"StartAt": "Y", "States": {{"Y": {{"Type": "Succeed"}}}}}}}}"#
            ))
        };
        refused(
            &map("$$.Execution.Input.n"),
            &["SCHEMA_VALIDATION_FAILED: Value is not a Reference Path at /States/X/MaxConcurrencyPath"],
        );
        accepted(&map("$.n"));
        accepted(&map("$n"));
    }
}
