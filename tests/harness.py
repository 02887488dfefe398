"""Runs the built server as a user would: a process, a data directory, real clients."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("STEPWRIGHT_BINARY", ROOT / "target" / "release" / "stepwright"))
ROLE = "arn:aws:iam::123456789012:role/any"
LISTENING = re.compile(r"listening on http://\S+:(\d+)")
# Generous: CI machines share their cores. Every wait ends as soon as what it waits for is there.
PATIENCE = 30


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment without what configures Stepwright or an AWS client."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "STEPWRIGHT_", "SFN_", "WAIT_TIME_SCALE"))}
    return kept | variables


def wait_until(condition, what: str, timeout: float = PATIENCE):
    """Waits for a condition and gives its first true value."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout} s")
        time.sleep(0.01)
    return value


class StartFailed(Exception):
    """The server ended before it listened."""

    def __init__(self, code: int, stderr: str):
        super().__init__(f"exit code {code}: {stderr}")
        self.code = code
        self.stderr = stderr


class Server:
    """A server process. The port it got first is the one it keeps over restarts."""

    def __init__(
        self,
        data_dir: Path | None,
        *arguments: str,
        environment: dict[str, str] | None = None,
        wrapper: list[str] | None = None,
    ):
        """`wrapper` is a command that runs what follows it, as `nice` does."""
        self.data_dir = data_dir
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.wrapper = wrapper or []
        self.port = 0
        self.process: subprocess.Popen | None = None
        self.announcement = ""
        self._stderr = tempfile.TemporaryFile("w+")

    def start(self) -> "Server":
        where = ["--in-memory"] if self.data_dir is None else ["--data-dir", str(self.data_dir)]
        command = [*self.wrapper, str(BINARY), "serve", "--port", str(self.port), *where, *self.arguments]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            env=clean_environment(**self.environment),
        )
        self.announcement = ""
        for line in self.process.stdout:
            self.announcement += line
            if found := LISTENING.search(line):
                self.port = int(found[1])
                return self
        raise StartFailed(self.process.wait(), self.stderr())

    def stderr(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read()

    def stop(self) -> int:
        """Asks it to stop; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        self.announcement += self.process.stdout.read()
        self.process.stdout.close()
        return code

    def kill(self) -> None:
        """As a power cut would end it, as far as a process can tell."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def close(self) -> None:
        if self.process and self.process.poll() is None:
            self.kill()
        self._stderr.close()

    def resident_bytes(self) -> int:
        """Bytes of memory that it has resident."""
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **options):
        """A boto3 client that does not repeat what failed: a test wants to see it."""
        settings = {"connect_timeout": 5, "read_timeout": 70, "retries": {"total_max_attempts": 1}} | options
        return boto3.session.Session().client(
            "stepfunctions",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=Config(inject_host_prefix=False, **settings),
        )


def machine(sfn, name: str, definition: dict, **options) -> str:
    """Creates a state machine and gives its ARN."""
    text = json.dumps(definition)
    return sfn.create_state_machine(name=name, definition=text, roleArn=ROLE, **options)["stateMachineArn"]


def single(state: dict) -> dict:
    """A definition of one state."""
    return {"StartAt": "S", "States": {"S": state}}


def ended(sfn, arn: str, timeout: float = PATIENCE) -> dict:
    """The description of an execution, once it ended."""

    def over():
        description = sfn.describe_execution(executionArn=arn)
        return description if description["status"] != "RUNNING" else None

    return wait_until(over, f"the end of {arn}", timeout)


def history(sfn, arn: str, **options) -> list[dict]:
    """The whole history, page by page."""
    pages = sfn.get_paginator("get_execution_history").paginate(executionArn=arn, **options)
    return [event for page in pages for event in page["events"]]


def run_cli(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess:
    """Runs the binary to its end."""
    return subprocess.run(
        [str(BINARY), *arguments],
        input=stdin,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=clean_environment(),
    )
