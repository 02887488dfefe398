"""kill -9 at random points under load: nothing acknowledged is lost, nothing happens twice, everything ends.

Repeat a run with STEPWRIGHT_CRASH_SEED; STEPWRIGHT_CRASHES sets how often the server is killed.
"""

import json
import os
import random
import time

from harness import ended, history, machine, single, wait_until
from load import Load, expected

CRASHES = int(os.environ.get("STEPWRIGHT_CRASHES", "50"))
# Starts allowed between two crashes: enough to keep the server busy, few enough to read every history afterwards.
STARTS = 60


def test_nothing_acknowledged_is_lost_over_many_crashes(make_server):
    seed = int(os.environ.get("STEPWRIGHT_CRASH_SEED", random.randrange(2**32)))
    print(f"STEPWRIGHT_CRASH_SEED={seed}")
    chance = random.Random(seed)
    server = make_server("--log", "warn").start()
    load = Load(server, seed)

    checked = set()
    for round_number in range(CRASHES):
        load.allow(STARTS)
        # The point in time at which it is killed is what is random.
        time.sleep(chance.uniform(0.02, 0.9))
        server.kill()
        with load.ledger.lock:
            acknowledged = dict(load.ledger.started)
        server.start()
        check_presence(server, acknowledged, checked, chance, round_number)

    load.finish_starting()
    sfn = server.client()
    ledger = load.ledger
    wait_until(lambda: not running(sfn, load.machines), "the end of every execution", timeout=60)
    load.finish_working()

    assert ledger.unexpected == []
    check_listing(sfn, load.machines, ledger.started)
    # Each success a worker was told of belongs to an execution whose history is read below.
    assert ledger.succeeded <= {number for kind, number in ledger.started.values() if kind == "work"}
    for arn, (kind, number) in ledger.started.items():
        check_execution(sfn, arn, kind, number)
    print(f"{CRASHES} crashes, {len(ledger.started)} executions, {ledger.unknown} starts cut off")
    assert server.stop() == 0
    assert "panicked" not in server.stderr()


def check_presence(server, acknowledged, checked, chance, round_number):
    """After a restart: what was acknowledged since the last one is there, and of the older ones a few."""
    sfn = server.client()
    fresh = [arn for arn in acknowledged if arn not in checked]
    old = chance.sample(sorted(checked), min(5, len(checked)))
    for arn in chance.sample(fresh, min(40, len(fresh))) + old:
        description = sfn.describe_execution(executionArn=arn)
        kind, number = acknowledged[arn]
        assert json.loads(description["input"]) == {"n": number}, f"round {round_number}"
        if description["status"] != "RUNNING":
            assert description["status"] == expected(kind, number)[0], f"round {round_number}: {arn}"
    checked.update(fresh)


def running(sfn, machines) -> bool:
    return any(
        sfn.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=1)["executions"]
        for arn in machines.values()
    )


def check_listing(sfn, machines, started):
    """Each execution is listed once, and none that nobody asked for."""
    listed = []
    for arn in machines.values():
        pages = sfn.get_paginator("list_executions").paginate(stateMachineArn=arn, maxResults=1000)
        listed += [one["executionArn"] for page in pages for one in page["executions"]]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(started)


def check_execution(sfn, arn, kind, number):
    """It ended as it must, and its history is one line of events without gap or repetition."""
    description = ended(sfn, arn, timeout=1)
    status, result = expected(kind, number)
    assert description["status"] == status, (arn, description)
    got = json.loads(description["output"]) if status == "SUCCEEDED" else description["error"]
    assert got == result, arn

    events = history(sfn, arn, PaginationConfig={"PageSize": 1000})
    assert [event["id"] for event in events] == list(range(1, len(events) + 1)), arn
    assert all(event.get("previousEventId", 0) < event["id"] for event in events), arn
    times = [event["timestamp"] for event in events]
    assert times == sorted(times), arn
    types = [event["type"] for event in events]
    assert types.count("ExecutionStarted") == 1 and types[0] == "ExecutionStarted", arn
    ends = [one for one in types if one in ("ExecutionSucceeded", "ExecutionFailed")]
    assert ends == types[-1:], arn
    check_states(arn, types)
    if kind == "work":
        check_tasks(arn, types)


def check_states(arn, types):
    """Every state that succeeded was entered once and left once."""
    for entered in {one for one in types if one.endswith("StateEntered")}:
        left = entered.replace("Entered", "Exited")
        if not entered.startswith(("Fail", "Parallel")):
            assert types.count(entered) == types.count(left), (arn, types)


def check_tasks(arn, types):
    """A task ends once for each time it was scheduled, and succeeds once."""
    scheduled, succeeded = types.count("ActivityScheduled"), types.count("ActivitySucceeded")
    unsuccessful = types.count("ActivityFailed") + types.count("ActivityTimedOut")
    assert succeeded == 1, (arn, types)
    assert scheduled == succeeded + unsuccessful, (arn, types)


def in_hand(data_dir, last_event: int) -> bool:
    """Whether a thread of the server notes that it advances an execution which is past that event."""
    notes = (data_dir / "in-hand").read_bytes()
    slots = [notes[at : at + 16] for at in range(0, len(notes), 16)]
    # The event is noted and 1, as 0 is no note.
    return any(int.from_bytes(slot[8:], "little") > last_event + 1 for slot in slots)


def is_set_aside(data_dir) -> bool:
    """Whether an execution ended the server as often as it may: number, last event, ends and time are a line each."""
    suspects = data_dir / "suspects"
    return suspects.exists() and any(int(line.split()[2]) >= 2 for line in suspects.read_text().splitlines())


def test_an_execution_that_ends_the_server_twice_is_set_aside(make_server, tmp_path):
    # It computes until it is told that it takes too long, and tries again for ever.
    endless = "{% ( $f := function($n) { $n < 0 ? 0 : $f($n + 1) }; $f(1) ) %}"
    states = {
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Parallel"},
        "Parallel": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "Loop", "States": {"Loop": {"Type": "Pass", "Output": endless, "End": True}}}],
            "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1000, "BackoffRate": 1}],
            "End": True,
        },
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Wait", "States": states}
    server = make_server().start()
    sfn = server.client()
    arn = machine(sfn, "poison", definition)
    other = machine(sfn, "harmless", single({"Type": "Wait", "Seconds": 1, "End": True}))
    poison = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    # Twice where both kills meet the same turn; one that comes between two turns counts for neither.
    for _ in range(6):
        # Event 2 is the entry of the Wait state.
        wait_until(lambda: in_hand(tmp_path / "data", 2), "the execution computes")
        server.kill()
        server.start()
        if is_set_aside(tmp_path / "data"):
            break
    else:
        raise AssertionError("it was never set aside")
    sfn = server.client()
    harmless = sfn.start_execution(stateMachineArn=other)["executionArn"]
    assert ended(sfn, harmless)["status"] == "SUCCEEDED"
    assert sfn.describe_execution(executionArn=poison)["status"] == "RUNNING"
    assert sfn.get_execution_history(executionArn=poison)["events"][0]["type"] == "ExecutionStarted"
    sfn.stop_execution(executionArn=poison, cause="set aside")
    stopped = sfn.describe_execution(executionArn=poison)
    assert (stopped["status"], stopped["cause"]) == ("ABORTED", "set aside")
    wait_until(lambda: "is set aside" in server.stderr(), "the line in the log that names it")
