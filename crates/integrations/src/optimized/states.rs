//! AWS Step Functions: child executions.

use aws::CallError;
use serde_json::{Value as Json, json};

use super::{Sender, member};
use crate::Failure;

/// Starts the child. One that the caller does not name is named by the task's token, so a request that is sent twice
/// starts one child: if it is over when the second arrives, its name is taken, and by nobody else.
pub(super) async fn start(sender: &Sender<'_>, input: &Json) -> Result<aws::ServiceAnswer, Failure> {
    let Json::Object(parameters) = input else { return sender.send("StartExecution", input).await };
    if member(parameters, "Name").is_some_and(|name| !name.is_null()) {
        return sender.send("StartExecution", input).await;
    }
    let name = sender.call.idempotency_token.as_str();
    let mut named = parameters.clone();
    named.insert("Name".to_owned(), name.into());
    match sender.ask(sender.optimized.row.client(), "StartExecution", &Json::Object(named)).await {
        Err(CallError::Service(error)) if error.code == "ExecutionAlreadyExists" => {
            let machine = member(parameters, "StateMachineArn").and_then(Json::as_str).unwrap_or_default();
            match execution_arn(machine, name) {
                Some(arn) => started_before(sender, &arn).await,
                None => Err(sender.failure(CallError::Service(error))),
            }
        }
        answer => answer.map_err(|error| sender.failure(error)),
    }
}

async fn started_before(sender: &Sender<'_>, arn: &str) -> Result<aws::ServiceAnswer, Failure> {
    let mut answer = sender.send("DescribeExecution", &json!({ "ExecutionArn": arn })).await?;
    answer.output = json!({ "ExecutionArn": answer.output["ExecutionArn"], "StartDate": answer.output["StartDate"] });
    Ok(answer)
}

/// The ARN of an execution of a state machine, whose ARN may name a version or an alias.
fn execution_arn(machine: &str, name: &str) -> Option<String> {
    let (front, back) = machine.split_once(":stateMachine:")?;
    let machine = back.split(':').next()?;
    Some(format!("{front}:execution:{machine}:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_belongs_to_its_machine_whatever_version_it_is_of() {
        for machine in ["arn:aws:states:r:1:stateMachine:m", "arn:aws:states:r:1:stateMachine:m:7"] {
            assert_eq!(execution_arn(machine, "n").as_deref(), Some("arn:aws:states:r:1:execution:m:n"));
        }
        assert_eq!(execution_arn("m", "n"), None);
    }
}
