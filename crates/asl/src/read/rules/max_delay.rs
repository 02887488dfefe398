//! A retrier's longest delay is longer than its first.
//!
//! Why: `MaxDelaySeconds` bounds how the delay grows; one that the first delay reaches leaves nothing to grow.
//!
//! Refused: `"IntervalSeconds": 10, "MaxDelaySeconds": 10`. Mended: `"IntervalSeconds": 10, "MaxDelaySeconds": 60`.

use crate::diagnostic::Code;
use crate::read::fields::Fields;

/// Compares the two where both are written; neither is out of bounds.
pub(crate) fn check(interval: Option<u64>, max_delay: Option<u64>, fields: &Fields<'_>) {
    let (Some(interval), Some(max_delay)) = (interval, max_delay) else { return };
    if max_delay <= interval {
        fields.log.error(
            &fields.place_of("MaxDelaySeconds"),
            Code::SchemaValidationFailed,
            "MaxDelaySeconds must be greater than IntervalSeconds",
            "Make MaxDelaySeconds larger or IntervalSeconds smaller.",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn the_longest_delay_is_longer_than_the_first() {
        let task = |retrier: &str| {
            machine(&format!(
                r#"{{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
                "Retry": [{{"ErrorEquals": ["E"], {retrier}}}]}}"#
            ))
        };
        let text = "SCHEMA_VALIDATION_FAILED: MaxDelaySeconds must be greater than IntervalSeconds \
                    at /States/X/Retry[0]/MaxDelaySeconds";
        refused(&task(r#""IntervalSeconds": 10, "MaxDelaySeconds": 9"#), &[text]);
        refused(&task(r#""IntervalSeconds": 10, "MaxDelaySeconds": 10"#), &[text]);
        accepted(&task(r#""IntervalSeconds": 10, "MaxDelaySeconds": 11"#));
        accepted(&task(r#""MaxDelaySeconds": 1"#));
    }
}
