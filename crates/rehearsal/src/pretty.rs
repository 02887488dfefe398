//! JSON for people, and two values brought into a form that is easy to compare line by line.

use asl::Value;
use asl::json::write_string;
use asl::value::Object;

/// JSON text of several lines, indented by two spaces. A value nests at most [`asl::json::DEPTH_MAX`] levels, wherever
/// it comes from.
pub fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    let line = |depth: usize, text: &mut String| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                line(depth + 1, text);
                write(item, depth + 1, text);
            }
            line(depth, text);
            text.push(']');
        }
        Value::Object(object) if !object.is_empty() => {
            text.push('{');
            for (index, (name, member)) in object.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                line(depth + 1, text);
                write_string(name, text);
                text.push_str(": ");
                write(member, depth + 1, text);
            }
            line(depth, text);
            text.push('}');
        }
        flat => asl::json::write(flat, text),
    }
}

/// What members of `found` that `expected` does not name become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surplus {
    /// They come last.
    Kept,
    /// They are left out.
    Dropped,
}

/// `found`, with its members in the order of `expected`, and what is equal written as there: only true differences
/// are left for a line diff.
pub fn aligned(expected: &Value, found: &Value, surplus: Surplus) -> Value {
    match (expected, found) {
        (Value::Object(wanted), Value::Object(members)) => {
            let mut object = Object::default();
            for (name, expected) in wanted.iter() {
                if let Some(found) = members.get(name) {
                    object.insert(name.clone(), aligned(expected, found, surplus));
                }
            }
            let rest = members.iter().filter(|(name, _)| surplus == Surplus::Kept && !wanted.contains(name));
            rest.for_each(|(name, value)| object.insert(name.clone(), value.clone()));
            Value::Object(object.into())
        }
        (Value::Array(wanted), Value::Array(items)) => {
            let item = |(index, item): (usize, &Value)| {
                wanted.get(index).map_or_else(|| item.clone(), |expected| aligned(expected, item, surplus))
            };
            Value::array(items.iter().enumerate().map(item).collect())
        }
        (expected, found) if expected == found => expected.clone(),
        (_, found) => found.clone(),
    }
}

/// Whether `found` has everything of `expected`: of an object the members named, of an array as many items, each of
/// which has everything of its counterpart; else it is equal.
pub fn contains(expected: &Value, found: &Value) -> bool {
    aligned(expected, found, Surplus::Dropped) == *expected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        asl::json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn json_is_indented() {
        let text = "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}";
        assert_eq!(pretty(&json(r#"{"a":[1,{}],"b":[]}"#)), text);
        assert_eq!(pretty(&json(r#""x""#)), "\"x\"");
    }

    #[test]
    fn equal_values_align_to_the_same_text() {
        let expected = json(r#"{"b": 1.0, "a": [{"x": 1, "y": 2}]}"#);
        let found = json(r#"{"a": [{"y": 2.0, "x": 1}], "b": 1}"#);
        assert_eq!(pretty(&aligned(&expected, &found, Surplus::Kept)), pretty(&expected));
        let more = json(r#"{"z": 0, "a": [], "b": 1}"#);
        assert_eq!(aligned(&expected, &more, Surplus::Kept).to_json(), r#"{"b":1.0,"a":[],"z":0}"#);
    }

    #[test]
    fn part_of_a_value_is_contained() {
        for (expected, found, holds) in [
            (r#"{"a": 1}"#, r#"{"b": 2, "a": 1}"#, true),
            (r#"{"a": {"x": 1}}"#, r#"{"a": {"x": 1, "y": 2}}"#, true),
            (r#"[{"x": 1}]"#, r#"[{"x": 1, "y": 2}]"#, true),
            ("{}", r#"{"a": 1}"#, true),
            (r#"[1]"#, "[1, 2]", false),
            (r#"[1, 2]"#, "[1]", false),
            (r#"{"a": 1}"#, r#"{"a": 2}"#, false),
            (r#"{"a": null}"#, "{}", false),
            ("{}", "[]", false),
        ] {
            assert_eq!(contains(&json(expected), &json(found)), holds, "{expected} {found}");
        }
    }
}
