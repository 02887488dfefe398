"""Services that misbehave: each failure gets the name AWS gives it, retriers and catchers see it, the server goes on.

The counterpart is a socket that answers as it is told.
"""

import json
import socket
import threading

import pytest

from counterpart import ACCOUNT, REGION
from harness import Server, ended, history, machine, single

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
# Half of ten megabytes.
HALF = b"x" * (5 << 20)


def answer(
    status: int, body: bytes, content_type: str = "application/x-amz-json-1.0", length: int | None = None
) -> bytes:
    """An HTTP answer; a length of its own makes it one that ends too early."""
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Type: {content_type}\r\nContent-Length: {length or len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


BEHAVIOURS = {
    "403": answer(403, b'{"__type":"AccessDeniedException","message":"not you"}'),
    "500": answer(500, b'{"__type":"InternalFailure","message":"broken"}'),
    "503": answer(503, b"<html>busy</html>", "text/html"),
    "dropped": b"",
    "half": answer(200, b'{"MessageId":"1"', length=4096),
    "not JSON": answer(200, b"<html>hello</html>", "text/html"),
    "huge": answer(200, b'{"MessageId":"%b","Item":{"Id":{"S":"%b"}}}' % (HALF, HALF)),
    "hangs": None,
}


class Misbehaving:
    """A server that answers every request in the same way, and counts them."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.behave("500")
        threading.Thread(target=self._accept, daemon=True).start()

    def behave(self, behaviour: str) -> None:
        self.reply = BEHAVIOURS[behaviour]
        self.requests = 0

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                if not self._read_request(connection):
                    return
                self.requests += 1
                if self.reply is None:
                    connection.recv(1)
                else:
                    connection.sendall(self.reply)
            except OSError:
                return

    def _read_request(self, connection: socket.socket) -> bool:
        """Reads one request whole, so that closing the connection resets nothing that was sent."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := connection.recv(65536)):
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
        missing = int(fields.get(b"content-length", b"0")) - len(body)
        while missing > 0 and (more := connection.recv(65536)):
            missing -= len(more)
        return True


@pytest.fixture(scope="module")
def service():
    service = Misbehaving()
    yield service
    service.close()


@pytest.fixture(scope="module")
def connection(shared_counterpart) -> str:
    """A connection for HTTP tasks."""
    return shared_counterpart.client("events").create_connection(
        Name="connection",
        AuthorizationType="BASIC",
        AuthParameters={"BasicAuthParameters": {"Username": "u", "Password": "p"}},
    )["ConnectionArn"]


@pytest.fixture(scope="module")
def engine(service, shared_counterpart, tmp_path_factory):
    """A client of a server whose tasks call the service; connections come from a counterpart that behaves."""
    environment = {
        "AWS_ENDPOINT_URL": service.url,
        "AWS_ENDPOINT_URL_EVENTBRIDGE": shared_counterpart.url,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": shared_counterpart.url,
    }
    server = Server(tmp_path_factory.mktemp("bad") / "data", "--wait-time-scale", "0.001", environment=environment)
    yield server.start().client()
    assert server.process.poll() is None, server.stderr()
    assert "panicked" not in server.stderr()
    server.close()


# What each task's failure is called, by how its service behaves. `None` where the answer is a result.
ERRORS = {
    "403": {
        "sqs": "SQS.AmazonSQSException",
        "dynamodb": "DynamoDB.AmazonDynamoDBException",
        "lambda": "Lambda.AWSLambdaException",
        "http": "States.Http.StatusCode.403",
    },
    "500": {
        "sqs": "SQS.AmazonSQSException",
        "dynamodb": "DynamoDB.AmazonDynamoDBException",
        "lambda": "Lambda.AWSLambdaException",
        "http": "States.Http.StatusCode.500",
    },
    "503": {
        "sqs": "SQS.AmazonSQSException",
        "dynamodb": "DynamoDB.AmazonDynamoDBException",
        "lambda": "Lambda.AWSLambdaException",
        "http": "States.Http.StatusCode.503",
    },
    "dropped": {
        "sqs": "SQS.SdkClientException",
        "dynamodb": "DynamoDB.SdkClientException",
        "lambda": "Lambda.SdkClientException",
        "http": "States.Http.Socket",
    },
    "half": {
        "sqs": "SQS.SdkClientException",
        "dynamodb": "DynamoDB.SdkClientException",
        "lambda": "Lambda.SdkClientException",
        "http": "States.Http.Socket",
    },
    "not JSON": {
        "sqs": "SQS.SdkClientException",
        "dynamodb": "DynamoDB.SdkClientException",
        "lambda": "Lambda.Unknown",
        "http": None,
    },
    "hangs": {
        "sqs": "States.Timeout",
        "dynamodb": "States.Timeout",
        "lambda": "States.Timeout",
        "http": "States.Timeout",
    },
}


def tasks(service: Misbehaving, connection: str) -> dict[str, tuple[str, dict]]:
    """A task of each kind of client."""
    endpoint = {"ApiEndpoint": service.url, "Method": "GET", "InvocationConfig": {"ConnectionArn": connection}}
    return {
        "sqs": ("sqs:sendMessage", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "MessageBody": "m"}),
        "dynamodb": ("dynamodb:getItem", {"TableName": "t", "Key": {"Id": {"S": "1"}}}),
        "lambda": ("lambda:invoke", {"FunctionName": FUNCTION, "Payload": {}}),
        "http": ("http:invoke", endpoint),
    }


def start(engine, name: str, resource: str, parameters: dict, error: str | None) -> str:
    """Starts a task that tries twice and then is caught, if its error has that name."""
    names = [error or "Never"]
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Parameters": parameters,
        "TimeoutSeconds": 20 if error != "States.Timeout" else 1,
        "Retry": [{"ErrorEquals": names, "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": names, "Next": "Caught"}],
        "End": True,
    }
    definition = {"StartAt": "S", "States": {"S": state, "Caught": {"Type": "Pass", "End": True}}}
    return engine.start_execution(stateMachineArn=machine(engine, name, definition))["executionArn"]


@pytest.mark.parametrize("behaviour", ERRORS)
def test_a_failure_has_its_name_and_is_retried_and_caught(engine, service, connection, behaviour):
    service.behave(behaviour)
    executions = {
        name: start(engine, f"{name}-{behaviour.replace(' ', '-')}", *task, ERRORS[behaviour][name])
        for name, task in tasks(service, connection).items()
    }
    for name, execution in executions.items():
        error = ERRORS[behaviour][name]
        description = ended(engine, execution)
        assert description["status"] == "SUCCEEDED", (name, description.get("error"), description.get("cause"))
        output = json.loads(description["output"])
        if error is None:
            assert output["StatusCode"] == 200, name
            continue
        assert output["Error"] == error, name
        kinds = [event["type"] for event in history(engine, execution)]
        failed = "TaskTimedOut" if error == "States.Timeout" else "TaskFailed"
        assert kinds.count(failed) == 2, (name, kinds)
        assert kinds[-3:] == ["PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    assert service.requests >= sum(2 if error else 1 for error in ERRORS[behaviour].values())
    # The server still does its work.
    still = machine(engine, f"still-{behaviour.replace(' ', '-')}", single({"Type": "Pass", "End": True}))
    execution = engine.start_execution(stateMachineArn=still)["executionArn"]
    assert ended(engine, execution)["status"] == "SUCCEEDED"


def test_ten_megabytes_are_no_result(engine, service, connection):
    service.behave("huge")
    executions = {
        name: start(engine, f"{name}-huge", *task, "States.DataLimitExceeded")
        for name, task in tasks(service, connection).items()
    }
    for name, execution in executions.items():
        output = json.loads(ended(engine, execution)["output"])
        assert output["Error"] == "States.DataLimitExceeded", name
        kinds = [event["type"] for event in history(engine, execution)]
        assert kinds.count("TaskFailed") == 2, (name, kinds)
