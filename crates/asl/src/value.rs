//! The payload value: one immutable, shared JSON value.
//!
//! Cloning is a pointer, selecting shares, numbers keep their text. A payload is parsed once when it
//! enters ([`crate::json::parse`]) and written once when it leaves ([`Value::to_json`]).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::number::Number;

/// A shared string.
pub type Text = Arc<str>;

/// An immutable JSON value. Cloning never copies a payload.
#[derive(Clone, Default)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, with the text it was written in.
    Number(Number),
    /// A string.
    String(Text),
    /// An array.
    Array(Arc<Vec<Value>>),
    /// An object; its members keep the order of the source.
    Object(Arc<Object>),
}

impl Value {
    /// A string value.
    pub fn string(text: impl AsRef<str>) -> Self {
        Self::String(Arc::from(text.as_ref()))
    }

    /// An array value.
    pub fn array(items: Vec<Value>) -> Self {
        Self::Array(Arc::new(items))
    }

    /// An object value from its members in order. A later member of the same name wins.
    pub fn object<K: Into<Text>>(members: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Object(Arc::new(members.into_iter().map(|(k, v)| (k.into(), v)).collect()))
    }

    /// An integer value.
    pub fn int(value: i64) -> Self {
        Self::Number(Number::from(value))
    }

    /// The empty object, AWS's default input.
    pub fn empty_object() -> Self {
        Self::Object(Arc::new(Object::default()))
    }

    /// The text, where this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, where this is a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, where this is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The integer, where this is a number without a fraction that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::as_i64)
    }

    /// The items, where this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members, where this is an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The member of that name, where this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object().and_then(|object| object.get(name))
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The type's name as JSONata and AWS's messages spell it: `null`, `boolean`, `number`, `string`,
    /// `array`, `object`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Whether both share one allocation: a cheap test for "the same payload", never for equality.
    pub fn same_allocation(&self, other: &Value) -> bool {
        match (self, other) {
            (Self::String(a), Self::String(b)) => Arc::ptr_eq(a, b),
            (Self::Array(a), Self::Array(b)) => Arc::ptr_eq(a, b),
            (Self::Object(a), Self::Object(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// Deep equality. Numbers are equal where their values are (`1` equals `1.0`); the order of members
/// does not matter.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => Arc::ptr_eq(a, b) || a == b,
            (Self::Object(a), Self::Object(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::int(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(Arc::from(text))
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::String(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::array(items)
    }
}

/// Objects of more members than this carry a hash index.
const INDEX_FROM: usize = 16;

/// The members of a JSON object, in the order of the source; names are unique.
#[derive(Clone, Default)]
pub struct Object {
    members: Vec<(Text, Value)>,
    #[allow(clippy::box_collection, reason = "few objects have one, and all would take its room")]
    index: Option<Box<HashMap<Text, usize>>>,
}

impl Object {
    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.position(name).map(|at| &self.members[at].1)
    }

    /// Whether a member has that name.
    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Bytes of the members and of their index, without what they hold.
    pub(crate) fn own_bytes(&self) -> usize {
        let index = self.index.as_ref().map_or(0, |index| {
            // A byte besides each place of the table, of which an eighth is free.
            size_of::<HashMap<Text, usize>>() + index.capacity() * 8 / 7 * (size_of::<(Text, usize)>() + 1)
        });
        self.members.capacity() * size_of::<(Text, Value)>() + index
    }

    /// Gives back the room for more members.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.members.shrink_to_fit();
        if let Some(index) = &mut self.index {
            index.shrink_to_fit();
        }
    }

    /// How often it holds each of its names.
    pub(crate) fn holds_of_a_name(&self) -> usize {
        1 + usize::from(self.index.is_some())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> {
        self.members.iter().map(|(name, value)| (name, value))
    }

    /// The member at a place in the order, from 0.
    pub fn at(&self, index: usize) -> Option<(&Text, &Value)> {
        self.members.get(index).map(|(name, value)| (name, value))
    }

    /// The values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.members.iter().map(|(_, value)| value)
    }

    /// Sets a member: in its place where the name is there, else at the end.
    pub fn insert(&mut self, name: Text, value: Value) {
        match self.position(&name) {
            Some(at) => self.members[at].1 = value,
            None => {
                if let Some(index) = &mut self.index {
                    index.insert(name.clone(), self.members.len());
                }
                self.members.push((name, value));
                if self.index.is_none() && self.members.len() > INDEX_FROM {
                    self.index = Some(Box::new(indexed(&self.members)));
                }
            }
        }
    }

    /// Removes the member of that name and returns its value. The others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.position(name)?;
        self.index = None;
        Some(self.members.remove(at).1)
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.members.iter().position(|(n, _)| &**n == name),
        }
    }
}

/// The places of members by their names.
fn indexed(members: &[(Text, Value)]) -> HashMap<Text, usize> {
    members.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect()
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl FromIterator<(Text, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(members: I) -> Self {
        let members = members.into_iter();
        let mut object = Self { members: Vec::with_capacity(members.size_hint().0), index: None };
        members.for_each(|(name, value)| object.insert(name, value));
        object
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

/// The order of Java's strings: by UTF-16 code units. It differs from the order of characters where a surrogate
/// meets a character from U+E000.
pub(crate) fn utf16_order(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_are_unique() {
        let value = Value::object([("b", Value::int(1)), ("a", Value::int(2)), ("b", Value::int(3))]);
        assert_eq!(value.to_json(), r#"{"b":3,"a":2}"#);
    }

    #[test]
    fn large_objects_find_their_members() {
        let value = Value::object((0..100).map(|i| (format!("k{i}"), Value::int(i))));
        assert_eq!(value.get("k77"), Some(&Value::int(77)));
        assert_eq!(value.get("k100"), None);
    }

    #[test]
    fn a_removed_member_leaves_the_others_in_order() {
        let mut object: Object = (0..40).map(|i| (Text::from(format!("k{i}")), Value::int(i))).collect();
        assert_eq!(object.remove("k3"), Some(Value::int(3)));
        assert_eq!(object.get("k39"), Some(&Value::int(39)));
        object.insert("k3".into(), Value::Null);
        assert_eq!(object.iter().last().map(|(n, _)| &**n), Some("k3"));
        assert_eq!(object.at(39), object.iter().last());
        assert_eq!(object.at(40), None);
    }

    #[test]
    fn equality_ignores_order_and_number_form() {
        let a = crate::json::parse(br#"{"x":1,"y":[1.0]}"#).unwrap();
        let b = crate::json::parse(br#"{"y":[1],"x":1e0}"#).unwrap();
        assert_eq!(a, b);
    }
}
