//! Requests and their answers.

use asl::Value;

use super::{Step, called, refused, step, task, told};
use crate::http::testing::{Reply, Server};
use crate::{Integrations, TaskAnswer};

/// A task, what it asks and is answered, and what it says.
struct Exchange {
    service: &'static str,
    resource: &'static str,
    parameters: &'static str,
    steps: &'static [Step],
    told: &'static str,
}

const EXCHANGES: &[Exchange] = &[
    Exchange {
        service: "sqs",
        resource: "sendMessage.waitForTaskToken",
        parameters: r#"{"QueueUrl":"https://elsewhere/q","MessageBody":{"token":"t","n":1.50}}"#,
        steps: &[step(
            "POST / AmazonSQS.SendMessage",
            r#"{"QueueUrl":"https://elsewhere/q","MessageBody":"{\"token\":\"t\",\"n\":1.5}"}"#,
            r#"{"MessageId":"m","MD5OfMessageBody":"d"}"#,
        )],
        told: r#"submitted {"MD5OfMessageBody":"d","MessageId":"m"}"#,
    },
    Exchange {
        service: "sqs",
        resource: "sendMessage",
        parameters: r#"{"QueueUrl":"q","MessageBody":"b"}"#,
        steps: &[refused(
            "POST / AmazonSQS.SendMessage",
            400,
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"No queue"}"#,
        )],
        told: "SQS.QueueDoesNotExistException: No queue (Service: AmazonSQS; Status Code: 400; \
               Error Code: QueueDoesNotExist; Request ID: r1; Proxy: null)",
    },
    Exchange {
        service: "sns",
        resource: "publish",
        parameters: r#"{"TopicArn":"t","Message":{"a":1}}"#,
        steps: &[step(
            "POST /",
            "",
            "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>",
        )],
        told: r#"done {"MessageId":"m"}"#,
    },
    Exchange {
        service: "sns",
        resource: "publish",
        parameters: r#"{"TopicArn":"t","Message":"m"}"#,
        steps: &[refused(
            "POST /",
            404,
            "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>No topic</Message></Error>\
             <RequestId>r2</RequestId></ErrorResponse>",
        )],
        told: "SNS.NotFoundException: No topic (Service: AmazonSNS; Status Code: 404; Error Code: NotFound; \
               Request ID: r2; Proxy: null)",
    },
    Exchange {
        service: "dynamodb",
        resource: "getItem",
        parameters: r#"{"TableName":"t","Key":{"k":{"S":"1"}}}"#,
        steps: &[step(
            "POST / DynamoDB_20120810.GetItem",
            r#"{"TableName":"t","Key":{"k":{"S":"1"}}}"#,
            r#"{"Item":{"k":{"S":"1"},"a":{"N":"2"}}}"#,
        )],
        told: r#"done {"Item":{"k":{"S":"1"},"a":{"N":"2"}}}"#,
    },
    Exchange {
        service: "dynamodb",
        resource: "putItem",
        parameters: r#"{"TableName":"t","Item":{"k":{"S":"1"}}}"#,
        steps: &[refused(
            "POST / DynamoDB_20120810.PutItem",
            400,
            r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Bad"}"#,
        )],
        told: "DynamoDB.AmazonDynamoDBException: Bad (Service: AmazonDynamoDBv2; Status Code: 400; \
               Error Code: ValidationException; Request ID: r1; Proxy: null)",
    },
    Exchange {
        service: "events",
        resource: "putEvents",
        parameters: r#"{"Entries":[{"Source":"s","DetailType":"d","Detail":{"a":1}},{"Source":"s","Resources":["r"]}]}"#,
        steps: &[step(
            "POST / AWSEvents.PutEvents",
            r#"{"Entries":[
                {"Source":"s","DetailType":"d","Detail":"{\"a\":1}","Resources":[
                    "arn:aws:states:eu-west-1:123456789012:stateMachine:m",
                    "arn:aws:states:eu-west-1:123456789012:execution:m:e"]},
                {"Source":"s","Resources":["r",
                    "arn:aws:states:eu-west-1:123456789012:stateMachine:m",
                    "arn:aws:states:eu-west-1:123456789012:execution:m:e"]}]}"#,
            r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"},{"EventId":"2"}]}"#,
        )],
        told: r#"done {"Entries":[{"EventId":"1"},{"EventId":"2"}],"FailedEntryCount":0}"#,
    },
    Exchange {
        service: "events",
        resource: "putEvents",
        parameters: r#"{"Entries":[{"Source":"s"}]}"#,
        steps: &[step(
            "POST / AWSEvents.PutEvents",
            "",
            r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"c","ErrorMessage":"m"}]}"#,
        )],
        told: r#"EventBridge.FailedEntry: {"Entries":[{"ErrorCode":"c","ErrorMessage":"m"}],"FailedEntryCount":1}"#,
    },
    Exchange {
        service: "ecs",
        resource: "runTask",
        parameters: r#"{"TaskDefinition":"t"}"#,
        steps: &[step(
            "POST / AmazonEC2ContainerServiceV20141113.RunTask",
            r#"{"taskDefinition":"t","clientToken":"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}"#,
            r#"{"failures":[{"arn":"a","reason":"RESOURCE:CPU"}],"tasks":[]}"#,
        )],
        told: r#"done {"Failures":[{"Arn":"a","Reason":"RESOURCE:CPU"}],"Tasks":[]}"#,
    },
    Exchange {
        service: "ecs",
        resource: "runTask.sync",
        parameters: r#"{"TaskDefinition":"t","StartedBy":"AWS Step Functions"}"#,
        steps: &[step(
            "POST / AmazonEC2ContainerServiceV20141113.RunTask",
            r#"{"taskDefinition":"t","startedBy":"AWS Step Functions","clientToken":"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}"#,
            r#"{"failures":[{"arn":"a","reason":"RESOURCE:CPU"}],"tasks":[]}"#,
        )],
        told: r#"AmazonECS.Unknown: {"Failures":[{"Arn":"a","Reason":"RESOURCE:CPU"}],"Tasks":[]}"#,
    },
    Exchange {
        service: "glue",
        resource: "startJobRun",
        parameters: r#"{"JobName":"j"}"#,
        steps: &[step("POST / AWSGlue.StartJobRun", r#"{"JobName":"j"}"#, r#"{"JobRunId":"jr"}"#)],
        told: r#"done {"JobName":"j","JobRunId":"jr"}"#,
    },
    Exchange {
        service: "elasticmapreduce",
        resource: "createCluster",
        parameters: r#"{"Name":"c","Instances":{"KeepJobFlowAliveWhenNoSteps":true}}"#,
        steps: &[step(
            "POST / ElasticMapReduce.RunJobFlow",
            r#"{"Name":"c","Instances":{"KeepJobFlowAliveWhenNoSteps":true}}"#,
            r#"{"JobFlowId":"j-1"}"#,
        )],
        told: r#"done {"ClusterId":"j-1"}"#,
    },
    Exchange {
        service: "elasticmapreduce",
        resource: "terminateCluster",
        parameters: r#"{"ClusterId":"j-1"}"#,
        steps: &[step("POST / ElasticMapReduce.TerminateJobFlows", r#"{"JobFlowIds":["j-1"]}"#, "")],
        told: "done {}",
    },
    Exchange {
        service: "elasticmapreduce",
        resource: "addStep",
        parameters: r#"{"ClusterId":"j-1","Step":{"Name":"s","HadoopJarStep":{"Jar":"x"}}}"#,
        steps: &[step(
            "POST / ElasticMapReduce.AddJobFlowSteps",
            r#"{"JobFlowId":"j-1","Steps":[{"Name":"s","HadoopJarStep":{"Jar":"x"}}]}"#,
            r#"{"StepIds":["s-1"]}"#,
        )],
        told: r#"done {"StepId":"s-1"}"#,
    },
    Exchange {
        service: "elasticmapreduce",
        resource: "cancelStep",
        parameters: r#"{"ClusterId":"j-1","StepId":"s-1"}"#,
        steps: &[step(
            "POST / ElasticMapReduce.CancelSteps",
            r#"{"ClusterId":"j-1","StepIds":["s-1"]}"#,
            r#"{"CancelStepsInfoList":[{"StepId":"s-1","Status":"SUBMITTED"}]}"#,
        )],
        told: r#"done {"CancelStepsInfo":{"Status":"SUBMITTED","StepId":"s-1"}}"#,
    },
    Exchange {
        service: "elasticmapreduce",
        resource: "modifyInstanceGroupByName",
        parameters: r#"{"ClusterId":"j-1","InstanceGroupName":"core","InstanceGroup":{"InstanceCount":8}}"#,
        steps: &[
            step(
                "POST / ElasticMapReduce.ListInstanceGroups",
                r#"{"ClusterId":"j-1"}"#,
                r#"{"InstanceGroups":[{"Id":"ig-1","Name":"master"}],"Marker":"p2"}"#,
            ),
            step(
                "POST / ElasticMapReduce.ListInstanceGroups",
                r#"{"ClusterId":"j-1","Marker":"p2"}"#,
                r#"{"InstanceGroups":[{"Id":"ig-2","Name":"core"}]}"#,
            ),
            step(
                "POST / ElasticMapReduce.ModifyInstanceGroups",
                r#"{"ClusterId":"j-1","InstanceGroups":[{"InstanceCount":8,"InstanceGroupId":"ig-2"}]}"#,
                "",
            ),
        ],
        told: "done {}",
    },
    Exchange {
        service: "elasticmapreduce",
        resource: "modifyInstanceFleetByName",
        parameters: r#"{"ClusterId":"j-1","InstanceFleetName":"nix","InstanceFleet":{"TargetSpotCapacity":0}}"#,
        steps: &[step("POST / ElasticMapReduce.ListInstanceFleets", "", r#"{"InstanceFleets":[]}"#)],
        told: r#"States.TaskFailed: The cluster j-1 has no "nix" among its InstanceFleets"#,
    },
    Exchange {
        service: "bedrock",
        resource: "invokeModel",
        parameters: r#"{"ModelId":"m","Body":{"prompt":"p"},"ContentType":"application/json"}"#,
        steps: &[step("POST /model/m/invoke", r#"{"prompt":"p"}"#, r#"{"text":[1.10]}"#)],
        told: r#"done {"Body":{"text":[1.10]},"ContentType":"application/json"}"#,
    },
    Exchange {
        service: "bedrock",
        resource: "invokeModel",
        parameters: r#"{"ModelId":"m","Input":{"S3Uri":"s3://b/in.json"},"Output":{"S3Uri":"s3://b/out.json"}}"#,
        steps: &[
            step("GET /b/in.json", "", r#"{"prompt":"p"}"#),
            step("POST /model/m/invoke", r#"{"prompt":"p"}"#, r#"{"text":"t"}"#),
            step("PUT /b/out.json", r#"{"text":"t"}"#, ""),
        ],
        told: r#"done {"Body":"s3://b/out.json","ContentType":"application/json"}"#,
    },
    Exchange {
        service: "codebuild",
        resource: "batchDeleteBuilds",
        parameters: r#"{"Ids":["a","b","c"]}"#,
        steps: &[
            step(
                "POST / CodeBuild_20161006.BatchDeleteBuilds",
                r#"{"ids":["a","b","c"]}"#,
                r#"{"buildsDeleted":["a"],"buildsNotDeleted":[{"id":"b","statusCode":"BUILD_IN_PROGRESS"},{"id":"c","statusCode":"BUILD_NOT_FOUND"}]}"#,
            ),
            step(
                "POST / CodeBuild_20161006.BatchDeleteBuilds",
                r#"{"ids":["b"]}"#,
                r#"{"buildsNotDeleted":[{"id":"b","statusCode":"BUILD_IN_PROGRESS"}]}"#,
            ),
            step("POST / CodeBuild_20161006.BatchDeleteBuilds", r#"{"ids":["b"]}"#, r#"{"buildsDeleted":["b"]}"#),
        ],
        told: r#"done {"BuildsDeleted":["a","b"],"BuildsNotDeleted":[{"Id":"c","StatusCode":"BUILD_NOT_FOUND"}]}"#,
    },
    Exchange {
        service: "codebuild",
        resource: "deleteBuildBatch",
        parameters: r#"{"Id":"a"}"#,
        steps: &[
            step(
                "POST / CodeBuild_20161006.DeleteBuildBatch",
                r#"{"id":"a"}"#,
                r#"{"statusCode":"BATCH_IN_PROGRESS","buildsNotDeleted":[]}"#,
            ),
            step(
                "POST / CodeBuild_20161006.DeleteBuildBatch",
                r#"{"id":"a"}"#,
                r#"{"statusCode":"BATCH_DELETED","buildsDeleted":["b"]}"#,
            ),
        ],
        told: r#"done {"BuildsDeleted":["b"],"StatusCode":"BATCH_DELETED"}"#,
    },
    Exchange {
        service: "aws-sdk:dynamodb",
        resource: "query",
        parameters: r#"{"TableName":"t"}"#,
        steps: &[step("POST / DynamoDB_20120810.Query", r#"{"TableName":"t"}"#, r#"{"Count":1,"Items":[]}"#)],
        told: r#"done {"Items":[],"Count":1}"#,
    },
    // A required parameter that is null is the service's to refuse.
    Exchange {
        service: "aws-sdk:dynamodb",
        resource: "putItem",
        parameters: r#"{"TableName":"t","Item":null}"#,
        steps: &[refused(
            "POST / DynamoDB_20120810.PutItem",
            400,
            r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Value null at 'item'"}"#,
        )],
        told: "DynamoDb.DynamoDbException: Value null at 'item' (Service: DynamoDb, Status Code: 400, Request ID: r1) \
               (SDK Attempt Count: 1)",
    },
    Exchange {
        service: "aws-sdk:s3",
        resource: "putObject",
        parameters: r#"{"Bucket":"b","Key":"k","Body":"a \"text\""}"#,
        steps: &[step("PUT /b/k", r#""a \"text\"""#, "")],
        told: "done {}",
    },
    Exchange {
        service: "aws-sdk:s3",
        resource: "uploadPart.waitForTaskToken",
        parameters: r#"{"Bucket":"b","Key":"k","UploadId":"u","PartNumber":1,"body":""}"#,
        steps: &[step("PUT /b/k?partNumber=1&uploadId=u", r#""""#, "")],
        told: "submitted {}",
    },
    Exchange {
        service: "aws-sdk:s3",
        resource: "putObject",
        parameters: r#"{"Bucket":"b","Key":"k","Body":[false,0]}"#,
        steps: &[step("PUT /b/k", "[false,0]", "")],
        told: "done {}",
    },
    // Only S3 was seen to write strings so.
    Exchange {
        service: "aws-sdk:lambda",
        resource: "invoke",
        parameters: r#"{"FunctionName":"f","Payload":"{\"a\": 1}"}"#,
        steps: &[step("POST /2015-03-31/functions/f/invocations", r#"{"a": 1}"#, "1")],
        told: r#"done {"StatusCode":200,"Payload":"1"}"#,
    },
    Exchange {
        service: "aws-sdk:sfn",
        resource: "describeExecution.waitForTaskToken",
        parameters: r#"{"ExecutionArn":"e"}"#,
        steps: &[step("POST / AWSStepFunctions.DescribeExecution", "", r#"{"startDate":1600000000.5}"#)],
        told: r#"submitted {"StartDate":"2020-09-13T12:26:40.500Z"}"#,
    },
    Exchange {
        service: "aws-sdk:sfn",
        resource: "sendTaskSuccess",
        parameters: r#"{"TaskToken":"t","Output":{"a":1}}"#,
        steps: &[refused(
            "POST / AWSStepFunctions.SendTaskSuccess",
            400,
            r#"{"__type":"InvalidToken","message":"Invalid Token"}"#,
        )],
        told: "Sfn.InvalidTokenException: Invalid Token (Service: Sfn, Status Code: 400, Request ID: r1) \
               (SDK Attempt Count: 1)",
    },
];

#[tokio::test]
async fn requests_and_answers_are_as_recorded() {
    for exchange in EXCHANGES {
        let task = task(exchange.service, exchange.resource, exchange.parameters);
        assert_eq!(told(called(&task, exchange.steps).await), exchange.told, "{}", task.resource);
    }
}

#[tokio::test]
async fn an_optimized_result_tells_how_it_came() {
    let task = task("sqs", "sendMessage", r#"{"QueueUrl":"q","MessageBody":"b"}"#);
    const STEPS: &[Step] = &[step("POST / AmazonSQS.SendMessage", "", "{}")];
    let Ok(TaskAnswer::Done(result)) = called(&task, STEPS).await else { panic!("no result") };
    let http = result.get("SdkHttpMetadata").unwrap();
    assert_eq!(http.get("HttpStatusCode"), Some(&Value::int(200)));
    assert_eq!(http.get("HttpHeaders").unwrap().get("x-amzn-RequestId"), Some(&Value::string("r1")));
    assert_eq!(result.get("SdkResponseMetadata").unwrap().get("RequestId"), Some(&Value::string("r1")), "{result}");
}

#[tokio::test]
async fn a_broken_connection_is_a_failure_of_the_client() {
    for (service, resource, error) in
        [("sqs", "sendMessage", "SQS.SdkClientException"), ("aws-sdk:sqs", "sendMessage", "Sqs.SdkClientException")]
    {
        let task = task(service, resource, r#"{"QueueUrl":"q","MessageBody":"b"}"#);
        let server = super::play(&[]);
        let failure = super::integrations(&server.url, None).call(&task).await.unwrap_err();
        assert_eq!(failure.error, error, "{failure}");
    }
}

#[tokio::test]
async fn an_unnamed_child_is_started_once() {
    const TOKEN: &str = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    let task = task("states", "startExecution.sync", r#"{"StateMachineArn":"arn:aws:states:r:1:stateMachine:m:7"}"#);
    const FIRST: &[Step] = &[step(
        "POST / AWSStepFunctions.StartExecution",
        r#"{"stateMachineArn":"arn:aws:states:r:1:stateMachine:m:7","name":"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}"#,
        r#"{"executionArn":"child","startDate":1600000000.5}"#,
    )];
    const AGAIN: &[Step] = &[
        refused(
            "POST / AWSStepFunctions.StartExecution",
            400,
            r#"{"__type":"ExecutionAlreadyExists","message":"Execution Already Exists"}"#,
        ),
        step(
            "POST / AWSStepFunctions.DescribeExecution",
            r#"{"executionArn":"arn:aws:states:r:1:execution:m:6ba7b810-9dad-11d1-80b4-00c04fd430c8"}"#,
            r#"{"executionArn":"child","startDate":1600000000.5,"status":"SUCCEEDED"}"#,
        ),
    ];
    assert_eq!(task.idempotency_token, TOKEN);
    for steps in [FIRST, AGAIN] {
        let Ok(TaskAnswer::Submitted(submitted)) = called(&task, steps).await else { panic!("not submitted") };
        assert_eq!(Integrations::child_execution(&task, &submitted).as_deref(), Some("child"));
        assert_eq!(submitted.get("StartDate"), Some(&Value::int(1_600_000_000_500)));
    }
}

#[tokio::test]
async fn a_named_child_may_exist() {
    let task = task("states", "startExecution", r#"{"StateMachineArn":"m","Name":"n"}"#);
    const STEPS: &[Step] = &[refused(
        "POST / AWSStepFunctions.StartExecution",
        400,
        r#"{"__type":"ExecutionAlreadyExists","message":"Exists"}"#,
    )];
    assert_eq!(
        told(called(&task, STEPS).await),
        "StepFunctions.ExecutionAlreadyExistsException: Exists (Service: AWSStepFunctions; Status Code: 400; \
         Error Code: ExecutionAlreadyExists; Request ID: r1; Proxy: null)"
    );
    assert_eq!(Integrations::child_execution(&task, &Value::object([("ExecutionArn", Value::from("e"))])), None);
}

#[tokio::test]
async fn tasks_may_move_between_threads() {
    fn moves<T: Send>(_: T) {}
    let integrations = super::integrations("http://127.0.0.1:9", None);
    let (task, submitted) = (task("sqs", "sendMessage", "{}"), Value::Null);
    moves(integrations.call(&task));
    moves(integrations.poll(&task, &submitted));
    moves(integrations.cancel(&task, &submitted));
}

/// What SQS says to a message without a body: it is asked, and its words are the task's.
#[tokio::test]
async fn a_service_says_itself_what_it_misses() {
    let text = "The request must contain the parameter MessageBody.";
    let server = Server::start(move |_| {
        let headers = vec![
            ("x-amzn-RequestId", "r1".to_owned()),
            ("x-amzn-query-error", "MissingParameter;Sender".to_owned()),
            ("content-type", "application/x-amz-json-1.0".to_owned()),
        ];
        let body = format!(r#"{{"__type":"com.amazon.coral.service#MissingRequiredParameter","message":"{text}"}}"#);
        Some(Reply(400, headers, body.into_bytes()))
    });
    let integrations = super::integrations(&server.url, None);
    let failure = integrations.call(&task("sqs", "sendMessage", r#"{"QueueUrl":"q"}"#)).await.unwrap_err();
    assert_eq!(failure.error, "SQS.AmazonSQSException");
    let details = "Service: AmazonSQS; Status Code: 400; Error Code: MissingParameter; Request ID: r1; Proxy: null";
    assert_eq!(failure.cause, format!("{text} ({details})"));
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].body.as_str()), (1, r#"{"QueueUrl":"q"}"#));
    assert_eq!(seen[0].header("x-amzn-query-mode"), "true");

    let failure = integrations.call(&task("aws-sdk:sqs", "sendMessage", r#"{"QueueUrl":"q"}"#)).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "States.Runtime: The Parameters '{\"QueueUrl\":\"q\"}' could not be used to start the Task: \
         [The field \"MessageBody\" is required but was missing]"
    );
    assert_eq!(server.seen().len(), 1, "the SDK's integrations are not asked");
}

#[tokio::test]
async fn a_queue_that_does_not_exist_has_the_name_of_its_error() {
    let server = Server::start(|_| {
        let headers = vec![
            ("x-amzn-RequestId", "r1".to_owned()),
            ("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender".to_owned()),
        ];
        Some(Reply(400, headers, br#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"No"}"#.to_vec()))
    });
    let integrations = super::integrations(&server.url, None);
    for (service, told) in [
        (
            "sqs",
            "SQS.QueueDoesNotExistException: No (Service: AmazonSQS; Status Code: 400; \
             Error Code: AWS.SimpleQueueService.NonExistentQueue; Request ID: r1; Proxy: null)",
        ),
        (
            "aws-sdk:sqs",
            "Sqs.QueueDoesNotExistException: No (Service: Sqs, Status Code: 400, Request ID: r1) \
             (SDK Attempt Count: 1)",
        ),
    ] {
        let task = task(service, "sendMessage", r#"{"QueueUrl":"q","MessageBody":"b"}"#);
        assert_eq!(integrations.call(&task).await.unwrap_err().to_string(), told);
    }
}
