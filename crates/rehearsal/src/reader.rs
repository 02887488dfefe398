//! Walks a document that must have a known shape, and gathers what is wrong with it.

use std::cell::RefCell;
use std::fmt::Write;
use std::ops::Range;

use asl::read::positions::OwnedStep;
use asl::{Text, Value};

use document::Document;

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the document: `cases[0].expect`; empty for the document itself.
    pub at: String,
    /// The place in the source text, as a byte range.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
}

/// Where the mistakes of one document are gathered.
#[derive(Default)]
pub(crate) struct Log {
    found: RefCell<Vec<(Vec<OwnedStep>, String)>>,
}

impl Log {
    /// The document's root, to be walked.
    pub(crate) fn root<'a>(&'a self, value: &'a Value) -> Node<'a> {
        Node { value, steps: Vec::new(), log: self }
    }

    /// What was found, with its places.
    pub(crate) fn into_problems(self, document: &Document<'_>) -> Vec<Problem> {
        let found = self.found.into_inner();
        if found.is_empty() {
            return Vec::new();
        }
        let positions = document.positions();
        let problem = |(steps, message): (Vec<OwnedStep>, String)| Problem {
            at: path(&steps),
            span: document.place(&positions, &steps),
            message,
        };
        found.into_iter().map(problem).collect()
    }
}

fn path(steps: &[OwnedStep]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            OwnedStep::Member(name) if path.is_empty() => path.push_str(name),
            OwnedStep::Member(name) => {
                path.push('.');
                path.push_str(name);
            }
            OwnedStep::Item(index) => {
                // Writing to a String does not fail.
                let _ = write!(path, "[{index}]");
            }
        }
    }
    path
}

/// A value with its place.
pub(crate) struct Node<'a> {
    pub(crate) value: &'a Value,
    steps: Vec<OwnedStep>,
    log: &'a Log,
}

impl<'a> Node<'a> {
    /// Notes what is wrong here; gives `None`, for the caller to pass on.
    pub(crate) fn refuse<T>(&self, message: impl Into<String>) -> Option<T> {
        self.log.found.borrow_mut().push((self.steps.clone(), message.into()));
        None
    }

    fn wanted<T>(&self, what: &str) -> Option<T> {
        self.refuse(format!("expected {what}, found {}", self.value.type_name()))
    }

    /// Says so where this is no object, or has members of other names than these.
    pub(crate) fn check_keys(&self, known: &[&str]) {
        let Some(object) = self.value.as_object() else {
            self.wanted::<()>("object");
            return;
        };
        for (name, value) in object.iter() {
            if !known.contains(&&**name) {
                self.child(OwnedStep::Member(name.to_string()), value)
                    .refuse::<()>(format!("unknown key \"{name}\"; known here: {}", known.join(", ")));
            }
        }
    }

    fn child(&self, step: OwnedStep, value: &'a Value) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step);
        Self { value, steps, log: self.log }
    }

    /// The member of that name, where there is one.
    pub(crate) fn member(&self, name: &str) -> Option<Self> {
        self.value.get(name).map(|value| self.child(OwnedStep::Member(name.to_owned()), value))
    }

    /// The member of that name, which must be there.
    pub(crate) fn required(&self, name: &str) -> Option<Self> {
        // A value of another type was refused before.
        self.value.as_object()?;
        self.member(name).or_else(|| self.refuse(format!("the key \"{name}\" is missing")))
    }

    /// The members of an object, in order.
    pub(crate) fn members(&self) -> Option<Vec<(&'a Text, Self)>> {
        let Some(object) = self.value.as_object() else { return self.wanted("object") };
        let member =
            |(name, value): (&'a Text, &'a Value)| (name, self.child(OwnedStep::Member(name.to_string()), value));
        Some(object.iter().map(member).collect())
    }

    /// The items of an array.
    pub(crate) fn items(&self) -> Option<Vec<Self>> {
        let Some(items) = self.value.as_array() else { return self.wanted("array") };
        Some(items.iter().enumerate().map(|(index, value)| self.child(OwnedStep::Item(index), value)).collect())
    }

    /// The text of a string.
    pub(crate) fn text(&self) -> Option<Text> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            _ => self.wanted("string"),
        }
    }

    /// A count: an integer from 0.
    pub(crate) fn count(&self) -> Option<u64> {
        match self.value.as_i64().and_then(|number| u64::try_from(number).ok()) {
            Some(count) => Some(count),
            None => self.refuse("expected an integer from 0"),
        }
    }

    /// A time span in seconds, at least 0 and at most that many, as milliseconds.
    pub(crate) fn seconds(&self, max: f64) -> Option<i64> {
        match self.value.as_number().map(asl::Number::as_f64) {
            Some(seconds) if (0.0..=max).contains(&seconds) => Some((seconds * 1000.0).round() as i64),
            _ => self.refuse(format!("expected a number of seconds from 0 to {max}")),
        }
    }
}

/// Reads a member where it is there.
pub(crate) fn optional<'a, T>(node: &Node<'a>, name: &str, read: impl FnOnce(&Node<'a>) -> Option<T>) -> Option<T> {
    node.member(name).and_then(|member| read(&member))
}
