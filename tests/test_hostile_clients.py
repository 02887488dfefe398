"""Clients that hold what they do not use, against the real process and its limits."""

import contextlib
import json
import resource
import socket
import time
from pathlib import Path

import pytest

from harness import PATIENCE, ended, machine, single, wait_until

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"


def resident_mib(server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024


@contextlib.contextmanager
def connections(server, count: int, first: bytes):
    """So many connections on which that was sent, as far as it was taken."""
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE))
            connection.settimeout(1)
            with contextlib.suppress(OSError):
                connection.sendall(first)
            opened.append(connection)
        yield opened


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    """The clients need some as well."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, before[1]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_unfinished_bodies_take_no_more_than_their_budget(make_server):
    server = make_server("--limits-bodies-bytes", str(16 * 1024 * 1024), data_dir=None).start()
    sfn = server.client(retries={"total_max_attempts": 10})
    sfn.list_activities()
    before = resident_mib(server)
    body = HEAD + b"X-Amz-Target: AWSStepFunctions.ListActivities\r\nContent-Length: 1000000\r\n\r\n" + b" " * 999_999
    with connections(server, 200, body):
        # 200 MB were sent. What is not charged is a buffer for each connection; what was turned away is given back soon.
        def is_given_back():
            sfn.list_activities()
            return resident_mib(server) - before < 16 + 200 * 0.25 + 32

        wait_until(is_given_back, "memory is within the budget")


def test_half_open_heads_keep_nobody_out(make_server):
    limit = ["bash", "-c", 'ulimit -Hn 256; exec "$0" "$@"']
    server = make_server(data_dir=None, wrapper=limit).start()
    with connections(server, 600, b"POST / HTTP/1.1\r\nHost: loc"):
        began = time.monotonic()
        sfn = server.client(retries={"total_max_attempts": 20, "mode": "standard"})
        sfn.list_activities()
        # Not only when the silent ones time out by themselves.
        assert time.monotonic() - began < 50
    assert server.process.poll() is None


def test_the_soft_limit_of_descriptors_is_raised(make_server):
    server = make_server(data_dir=None, wrapper=["bash", "-c", 'ulimit -Sn 64; exec "$0" "$@"']).start()
    limits = Path(f"/proc/{server.process.pid}/limits").read_text()
    soft, hard = next(line for line in limits.splitlines() if line.startswith("Max open files")).split()[3:5]
    assert soft == hard


def test_a_stop_waits_for_no_half_request(make_server):
    server = make_server(data_dir=None).start()
    sfn = server.client()
    halves = [b"", b"POST / HTT", HEAD, HEAD + b"Content-Length: 100\r\n\r\n{"]
    with contextlib.ExitStack() as stack:
        for half in halves:
            stack.enter_context(connections(server, 5, half))
        sfn.list_activities()
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 20


def test_a_burst_of_tasks_with_few_descriptors_fails_nothing(make_server, counterpart):
    limit = ["bash", "-c", 'ulimit -Hn 128; exec "$0" "$@"']
    server = make_server(
        data_dir=None, wrapper=limit, environment={"AWS_ENDPOINT_URL": counterpart.url}
    ).start()
    sfn = server.client(retries={"total_max_attempts": 10})
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
        "Parameters": {},
        "End": True,
    }
    items = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 400,
        "ItemProcessor": {"StartAt": "T", "States": {"T": send}},
        "ResultPath": None,
        "End": True,
    }
    arn = machine(sfn, "burst", single(items))
    started = [
        sfn.start_execution(stateMachineArn=arn, input=json.dumps({"items": list(range(40))}))["executionArn"]
        for _ in range(10)
    ]
    for execution in started:
        description = wait_until(lambda: ended(sfn, execution, 120), "the end")
        assert description["status"] == "SUCCEEDED", description.get("cause")
