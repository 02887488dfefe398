//! `aws-sdk:<service>:<action>`: any operation of any service, as its model has it.
//!
//! The result is what the model says and no more; errors are named after the SDK for Java 2.

use asl::Value;
use aws::MissingParameters;
use models::{Service, Shape};
use serde_json::Value as Json;

use crate::failure::Words;
use crate::integrations::Asked;
use crate::values::{from_json, to_json};
use crate::{Failure, Integrations, TaskAnswer, TaskCall};

const S3: &str = "s3";

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
    let mut input = to_json(&call.parameters)?;
    if service == S3 {
        write_body(&model, action, &mut input);
    }
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

/// Makes the body of an object JSON text, also where it is a string: as recorded of S3, a string is stored in quotes.
/// Values that are no strings are written so by the client.
fn write_body(service: &Service, action: &str, input: &mut Json) {
    let Some(Shape::Structure(structure)) =
        service.operation(action).and_then(|operation| operation.input).map(|id| service.shape(id))
    else {
        return;
    };
    let payload = structure.payload.map(|place| &structure.members[place]);
    let (Some(payload), Json::Object(members)) = (payload, input) else { return };
    if !matches!(service.shape(payload.shape), Shape::Blob) {
        return;
    }
    for (_, value) in members.iter_mut().filter(|(name, _)| payload.is_called(name)) {
        if value.is_string() {
            *value = Json::String(value.to_string());
        }
    }
}
