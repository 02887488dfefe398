"""A real counterpart for tasks: moto's server, which answers for AWS's services over HTTP.

It runs as a process of its own, without Docker: a Batch job and a Lambda function do nothing, and succeed.
"""

import json
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

from harness import PATIENCE, clean_environment, wait_until

ACCOUNT = "123456789012"
REGION = "us-east-1"
# How many looks at a job it takes until it is over, so that a test sees it running. What is missing here is over at
# once.
TRANSITIONS = {
    "ecs::task": {"progression": "manual", "times": 1},
    "glue::job_run": {"progression": "manual", "times": 1},
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Counterpart:
    """A process that answers for all services at one URL. Any credentials will do."""

    def __init__(self):
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = tempfile.TemporaryFile("w+")
        self._clients = {}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", self.url.rsplit(":", 1)[1]],
            stdout=self._log,
            stderr=self._log,
            env=clean_environment(),
        )
        wait_until(self._answers, "the counterpart listens")
        self.reset()

    def reset(self) -> None:
        """Forgets all resources and all settings of a test."""
        self._post("/moto-api/reset")
        self._post("/moto-api/config", {"batch": {"use_docker": False}, "lambda": {"use_docker": False}})
        for model, transition in TRANSITIONS.items():
            self.transition(model, **transition)

    def transition(self, model: str, **transition) -> None:
        """Says how a kind of resource goes from one status to the next."""
        self._post("/moto-api/state-manager/set-transition", {"model_name": model, "transition": transition})

    def client(self, service: str):
        """A boto3 client of the counterpart."""
        if service not in self._clients:
            self._clients[service] = boto3.session.Session().client(
                service,
                endpoint_url=self.url,
                region_name=REGION,
                aws_access_key_id="any",
                aws_secret_access_key="any",
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[service]

    def close(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        self._log.close()

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            self._log.seek(0)
            raise AssertionError(f"the counterpart ended:\n{self._log.read()}")
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=PATIENCE):
                return True
        except (urllib.error.URLError, ConnectionError):
            return False

    def _post(self, path: str, body: dict | None = None) -> None:
        data = json.dumps(body or {}).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE):
            pass
