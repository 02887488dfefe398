//! A Map state's `Label` is short, plain and unique.
//!
//! Why: it becomes part of the ARN of the map run and of its child executions.
//!
//! Refused: `"Label": "all items"`. Mended: `"Label": "allItems"`.

use std::collections::HashSet;

use crate::diagnostic::Code;
use crate::read::fields::Fields;
use crate::value::Text;

/// What is wrong with a Map state's `Label`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelMistake {
    /// It has no character.
    Empty,
    /// It has more than [`LabelMistake::LENGTH_MAX`] characters.
    TooLong,
    /// It has a character that it may not have; this is the first.
    Character(char),
}

impl LabelMistake {
    /// The most characters of a label.
    pub const LENGTH_MAX: usize = 40;

    /// What is wrong with that label, where something is. That it is unique is not looked at.
    pub fn of(label: &str) -> Option<Self> {
        if label.is_empty() {
            return Some(Self::Empty);
        }
        if label.chars().count() > Self::LENGTH_MAX {
            return Some(Self::TooLong);
        }
        label.chars().find(|c| is_forbidden(*c)).map(Self::Character)
    }
}

/// The label, which joins those the machine has.
pub(crate) fn read(fields: &Fields<'_>, labels: &mut HashSet<Text>) -> Option<Text> {
    let label = fields.text("Label")?;
    let (code, message) = if LabelMistake::of(label).is_some() {
        (Code::InvalidLabelName, format!("Invalid label name: {label}"))
    } else if !labels.insert(label.clone()) {
        (Code::DuplicateLabelName, format!("Duplicate label name: {label}"))
    } else {
        return Some(label.clone());
    };
    let help = "Use 1 to 40 letters, digits, - and _, and another label for each Map state.";
    fields.log.error(&fields.place_of("Label"), code, message, help);
    None
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
    fn a_mistake_is_named() {
        let cases = [
            ("é".repeat(40), None),
            ("é".repeat(41), Some(LabelMistake::TooLong)),
            (String::new(), Some(LabelMistake::Empty)),
            ("a\u{84}".to_owned(), Some(LabelMistake::Character('\u{84}'))),
            ("a:b/c".to_owned(), Some(LabelMistake::Character(':'))),
        ];
        for (label, mistake) in cases {
            assert_eq!(LabelMistake::of(&label), mistake, "{label}");
        }
    }
}
