//! Every bound of an execution; the defaults are AWS's quotas.

use asl::json::DEPTH_MAX;
use asl::{Allowance, Object, Value};

/// Bounds of executions. Each is a setting.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of JSON text in a state's input or output, and in what one Assign gives (AWS: 262,144).
    pub payload_bytes: usize,
    /// Bytes of JSON text in all variables a state can see (AWS: 10 MiB for an execution).
    pub variables_bytes: usize,
    /// Events in one history (AWS: 25,000). The last one is the failure that says so.
    pub history_events: u64,
    /// Iterations of an inline Map that run at once, at most (AWS: 40).
    pub inline_map_concurrency: u64,
    /// What the evaluation of a state's fields may use.
    pub evaluation: Allowance,
    /// Seconds that the test of a state may take (AWS: five minutes). A state that would wait longer times out.
    pub state_test_seconds: u64,
    /// Factor by which Wait states and retry intervals are shortened or stretched; 1 in production.
    pub wait_time_scale: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_bytes: 262_144,
            variables_bytes: 10 * 1024 * 1024,
            history_events: 25_000,
            inline_map_concurrency: 40,
            evaluation: Allowance::default(),
            state_test_seconds: 300,
            wait_time_scale: 1.0,
        }
    }
}

impl Limits {
    /// Whether a payload's JSON text is within the limit and nests no deeper than text that can be read again
    /// may. Stops counting at the limit.
    pub(crate) fn fits(&self, value: &Value) -> bool {
        Meter { left: self.payload_bytes, depth_left: DEPTH_MAX }.take(value)
    }

    /// Whether what an Assign gives is within the limit, by itself and beside the variables it leaves as they are.
    pub(crate) fn variables_fit(&self, variables: &Object, assigned: &Value) -> bool {
        let mut meter = Meter { left: self.variables_bytes, depth_left: DEPTH_MAX };
        let kept = variables.iter().filter(|(name, _)| assigned.get(name).is_none());
        self.fits(assigned)
            && meter.take(assigned)
            && kept.into_iter().all(|(name, value)| meter.take_text(name) && meter.take(value))
    }
}

/// Bytes of JSON text that a value takes.
pub(crate) fn text_bytes(value: &Value) -> usize {
    let mut meter = Meter { left: usize::MAX, depth_left: usize::MAX };
    meter.take(value);
    usize::MAX - meter.left
}

/// Counts the bytes of JSON text a value takes, without writing it.
struct Meter {
    left: usize,
    /// A template in a loop nests its input deeper in each round.
    depth_left: usize,
}

impl Meter {
    fn take(&mut self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(true) => self.spend(4),
            Value::Bool(false) => self.spend(5),
            Value::Number(number) => self.spend(number.text_len()),
            Value::String(text) => self.take_text(text),
            Value::Array(items) => {
                self.spend(items.len().max(1) + 1) && self.nested(|meter| items.iter().all(|item| meter.take(item)))
            }
            Value::Object(object) => {
                self.spend(object.len().max(1) + 1)
                    && self.nested(|meter| {
                        object.iter().all(|(name, value)| meter.take_text(name) && meter.spend(1) && meter.take(value))
                    })
            }
        }
    }

    fn nested(&mut self, take: impl FnOnce(&mut Self) -> bool) -> bool {
        if self.depth_left == 0 {
            return false;
        }
        self.depth_left -= 1;
        let fits = take(self);
        self.depth_left += 1;
        fits
    }

    fn take_text(&mut self, text: &str) -> bool {
        let escapes: usize = text.bytes().map(asl::json::escape_len).sum();
        self.spend(text.len() + 2 + escapes)
    }

    fn spend(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measure_is_the_length_of_the_text() {
        for text in
            [r#"{"a":[1,2.50,null,true,false],"b\n":"x\u0001é\"","c":{}}"#, "[]", "{}", "\"\"", "-0", "[[],[1]]"]
        {
            let value = asl::json::parse(text.as_bytes()).unwrap();
            let bytes = value.to_json().len();
            let limits = |payload_bytes| Limits { payload_bytes, ..Limits::default() };
            assert!(limits(bytes).fits(&value), "{text}");
            assert_eq!(text_bytes(&value), bytes, "{text}");
            assert!(!limits(bytes - 1).fits(&value), "{text}");
        }
    }

    #[test]
    fn a_payload_deeper_than_readable_text_does_not_fit() {
        let nested = |depth: usize| (0..depth).fold(Value::Null, |inner, _| Value::array(vec![inner]));
        assert!(Limits::default().fits(&nested(DEPTH_MAX)));
        assert!(!Limits::default().fits(&nested(DEPTH_MAX + 1)));
        assert!(asl::json::parse(nested(DEPTH_MAX).to_json().as_bytes()).is_ok());
    }
}
