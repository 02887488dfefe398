//! Counterparts that misbehave: whatever comes back, or does not, the task has a result or a failure with its name.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::http::testing::{Reply, Seen, Server, integrations, task};
use crate::{TaskAnswer, TaskCall};

/// What a counterpart does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nobody listens.
    Refuses,
    /// It takes the request and says nothing.
    Hangs,
    /// It takes the request and closes the connection.
    Drops,
    /// Its answer ends before it should.
    Half,
    /// It answers a page for a browser, with a status of success.
    NotJson,
    /// It answers a page for a browser, with an error's status.
    Fails,
    /// It answers 10 MiB.
    Large,
}

const FAULTS: [Fault; 7] =
    [Fault::Refuses, Fault::Hangs, Fault::Drops, Fault::Half, Fault::NotJson, Fault::Fails, Fault::Large];

const LARGE: usize = 10 << 20;
const PAGE: &str = "<html>Hello</html>";

/// A task, the body that its service answers where it is well, and the errors by fault, in the order of [`FAULTS`];
/// empty for a result.
struct Row {
    service: &'static str,
    resource: &'static str,
    parameters: &'static str,
    body: fn(&str) -> String,
    errors: [&'static str; 7],
}

static ROWS: [Row; 5] = [
    Row {
        service: "sqs",
        resource: "sendMessage",
        parameters: r#"{"QueueUrl":"q","MessageBody":"b"}"#,
        body: |text| format!(r#"{{"MessageId":"{text}"}}"#),
        errors: [
            "SQS.SdkClientException",
            "SQS.ClientExecutionTimeoutException",
            "SQS.SdkClientException",
            "SQS.SdkClientException",
            "SQS.SdkClientException",
            "SQS.AmazonSQSException",
            "",
        ],
    },
    Row {
        service: "dynamodb",
        resource: "getItem",
        parameters: r#"{"TableName":"t","Key":{"id":{"S":"1"}}}"#,
        body: |text| format!(r#"{{"Item":{{"a":{{"S":"{text}"}}}}}}"#),
        errors: [
            "DynamoDB.SdkClientException",
            "DynamoDB.ClientExecutionTimeoutException",
            "DynamoDB.SdkClientException",
            "DynamoDB.SdkClientException",
            "DynamoDB.SdkClientException",
            "DynamoDB.AmazonDynamoDBException",
            "",
        ],
    },
    Row {
        service: "lambda",
        resource: "invoke",
        parameters: r#"{"FunctionName":"f"}"#,
        body: |text| format!("\"{text}\""),
        // Lambda answers in JSON, or a function's answer tells nothing.
        errors: [
            "Lambda.SdkClientException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.SdkClientException",
            "Lambda.SdkClientException",
            "Lambda.Unknown",
            "Lambda.AWSLambdaException",
            "",
        ],
    },
    Row {
        service: "http",
        resource: "invoke",
        parameters: r#"{"ApiEndpoint":"URL/shop","Method":"GET","InvocationConfig":{"ConnectionArn":"arn:aws:events:eu-west-1:123456789012:connection/Shop/1"}}"#,
        body: |text| format!("\"{text}\""),
        errors: [
            "States.Http.Socket",
            "States.Http.Socket",
            "States.Http.Socket",
            "States.Http.Socket",
            "",
            "States.Http.StatusCode.500",
            "",
        ],
    },
    Row {
        service: "aws-sdk:s3",
        resource: "getObject",
        parameters: r#"{"Bucket":"b","Key":"k"}"#,
        body: str::to_owned,
        errors: [
            "S3.SdkClientException",
            "S3.SdkClientException",
            "S3.SdkClientException",
            "S3.SdkClientException",
            "",
            "S3.S3Exception",
            "",
        ],
    },
];

/// The connection of HTTP tasks is always well.
fn connection(seen: &Seen) -> Option<Reply> {
    let body = match seen.header("x-amz-target").rsplit('.').next()? {
        "DescribeConnection" => {
            r#"{"ConnectionState":"AUTHORIZED","AuthorizationType":"API_KEY","SecretArn":"arn:s",
                "AuthParameters":{"ApiKeyAuthParameters":{"ApiKeyName":"k"}}}"#
        }
        "GetSecretValue" => r#"{"SecretString":"{\"api_key_name\":\"k\",\"api_key_value\":\"v\"}"}"#,
        _ => return None,
    };
    Some(Reply::json(200, body))
}

fn faulty(fault: Fault, body: &str) -> Option<Reply> {
    match fault {
        Fault::Refuses | Fault::Drops => None,
        Fault::Hangs => loop {
            std::thread::park();
        },
        Fault::Half => Some(Reply(200, vec![("content-length", "100".to_owned())], br#"{"a"#.to_vec())),
        Fault::NotJson => Some(Reply(200, Vec::new(), PAGE.into())),
        Fault::Fails => Some(Reply(500, vec![("content-type", "text/html".to_owned())], PAGE.into())),
        Fault::Large => Some(Reply::json(200, body)),
    }
}

async fn outcome(row: &'static Row, fault: Fault) -> Result<TaskAnswer, crate::Failure> {
    let body = if fault == Fault::Large { (row.body)(&"x".repeat(LARGE)) } else { String::new() };
    let server = Server::start(move |seen| connection(seen).or_else(|| faulty(fault, &body)));
    // Port 9 is the discard service's, which no machine runs any more.
    let (aws, endpoint) = match (fault, row.service) {
        (Fault::Refuses, "http") => (server.url.as_str(), "http://127.0.0.1:9"),
        (Fault::Refuses, _) => ("http://127.0.0.1:9", ""),
        _ => (server.url.as_str(), server.url.as_str()),
    };
    let timeout = (fault == Fault::Hangs).then_some(Duration::from_millis(50));
    let task = task(row.service, row.resource, &row.parameters.replace("URL", endpoint));
    integrations(aws, None).call(&TaskCall { timeout, ..task }).await
}

#[tokio::test]
async fn whatever_a_counterpart_does_the_task_has_an_end_with_a_name() {
    let mut all = JoinSet::new();
    for row in &ROWS {
        for (fault, expected) in FAULTS.into_iter().zip(row.errors) {
            all.spawn(async move { (row, fault, expected, outcome(row, fault).await) });
        }
    }
    while let Some(one) = all.join_next().await {
        let (row, fault, expected, outcome) = one.unwrap();
        let name = format!("{}:{} {fault:?}", row.service, row.resource);
        match outcome {
            Ok(TaskAnswer::Done(result)) => {
                assert_eq!(expected, "", "{name}");
                let length = result.to_json().len();
                assert!(length > if fault == Fault::Large { LARGE } else { PAGE.len() }, "{name}: {length} bytes");
            }
            Ok(TaskAnswer::Submitted(_)) => panic!("{name} waits"),
            Err(failure) => assert_eq!(failure.error, expected, "{name}: {failure}"),
        }
    }
}
