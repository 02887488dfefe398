"""`serve --mock-config`: executions of a test case, whose services a mock configuration stands in for."""

import http.server
import json
import os
import threading

import pytest
from botocore.exceptions import ClientError

from harness import StartFailed, ended, history, machine, wait_until

# The example of the AWS guide on testing with mocked service integrations.
LAMBDA_SQS = {
    "StartAt": "LambdaState",
    "States": {
        "LambdaState": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"Payload.$": "$", "FunctionName": "HelloWorldFunction"},
            "Retry": [
                {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2}
            ],
            "Next": "SQSState",
        },
        "SQSState": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "http://127.0.0.1/123456789012/myQueue", "MessageBody.$": "$"},
            "End": True,
        },
    },
}
SQS_ANSWER = {"MessageId": "af3f6b2a", "MD5OfMessageBody": "3bcb6e8e"}
MOCKS = {
    "StateMachines": {
        "LambdaSQSIntegration": {
            "TestCases": {
                "HappyPath": {"LambdaState": "MockedLambdaSuccess", "SQSState": "MockedSQSSuccess"},
                "RetryPath": {"LambdaState": "MockedLambdaRetry", "SQSState": "MockedSQSSuccess"},
                "HybridPath": {"LambdaState": "MockedLambdaSuccess"},
                "TooFew": {"LambdaState": "MockedLambdaTooFew"},
            }
        }
    },
    "MockedResponses": {
        "MockedLambdaSuccess": {"0": {"Return": {"StatusCode": 200, "Payload": {"greeting": "Hello"}}}},
        "MockedLambdaRetry": {
            "0": {"Throw": {"Error": "Lambda.ResourceNotReadyException", "Cause": "Lambda resource is not ready."}},
            "1-2": {"Throw": {"Error": "Lambda.TimeoutException", "Cause": "Lambda timed out."}},
            "3": {"Return": {"StatusCode": 200, "Payload": {"greeting": "At last"}}},
        },
        "MockedLambdaTooFew": {"0": {"Throw": {"Error": "Lambda.TimeoutException"}}},
        "MockedSQSSuccess": {"0": {"Return": SQS_ANSWER}},
    },
}


def one_machine(name: str, cases: dict, responses: dict) -> dict:
    return {"StateMachines": {name: {"TestCases": cases}}, "MockedResponses": responses}


@pytest.fixture
def mocked(make_server, tmp_path):
    """Makes servers that answer from a mock configuration; nothing that is not mocked can be reached."""

    def make(config: dict, *arguments: str, **options):
        path = tmp_path / "mocks.json"
        path.write_text(json.dumps(config))
        environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
        environment |= options.pop("environment", {})
        return make_server("--mock-config", str(path), *arguments, environment=environment, **options).start()

    return make


def run(sfn, arn: str, case: str, **options) -> dict:
    """Runs a test case to its end."""
    return ended(sfn, sfn.start_execution(stateMachineArn=f"{arn}#{case}", **options)["executionArn"])


def types(sfn, execution: dict) -> list[str]:
    return [event["type"] for event in history(sfn, execution["executionArn"])]


def test_every_state_of_a_test_case_gets_its_mocked_response(mocked):
    sfn = mocked(MOCKS).client()
    arn = machine(sfn, "LambdaSQSIntegration", LAMBDA_SQS)
    execution = run(sfn, arn, "HappyPath", name="happy")
    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"]) == SQS_ANSWER
    # An execution as any other: the test case is in no name.
    assert execution["stateMachineArn"] == arn
    assert execution["executionArn"] == arn.replace(":stateMachine:", ":execution:") + ":happy"
    assert [one["name"] for one in sfn.list_executions(stateMachineArn=arn)["executions"]] == ["happy"]
    task = ["TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited"]
    assert types(sfn, execution) == ["ExecutionStarted", *task, *task, "ExecutionSucceeded"]


def test_each_retry_is_an_invocation(mocked):
    sfn = mocked(MOCKS, "--wait-time-scale", "0.001").client()
    arn = machine(sfn, "LambdaSQSIntegration", LAMBDA_SQS)
    execution = run(sfn, arn, "RetryPath")
    assert execution["status"] == "SUCCEEDED", execution
    failed = [
        event["taskFailedEventDetails"]
        for event in history(sfn, execution["executionArn"])
        if event["type"] == "TaskFailed"
    ]
    errors = ["Lambda.ResourceNotReadyException", "Lambda.TimeoutException", "Lambda.TimeoutException"]
    assert [one["error"] for one in failed] == errors
    assert failed[0]["cause"] == "Lambda resource is not ready."


def test_an_invocation_without_an_entry_fails_the_execution_whatever_its_retriers(mocked):
    sfn = mocked(MOCKS, "--wait-time-scale", "0.001").client()
    execution = run(sfn, machine(sfn, "LambdaSQSIntegration", LAMBDA_SQS), "TooFew")
    assert (execution["status"], execution["error"]) == ("FAILED", "States.Runtime")
    for word in ["'MockedLambdaTooFew'", "invocation 1", "'LambdaState'"]:
        assert word in execution["cause"], execution["cause"]
    assert types(sfn, execution).count("TaskScheduled") == 2


def test_a_state_that_the_test_case_does_not_name_calls_the_service(mocked, queue):
    url, messages = queue
    sfn = mocked(MOCKS, "--sqs-endpoint", url).client()
    arn = machine(sfn, "LambdaSQSIntegration", LAMBDA_SQS)
    execution = run(sfn, arn, "HybridPath")
    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["MessageId"] == "real"
    assert len(messages) == 1 and "Hello" in messages[0]


@pytest.fixture
def queue():
    """A service that takes messages as SQS does: its URL, and the bodies of the requests."""
    bodies = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            answer = json.dumps({"MessageId": "real"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()


def refused(start, arn: str, **options) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        start(stateMachineArn=arn, **options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_what_cannot_be_started_is_refused(mocked, make_server, tmp_path):
    sfn = mocked(MOCKS).client()
    arn = machine(sfn, "LambdaSQSIntegration", LAMBDA_SQS)
    code, message = refused(sfn.start_execution, f"{arn}#NoSuchCase")
    assert code == "ValidationException"
    assert "'NoSuchCase'" in message and "HappyPath, RetryPath, HybridPath, TooFew" in message
    other = machine(sfn, "Other", LAMBDA_SQS)
    code, message = refused(sfn.start_execution, f"{other}#HappyPath")
    assert code == "ValidationException" and "'Other'" in message
    missing = f"{arn}X#HappyPath"
    assert refused(sfn.start_execution, missing) == (
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{missing}'",
    )
    plain = make_server(data_dir=tmp_path / "plain").start().client()
    machine(plain, "LambdaSQSIntegration", LAMBDA_SQS)
    assert refused(plain.start_execution, f"{arn}#HappyPath")[0] == "StateMachineDoesNotExist"


def waiting(seconds: float) -> dict:
    return {
        "StartAt": "First",
        "States": {
            "First": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl": "http://127.0.0.1/q", "MessageBody": {"token.$": "$$.Task.Token"}},
                "ResultPath": "$.answer",
                "Next": "Pause",
            },
            "Pause": {"Type": "Wait", "Seconds": seconds, "Next": "Again"},
            "Again": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.answer.last", "BooleanEquals": True, "Next": "Done"}],
                "Default": "First",
            },
            "Done": {"Type": "Succeed"},
        },
    }


CALLBACKS = one_machine(
    "M",
    {"C": {"First": "R"}},
    {"R": {"0": {"Return": {"n": 0, "last": False}}, "1": {"Return": {"n": 1, "last": True}}}},
)


def test_invocations_are_counted_over_a_kill(mocked):
    server = mocked(CALLBACKS)
    sfn = server.client()
    arn = machine(sfn, "M", waiting(2))
    started = sfn.start_execution(stateMachineArn=f"{arn}#C", name="n")["executionArn"]
    # The same start again is the same execution; another way to do its tasks is another one.
    assert sfn.start_execution(stateMachineArn=f"{arn}#C", name="n")["executionArn"] == started
    assert refused(sfn.start_execution, arn, name="n")[0] == "ExecutionAlreadyExists"
    wait_until(lambda: any(one["type"] == "WaitStateEntered" for one in history(sfn, started)), "the wait")
    server.kill()
    sfn = server.start().client()
    execution = ended(sfn, started)
    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["answer"] == {"n": 1, "last": True}
    # Nobody waited for a token, and the history looks as if somebody had.
    told = [one for one in history(sfn, started) if one["type"] in ("TaskSubmitted", "TaskSucceeded")]
    assert [one["type"] for one in told] == ["TaskSubmitted", "TaskSucceeded"] * 2
    assert json.loads(told[2]["taskSubmittedEventDetails"]["output"]) == {"n": 1, "last": True}


def test_without_its_test_case_an_execution_reaches_no_service(mocked, queue):
    url, messages = queue
    server = mocked(CALLBACKS, "--sqs-endpoint", url)
    sfn = server.client()
    arn = machine(sfn, "M", waiting(1))
    started = sfn.start_execution(stateMachineArn=f"{arn}#C")["executionArn"]
    server.kill()
    server.arguments = ["--sqs-endpoint", url]
    sfn = server.start().client()
    execution = ended(sfn, started)
    assert (execution["status"], execution["error"]) == ("FAILED", "States.Runtime")
    assert "'C'" in execution["cause"] and messages == []


def test_the_iterations_of_a_map_count_together_and_jobs_are_not_waited_for(mocked):
    definition = {
        "StartAt": "Map",
        "States": {
            "Map": {
                "Type": "Map",
                "MaxConcurrency": 1,
                "ItemProcessor": {
                    "StartAt": "Job",
                    "States": {
                        "Job": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::ecs:runTask.sync",
                            "Parameters": {"TaskDefinition": "t", "Cluster": "c"},
                            "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "Late"}],
                            "End": True,
                        },
                        "Late": {"Type": "Pass", "Result": "late", "End": True},
                    },
                },
                "End": True,
            }
        },
    }
    responses = {"R": {"0-1": {"Return": "done"}, "2": {"Throw": {"Error": "States.Timeout"}}}}
    sfn = mocked(one_machine("M", {"C": {"Job": "R"}}, responses)).client()
    execution = run(sfn, machine(sfn, "M", definition), "C", input="[1, 2, 3]")
    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"]) == ["done", "done", "late"]
    assert types(sfn, execution).count("TaskSubmitted") == 2


def test_express_executions_and_versions_run_test_cases(mocked):
    config = one_machine(
        "M", {"C": {"LambdaState": "L", "SQSState": "Q"}}, {"L": {"0": {"Return": 1}}, "Q": {"0": {"Return": 2}}}
    )
    server = mocked(config)
    sfn = server.client()
    arn = machine(sfn, "M", LAMBDA_SQS, type="EXPRESS")
    answer = sfn.start_sync_execution(stateMachineArn=f"{arn}#C")
    assert (answer["status"], answer["output"], answer["stateMachineArn"]) == ("SUCCEEDED", "2", arn)
    assert refused(sfn.start_sync_execution, f"{arn}#D")[0] == "ValidationException"
    version = sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    assert sfn.start_sync_execution(stateMachineArn=f"{version}#C")["output"] == "2"


def test_the_file_is_read_again_when_it_has_changed(mocked, tmp_path):
    server = mocked(MOCKS)
    sfn = server.client()
    arn = machine(sfn, "LambdaSQSIntegration", LAMBDA_SQS)
    path = tmp_path / "mocks.json"
    path.write_text("{ broken")
    assert run(sfn, arn, "HappyPath")["status"] == "SUCCEEDED"
    assert "mocks.json:1:" in server.stderr()
    changed = json.loads(json.dumps(MOCKS))
    changed["MockedResponses"]["MockedSQSSuccess"] = {"0": {"Return": "changed"}}
    path.write_text(json.dumps(changed))
    assert run(sfn, arn, "HappyPath")["output"] == '"changed"'


def test_where_the_file_comes_from(make_server, tmp_path, monkeypatch):
    path = tmp_path / "elsewhere.json"
    path.write_text(json.dumps(MOCKS))
    by_variable = make_server(data_dir=None, environment={"SFN_MOCK_CONFIG": str(path)}).start()
    by_variable.stop()
    assert f"mocks    {path}" in by_variable.announcement
    (tmp_path / "MockConfigFile.json").write_text(json.dumps(MOCKS))
    monkeypatch.chdir(tmp_path)
    by_name = make_server(data_dir=None).start()
    by_name.stop()
    assert "mocks    MockConfigFile.json" in by_name.announcement


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "cannot read"),
        ("{", "mocks.json:1:2"),
        ('{"StateMachines": {"M": {}}}', 'mocks.json:1:20: StateMachines.M: the key "TestCases" is missing'),
    ],
)
def test_a_file_that_cannot_be_used_ends_the_start(make_server, tmp_path, text, expected):
    path = tmp_path / "mocks.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(StartFailed) as caught:
        make_server("--mock-config", os.fspath(path), data_dir=None).start()
    assert caught.value.code == 2
    assert expected in caught.value.stderr
