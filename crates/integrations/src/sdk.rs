//! `aws-sdk:<service>:<action>`: any operation of any service, as its model has it.
//!
//! The result is what the model says and no more; errors are named after the SDK for Java 2.

use asl::Value;
use aws::MissingParameters;

use crate::failure::Words;
use crate::integrations::Asked;
use crate::values::{from_json, to_json};
use crate::{Failure, Integrations, TaskAnswer, TaskCall};

/// Sends the request.
pub(crate) async fn call(
    integrations: &Integrations,
    call: &TaskCall,
    service: &str,
    action: &str,
) -> Result<TaskAnswer, Failure> {
    let model = match models::load(service) {
        Ok(Some(model)) => model,
        Ok(None) => return Err(Failure::runtime(format!("The service aws-sdk:{service} does not exist"))),
        Err(error) => return Err(Failure::runtime(error.to_string())),
    };
    let input = to_json(&call.parameters)?;
    let words = Words::Sdk { prefix: &model.metadata.error_prefix };
    // AWS checks these parameters against the service's model before it sends anything.
    let asked = Asked { service, operation: action, input: &input, missing: MissingParameters::Refused };
    let answer = integrations.request(call, asked).await.map_err(|error| words.failure(error, &call.parameters))?;
    let result = match from_json(answer.output) {
        Value::Null => Value::empty_object(),
        output => output,
    };
    Ok(TaskAnswer::to(call.target.pattern(), result))
}
