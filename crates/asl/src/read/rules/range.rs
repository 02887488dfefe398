//! Numbers have bounds.
//!
//! Why: AWS counts seconds up to 99,999,999 and nothing backwards.
//!
//! Refused: `"Seconds": -1`. Mended: `"Seconds": 1`.

use crate::diagnostic::Code;
use crate::read::log::Log;
use crate::read::place::SourcePlace;
use crate::value::Value;

/// The most seconds AWS counts in one field.
pub(crate) const SECONDS_MAX: u64 = 99_999_999;

/// The seconds of a timeout or a delay.
pub(crate) const SECONDS: Bounds = Bounds::integer(1, SECONDS_MAX);

/// What a number may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    whole: bool,
    min: f64,
    max: f64,
}

impl Bounds {
    /// A whole number from `min` to `max`, both below 2^53.
    pub(crate) const fn integer(min: u64, max: u64) -> Self {
        Self { whole: true, min: min as f64, max: max as f64 }
    }

    /// A whole number that is not negative.
    pub(crate) const fn count() -> Self {
        Self { whole: true, min: 0.0, max: f64::MAX }
    }

    /// Any number from `min` to `max`.
    pub(crate) const fn float(min: f64, max: f64) -> Self {
        Self { whole: false, min, max }
    }

    /// Whether the number is not out of bounds.
    pub(crate) fn contain(self, number: f64) -> bool {
        (self.min..=self.max).contains(&number)
    }

    /// A bound as AWS prints it: `0` for whole numbers, `0.0` for others.
    fn print(self, bound: f64) -> String {
        if self.whole { format!("{bound:.0}") } else { format!("{bound:?}") }
    }
}

/// The number, where it is one. One out of bounds is refused; whoever counts with it all the same says what is wrong.
pub(crate) fn check(value: &Value, bounds: Bounds, place: &SourcePlace<'_>, log: &Log) -> Option<f64> {
    let number = value.as_number().map(crate::Number::as_f64);
    let number = match number {
        Some(number) if !bounds.whole || number.fract() == 0.0 || number.is_infinite() => number,
        _ => return super::value_type::expected(if bounds.whole { "Integer" } else { "Number" }, place, log),
    };
    let message = if number < bounds.min {
        format!("Minimum value is {}", bounds.print(bounds.min))
    } else if number > bounds.max {
        format!("Maximum value is {}", bounds.print(bounds.max))
    } else {
        return Some(number);
    };
    log.error(place, Code::SchemaValidationFailed, message, "Use a number within the bounds.");
    Some(number)
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn numbers_have_bounds() {
        let wait = |seconds: &str| machine(&format!(r#"{{"Type": "Wait", "Seconds": {seconds}, "End": true}}"#));
        let cases = [
            ("-1", "Minimum value is 0"),
            ("100000000", "Maximum value is 99999999"),
            ("10000000000000000000000", "Maximum value is 99999999"),
            ("1e999", "Maximum value is 99999999"),
            ("1.5", "Expected value of type Integer"),
            (r#""1""#, "Expected value of type Integer"),
        ];
        for (seconds, text) in cases {
            let text = format!("SCHEMA_VALIDATION_FAILED: {text} at /States/X/Seconds");
            refused(&wait(seconds), &[&text]);
        }
        for seconds in ["0", "99999999", "1.0"] {
            accepted(&wait(seconds));
        }
    }

    #[test]
    fn bounds_of_floats_are_printed_as_floats() {
        let map = |percentage: &str| {
            machine(&format!(
                r#"{{"Type": "Map", "ToleratedFailurePercentage": {percentage}, "End": true,
                "ItemProcessor": {{"StartAt": "Y", "States": {{"Y": {{"Type": "Succeed"}}}}}}}}"#
            ))
        };
        let place = "/States/X/ToleratedFailurePercentage";
        refused(&map("-0.5"), &[&format!("SCHEMA_VALIDATION_FAILED: Minimum value is 0.0 at {place}")]);
        refused(&map("100.5"), &[&format!("SCHEMA_VALIDATION_FAILED: Maximum value is 100.0 at {place}")]);
        accepted(&map("12.5"));
    }

    #[test]
    fn retriers_have_bounds() {
        let task = |retrier: &str| {
            machine(&format!(
                r#"{{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
                "Retry": [{{"ErrorEquals": ["E"], {retrier}}}]}}"#
            ))
        };
        let cases = [
            (r#""IntervalSeconds": 0"#, "Minimum value is 1", "IntervalSeconds"),
            (r#""MaxAttempts": 100000000"#, "Maximum value is 99999999", "MaxAttempts"),
            (r#""BackoffRate": 0.5"#, "Minimum value is 1.0", "BackoffRate"),
            (r#""MaxDelaySeconds": 31622401"#, "Maximum value is 31622400", "MaxDelaySeconds"),
        ];
        for (retrier, text, field) in cases {
            let text = format!("SCHEMA_VALIDATION_FAILED: {text} at /States/X/Retry[0]/{field}");
            refused(&task(retrier), &[&text]);
        }
        accepted(&task(
            r#""IntervalSeconds": 1, "MaxAttempts": 0, "BackoffRate": 1, "MaxDelaySeconds": 60, "JitterStrategy": "FULL", "Comment": "c""#,
        ));
    }
}
