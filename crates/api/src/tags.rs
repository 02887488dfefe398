//! Tags: a list of keys and values on the wire, an object inside.

use asl::{Object, Text, Value};

use crate::error::ApiError;
use crate::json_object_writer::JsonObjectWriter;
use crate::request::Members;
use crate::shape::{List, Shape, Structure, TextShape, text};

/// `TagKey`
pub(crate) const TAG_KEY: TextShape = text(1..=128);
const TAG_VALUE: TextShape = text(0..=256);

/// `TagList`
pub(crate) fn tag_list() -> impl Shape<Output = Vec<(Text, Text)>> {
    List(Structure(|tag: &mut Members<'_>| {
        (tag.required("key", &TAG_KEY), tag.optional("value", &TAG_VALUE).unwrap_or_default())
    }))
}

/// The tags as an object of strings; of two with one key the later counts. Refuses keys and values with
/// characters that AWS forbids, and keys that AWS keeps for itself.
pub(crate) fn to_object(tags: Vec<(Text, Text)>) -> Result<Value, ApiError> {
    let mut object = Object::default();
    for (key, value) in tags {
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return Err(ApiError::validation(format!("Tag keys starting with 'aws:' are reserved: '{key}'")));
        }
        if !is_allowed(&key) {
            return Err(ApiError::validation(format!("Invalid tag key: '{key}'")));
        }
        if !is_allowed(&value) {
            return Err(ApiError::validation(format!("Invalid tag value: '{value}'")));
        }
        object.insert(key, Value::String(value));
    }
    Ok(Value::Object(object.into()))
}

/// Unicode letters, digits, white space, and `_.:/=+-@`.
fn is_allowed(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
}

/// Writes an object of tags as a list.
pub(crate) fn write(tags: &Value, answer: &mut JsonObjectWriter) {
    let none = Object::default();
    let object = match tags {
        Value::Object(object) => object,
        _ => &none,
    };
    answer.list("tags", object.iter(), |tag, (key, value)| {
        tag.text("key", key).optional_text("value", value.as_str());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_an_object_and_a_list_again() {
        let tags = [("b", "1"), ("a", ""), ("b", "é 2/=+-@_.:")].map(|(k, v)| (k.into(), v.into()));
        let mut answer = JsonObjectWriter::new(0);
        write(&to_object(tags.to_vec()).unwrap(), &mut answer);
        assert_eq!(answer.finish(), r#"{"tags":[{"key":"b","value":"é 2/=+-@_.:"},{"key":"a","value":""}]}"#);
    }

    #[test]
    fn reserved_keys_and_odd_characters_are_refused() {
        for (key, value) in [("aws:x", "1"), ("AWS:x", "1"), ("a#b", "1"), ("a", "<b>")] {
            let error = to_object(vec![(key.into(), value.into())]).unwrap_err();
            assert_eq!(error.code, "ValidationException", "{key} {value}");
        }
    }
}
