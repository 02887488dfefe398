//! Warning: a template's member looks like a path or an intrinsic function, but its name does not end with `.$`.
//!
//! Why: without the ending the text itself is passed on, which is rarely meant.
//!
//! Warned: `"Parameters": {"id": "$.id"}`. Mended: `"Parameters": {"id.$": "$.id"}`.

use crate::diagnostic::Code;
use crate::path::Path;
use crate::read::log::Log;
use crate::read::place::SourcePlace;
use crate::value::Value;

/// Looks through a JSONPath template.
pub(crate) fn check(value: &Value, place: &SourcePlace<'_>, log: &Log) {
    match value {
        Value::Object(object) => {
            for (name, member) in object.iter() {
                check_member(name, member, &place.member(name), log);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| check(item, &place.item(index), log));
        }
        _ => {}
    }
}

fn check_member(name: &str, member: &Value, place: &SourcePlace<'_>, log: &Log) {
    let looks_dynamic = member.as_str().is_some_and(|text| looks_like_path(text) || looks_like_call(text));
    if looks_dynamic && !name.ends_with(".$") {
        let message = format!("The value for the field '{name}' looks like a JSONPath or an intrinsic function call");
        log.warning(place, Code::NoDollar, message, &format!("Name the field '{name}.$' to have it evaluated."));
        return;
    }
    check(member, place, log);
}

/// Whether a text that is taken as it stands is probably a path.
pub(crate) fn looks_like_path(text: &str) -> bool {
    let start = text.strip_prefix("$$").or_else(|| text.strip_prefix('$'));
    start.is_some_and(|rest| rest.starts_with(['.', '['])) && Path::parse(text).is_ok()
}

fn looks_like_call(text: &str) -> bool {
    text.starts_with("States.") && text.ends_with(')') && text.contains('(')
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{findings, machine};

    #[test]
    fn what_looks_like_a_path_is_warned_about() {
        let pass = |parameters: &str| {
            findings(&machine(&format!(r#"{{"Type": "Pass", "Parameters": {parameters}, "End": true}}"#)))
        };
        assert_eq!(
            pass(r#"{"a": [{"b": "$.b"}], "c": "States.UUID()"}"#),
            [
                "NO_DOLLAR: The value for the field 'b' looks like a JSONPath or an intrinsic function call \
                 at /States/X/Parameters/a[0]/b",
                "NO_DOLLAR: The value for the field 'c' looks like a JSONPath or an intrinsic function call \
                 at /States/X/Parameters/c",
            ]
        );
        assert_eq!(pass(r#"{"a": [{"b.$": "$.b"}], "c": "$5", "d": "$"}"#), [""; 0]);
    }
}
