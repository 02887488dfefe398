//! `${Name}`: what a deployment tool replaces before AWS sees a definition (CloudFormation's `DefinitionSubstitutions`,
//! Terraform's `templatefile`, `envsubst`).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::derived::Derived;

/// What placeholders stand for, by their names.
pub type Values = BTreeMap<String, String>;

/// The placeholders of a text: where each stands, with its braces, and its name.
pub fn find(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find("${")?;
            let inside = &text[start + 2..];
            from = start + 2;
            let length = inside.find('}')?;
            if is_name(&inside[..length]) {
                from = start + 2 + length + 1;
                return Some((start..from, &inside[..length]));
            }
        }
    })
}

/// Whether a text is what may stand between the braces: CloudFormation's names, with `.` and `::` as in `Fn::Sub`.
pub fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    !text.is_empty() && text.chars().all(fits)
}

/// The text with the values in the place of the placeholders, as they are. What has no value stays.
pub fn fill(text: &str, values: &Values) -> Derived {
    fill_with(text, |name| values.get(name).cloned())
}

/// As [`fill`], with the values that `value` gives.
pub fn fill_with(text: &str, value: impl Fn(&str) -> Option<String>) -> Derived {
    let mut filled = Derived::default();
    let mut copied = 0;
    for (range, name) in find(text) {
        if let Some(value) = value(name) {
            filled.copy(text, copied..range.start);
            filled.insert(&value, range.clone());
            copied = range.end;
        }
    }
    filled.copy(text, copied..text.len());
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_by_their_form() {
        for (text, names) in [
            ("${A} and ${B_1}${Fn.Arn}${AWS::Region}", vec!["A", "B_1", "Fn.Arn", "AWS::Region"]),
            ("$A {A} ${} ${a b} ${!Literal} ${open", vec![]),
            ("${${Inner}}", vec!["Inner"]),
            ("", vec![]),
        ] {
            let found: Vec<_> = find(text).collect();
            assert_eq!(found.iter().map(|(_, name)| *name).collect::<Vec<_>>(), names, "{text}");
            assert!(found.into_iter().all(|(range, name)| text[range] == format!("${{{name}}}")));
        }
    }

    #[test]
    fn what_has_a_value_is_filled_and_the_rest_stays() {
        let values = Values::from([("Seconds".to_owned(), "5".to_owned()), ("Empty".to_owned(), String::new())]);
        let source = r#"{"Seconds": ${Seconds}, "a": "${Empty}${Other}"}"#;
        let filled = fill(source, &values);
        assert_eq!(filled.text(), r#"{"Seconds": 5, "a": "${Other}"}"#);
        let at = filled.text().find('5').unwrap();
        assert_eq!(&source[filled.origin(at..at + 1)], "${Seconds}");
        let at = filled.text().find("${Other}").unwrap();
        assert_eq!(&source[filled.origin(at..at + 8)], "${Other}");
    }
}
