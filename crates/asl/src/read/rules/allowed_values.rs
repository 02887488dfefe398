//! A field takes one of a few words.
//!
//! Why: what AWS does not know it does not run. Words are compared with their case.
//!
//! Refused: `"Type": "task"`. Mended: `"Type": "Task"`.

use crate::diagnostic::Code;
use crate::near::nearest;
use crate::read::log::Log;
use crate::read::place::SourcePlace;

/// Refuses the value `found` of the field `name`, which stands at `place`.
pub(crate) fn refuse<'w>(
    name: &str,
    found: &str,
    words: impl Iterator<Item = &'w str>,
    place: &SourcePlace<'_>,
    log: &Log,
) {
    let words: Vec<&str> = words.collect();
    let message = format!("The field '{name}' should have one of these values: [{}]", words.join(", "));
    let help = match log.suggests().then(|| nearest(found, words.into_iter())).flatten() {
        Some(meant) => format!("Did you mean {meant}?"),
        None => "Use one of the values listed, with the same case.".to_owned(),
    };
    log.error(place, Code::SchemaValidationFailed, message, &help);
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn only_the_words_listed_are_known() {
        refused(
            &machine(r#"{"Type": "task", "End": true}"#),
            &["SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: \
               [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/X/Type"],
        );
        accepted(&machine(r#"{"Type": "Pass", "End": true}"#));
        refused(
            r#"{"Version": "2.0", "StartAt": "X", "States": {"X": {"Type": "Succeed"}}}"#,
            &["SCHEMA_VALIDATION_FAILED: The field 'Version' should have one of these values: [1.0] at /Version"],
        );
        accepted(r#"{"Version": "1.0", "StartAt": "X", "States": {"X": {"Type": "Succeed"}}}"#);
    }
}
