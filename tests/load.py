"""A load of mixed state machines, and a ledger of everything the server acknowledged.

The ledger belongs to the clients: it holds what they were told, and nothing the server could have changed since.
"""

import json
import random
import threading
import time
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from harness import Server, machine

# A task that was handed out when the server died may be lost with its worker's answer: it times out and is retried.
PATIENT = {"ErrorEquals": ["States.Timeout", "Flaky"], "IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 200}
STEP = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}}
# Between two tries while the server is down: it spares the processor, nothing depends on it.
RETRY_PAUSE = 0.02


def definitions(activity: str) -> dict[str, dict]:
    """One definition per kind; each takes `{"n": number}`."""
    work = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 3, "Retry": [PATIENT]}
    chain = {f"S{number}": STEP | {"Next": f"S{number + 1}"} for number in range(5)}
    return {
        "chain": {"StartAt": "S0", "States": chain | {"S5": STEP | {"End": True}}},
        "wait": {"StartAt": "W", "States": {
            "W": {"Type": "Wait", "Seconds": 1, "Next": "S"}, "S": STEP | {"End": True}}},
        "work": {"StartAt": "T", "States": {"T": work | {"Next": "S"}, "S": STEP | {"End": True}}},
        "map": {"StartAt": "R", "States": {
            "R": {"Type": "Pass", "Parameters": {"items.$": "States.ArrayRange($.n, States.MathAdd($.n, 4), 1)"},
                  "Next": "M"},
            "M": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "End": True, "ItemProcessor": {
                "StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}}}},
        "caught": {"StartAt": "P", "States": {
            "P": {"Type": "Parallel", "Branches": [{"StartAt": "F", "States": {
                "F": {"Type": "Fail", "Error": "Inner"}}}],
                "Retry": [{"ErrorEquals": ["Inner"], "IntervalSeconds": 1, "MaxAttempts": 1}],
                "Catch": [{"ErrorEquals": ["Inner"], "ResultPath": "$.why", "Next": "S"}], "End": True},
            "S": STEP | {"End": True}}},
        "fail": {"StartAt": "S", "States": {"S": STEP | {"Next": "F"}, "F": {"Type": "Fail", "Error": "Planned"}}},
    }  # fmt: skip


def expected(kind: str, number: int) -> tuple[str, object]:
    """The status and the output (or the error) of an execution, computed without the server."""
    match kind:
        case "chain":
            return "SUCCEEDED", {"n": number + 6}
        case "wait" | "caught":
            return "SUCCEEDED", {"n": number + 1}
        case "work":
            return "SUCCEEDED", {"n": worked(number) + 1}
        case "map":
            return "SUCCEEDED", list(range(number, number + 5))
        case "fail":
            return "FAILED", "Planned"
    raise ValueError(kind)


def worked(number: int) -> int:
    """What a worker makes of a task's input."""
    return number * 2


@dataclass
class Ledger:
    """What the server acknowledged. Names are unique over the run."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    # Execution ARN -> kind and number, for every StartExecution that was answered.
    started: dict[str, tuple[str, int]] = field(default_factory=dict)
    # Numbers of tasks whose SendTaskSuccess was answered.
    succeeded: set[int] = field(default_factory=set)
    # Names whose StartExecution was cut off: they may or may not be there.
    unknown: int = 0
    # Answers that no client may get.
    unexpected: list[str] = field(default_factory=list)


class Load:
    """Threads that start executions and threads that work on the activity, while the server comes and goes."""

    def __init__(self, server: Server, seed: int, starters: int = 3, workers: int = 3):
        self.server, self.ledger = server, Ledger()
        self.working = threading.Event()
        self.working.set()
        # Starts that are allowed and not yet begun: so that every round has its share.
        self.allowed = threading.Semaphore(0)
        self.starting = True
        self.numbers = iter(range(10**9))
        sfn = server.client()
        self.activity = sfn.create_activity(name="work")["activityArn"]
        self.machines = {kind: machine(sfn, kind, text) for kind, text in definitions(self.activity).items()}
        self.starters = [self._thread(self._start, random.Random(f"{seed} start {n}")) for n in range(starters)]
        self.workers = [self._thread(self._work, random.Random(f"{seed} work {n}")) for n in range(workers)]

    @staticmethod
    def _thread(target, *arguments) -> threading.Thread:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        thread.start()
        return thread

    def allow(self, starts: int) -> None:
        """Lets the starters go on."""
        self.allowed.release(starts)

    def finish_starting(self) -> None:
        """No more starts; those that were cut off are repeated until they are answered."""
        self.starting = False
        self.allowed.release(len(self.starters))
        for thread in self.starters:
            thread.join(60)
            assert not thread.is_alive(), "a start is never answered"

    def finish_working(self) -> None:
        """The workers' last polls end with the server."""
        self.working.clear()

    def _next_number(self) -> int:
        with self.ledger.lock:
            return next(self.numbers)

    def _start(self, chance: random.Random) -> None:
        sfn = self.server.client(read_timeout=10)
        while self.allowed.acquire() and self.starting:
            kind = chance.choice(list(self.machines))
            self._start_one(sfn, kind, self._next_number())

    def _start_one(self, sfn, kind: str, number: int) -> None:
        """Starts under a name of its own; a start that was cut off is repeated, as an SDK would."""
        name, cut_off = f"{kind}-{number}", False
        arn = self.machines[kind].replace(":stateMachine:", ":execution:") + f":{name}"
        while True:
            try:
                sfn.start_execution(stateMachineArn=self.machines[kind], name=name, input=json.dumps({"n": number}))
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ExecutionAlreadyExists" and cut_off:
                    pass  # The first try arrived, and the execution is over by now.
                elif error.response["ResponseMetadata"]["HTTPStatusCode"] == 503:
                    cut_off = True
                    continue
                else:
                    with self.ledger.lock:
                        self.ledger.unexpected.append(f"StartExecution {name}: {error}")
                    return
            except BotoCoreError:
                with self.ledger.lock:
                    self.ledger.unknown += not cut_off
                cut_off = True
                time.sleep(RETRY_PAUSE)
                continue
            with self.ledger.lock:
                self.ledger.started[arn] = (kind, number)
            return

    def _work(self, chance: random.Random) -> None:
        sfn = self.server.client()
        while self.working.is_set():
            try:
                task = sfn.get_activity_task(activityArn=self.activity)
                if not task.get("taskToken"):
                    continue
                self._answer(sfn, chance, task)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if code not in ("TaskTimedOut",) and status != 503:
                    with self.ledger.lock:
                        self.ledger.unexpected.append(f"worker: {error}")
            except BotoCoreError:
                time.sleep(RETRY_PAUSE)

    def _answer(self, sfn, chance: random.Random, task: dict) -> None:
        number = json.loads(task["input"])["n"]
        if chance.random() < 0.2:
            sfn.send_task_failure(taskToken=task["taskToken"], error="Flaky")
            return
        sfn.send_task_success(taskToken=task["taskToken"], output=json.dumps({"n": worked(number)}))
        with self.ledger.lock:
            self.ledger.succeeded.add(number)
