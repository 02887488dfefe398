"""Many executions that wait: they take little memory, and a restart does not wait for them."""

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor

from harness import machine, single

COUNT = 20_000
CLIENTS = 16
# Bounds that a server which keeps every execution in memory, or reads them all before it answers, would break.
MOST_RESIDENT = 300 * 2**20
LONGEST_RESTART = 5.0


def resident(pid: int) -> int:
    """Bytes of memory a process has resident."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def start_many(port: int, arn: str, count: int) -> None:
    """Starts executions over one connection, without a client's overhead."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AWSStepFunctions.StartExecution"}
    body = json.dumps({"stateMachineArn": arn, "input": '{"order": 1}'})
    for _ in range(count):
        connection.request("POST", "/", body, headers)
        response = connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer
    connection.close()


def test_waiting_executions_are_cheap_and_a_restart_is_quick(server):
    sfn = server.client()
    arn = machine(sfn, "day", single({"Type": "Wait", "Seconds": 86_400, "End": True}))
    with ThreadPoolExecutor(CLIENTS) as pool:
        for future in [pool.submit(start_many, server.port, arn, COUNT // CLIENTS) for _ in range(CLIENTS)]:
            future.result()
    assert resident(server.process.pid) < MOST_RESIDENT

    server.kill()
    began = time.monotonic()
    server.start()
    sfn = server.client()
    listed = sfn.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=1000)
    took = time.monotonic() - began
    assert len(listed["executions"]) == 1000
    assert took < LONGEST_RESTART, f"{took:.1f} s"
    assert resident(server.process.pid) < MOST_RESIDENT

    one = listed["executions"][0]["executionArn"]
    sfn.stop_execution(executionArn=one)
    assert sfn.describe_execution(executionArn=one)["status"] == "ABORTED"
    pages = sfn.get_paginator("list_executions").paginate(stateMachineArn=arn, statusFilter="RUNNING", maxResults=1000)
    assert sum(len(page["executions"]) for page in pages) == COUNT // CLIENTS * CLIENTS - 1
