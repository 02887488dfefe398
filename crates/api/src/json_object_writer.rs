//! Writes a JSON object by hand, into one buffer.

use std::fmt::Write;

use asl::{Value, json};
use engine::Timestamp;

/// A JSON object that is being written, member by member.
pub(crate) struct JsonObjectWriter {
    out: String,
    first: bool,
}

impl JsonObjectWriter {
    /// An object, with room for that many bytes of JSON.
    pub(crate) fn new(capacity: usize) -> Self {
        Self::at_the_end_of(String::with_capacity(capacity))
    }

    /// An object behind what the text holds already.
    pub(crate) fn at_the_end_of(mut out: String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    /// A string.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.name(name);
        json::write_string(text, &mut self.out);
        self
    }

    /// A string, where there is one.
    pub(crate) fn optional_text(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// A truth value.
    pub(crate) fn boolean(&mut self, name: &str, value: bool) -> &mut Self {
        self.name(name);
        self.out.push_str(if value { "true" } else { "false" });
        self
    }

    /// A number that is not negative.
    pub(crate) fn number(&mut self, name: &str, number: u64) -> &mut Self {
        self.name(name);
        self.digits(number, 1);
        self
    }

    /// A time: seconds since the epoch, with milliseconds.
    pub(crate) fn time(&mut self, name: &str, at: Timestamp) -> &mut Self {
        self.name(name);
        if at.0 < 0 {
            self.out.push('-');
        }
        let milliseconds = at.0.unsigned_abs();
        self.digits(milliseconds / 1000, 1);
        self.out.push('.');
        self.digits(milliseconds % 1000, 3);
        self
    }

    /// A value as JSON.
    pub(crate) fn value(&mut self, name: &str, value: &Value) -> &mut Self {
        self.name(name);
        json::write(value, &mut self.out);
        self
    }

    /// A payload: a JSON string that holds JSON text.
    pub(crate) fn payload(&mut self, name: &str, payload: &Value) -> &mut Self {
        self.text(name, &payload.to_json())
    }

    /// An object.
    pub(crate) fn object(&mut self, name: &str, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.name(name);
        self.braces(write);
        self
    }

    /// An array of objects.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.name(name);
        self.out.push('[');
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.braces(|writer| write(writer, item));
        }
        self.out.push(']');
        self
    }

    /// The text, complete.
    pub(crate) fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }

    fn braces(&mut self, write: impl FnOnce(&mut Self)) {
        self.out.push('{');
        self.first = true;
        write(self);
        self.first = false;
        self.out.push('}');
    }

    fn name(&mut self, name: &str) {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    fn digits(&mut self, number: u64, width: usize) {
        // Writing into a String cannot fail.
        let _ = write!(self.out, "{number:0width$}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_every_kind() {
        let mut writer = JsonObjectWriter::new(0);
        writer
            .text("a", "x\"y")
            .optional_text("absent", None)
            .object("o", |o| {
                o.boolean("t", true).number("n", 7);
            })
            .list("l", [1, 2], |item, n| {
                item.number("n", n);
            })
            .list("none", [0; 0], |_, _| ())
            .payload("p", &Value::object([("k", Value::string("v"))]))
            .value("v", &Value::empty_object());
        assert_eq!(
            writer.finish(),
            r#"{"a":"x\"y","o":{"t":true,"n":7},"l":[{"n":1},{"n":2}],"none":[],"p":"{\"k\":\"v\"}","v":{}}"#
        );
    }

    #[test]
    fn times_are_epoch_seconds_with_milliseconds() {
        for (at, text) in [(1_700_000_000_123, "1700000000.123"), (5, "0.005"), (0, "0.000"), (-1_500, "-1.500")] {
            let mut writer = JsonObjectWriter::new(0);
            writer.time("t", Timestamp(at));
            assert_eq!(writer.finish(), format!("{{\"t\":{text}}}"));
        }
    }
}
