//! Express state machines wait for nothing that comes later: no jobs, no task tokens, no activities.
//!
//! Why: an Express execution lives for minutes, in memory; nobody can call it back.
//!
//! Refused: `"Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"` in an Express state machine.
//! Mended: `"Resource": "arn:aws:states:::sqs:sendMessage"`.

use crate::diagnostic::Code;
use crate::program::Resource;
use crate::read::fields::Fields;
use crate::resource::Pattern;

/// Refuses what an Express state machine cannot wait for.
pub(crate) fn check(resource: &Resource, fields: &Fields<'_>) {
    let Some(message) = refusal(resource) else { return };
    let help = "Use the request-response form of the integration, or create the state machine with type STANDARD.";
    fields.log.error(&fields.place_of("Resource"), Code::SchemaValidationFailed, message, help);
}

fn refusal(resource: &Resource) -> Option<&'static str> {
    match resource {
        Resource::Activity(_) => Some("Express state machine does not support Activity ARN"),
        Resource::LambdaFunction(_) => None,
        Resource::Integration { integration, .. } => match integration.pattern() {
            Pattern::RequestResponse => None,
            // AWS's text ends with a space.
            Pattern::WaitForTaskToken => {
                Some("Express state machine does not support '.waitForTaskToken' service integration ")
            }
            Pattern::Sync | Pattern::Sync2 => {
                Some("Express state machine does not support '.sync' service integration")
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::program::MachineType;
    use crate::read::rules::testing::{accepted, accepted_as, machine, refused_as};

    fn task(resource: &str) -> String {
        machine(&format!(r#"{{"Type": "Task", "Resource": "{resource}", "End": true}}"#))
    }

    #[test]
    fn express_machines_refuse_what_waits() {
        let cases = [
            (
                "arn:aws:states:::states:startExecution.sync:2",
                "Express state machine does not support '.sync' service integration",
            ),
            (
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Express state machine does not support '.waitForTaskToken' service integration ",
            ),
            ("arn:aws:states:us-east-1:111122223333:activity:a", "Express state machine does not support Activity ARN"),
        ];
        for (resource, text) in cases {
            let text = format!("SCHEMA_VALIDATION_FAILED: {text} at /States/X/Resource");
            refused_as(MachineType::Express, &task(resource), &[&text]);
            accepted(&task(resource));
        }
        accepted_as(MachineType::Express, &task("arn:aws:states:::sqs:sendMessage"));
        accepted_as(MachineType::Express, &task("arn:aws:lambda:us-east-1:111122223333:function:f"));
    }

    #[test]
    fn express_children_of_a_standard_machine_are_express() {
        let definition = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "End": true}}}}}}"#;
        refused_as(
            MachineType::Standard,
            definition,
            &["SCHEMA_VALIDATION_FAILED: Express state machine does not support '.sync' service integration \
               at /States/M/ItemProcessor/States/T/Resource"],
        );
        accepted(&definition.replace("EXPRESS", "STANDARD"));
    }
}
