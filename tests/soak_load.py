"""The load that goes on beside the hostile one: clients that start an execution and ask until it has succeeded.

Each client is a process, so that none waits for another's interpreter, and the hostile ones disturb only the server.
"""

import http.client
import json
import time
from collections import Counter
from dataclasses import dataclass, field

PREFIX = "AWSStepFunctions."
DEFINITION = {"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True}}}
# Seconds that a client waits for one answer: longer than any is allowed to take.
PATIENCE = 60
# Between two tries of a client that was throttled, as SDKs pause.
PAUSE = 0.05


@dataclass
class Measured:
    """What a client saw."""

    # Seconds of StartExecution, and from there to the answer that says SUCCEEDED.
    starts: list[float] = field(default_factory=list)
    wholes: list[float] = field(default_factory=list)
    # Names of the executions whose start was acknowledged.
    acknowledged: list[str] = field(default_factory=list)
    throttled: int = 0
    # What no client may get, and how often.
    wrong: Counter = field(default_factory=Counter)

    def add(self, other: "Measured") -> None:
        """Adds what another client saw."""
        self.starts += other.starts
        self.wholes += other.wholes
        self.acknowledged += other.acknowledged
        self.throttled += other.throttled
        self.wrong += other.wrong


class Client:
    """One connection that is kept, without an SDK's overhead."""

    def __init__(self, port: int, timeout: float = PATIENCE):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def call(self, operation: str, body: dict) -> tuple[int, dict]:
        """The status and the answer; a broken connection is opened again by the next call."""
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": PREFIX + operation}
        try:
            self.connection.request("POST", "/", json.dumps(body), headers)
            response = self.connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            self.connection.close()
            raise


def error_name(answer: dict) -> str:
    """AWS's name of the error in an answer."""
    return answer.get("__type", "?").rsplit("#")[-1]


def output_of(name: str) -> str:
    """The input of an execution, which is its output too."""
    return json.dumps({"name": name}, separators=(",", ":"))


def run_client(port: int, arn: str, label: str, seconds: float) -> Measured:
    """Starts executions one after the other, and waits for the end of each."""
    measured, client, until = Measured(), Client(port), time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        number += 1
        try:
            run_one(client, arn, f"{label}-{number}", measured)
        except (OSError, http.client.HTTPException) as error:
            measured.wrong[f"no answer: {type(error).__name__}"] += 1
            time.sleep(PAUSE)
    return measured


def run_one(client: Client, arn: str, name: str, measured: Measured) -> None:
    """Starts one execution and waits for its end."""
    began = time.perf_counter()
    try:
        status, answer = client.call("StartExecution", {"stateMachineArn": arn, "name": name, "input": output_of(name)})
    finally:
        # Also where no answer came: that is the slowest one.
        measured.starts.append(time.perf_counter() - began)
    if status != 200:
        count_refusal(measured, answer)
        return
    measured.acknowledged.append(name)
    while time.perf_counter() - began < PATIENCE:
        status, description = client.call("DescribeExecution", {"executionArn": answer["executionArn"]})
        if status != 200:
            count_refusal(measured, description)
        elif description["status"] != "RUNNING":
            measured.wholes.append(time.perf_counter() - began)
            measured.wrong[f"ended {description['status']}"] += description["status"] != "SUCCEEDED"
            return
    measured.wrong[f"still RUNNING after {PATIENCE} s"] += 1


def count_refusal(measured: Measured, answer: dict) -> None:
    """Tells what is to be tried again from what is wrong."""
    name = error_name(answer)
    if name == "ThrottlingException":
        measured.throttled += 1
        time.sleep(PAUSE)
    else:
        measured.wrong[f"{name}: {answer.get('message', '')[:120]}"] += 1


def find_lost(port: int, arn: str, names: list[str]) -> list[str]:
    """Those of the executions that are not there, or not with their output."""
    client, prefix, lost = Client(port), arn.replace(":stateMachine:", ":execution:"), []
    for name in names:
        status, description = client.call("DescribeExecution", {"executionArn": f"{prefix}:{name}"})
        while status == 200 and description["status"] == "RUNNING":
            status, description = client.call("DescribeExecution", {"executionArn": f"{prefix}:{name}"})
        if status != 200 or description.get("output") != output_of(name):
            lost.append(f"{name}: {error_name(description) if status != 200 else description['status']}")
    return lost
