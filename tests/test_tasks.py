"""Tasks over the wire: local functions, callbacks, jobs and nested executions, with kill -9 in between."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from counterpart import free_port
from harness import ROLE, Server, ended, history, machine, run_cli, single, wait_until

FUNCTIONS = {
    "double": "def handler(event, context):\n    return {'doubled': event['n'] * 2}\n",
    # Each line of the file is an invocation.
    "ask": (
        "def handler(event, context):\n"
        "    with open(event['file'], 'a') as file:\n"
        "        file.write(event['token'] + '\\n')\n"
    ),
    "crash": "import os\n\ndef handler(event, context):\n    os._exit(7)\n",
    "refuse": (
        "class NotYet(Exception):\n    pass\n\n"
        "def handler(event, context):\n"
        "    with open(event['file'], 'a+') as file:\n"
        "        file.write('x')\n        file.seek(0)\n        count = len(file.read())\n"
        "    if count < 3:\n        raise NotYet(str(count))\n    return count\n"
    ),
    "hang": "import time\n\ndef handler(event, context):\n    time.sleep(60)\n",
}
ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token", "file.$": "$.file"}},
    "End": True,
}
START = "arn:aws:states:::states:startExecution"


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


def function(name: str, **fields) -> dict:
    """A Task state that calls a function."""
    return {"Type": "Task", "Resource": function_arn(name), "End": True} | fields


@pytest.fixture(scope="module")
def functions(tmp_path_factory) -> Path:
    """A directory of functions."""
    directory = tmp_path_factory.mktemp("functions")
    for name, code in FUNCTIONS.items():
        (directory / name).mkdir()
        (directory / name / "handler.py").write_text(code)
    (directory / "hang" / "function.json").write_text('{"timeout": 1}')
    return directory


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory, functions):
    """One server with functions, for the tests that do not disturb each other."""
    server = Server(tmp_path_factory.mktemp("tasks") / "data", "--functions", str(functions))
    yield server.start()
    server.close()


def start(sfn, name: str, definition: dict, given=None) -> str:
    """Starts an execution of a new state machine."""
    arn = machine(sfn, name, definition)
    return sfn.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))["executionArn"]


def types(sfn, arn: str) -> list[str]:
    return [event["type"] for event in history(sfn, arn)]


def asked(file: Path) -> list[str]:
    """The tokens that were asked with."""
    return file.read_text().splitlines() if file.exists() else []


def submitted(sfn, arn: str, count: int = 1) -> None:
    wait_until(lambda: types(sfn, arn).count("TaskSubmitted") >= count, "the request's answer in the history")


def error_of(call, **arguments) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# Callbacks


def test_an_approval_outlives_kills_and_counts_once(make_server, functions, tmp_path):
    server = make_server("--functions", str(functions)).start()
    sfn = server.client()
    file = tmp_path / "asked"
    arn = start(sfn, "approval", single(ASK), {"file": str(file)})
    submitted(sfn, arn)
    [token] = asked(file)

    server.kill()
    sfn = server.start().client()
    sfn.send_task_heartbeat(taskToken=token)
    sfn.send_task_success(taskToken=token, output='{"approved": true}')
    # What was acknowledged is there, whatever happens next.
    server.kill()
    sfn = server.start().client()
    assert json.loads(ended(sfn, arn)["output"]) == {"approved": True}
    gone = ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    assert error_of(sfn.send_task_success, taskToken=token, output="{}") == gone
    assert error_of(sfn.send_task_failure, taskToken=token) == gone
    assert error_of(sfn.send_task_heartbeat, taskToken=token) == gone
    assert types(sfn, arn)[1:-1] == [
        "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded", "TaskStateExited",
    ]  # fmt: skip
    assert len(asked(file)) == 1


def test_a_function_cut_off_by_a_kill_is_called_again(make_server, functions, tmp_path):
    (functions / "slow").mkdir()
    (functions / "slow" / "function.json").write_text('{"timeout": 60}')
    (functions / "slow" / "handler.py").write_text(
        "import os, time\n\n"
        "def handler(event, context):\n"
        "    with open(event['file'], 'a') as file:\n        file.write('x')\n"
        "    while not os.path.exists(event['gate']):\n        time.sleep(0.01)\n"
        "    return 'done'\n"
    )
    server = make_server("--functions", str(functions)).start()
    file, gate = tmp_path / "called", tmp_path / "gate"
    given = {"file": str(file), "gate": str(gate)}
    arn = start(server.client(), "cut-off", single(function("slow")), given)
    wait_until(lambda: file.exists() and file.read_text() == "x", "the first call")
    server.kill()
    sfn = server.start().client()
    wait_until(lambda: file.read_text() == "xx", "the second call")
    gate.touch()
    assert json.loads(ended(sfn, arn)["output"]) == "done"
    assert types(sfn, arn).count("LambdaFunctionStarted") == 1


def test_tokens_that_nobody_made_are_refused(sfn):
    invalid = ("InvalidToken", "Invalid Token: 'Invalid token'")
    for token in ["garbage", "A" * 66, "x" * 1000]:
        assert error_of(sfn.send_task_success, taskToken=token, output="{}") == invalid
        assert error_of(sfn.send_task_failure, taskToken=token, error="E") == invalid
        assert error_of(sfn.send_task_heartbeat, taskToken=token) == invalid


def test_a_refusal_is_caught_by_its_name(sfn, tmp_path):
    file = tmp_path / "asked"
    state = ASK | {"Catch": [{"ErrorEquals": ["Refused"], "ResultPath": "$.why", "Next": "No"}]}
    definition = {"StartAt": "S", "States": {"S": state, "No": {"Type": "Pass", "OutputPath": "$.why", "End": True}}}
    arn = start(sfn, "refusal", definition, {"file": str(file)})
    wait_until(lambda: asked(file), "the question")
    sfn.send_task_failure(taskToken=asked(file)[0], error="Refused", cause="too dear")
    assert json.loads(ended(sfn, arn)["output"]) == {"Error": "Refused", "Cause": "too dear"}


def test_heartbeats_keep_a_callback_alive_and_their_end_ends_it(sfn, tmp_path):
    file = tmp_path / "asked"
    state = ASK | {
        "HeartbeatSeconds": 2,
        "Retry": [{"ErrorEquals": ["States.HeartbeatTimeout"], "IntervalSeconds": 1, "MaxAttempts": 1}],
    }
    arn = start(sfn, "heartbeats", single(state), {"file": str(file)})
    wait_until(lambda: asked(file), "the question")
    for _ in range(4):
        time.sleep(0.6)
        sfn.send_task_heartbeat(taskToken=asked(file)[0])
    assert "TaskTimedOut" not in types(sfn, arn)
    wait_until(lambda: len(asked(file)) == 2, "the second attempt")
    first, second = asked(file)
    assert error_of(sfn.send_task_success, taskToken=first, output="{}")[0] == "TaskTimedOut"
    sfn.send_task_success(taskToken=second, output='"late"')
    assert ended(sfn, arn)["output"] == '"late"'


# Functions


def test_a_function_that_crashes_is_an_error_to_catch(sfn):
    state = function("crash", Catch=[{"ErrorEquals": ["Runtime.ExitError"], "Next": "C"}])
    definition = {"StartAt": "S", "States": {"S": state, "C": {"Type": "Pass", "End": True}}}
    arn = start(sfn, "crash", definition)
    output = json.loads(ended(sfn, arn)["output"])
    assert output["Error"] == "Runtime.ExitError"
    assert json.loads(output["Cause"])["errorType"] == "Runtime.ExitError"
    # The next one has a process of its own.
    assert ended(sfn, start(sfn, "after-crash", single(function("double")), {"n": 4}))["output"] == '{"doubled":8}'


def test_a_function_is_called_again_until_it_succeeds(sfn, tmp_path):
    retry = [{"ErrorEquals": ["NotYet"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 3}]
    arn = start(sfn, "retried", single(function("refuse", Retry=retry)), {"file": str(tmp_path / "count")})
    assert ended(sfn, arn)["output"] == "3"
    assert types(sfn, arn).count("LambdaFunctionFailed") == 2


@pytest.mark.parametrize(
    ("name", "timeout", "event", "error"),
    [("by-itself", 30, "LambdaFunctionFailed", "Sandbox.Timedout"),
     ("by-its-state", 1, "LambdaFunctionTimedOut", "States.Timeout")],
)  # fmt: skip
def test_a_function_that_hangs_is_ended(sfn, functions, name, timeout, event, error):
    if name == "by-its-state":
        (functions / "hang-long").mkdir()
        (functions / "hang-long" / "handler.py").write_text(FUNCTIONS["hang"])
        (functions / "hang-long" / "function.json").write_text('{"timeout": 5}')
    hang = "hang" if name == "by-itself" else "hang-long"
    state = function(hang, TimeoutSeconds=timeout, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "C"}])
    definition = {"StartAt": "S", "States": {"S": state, "C": {"Type": "Pass", "End": True}}}
    arn = start(sfn, name, definition)
    assert json.loads(ended(sfn, arn)["output"])["Error"] == error
    assert event in types(sfn, arn)


def test_two_hundred_functions_side_by_side(sfn):
    definition = single({
        "Type": "Map", "MaxConcurrency": 0, "End": True,
        "ItemProcessor": {"StartAt": "F", "States": {"F": function("double")}},
        "ItemSelector": {"n.$": "$$.Map.Item.Value"}, "ItemsPath": "$.items",
    })  # fmt: skip
    arn = start(sfn, "wide", definition, {"items": list(range(200))})
    assert json.loads(ended(sfn, arn)["output"]) == [{"doubled": 2 * n} for n in range(200)]
    assert types(sfn, arn).count("LambdaFunctionSucceeded") == 200


def test_an_express_execution_calls_a_function(sfn):
    arn = machine(sfn, "express", single(function("double")), type="EXPRESS")
    answer = sfn.start_sync_execution(stateMachineArn=arn, input='{"n": 21}')
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"doubled":42}')
    failing = machine(sfn, "express-crash", single(function("crash")), type="EXPRESS")
    answer = sfn.start_sync_execution(stateMachineArn=failing)
    assert (answer["status"], answer["error"]) == ("FAILED", "Runtime.ExitError")


@pytest.mark.parametrize("level", ["INFO", "DEBUG", "TRACE"])
def test_a_tested_state_calls_its_function(sfn, level):
    answer = sfn.test_state(
        definition=json.dumps(function("double")), roleArn=ROLE, input='{"n": 3}', inspectionLevel=level
    )
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"doubled":6}')
    state = function("crash", Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5}])
    answer = sfn.test_state(definition=json.dumps(state), roleArn=ROLE, inspectionLevel=level)
    assert (answer["status"], answer["error"]) == ("RETRIABLE", "Runtime.ExitError")


def test_run_calls_functions(functions, tmp_path):
    file = tmp_path / "machine.asl.json"
    file.write_text(json.dumps(single(function("double"))))
    done = run_cli("run", str(file), "--functions", str(functions), "--input", '{"n": 5}')
    assert (done.returncode, json.loads(done.stdout)) == (0, {"doubled": 10})
    file.write_text(json.dumps(single(function("crash"))))
    failed = run_cli("run", str(file), "--functions", str(functions))
    assert failed.returncode == 1
    assert "Runtime.ExitError" in failed.stderr


# Nested executions


def nested(child: str, pattern: str = ".sync:2", **fields) -> dict:
    return {
        "Type": "Task",
        "Resource": START + pattern,
        "Parameters": {"StateMachineArn": child, "Input": {"n": 1}},
        "End": True,
    } | fields


def children(sfn, machine_arn: str) -> list[dict]:
    return sfn.list_executions(stateMachineArn=machine_arn)["executions"]


def test_stopping_a_parent_stops_its_children_and_theirs(sfn):
    leaf = machine(sfn, "leaf", single({"Type": "Wait", "Seconds": 3600, "End": True}))
    middle = machine(sfn, "middle", single(nested(leaf)))
    parent = start(sfn, "parent", single(nested(middle)))
    wait_until(lambda: children(sfn, leaf), "the innermost execution")
    [of_middle] = children(sfn, middle)
    submitted(sfn, of_middle["executionArn"])
    submitted(sfn, parent)
    sfn.stop_execution(executionArn=parent)
    for arn in (middle, leaf):
        [child] = children(sfn, arn)
        assert ended(sfn, child["executionArn"])["status"] == "ABORTED"


def test_a_failed_branch_stops_the_child_of_another(sfn):
    leaf = machine(sfn, "leaf-beside", single({"Type": "Wait", "Seconds": 3600, "End": True}))
    failing = {"StartAt": "W", "States": {
        "W": {"Type": "Wait", "Seconds": 1, "Next": "F"}, "F": {"Type": "Fail", "Error": "E"}}}  # fmt: skip
    branches = [{"StartAt": "N", "States": {"N": nested(leaf)}}, failing]
    parent = start(sfn, "branches", single({"Type": "Parallel", "Branches": branches, "End": True}))
    assert ended(sfn, parent)["error"] == "E"
    [child] = children(sfn, leaf)
    assert ended(sfn, child["executionArn"])["status"] == "ABORTED"


def test_parents_learn_at_once_that_their_children_ended(sfn):
    child = machine(sfn, "six-seconds", single({"Type": "Wait", "Seconds": 6, "End": True}))
    parent = machine(sfn, "waits-for-it", single(nested(child)))
    with ThreadPoolExecutor(5) as pool:
        starts = pool.map(lambda _: sfn.start_execution(stateMachineArn=parent)["executionArn"], range(5))
        parents = list(starts)
    delays = []
    for arn in parents:
        description = ended(sfn, arn)
        output = json.loads(description["output"])
        assert (output["Status"], output["Output"]) == ("SUCCEEDED", {"n": 1})
        # `.sync:2` has the child's end in milliseconds.
        delays.append(description["stopDate"].timestamp() - output["StopDate"] / 1000)
    # Whoever only looks now and then is more than a second late for one of five, but for great luck.
    assert max(delays) < 0.75, delays


def test_a_child_is_started_once_whatever_happens_to_its_parent(make_server):
    server = make_server().start()
    sfn = server.client()
    child = machine(sfn, "child", single({"Type": "Wait", "Seconds": 3, "End": True}))
    items = {"Type": "Map", "ItemsPath": "$.items", "End": True,
             "ItemProcessor": {"StartAt": "N", "States": {"N": nested(child, OutputPath="$.Status")}}}  # fmt: skip
    arn = start(sfn, "parents", single(items), {"items": list(range(20))})
    for pause in (0.02, 0.05, 0.3):
        time.sleep(pause)
        server.kill()
        sfn = server.start().client()
    description = ended(sfn, arn)
    assert description["status"] == "SUCCEEDED", description
    assert json.loads(description["output"]) == ["SUCCEEDED"] * 20
    assert len(children(sfn, child)) == 20
    assert types(sfn, arn).count("TaskSubmitted") == 20


ESCAPES = """
import os, subprocess, sys
SLEEP = [sys.executable, '-c', 'import time; time.sleep(1000)']
FORKS = "import os, time\\nif os.fork(): os._exit(0)\\nos.setsid()\\nprint(os.getpid(), flush=True)\\nos.close(1)\\ntime.sleep(1000)"

def handler(event, context):
    orphan = subprocess.Popen([sys.executable, '-c', FORKS], stdout=subprocess.PIPE).communicate()[0]
    return [subprocess.Popen(SLEEP).pid, subprocess.Popen(SLEEP, start_new_session=True).pid, int(orphan)]
"""


def is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_functions_started_ends_with_the_server(make_server, tmp_path, end):
    folder = tmp_path / "functions" / "escapes"
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text(ESCAPES)
    server = make_server("--functions", str(folder.parent)).start()
    sfn = server.client()
    arn = machine(sfn, "m", single(function("escapes")))
    pids = json.loads(ended(sfn, sfn.start_execution(stateMachineArn=arn)["executionArn"])["output"])
    assert len(pids) == 3 and all(is_running(pid) for pid in pids)
    getattr(server, end)()
    wait_until(lambda: not any(is_running(pid) for pid in pids), "the end of what functions started")


def test_an_endpoint_for_everything_that_is_the_server_itself_is_left_out_and_told(make_server, tmp_path):
    (tmp_path / "functions" / "look").mkdir(parents=True)
    code = "import os\n\ndef handler(event, context):\n    return {k: v for k, v in os.environ.items() if 'ENDPOINT' in k}\n"
    (tmp_path / "functions" / "look" / "handler.py").write_text(code)
    port = free_port()
    environment = {"AWS_ENDPOINT_URL": f"http://localhost:{port}"}
    server = make_server("--functions", str(tmp_path / "functions"), environment=environment)
    server.port = port
    sfn = server.start().client()
    arn = machine(sfn, "look", single(function("look")))
    seen = json.loads(ended(sfn, sfn.start_execution(stateMachineArn=arn)["executionArn"])["output"])
    assert "AWS_ENDPOINT_URL" not in seen and seen["AWS_ENDPOINT_URL_SFN"] == server.url
    assert "AWS_ENDPOINT_URL is this server itself" in server.stderr()
