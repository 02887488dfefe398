//! Amazon Bedrock.

use asl::{Value, json};
use serde_json::{Value as Json, json};

use super::{Members, Sender, member};
use crate::failure::invalid_field;
use crate::values::from_json;
use crate::{Failure, TaskAnswer};

/// Runs a model. Its input may lie in S3 (`Input.S3Uri`) and its output be put there (`Output.S3Uri`); a result in S3
/// is replaced by where it is.
pub(super) async fn invoke_model(sender: &Sender<'_>, input: Json) -> Result<TaskAnswer, Failure> {
    let Json::Object(mut parameters) = input else { return Err(Failure::runtime("The parameters are no object")) };
    let source = s3_uri(sender, &mut parameters, "Input")?;
    let target = s3_uri(sender, &mut parameters, "Output")?;
    if let Some((bucket, key)) = source {
        let object = ask_s3(sender, "GetObject", json!({ "Bucket": bucket, "Key": key })).await?;
        parameters.insert("Body".to_owned(), object.output["Body"].clone());
    }
    let mut output = sender.send("InvokeModel", &Json::Object(parameters)).await?.output;
    let content_type = output["ContentType"].take();
    let body = match target {
        None => match output["Body"].take() {
            Json::String(text) => json::parse(text.as_bytes()).unwrap_or_else(|_| Value::from(text)),
            other => from_json(other),
        },
        Some((bucket, key)) => {
            let put = json!({ "Bucket": bucket, "Key": key, "Body": output["Body"], "ContentType": content_type });
            ask_s3(sender, "PutObject", put).await?;
            Value::from(format!("s3://{bucket}/{key}"))
        }
    };
    let result = Value::object([("Body", body), ("ContentType", from_json(content_type))]);
    Ok(TaskAnswer::to(sender.call.target.pattern(), result))
}

async fn ask_s3(sender: &Sender<'_>, operation: &str, input: Json) -> Result<aws::ServiceAnswer, Failure> {
    sender.ask("s3", operation, &input).await.map_err(|error| sender.failure(error))
}

/// Takes a parameter such as `{"S3Uri": "s3://bucket/key"}` away: the bucket and the key.
fn s3_uri(sender: &Sender<'_>, parameters: &mut Members, name: &str) -> Result<Option<(String, String)>, Failure> {
    let Some(parameter) = parameters.shift_remove(name) else { return Ok(None) };
    let uri = parameter.as_object().and_then(|members| member(members, "S3Uri")).and_then(Json::as_str);
    match uri.and_then(|uri| uri.strip_prefix("s3://")).and_then(|path| path.split_once('/')) {
        Some((bucket, key)) => Ok(Some((bucket.to_owned(), key.to_owned()))),
        None => Err(Failure::parameters(&sender.call.parameters, &[invalid_field(&format!("{name}.S3Uri"))])),
    }
}
