//! A Map state's `Label` is short, plain and unique.
//!
//! Why: it becomes part of the ARN of the map run and of its child executions.
//!
//! Refused: `"Label": "all items"`. Mended: `"Label": "allItems"`.

use std::collections::HashSet;

use crate::diagnostic::Code;
use crate::read::fields::Fields;
use crate::value::Text;

/// The most characters of a label. The language's, no quota: AWS raises it for nobody.
const LENGTH_MAX: usize = 40;

/// The label, which joins those the machine has.
pub(crate) fn read(fields: &Fields<'_>, labels: &mut HashSet<Text>) -> Option<Text> {
    let label = fields.text("Label")?;
    let (code, message) = if !is_valid(label) {
        (Code::InvalidLabelName, format!("Invalid label name: {label}"))
    } else if !labels.insert(label.clone()) {
        (Code::DuplicateLabelName, format!("Duplicate label name: {label}"))
    } else {
        return Some(label.clone());
    };
    let help = "Use 1 to 40 letters, digits, - and _, and another label for each Map state.";
    fields.log.error(&fields.place_of("Label"), code, message, help);
    Some(label.clone())
}

/// Whether it has 1 to 40 characters, all of them allowed. That it is unique is not looked at.
fn is_valid(label: &str) -> bool {
    (1..=LENGTH_MAX).contains(&label.chars().count()) && !label.chars().any(is_forbidden)
}

/// The characters that AWS forbids in names are forbidden here too.
fn is_forbidden(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
        || matches!(c, '\u{FFFE}' | '\u{FFFF}' | '\u{10FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::rules::testing::{accepted, refused};

    fn maps(labels: [&str; 2]) -> String {
        let map = |label: &str, name: &str, next: &str| {
            format!(
                r#""M{name}": {{"Type": "Map", "Label": "{label}", {next}, "ItemProcessor": {{"ProcessorConfig":
                {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "StartAt": "{name}",
                "States": {{"{name}": {{"Type": "Succeed"}}}}}}}}"#
            )
        };
        let (first, second) = (map(labels[0], "A", r#""Next": "MB""#), map(labels[1], "B", r#""End": true"#));
        format!(r#"{{"StartAt": "MA", "States": {{{first}, {second}}}}}"#)
    }

    #[test]
    fn labels_are_plain_and_unique() {
        accepted(&maps(["a", "b"]));
        refused(&maps(["a b", "b"]), &["INVALID_LABEL_NAME: Invalid label name: a b at /States/MA/Label"]);
        refused(&maps(["a", "a"]), &["DUPLICATE_LABEL_NAME: Duplicate label name: a at /States/MB/Label"]);
    }

    #[test]
    fn a_label_is_short_and_of_allowed_characters() {
        for good in ["a", "a-b_c.1", "é"] {
            assert!(is_valid(good), "{good}");
        }
        assert!(is_valid(&"é".repeat(40)) && !is_valid(&"é".repeat(41)));
        for bad in ["", "a b", "a\u{84}", "a:b/c", "a*", "\u{FFFE}"] {
            assert!(!is_valid(bad), "{bad:?}");
        }
    }
}
