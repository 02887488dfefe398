//! A heartbeat is shorter than the timeout.
//!
//! Why: the task would time out before its first heartbeat is missed. Paths and expressions are not known yet.
//!
//! Refused: `"TimeoutSeconds": 10, "HeartbeatSeconds": 20`. Mended: `"TimeoutSeconds": 60, "HeartbeatSeconds": 20`.

use crate::diagnostic::Code;
use crate::program::Figure;
use crate::read::fields::Fields;
use crate::read::rules::range::SECONDS;

/// Compares the two where both are written, and within their bounds.
pub(crate) fn check(timeout: Option<&Figure>, heartbeat: Option<&Figure>, fields: &Fields<'_>) {
    let (Some(Figure::Fixed(timeout)), Some(Figure::Fixed(heartbeat))) = (timeout, heartbeat) else { return };
    if heartbeat >= timeout && SECONDS.contain(*heartbeat) && SECONDS.contain(*timeout) {
        fields.log.error(
            &fields.place_of("HeartbeatSeconds"),
            Code::SchemaValidationFailed,
            "HeartbeatSeconds must be smaller than TimeoutSeconds",
            "Make HeartbeatSeconds smaller or TimeoutSeconds larger.",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn heartbeats_are_shorter_than_timeouts() {
        let task = |fields: &str| {
            machine(&format!(
                r#"{{"Type": "Task", "Resource": "arn:aws:states:us-east-1:111122223333:activity:a", {fields}, "End": true}}"#
            ))
        };
        let text = "SCHEMA_VALIDATION_FAILED: HeartbeatSeconds must be smaller than TimeoutSeconds \
                    at /States/X/HeartbeatSeconds";
        refused(&task(r#""TimeoutSeconds": 10, "HeartbeatSeconds": 10"#), &[text]);
        accepted(&task(r#""TimeoutSeconds": 10, "HeartbeatSeconds": 9"#));
        accepted(&task(r#""TimeoutSecondsPath": "$.t", "HeartbeatSeconds": 9"#));
    }
}
