"""What tasks send to services and what comes of it: messages, callbacks, functions, nested executions, refusals, jobs
that fail or are given up, any API of AWS, HTTP endpoints. What the counterpart lacks is listed in `test_services`.
"""

import json
import re
from dataclasses import dataclass

import pytest

from counterpart import ACCOUNT, REGION
from harness import ended, history, machine, single, wait_until
from services import (
    BATCH_JOB,
    CUSTOMIZATION,
    NUMBERS,
    SELECT,
    TEXT,
    Anything,
    Case,
    bucket,
    check_history,
    cluster,
    details,
    differences,
    function,
    named,
    queue,
    role,
    rule,
    start,
    succeeded,
    table,
    task,
    topic,
    virtual_cluster,
    virtual_job,
)

MISSING = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:missing"


def received(aws) -> dict:
    """The next message of the queue."""
    url = aws.client("sqs").get_queue_url(QueueName="queue")["QueueUrl"]
    messages = wait_until(lambda: aws.client("sqs").receive_message(QueueUrl=url).get("Messages"), "a message")
    return json.loads(messages[0]["Body"])


def test_a_message_is_what_the_parameters_say_and_goes_to_the_endpoint_whatever_the_queues_url_names(
    engine, counterpart
):
    queue(counterpart)
    parameters = {
        "QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/queue",
        "MessageBody": {"who.$": "$.who", "n": 1.50},
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "order"}},
    }
    succeeded(engine, start(engine, task("sqs:sendMessage", parameters)))
    assert received(counterpart) == {"who": "Ada", "n": 1.5}


def test_an_event_names_the_machine_and_the_execution(engine, counterpart):
    rule(counterpart)
    entry = {"Source": "orders", "DetailType": "made", "Detail": {"who.$": "$.who"}, "Resources": ["mine"]}
    execution = start(engine, task("events:putEvents", {"Entries": [entry]}))
    succeeded(engine, execution)
    event = received(counterpart)
    arn = engine.describe_execution(executionArn=execution)["stateMachineArn"]
    assert (event["detail"], event["resources"]) == ({"who": "Ada"}, ["mine", arn, execution])


def test_a_published_message_arrives(engine, counterpart):
    parameters = {"TopicArn": topic(counterpart), "Message": {"who.$": "$.who"}, "Subject": "Orders"}
    succeeded(engine, start(engine, task("sns:publish", parameters)))
    notice = received(counterpart)
    assert (json.loads(notice["Message"]), notice["Subject"]) == ({"who": "Ada"}, "Orders")


def test_a_model_gives_a_body_and_its_type(engine, counterpart):
    parameters = {"ModelId": "anthropic.claude-v2", "Body": {"prompt.$": "$.who"}, "ContentType": "application/json"}
    execution = start(engine, task("bedrock:invokeModel", parameters))
    # The answer of every model of moto's.
    assert succeeded(engine, execution) == {"Body": {}, "ContentType": "application/json"}
    check_history(history(engine, execution), "bedrock:invokeModel", "TaskScheduled", "TaskStarted", "TaskSucceeded")


# Callbacks: the request is answered, then the task waits for its token.

TASK_TOKEN = re.compile("[A-Za-z0-9_=+-]{60,}")
TOKEN = {"token.$": "$$.Task.Token"}
CALLED_BACK = [
    Case("sqs:sendMessage", lambda made: {"QueueUrl": made, "MessageBody": TOKEN}, {}, queue),
    Case("sns:publish", lambda made: {"TopicArn": made, "Message": TOKEN}, {}, topic),
    Case("events:putEvents", {"Entries": [{"Source": "orders", "DetailType": "d", "Detail": TOKEN}]}, {}, rule),
    Case(
        "ecs:runTask",
        lambda made: {
            **made,
            "Overrides": {
                "ContainerOverrides": [{"Name": "main", "Environment": [{"Name": "TOKEN", "Value.$": "$$.Task.Token"}]}]
            },
        },
        {},
        cluster,
    ),
    Case("bedrock:invokeModel", {"ModelId": "anthropic.claude-v2", "Body": TOKEN}),
    Case("lambda:invoke", lambda made: {"FunctionName": made, "Payload": TOKEN}, {}, function),
]


def token_of(parameters) -> str:
    """The task token, wherever it is in the parameters."""
    values = parameters.values() if isinstance(parameters, dict) else parameters
    for value in values:
        if isinstance(value, dict | list) and (found := token_of(value)):
            return found
        if isinstance(value, str) and TASK_TOKEN.fullmatch(value):
            return value
    return ""


def submitted_token(engine, execution: str, kind: str = "TaskSubmitted") -> str:
    """The token of a task that was submitted."""
    wait_until(lambda: details(history(engine, execution), kind), "the task is submitted")
    return token_of(json.loads(details(history(engine, execution), "TaskScheduled")[0]["parameters"]))


@pytest.mark.parametrize("case", CALLED_BACK, ids=named)
@pytest.mark.parametrize("well", [True, False], ids=["success", "failure"])
def test_a_task_waits_for_its_token(engine, counterpart, case, well):
    resource = case.resource + ".waitForTaskToken"
    execution = start(engine, task(resource, case.given(counterpart)))
    token = submitted_token(engine, execution)
    events = ["TaskScheduled", "TaskStarted", "TaskSubmitted"]
    if well:
        engine.send_task_success(taskToken=token, output='{"approved":true}')
        assert succeeded(engine, execution) == {"approved": True}
        check_history(history(engine, execution), resource, *events, "TaskSucceeded")
    else:
        engine.send_task_failure(taskToken=token, error="Refused", cause="no")
        description = ended(engine, execution)
        assert (description["status"], description["error"], description["cause"]) == ("FAILED", "Refused", "no")
        check_history(history(engine, execution), resource, *events, "TaskFailed")


def test_the_token_arrives_with_the_message(engine, counterpart):
    parameters = {"QueueUrl": queue(counterpart), "MessageBody": TOKEN}
    execution = start(engine, task("sqs:sendMessage.waitForTaskToken", parameters))
    engine.send_task_success(taskToken=received(counterpart)["token"], output='"done"')
    assert succeeded(engine, execution) == "done"


# Lambda and nested executions.


def test_a_function_of_the_service_is_invoked_three_ways(engine, counterpart):
    arn = function(counterpart)
    by_arn = {"Type": "Task", "Resource": arn}
    execution = start(engine, by_arn)
    assert succeeded(engine, execution) == {"who": "Ada"}
    kinds = [event["type"] for event in history(engine, execution) if event["type"].startswith("Lambda")]
    assert kinds == ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded"]
    for name in [arn, "echo"]:
        execution = start(engine, task("lambda:invoke", {"FunctionName": name, "Payload": {"n": 1}}))
        output = succeeded(engine, execution)
        assert differences({"Payload": {"n": 1}, "StatusCode": 200}, output) == []
        assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200
        check_history(history(engine, execution), "lambda:invoke", "TaskScheduled", "TaskStarted", "TaskSucceeded")


@pytest.mark.parametrize("pattern, output", [("", None), (".sync", '{"n": 1}'), (".sync:2", {"n": 1})])
def test_a_nested_execution(engine, pattern, output):
    child = machine(
        engine, f"child{pattern.replace('.', '-').replace(':', '-')}", single({"Type": "Pass", "End": True})
    )
    parameters = {"StateMachineArn": child, "Input": {"n": 1}, "Name": "child"}
    resource = f"states:startExecution{pattern}"
    execution = start(engine, task(resource, parameters))
    result = succeeded(engine, execution)
    expected = child.replace(":stateMachine:", ":execution:") + ":child"
    assert result["ExecutionArn"] == expected
    if output is None:
        assert result["SdkHttpMetadata"]["HttpStatusCode"] == 200
        check_history(history(engine, execution), resource, "TaskScheduled", "TaskStarted", "TaskSucceeded")
        return
    assert result["Status"] == "SUCCEEDED"
    assert type(result["Output"]) is type(output)
    assert (json.loads(result["Output"]) if pattern == ".sync" else result["Output"]) == {"n": 1}
    events = ("TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded")
    check_history(history(engine, execution), resource, *events)


def test_a_nested_execution_calls_back(engine):
    child = machine(engine, "waiter", single({"Type": "Wait", "Seconds": 3600, "End": True}))
    parameters = {"StateMachineArn": child, "Input": TOKEN}
    execution = start(engine, task("states:startExecution.waitForTaskToken", parameters))
    engine.send_task_success(taskToken=submitted_token(engine, execution), output='"early"')
    assert succeeded(engine, execution) == "early"


# What services refuse, by name.


@dataclass
class Refused:
    """A call that fails: the error's name and the beginning of its cause."""

    resource: str
    parameters: dict
    error: str
    cause: str = ""


REFUSED = [
    Refused("athena:startQueryExecution", {**SELECT, "WorkGroup": "none"}, "Athena.InvalidRequestException"),
    Refused("batch:submitJob", {**BATCH_JOB, "JobQueue": "none"}, "Batch.ClientException"),
    Refused("batch:submitJob.sync", {**BATCH_JOB, "JobQueue": "none"}, "Batch.ClientException"),
    Refused("codebuild:startBuild", {"ProjectName": "none"}, "CodeBuild.ResourceNotFoundException"),
    Refused(
        "dynamodb:getItem",
        {"TableName": "none", "Key": {"Id": {"S": "1"}}},
        "DynamoDB.ResourceNotFoundException",
        "Requested resource not found",
    ),
    Refused("ecs:runTask", {"Cluster": "none", "TaskDefinition": "none"}, "ECS.ClusterNotFoundException"),
    Refused("eks:deleteCluster", {"Name": "none"}, "EKS.ResourceNotFoundException"),
    Refused("glue:startJobRun.sync", {"JobName": "none"}, "Glue.EntityNotFoundException"),
    Refused(
        "sns:publish", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:none", "Message": "m"}, "SNS.NotFoundException"
    ),
    Refused("states:startExecution", {"StateMachineArn": MISSING}, "StepFunctions.StateMachineDoesNotExistException"),
    Refused("aws-sdk:dynamodb:describeTable", {"TableName": "none"}, "DynamoDb.ResourceNotFoundException"),
    Refused("aws-sdk:s3:getObject", {"Bucket": "none", "Key": "k"}, "S3.NoSuchBucketException"),
    Refused("aws-sdk:sfn:describeStateMachine", {"StateMachineArn": MISSING}, "Sfn.StateMachineDoesNotExistException"),
    Refused("aws-sdk:lambda:getFunction", {"FunctionName": "none"}, "Lambda.ResourceNotFoundException"),
    Refused("aws-sdk:iam:getRole", {"RoleName": "none"}, "Iam.NoSuchEntityException"),
    Refused("aws-sdk:secretsmanager:getSecretValue", {"SecretId": "none"}, "SecretsManager.ResourceNotFoundException"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.resource)
def test_a_refusal_has_the_errors_name(engine, counterpart, case):
    caught = {"ErrorEquals": [case.error], "ResultPath": "$.caught", "Next": "Caught"}
    state = {**task(case.resource, case.parameters, Catch=[caught]), "End": True}
    definition = {"StartAt": "S", "States": {"S": state, "Caught": {"Type": "Pass", "End": True}}}
    arn = machine(engine, f"refused-{next(NUMBERS)}", definition)
    execution = engine.start_execution(stateMachineArn=arn)["executionArn"]
    output = succeeded(engine, execution)["caught"]
    assert output["Error"] == case.error
    assert output["Cause"].startswith(case.cause)
    # The two SDKs' ways to say where an error comes from.
    assert ("(Service: " in output["Cause"]) and (
        ("; Status Code: " in output["Cause"]) != ("aws-sdk" in case.resource)
    )
    check_history(history(engine, execution), case.resource, "TaskScheduled", "TaskStarted", "TaskFailed")


def test_a_job_that_fails_fails_its_task(engine, counterpart):
    execution = start(engine, task("emr-containers:startJobRun.sync", virtual_job(virtual_cluster(counterpart))))
    wait_until(lambda: details(history(engine, execution), "TaskSubmitted"), "the job is submitted")
    submitted = json.loads(details(history(engine, execution), "TaskSubmitted")[0]["output"])
    ids = {"id": submitted["Id"], "virtualClusterId": submitted["VirtualClusterId"]}
    counterpart.client("emr-containers").cancel_job_run(**ids)
    description = ended(engine, execution)
    assert (description["status"], description["error"]) == ("FAILED", "States.TaskFailed")
    assert differences({"State": "CANCELLED", "Name": "job"}, json.loads(description["cause"])) == []


def test_a_refused_entry_of_many_fails_the_task(engine):
    entries = [{"Source": "orders", "DetailType": "d", "Detail": "{}"}, {"Source": "orders", "DetailType": "d"}]
    description = ended(engine, start(engine, task("events:putEvents", {"Entries": entries})))
    assert description["error"] == "EventBridge.FailedEntry"
    assert json.loads(description["cause"])["FailedEntryCount"] == 1


# A stopped execution gives its job up.


def ecs_stopped(aws, submitted: dict) -> bool:
    arn = submitted["Tasks"][0]["TaskArn"]
    task = aws.client("ecs").describe_tasks(cluster="cluster", tasks=[arn])["tasks"][0]
    return task["desiredStatus"] == "STOPPED"


def virtual_job_stopped(aws, submitted: dict) -> bool:
    ids = {"id": submitted["Id"], "virtualClusterId": submitted["VirtualClusterId"]}
    return aws.client("emr-containers").describe_job_run(**ids)["jobRun"]["state"] == "CANCELLED"


def customization_stopped(aws, submitted: dict) -> bool:
    job = aws.client("bedrock").get_model_customization_job(jobIdentifier="customization")
    return job["status"] in ("Stopping", "Stopped")


GIVEN_UP = [
    (Case("ecs:runTask.sync", lambda made: made, {}, cluster), ecs_stopped),
    (Case("emr-containers:startJobRun.sync", virtual_job, {}, virtual_cluster), virtual_job_stopped),
    (Case("bedrock:createModelCustomizationJob.sync", CUSTOMIZATION, {}, bucket), customization_stopped),
]


@pytest.mark.parametrize("case, stopped", GIVEN_UP, ids=[case.resource for case, _ in GIVEN_UP])
def test_a_stopped_execution_gives_its_job_up(engine, counterpart, case, stopped):
    counterpart.transition("ecs::task", progression="manual", times=1000)
    execution = start(engine, task(case.resource, case.given(counterpart)))
    wait_until(lambda: details(history(engine, execution), "TaskSubmitted"), "the job is submitted")
    submitted = json.loads(details(history(engine, execution), "TaskSubmitted")[0]["output"])
    engine.stop_execution(executionArn=execution)
    assert ended(engine, execution)["status"] == "ABORTED"
    wait_until(lambda: stopped(counterpart, submitted), "the job is given up")


def test_a_stopped_execution_stops_its_child(engine):
    child = machine(engine, "sleeper", single({"Type": "Wait", "Seconds": 3600, "End": True}))
    parameters = {"StateMachineArn": child, "Name": "one"}
    execution = start(engine, task("states:startExecution.sync:2", parameters))
    wait_until(lambda: details(history(engine, execution), "TaskSubmitted"), "the child is started")
    engine.stop_execution(executionArn=execution)
    assert ended(engine, child.replace(":stateMachine:", ":execution:") + ":one")["status"] == "ABORTED"


# Any API of AWS, one or more for each protocol.

SDK = [
    Case(
        "aws-sdk:dynamodb:query",
        {
            "TableName": "orders",
            "KeyConditionExpression": "Id = :id",
            "ExpressionAttributeValues": {":id": {"S": "one"}},
        },
        {"Count": 1, "Items": [{"Id": {"S": "one"}}]},
        table,
    ),
    Case("aws-sdk:sqs:sendMessage", lambda made: {"QueueUrl": made, "MessageBody": "m"}, {"MessageId": TEXT}, queue),
    Case("aws-sdk:sns:listTopics", {}, {"Topics": [{"TopicArn": TEXT}]}, topic),
    Case("aws-sdk:s3:putObject", lambda made: {"Bucket": made, "Key": "out", "Body": {"n": 1}}, {"ETag": TEXT}, bucket),
    Case(
        "aws-sdk:s3:getObject",
        lambda made: {"Bucket": made, "Key": "in"},
        {
            "Body": '{"n": 1}',
            "ContentLength": 8,
            "ContentType": "application/json",
            "LastModified": TEXT,
        },
        bucket,
    ),
    Case(
        "aws-sdk:s3:listObjectsV2",
        lambda made: {"Bucket": made},
        {"KeyCount": 1, "Contents": [{"Key": "in", "Size": 8}]},
        bucket,
    ),
    Case("aws-sdk:ec2:describeVpcs", {}, {"Vpcs": [{"IsDefault": True, "State": "available"}]}),
    Case("aws-sdk:lambda:listFunctions", {}, {"Functions": [{"FunctionName": "echo"}]}, function),
    Case("aws-sdk:iam:getRole", {"RoleName": "any"}, {"Role": {"RoleName": "any", "CreateDate": TEXT}}, role),
    Case("aws-sdk:cloudwatch:putMetricData", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]}),
    Case("aws-sdk:sts:getCallerIdentity", {}, {"Account": ACCOUNT}),
    Case("aws-sdk:ssm:putParameter", {"Name": "p", "Value": "v", "Type": "String"}, {"Version": 1}),
    Case("aws-sdk:secretsmanager:createSecret", {"Name": "s", "SecretString": "v"}, {"Name": "s"}),
    Case("aws-sdk:eventbridge:listEventBuses", {}, {"EventBuses": [{"Name": "default"}]}),
    Case("aws-sdk:sfn:listStateMachines", {}, {"StateMachines": Anything(list)}),
    Case("aws-sdk:kinesis:listStreams", {}, {"StreamNames": []}),
    Case("aws-sdk:cloudwatchlogs:createLogGroup", {"LogGroupName": "g"}),
    Case("aws-sdk:eks:listClusters", {}, {"Clusters": []}),
]


@pytest.mark.parametrize("case", SDK, ids=named)
def test_any_api_of_aws(engine, counterpart, case):
    execution = start(engine, task(case.resource, case.given(counterpart)))
    output = succeeded(engine, execution)
    assert differences(case.result, output) == []
    assert "SdkHttpMetadata" not in output
    check_history(history(engine, execution), case.resource, "TaskScheduled", "TaskStarted", "TaskSucceeded")


def test_an_http_endpoint_gets_the_connections_credentials(engine, counterpart):
    bucket(counterpart)
    connection = counterpart.client("events").create_connection(
        Name="connection",
        AuthorizationType="BASIC",
        AuthParameters={"BasicAuthParameters": {"Username": "u", "Password": "p"}},
    )["ConnectionArn"]
    parameters = {
        "ApiEndpoint": f"{counterpart.url}/bucket/in",
        "Method": "GET",
        "InvocationConfig": {"ConnectionArn": connection},
    }
    execution = start(engine, task("http:invoke", parameters))
    output = succeeded(engine, execution)
    # The request asks for the first 256 KiB only, as AWS's does.
    assert differences({"ResponseBody": {"n": 1}, "StatusCode": 206, "StatusText": "Partial Content"}, output) == []
    check_history(history(engine, execution), "http:invoke", "TaskScheduled", "TaskStarted", "TaskSucceeded")
