"""Every operation there is, through boto3, as a user calls it."""

import json
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from harness import ROLE, ended, history, machine, single, wait_until

PASS = single({"Type": "Pass", "End": True})


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def code_of(call, **arguments) -> str:
    """The error code of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def outcome(sfn, definition: dict, given="{}") -> dict:
    """Runs a definition once."""
    arn = machine(sfn, unique("outcome"), definition)
    started = sfn.start_execution(stateMachineArn=arn, input=given if isinstance(given, str) else json.dumps(given))
    return ended(sfn, started["executionArn"])


# State machines


def test_a_state_machine_is_created_described_updated_and_deleted(sfn):
    name = unique("life")
    created = sfn.create_state_machine(name=name, definition=json.dumps(PASS), roleArn=ROLE)
    arn = created["stateMachineArn"]
    assert arn == f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}"

    described = sfn.describe_state_machine(stateMachineArn=arn)
    assert json.loads(described["definition"]) == PASS
    assert (described["status"], described["type"], described["roleArn"]) == ("ACTIVE", "STANDARD", ROLE)
    assert described["creationDate"] == created["creationDate"]
    assert "revisionId" not in described

    other = single({"Type": "Succeed"})
    updated = sfn.update_state_machine(stateMachineArn=arn, definition=json.dumps(other))
    described = sfn.describe_state_machine(stateMachineArn=arn)
    assert json.loads(described["definition"]) == other
    assert described["revisionId"] == updated["revisionId"]

    sfn.delete_state_machine(stateMachineArn=arn)
    wait_until(lambda: arn not in machine_arns(sfn), "the state machine's end")
    assert code_of(sfn.describe_state_machine, stateMachineArn=arn) == "StateMachineDoesNotExist"
    sfn.delete_state_machine(stateMachineArn=arn)


def machine_arns(sfn) -> list[str]:
    pages = sfn.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2})
    return [one["stateMachineArn"] for page in pages for one in page["stateMachines"]]


def test_creating_twice_is_one_state_machine_and_another_definition_is_refused(sfn):
    name = unique("twice")
    first = sfn.create_state_machine(name=name, definition=json.dumps(PASS), roleArn=ROLE)
    second = sfn.create_state_machine(name=name, definition=json.dumps(PASS), roleArn=ROLE)
    assert first["stateMachineArn"] == second["stateMachineArn"]
    assert first["creationDate"] == second["creationDate"]
    other = json.dumps(single({"Type": "Succeed"}))
    assert code_of(sfn.create_state_machine, name=name, definition=other, roleArn=ROLE) == "StateMachineAlreadyExists"


def test_state_machines_are_listed_page_by_page(sfn):
    arns = {machine(sfn, unique("page"), PASS) for _ in range(5)}
    listed = machine_arns(sfn)
    assert arns <= set(listed)
    assert len(listed) == len(set(listed))


def test_deleting_stops_what_runs(sfn):
    arn = machine(sfn, unique("doomed"), single({"Type": "Wait", "Seconds": 3600, "End": True}))
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    sfn.delete_state_machine(stateMachineArn=arn)
    assert ended(sfn, execution)["status"] == "ABORTED"


def test_a_bad_definition_is_refused_with_a_diagnostic(sfn):
    bad = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}})
    with pytest.raises(ClientError) as caught:
        sfn.create_state_machine(name=unique("bad"), definition=bad, roleArn=ROLE)
    assert caught.value.response["Error"]["Code"] == "InvalidDefinition"
    assert "MISSING_TRANSITION_TARGET" in caught.value.response["Error"]["Message"]

    result = sfn.validate_state_machine_definition(definition=bad)
    assert result["result"] == "FAIL"
    assert "MISSING_TRANSITION_TARGET" in [one["code"] for one in result["diagnostics"]]
    assert sfn.validate_state_machine_definition(definition=json.dumps(PASS))["result"] == "OK"


# Executions


def test_an_execution_runs_and_shows_its_history(sfn):
    arn = machine(sfn, unique("run"), PASS)
    name = unique("execution")
    started = sfn.start_execution(stateMachineArn=arn, name=name, input='{"n": 1}')
    execution = started["executionArn"]
    assert execution == f"{arn.replace(':stateMachine:', ':execution:')}:{name}"

    description = ended(sfn, execution)
    assert description["status"] == "SUCCEEDED"
    assert json.loads(description["output"]) == {"n": 1}
    assert description["stateMachineArn"] == arn
    assert description["startDate"] <= description["stopDate"]

    events = history(sfn, execution)
    assert [event["type"] for event in events] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert [event["id"] for event in events] == [1, 2, 3, 4]
    assert json.loads(events[0]["executionStartedEventDetails"]["input"]) == {"n": 1}
    assert history(sfn, execution, reverseOrder=True) == events[::-1]
    assert history(sfn, execution, PaginationConfig={"PageSize": 1}) == events

    of_execution = sfn.describe_state_machine_for_execution(executionArn=execution)
    assert of_execution["stateMachineArn"] == arn


def test_the_same_start_again_is_the_same_execution_only_while_it_runs(sfn):
    waiting = machine(sfn, unique("idempotent"), single({"Type": "Wait", "Seconds": 3600, "End": True}))
    first = sfn.start_execution(stateMachineArn=waiting, name="one", input='{"a": 1}')
    again = sfn.start_execution(stateMachineArn=waiting, name="one", input='{"a": 1}')
    assert first["executionArn"] == again["executionArn"] and first["startDate"] == again["startDate"]
    other = dict(stateMachineArn=waiting, name="one", input='{"a": 2}')
    assert code_of(sfn.start_execution, **other) == "ExecutionAlreadyExists"

    sfn.stop_execution(executionArn=first["executionArn"], error="Enough", cause="of this")
    description = ended(sfn, first["executionArn"])
    assert (description["status"], description["error"], description["cause"]) == ("ABORTED", "Enough", "of this")
    same = dict(stateMachineArn=waiting, name="one", input='{"a": 1}')
    assert code_of(sfn.start_execution, **same) == "ExecutionAlreadyExists"


def test_executions_are_listed_newest_first_by_page_and_by_status(sfn):
    fails = {"Variable": "$.fail", "BooleanEquals": True, "Next": "F"}
    states = {
        "C": {"Type": "Choice", "Choices": [fails], "Default": "W"},
        "F": {"Type": "Fail", "Error": "E"},
        "W": {"Type": "Wait", "Seconds": 3600, "End": True},
    }
    arn = machine(sfn, unique("list"), {"StartAt": "C", "States": states})
    started = []
    for fail in ["true", "false", "true", "false", "false"]:
        answer = sfn.start_execution(stateMachineArn=arn, input=f'{{"fail": {fail}}}')
        started.append(answer["executionArn"])
    ended(sfn, started[0]), ended(sfn, started[2])

    def listed(**options):
        pages = sfn.get_paginator("list_executions").paginate(
            stateMachineArn=arn, PaginationConfig={"PageSize": 2}, **options
        )
        return [one["executionArn"] for page in pages for one in page["executions"]]

    assert set(listed()) == set(started) and len(listed()) == 5
    assert listed(statusFilter="FAILED") == [started[2], started[0]]
    assert listed(statusFilter="RUNNING") == [started[4], started[3], started[1]]
    assert listed(statusFilter="TIMED_OUT") == []


@pytest.mark.parametrize(
    ("definition", "given", "status", "output"),
    [
        (single({"Type": "Wait", "Seconds": 1, "End": True}), {"a": 1}, "SUCCEEDED", {"a": 1}),
        (
            single({"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($.a, 2)"}, "End": True}),
            {"a": 1}, "SUCCEEDED", {"sum": 3},
        ),
        (
            single({"Type": "Parallel", "End": True, "Branches": [
                {"StartAt": f"B{n}", "States": {f"B{n}": {"Type": "Pass", "Result": n, "End": True}}}
                for n in (1, 2)]}),
            {}, "SUCCEEDED", [1, 2],
        ),
        (
            single({"Type": "Map", "MaxConcurrency": 2, "End": True, "ItemProcessor": {
                "StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}}),
            [3, 1, 2], "SUCCEEDED", [3, 1, 2],
        ),
        (single({"Type": "Fail", "Error": "Bad", "Cause": "luck"}), {}, "FAILED", None),
        (
            {"TimeoutSeconds": 1} | single({"Type": "Wait", "Seconds": 3600, "End": True}),
            {}, "TIMED_OUT", None,
        ),
        (
            {"QueryLanguage": "JSONPath", "StartAt": "P", "States": {
                "P": {"Type": "Parallel", "Next": "Never", "Branches": [
                    {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Inner"}}}],
                    "Catch": [{"ErrorEquals": ["Inner"], "Next": "Caught", "ResultPath": "$.why"}]},
                "Never": {"Type": "Succeed"},
                "Caught": {"Type": "Pass", "OutputPath": "$.why.Error", "End": True}}},
            {}, "SUCCEEDED", "Inner",
        ),
    ],
    ids=["wait", "intrinsic", "parallel", "map", "fail", "timeout", "catch"],
)  # fmt: skip
def test_states_do_what_they_say(sfn, definition, given, status, output):
    description = outcome(sfn, definition, given)
    assert description["status"] == status
    assert json.loads(description.get("output", "null")) == output


def test_errors_have_awss_codes(sfn):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:none"
    execution = "arn:aws:states:us-east-1:123456789012:execution:none:none"
    activity = "arn:aws:states:us-east-1:123456789012:activity:none"
    machine_arn = machine(sfn, unique("errors"), PASS)
    for call, arguments, code in [
        (sfn.start_execution, {"stateMachineArn": arn}, "StateMachineDoesNotExist"),
        (sfn.start_execution, {"stateMachineArn": "nonsense"}, "InvalidArn"),
        (sfn.start_execution, {"stateMachineArn": machine_arn, "input": "{"}, "InvalidExecutionInput"),
        (sfn.start_execution, {"stateMachineArn": machine_arn, "name": "a b"}, "InvalidName"),
        (sfn.describe_execution, {"executionArn": execution}, "ExecutionDoesNotExist"),
        (sfn.get_execution_history, {"executionArn": execution}, "ExecutionDoesNotExist"),
        (sfn.stop_execution, {"executionArn": execution}, "ExecutionDoesNotExist"),
        (sfn.list_executions, {"stateMachineArn": arn}, "StateMachineDoesNotExist"),
        (sfn.list_executions, {"stateMachineArn": machine_arn, "nextToken": "garbage"}, "InvalidToken"),
        (sfn.update_state_machine, {"stateMachineArn": machine_arn}, "MissingRequiredParameter"),
        (sfn.describe_activity, {"activityArn": activity}, "ActivityDoesNotExist"),
        (sfn.get_activity_task, {"activityArn": activity}, "ActivityDoesNotExist"),
        (sfn.send_task_success, {"taskToken": "garbage", "output": "{}"}, "InvalidToken"),
        (sfn.list_tags_for_resource, {"resourceArn": arn}, "ResourceNotFound"),
    ]:
        assert code_of(call, **arguments) == code, (call.__name__, arguments)


def test_an_express_execution_is_started_but_not_described(sfn):
    arn = machine(sfn, unique("express"), PASS, type="EXPRESS")
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    assert ":express:" in execution
    assert code_of(sfn.describe_execution, executionArn=execution) == "InvalidArn"
    assert code_of(sfn.list_executions, stateMachineArn=arn) == "StateMachineTypeNotSupported"


# Activities


@pytest.fixture
def activity(sfn):
    arn = sfn.create_activity(name=unique("work"))["activityArn"]
    yield arn
    sfn.delete_activity(activityArn=arn)


def task(activity: str, **fields) -> dict:
    return single({"Type": "Task", "Resource": activity, "End": True, **fields})


def test_activities_are_created_listed_and_deleted(sfn):
    name = unique("activity")
    created = sfn.create_activity(name=name)
    arn = created["activityArn"]
    assert sfn.create_activity(name=name)["creationDate"] == created["creationDate"]
    assert sfn.describe_activity(activityArn=arn)["name"] == name
    pages = sfn.get_paginator("list_activities").paginate(PaginationConfig={"PageSize": 1})
    assert arn in [one["activityArn"] for page in pages for one in page["activities"]]
    sfn.delete_activity(activityArn=arn)
    sfn.delete_activity(activityArn=arn)
    assert code_of(sfn.describe_activity, activityArn=arn) == "ActivityDoesNotExist"


def test_a_worker_that_already_polls_gets_the_task_at_once(shared_server, sfn, activity):
    arn = machine(sfn, unique("worker"), task(activity, ResultPath="$.result"))
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(shared_server.client().get_activity_task, activityArn=activity, workerName="w-1")
        execution = sfn.start_execution(stateMachineArn=arn, input='{"n": 20}')["executionArn"]
        got = poll.result()
    assert json.loads(got["input"]) == {"n": 20}
    sfn.send_task_heartbeat(taskToken=got["taskToken"])
    sfn.send_task_success(taskToken=got["taskToken"], output="41")
    assert json.loads(ended(sfn, execution)["output"]) == {"n": 20, "result": 41}

    types = [event["type"] for event in history(sfn, execution)]
    assert types == [
        "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
        "TaskStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    started = history(sfn, execution)[3]["activityStartedEventDetails"]
    assert started["workerName"] == "w-1"
    assert code_of(sfn.send_task_success, taskToken=got["taskToken"], output="1") == "TaskTimedOut"


def test_a_failure_is_retried_then_caught(sfn, activity):
    definition = task(
        activity,
        Retry=[{"ErrorEquals": ["Flaky"], "IntervalSeconds": 1, "MaxAttempts": 1}],
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught", "ResultPath": "$.why"}],
    )
    definition["States"]["Caught"] = {"Type": "Pass", "End": True}
    arn = machine(sfn, unique("retry"), definition)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    for attempt in range(2):
        token = sfn.get_activity_task(activityArn=activity)["taskToken"]
        sfn.send_task_failure(taskToken=token, error="Flaky", cause=f"attempt {attempt}")
    output = json.loads(ended(sfn, execution)["output"])
    assert output == {"why": {"Error": "Flaky", "Cause": "attempt 1"}}


def test_a_missing_heartbeat_times_the_task_out(sfn, activity):
    arn = machine(sfn, unique("heartbeat"), task(activity, HeartbeatSeconds=1, TimeoutSeconds=60))
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    token = sfn.get_activity_task(activityArn=activity)["taskToken"]
    description = ended(sfn, execution)
    assert (description["status"], description["error"]) == ("FAILED", "States.Timeout")
    assert code_of(sfn.send_task_heartbeat, taskToken=token) == "TaskTimedOut"


def test_many_workers_share_the_tasks_and_none_is_done_twice(shared_server, sfn, activity):
    arn = machine(sfn, unique("shared"), task(activity))
    count, workers, done, lock = 40, 4, [], threading.Lock()
    executions = [
        sfn.start_execution(stateMachineArn=arn, input=str(number))["executionArn"] for number in range(count)
    ]

    def work():
        client = shared_server.client()
        for _ in range(count // workers):
            got = client.get_activity_task(activityArn=activity)
            with lock:
                done.append(int(got["input"]))
            client.send_task_success(taskToken=got["taskToken"], output=got["input"])

    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(work) for _ in range(workers)]:
            future.result()
    assert sorted(done) == list(range(count))
    assert [int(ended(sfn, one)["output"]) for one in executions] == list(range(count))


# Tags, and what is not there yet


def test_tags_are_set_listed_and_removed(sfn):
    arn = machine(sfn, unique("tags"), PASS, tags=[{"key": "team", "value": "a"}])

    def tags():
        return {one["key"]: one["value"] for one in sfn.list_tags_for_resource(resourceArn=arn)["tags"]}

    assert tags() == {"team": "a"}
    sfn.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "b"}, {"key": "cost", "value": ""}])
    assert tags() == {"team": "b", "cost": ""}
    sfn.untag_resource(resourceArn=arn, tagKeys=["team", "absent"])
    assert tags() == {"cost": ""}


def test_what_is_not_supported_yet_says_so(sfn):
    execution = "arn:aws:states:us-east-1:123456789012:execution:later:later"
    with pytest.raises(ClientError) as caught:
        sfn.redrive_execution(executionArn=execution)
    assert "not supported" in caught.value.response["Error"]["Message"]


PAYLOAD = 200_000


@pytest.fixture(scope="module")
def long_history(shared_server) -> str:
    """An execution of 600 states, each with 200 KB."""
    sfn = shared_server.client()
    states = {
        f"S{number}": {"Type": "Pass", "Parameters": {"a.$": "$.a"}}
        | ({"Next": f"S{number + 1}"} if number < 599 else {"End": True})
        for number in range(600)
    }
    arn = machine(sfn, unique("long"), {"StartAt": "S0", "States": states})
    execution = sfn.start_execution(stateMachineArn=arn, input=json.dumps({"a": "x" * PAYLOAD}))["executionArn"]
    assert ended(sfn, execution)["status"] == "SUCCEEDED"
    return execution


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("at_most", [3, 1_000])
def test_a_history_of_large_payloads_comes_in_pages_of_bounded_length(sfn, long_history, reverse, at_most):
    pages = sfn.get_paginator("get_execution_history").paginate(
        executionArn=long_history, reverseOrder=reverse, PaginationConfig={"PageSize": at_most}
    )
    ids, lengths = [], []
    for page in pages:
        ids += [event["id"] for event in page["events"]]
        lengths.append(sum(len(json.dumps(event, default=str)) for event in page["events"]))
        assert len(page["events"]) <= at_most
    expected = list(range(1, 1_203))
    assert ids == (expected[::-1] if reverse else expected)
    assert max(lengths) < 1_100_000 and len(lengths) >= 1_202 // 5


def test_clients_that_never_read_their_history_do_not_fill_memory(shared_server, sfn, long_history):
    body = json.dumps({"executionArn": long_history, "maxResults": 1_000}).encode()
    head = (
        f"POST / HTTP/1.1\r\nHost: localhost:{shared_server.port}\r\nX-Amz-Target: AWSStepFunctions.GetExecutionHistory"
        f"\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    before = shared_server.resident_bytes()
    connections = [socket.create_connection(("127.0.0.1", shared_server.port)) for _ in range(40)]
    try:
        for connection in connections:
            connection.sendall(head + body)
        for connection in connections:
            assert connection.recv(12) == b"HTTP/1.1 200"
        # An answer is 1 MB; what the whole history would be, 40 times, is 9 GB.
        assert shared_server.resident_bytes() - before < 400_000_000
        assert sfn.describe_execution(executionArn=long_history)["status"] == "SUCCEEDED"
    finally:
        for connection in connections:
            connection.close()
