"""Child executions of this server: started, waited for and stopped without a socket, and the same as with one."""

import json
import re
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from harness import ROLE, ended, history, machine, single, wait_until

REGION = "us-east-1"
ACCOUNT = "123456789012"
NUMBERS = count()
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PASS = single({"Type": "Pass", "End": True})
FAIL = single({"Type": "Fail", "Error": "Custom", "Cause": "why"})
WAIT = single({"Type": "Wait", "Seconds": 86_400, "End": True})


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory):
    """Clients of two servers: of one whose children start in process, and of one that is told another name of itself,
    so that they take the socket."""
    from harness import Server

    inside = Server(tmp_path_factory.mktemp("inside") / "data").start()
    socket = Server(tmp_path_factory.mktemp("socket") / "data").start()
    assert socket.stop() == 0
    socket.arguments.extend(["--stepfunctions-endpoint", f"http://localhost:{socket.port}"])
    socket.start()
    yield inside.client(), socket.client()
    inside.close()
    socket.close()


def child_of(sfn, definition: dict, name: str) -> str:
    return machine(sfn, name, definition)


def outcome(sfn, resource_name: str, parameters: dict, name: str) -> tuple:
    """How a task ended, without what differs each time."""
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource_name}", "Parameters": parameters, "End": True}
    arn = machine(sfn, name, single(state))
    description = ended(sfn, sfn.start_execution(stateMachineArn=arn, input='{"who":"Ada"}')["executionArn"])
    events = [event["type"] for event in history(sfn, description["executionArn"])]
    said = [description.get(member) for member in ["status", "output", "error", "cause"]]
    return [plain(text) for text in said], events


def plain(text: str | None) -> str | None:
    """Without what differs each time: identifiers and times."""
    if text is None:
        return None
    text = UUID.sub("<uuid>", text)
    text = re.sub(r"\d{13}", "<time>", text)
    text = re.sub(r'("(?:Date|date)":)(\["[^"]*"\]|"[^"]*")', r"\1<date>", text)
    text = re.sub(r'("Content-Length":)(\["\d+"\]|"\d+")', r"\1<length>", text)
    return re.sub(r'("(?:StartDate|StopDate)":)("[^"]*"|[\d.]+)', r"\1<time>", text)


CASES = [
    ("states:startExecution", PASS, {"Input": {"a": 1}}),
    ("states:startExecution", PASS, {"Input": {"a": 1}, "Name": "given"}),
    ("states:startExecution", PASS, {"Input": {"a": 1}, "Name": "not a name"}),
    ("states:startExecution.sync", PASS, {"Input": {"a": 1}}),
    ("states:startExecution.sync:2", PASS, {"Input": {"a": 1}}),
    ("states:startExecution.sync", FAIL, {"Input": {"a": 1}}),
    ("states:startExecution.sync:2", FAIL, {"Input": "no object"}),
    ("states:startExecution.sync:2", None, {}),
    ("aws-sdk:sfn:describeStateMachine", None, {}),
    ("aws-sdk:sfn:listActivities", "nothing", {"MaxResults": 5}),
]


@pytest.mark.parametrize(("resource_name", "child", "parameters"), CASES)
def test_a_child_is_the_same_in_process_and_over_a_socket(both_ways, resource_name, child, parameters):
    number = next(NUMBERS)
    outcomes = []
    for sfn in both_ways:
        if isinstance(child, dict):
            parameters = {**parameters, "StateMachineArn": machine(sfn, f"child-{number}", child)}
        elif child is None:
            parameters = {
                **parameters,
                "StateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:missing",
            }
        outcomes.append(outcome(sfn, resource_name, parameters, f"parent-{number}"))
    assert outcomes[0] == outcomes[1]


def test_a_name_that_is_taken_is_refused_the_same(both_ways):
    outcomes = []
    for sfn in both_ways:
        child = machine(sfn, "taken", PASS)
        ended(sfn, sfn.start_execution(stateMachineArn=child, name="taken")["executionArn"])
        outcomes.append(
            outcome(sfn, "states:startExecution", {"StateMachineArn": child, "Name": "taken"}, "taken-parent")
        )
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0][2] == "StepFunctions.ExecutionAlreadyExistsException"


def test_a_stopped_parent_stops_its_child(both_ways):
    for sfn in both_ways:
        child = machine(sfn, "waits", WAIT)
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync",
            "Parameters": {"StateMachineArn": child},
            "End": True,
        }
        parent = sfn.start_execution(stateMachineArn=machine(sfn, "stops", single(state)))["executionArn"]
        listed = lambda: sfn.list_executions(stateMachineArn=child)["executions"]  # noqa: E731, B023
        started = wait_until(listed, "the child")[0]["executionArn"]
        wait_until(
            lambda: any(event["type"] == "TaskSubmitted" for event in history(sfn, parent)),  # noqa: B023
            "the child to be known",
        )
        sfn.stop_execution(executionArn=parent)
        assert ended(sfn, started)["status"] == "ABORTED"


def test_thousands_of_children_at_once_need_no_descriptors(make_server):
    server = make_server().start()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (1_024, 1_024))
    sfn = server.client()
    child = machine(sfn, "child", PASS)
    due = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 25))
    definition = {
        "StartAt": "W",
        "States": {
            "W": {"Type": "Wait", "Timestamp": due, "Next": "C"},
            "C": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution",
                "Parameters": {"StateMachineArn": child},
                "End": True,
            },
        },
    }
    arn = sfn.create_state_machine(name="parent", definition=json.dumps(definition), roleArn=ROLE)["stateMachineArn"]

    def start(_: int) -> None:
        client = server.client()
        for _ in range(250):
            client.start_execution(stateMachineArn=arn)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(20)))

    def running() -> list:
        return sfn.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=1)["executions"]

    wait_until(lambda: not running(), "the end of all", timeout=120)
    for machine_arn in [arn, child]:
        pages = sfn.get_paginator("list_executions").paginate(
            stateMachineArn=machine_arn, statusFilter="SUCCEEDED", PaginationConfig={"PageSize": 1_000}
        )
        assert sum(len(page["executions"]) for page in pages) == 5_000
