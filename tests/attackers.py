"""Those who attack a server while others work with it: who runs hostile definitions, who misuses connections and calls.

Each has a thread of low priority: what it costs to attack is not to count as the server's slowness.
"""

import contextlib
import http.client
import json
import os
import socket
import threading
import time
from collections import Counter

from harness import ROLE
from hostile import End, Kind
from hostile.shapes import jsonata
from soak_load import Client, error_name

# Seconds between two looks at what was started.
LOOK = 0.2
# Seconds after which what never ends is stopped, and its state machine deleted.
LEASH = 10
# Seconds for which a connection is misused before it is closed.
HELD = 5
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"


class Attacker:
    """Attacks until it is told to end, with as many at once as are wanted."""

    def __init__(self, name: str, port: int):
        self.name, self.port = name, port
        self.wanted = 0
        # How what it did has ended.
        self.ends: Counter = Counter()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def _run(self) -> None:
        """Goes on until it is over."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        while not self.over.wait(LOOK):
            try:
                self.attack()
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.ends[f"no answer ({type(error).__name__})"] += 1

    def attack(self) -> None:
        """One round of it."""
        raise NotImplementedError


class Herd(Attacker):
    """Keeps so many executions of a hostile definition running."""

    def __init__(self, kind: Kind, port: int):
        super().__init__(kind.name, port)
        self.kind = kind
        self.client = Client(port)
        self.numbers = iter(range(10**9))
        self.arn: str | None = None
        self.created = 0.0
        # Since when they run, by ARN.
        self.running: dict[str, float] = {}
        # Whether it may not start more for now.
        self.resting = False

    def attack(self) -> None:
        if self.arn is None and not self._create():
            return
        if self.kind.fills_disk and time.monotonic() - self.created > LEASH:
            self._delete()
            return
        for execution in list(self.running):
            self._look(execution)
        while len(self.running) < self.wanted and not self.resting:
            status, answer = self.client.call("StartExecution", {"stateMachineArn": self.arn, "input": self.kind.input})
            if status != 200:
                self.ends[f"start: {error_name(answer)}"] += 1
                return
            self.running[answer["executionArn"]] = time.monotonic()

    def _create(self) -> bool:
        """Creates its state machine; where it is refused, that is all there is to attack with."""
        # A name that was deleted is taken until all that ran under it has ended.
        name = f"{self.kind.name}-{next(self.numbers)}"
        body = {"name": name, "definition": self.kind.definition, "roleArn": ROLE}
        for _ in range(self.wanted):
            status, answer = self.client.call("CreateStateMachine", body)
            if status == 200:
                self.arn, self.created = answer["stateMachineArn"], time.monotonic()
                return True
            self.ends[f"create: {error_name(answer)}"] += 1
        return False

    def _look(self, execution: str) -> None:
        """Counts its end, and brings it about where it never ends."""
        status, description = self.client.call("DescribeExecution", {"executionArn": execution})
        if status != 200:
            self.ends[f"describe: {error_name(description)}"] += 1
            if error_name(description) == "ExecutionDoesNotExist":
                del self.running[execution]
        elif description["status"] != "RUNNING":
            del self.running[execution]
            self.ends[" ".join(filter(None, (description["status"], description.get("error"))))] += 1
        elif time.monotonic() - self.running[execution] > LEASH and End.ENDLESS in self.kind.ends:
            self._stop(execution)

    def _stop(self, execution: str) -> None:
        """Stops what never ends; the next look counts it."""
        status, answer = self.client.call("StopExecution", {"executionArn": execution})
        if status != 200:
            self.ends[f"stop: {error_name(answer)}"] += 1

    def _delete(self) -> None:
        """Ends what its executions have started, too: they start nothing more."""
        status, answer = self.client.call("DeleteStateMachine", {"stateMachineArn": self.arn})
        if status != 200:
            self.ends[f"delete: {error_name(answer)}"] += 1
        self.arn = None


class Caller(Attacker):
    """Makes one call again and again, on as many connections as are wanted."""

    def __init__(self, name: str, port: int, operation: str, body):
        """`body` makes a request's members of its number."""
        super().__init__(name, port)
        self.operation, self.body = operation, body
        self.numbers = iter(range(10**9))

    def attack(self) -> None:
        callers = [threading.Thread(target=self._call, daemon=True) for _ in range(self.wanted)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()

    def _call(self) -> None:
        """One call."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        try:
            status, answer = Client(self.port).call(self.operation, self.body(next(self.numbers)))
            self.ends["answered" if status == 200 else error_name(answer)] += 1
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.ends[f"no answer ({type(error).__name__})"] += 1


class Holder(Attacker):
    """Holds connections on which it sent something, and reads nothing."""

    def __init__(self, name: str, port: int, connections: int, sent: bytes):
        """`connections` are those of one attacker; `sent` is what it sends on each."""
        super().__init__(name, port)
        self.connections, self.sent = connections, sent

    def attack(self) -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(self.wanted * self.connections):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=HELD))
                connection.settimeout(0.2)
                try:
                    connection.sendall(self.sent)
                    self.ends["held"] += 1
                except OSError:
                    self.ends["cut off"] += 1
                if self.over.is_set():
                    return
            self.over.wait(HELD)


def attackers(port: int, kinds: list[Kind], long_history: str) -> list[Attacker]:
    """All of them; `long_history` is the ARN of an execution with a history of many megabytes."""
    patterns = json.dumps(jsonata(*[costly_patterns(number) for number in range(190)]))
    nested = next(kind.definition for kind in kinds if kind.name == "nested-signature")
    target = b"X-Amz-Target: AWSStepFunctions.ListActivities\r\nContent-Length: 1000000\r\n\r\n"
    unfinished = HEAD + target + b" " * 999_999
    state = json.dumps(json.loads(nested)["States"]["S"] | {"QueryLanguage": "JSONata"})
    return [Herd(kind, port) for kind in kinds] + [
        Caller("validate-patterns", port, "ValidateStateMachineDefinition", lambda _: {"definition": patterns}),
        Caller("test-nested-signature", port, "TestState", lambda _: {"definition": state, "roleArn": ROLE}),
        Caller("create-big-definitions", port, "CreateStateMachine", big_definition),
        Holder("unfinished-bodies", port, 20, unfinished),
        Holder("half-open-heads", port, 100, b"POST / HTTP/1.1\r\nHost: loc"),
        Holder("unread-histories", port, 3, history_request(long_history)),
    ]


def costly_patterns(number: int) -> str:
    """JSONata with 100 regular expressions that become big programs, other ones for each number."""
    return "[0, " + ", ".join(f"/(?:[^{number}a-f{line}]{{30}}){{30}}/" for line in range(100)) + "]"


def big_definition(number: int) -> dict:
    """A request to create one of 40 state machines of 889 KB; those that are there are created anew."""
    expressions = [f"$states.input.a{number % 40} + {line} * (1 + 2)" for line in range(12_500)]
    definition = json.dumps(jsonata(*expressions))
    return {"name": f"big-{number % 40}", "definition": definition, "roleArn": ROLE}


def history_request(execution: str) -> bytes:
    """GetExecutionHistory of 1,000 events on the wire."""
    body = json.dumps({"executionArn": execution, "maxResults": 1000}).encode()
    length = f"X-Amz-Target: AWSStepFunctions.GetExecutionHistory\r\nContent-Length: {len(body)}\r\n\r\n"
    return HEAD + length.encode() + body
