"""What a web page can make a browser on this machine send, and what AWS's clients send."""

import http.client
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from harness import clean_environment, machine, single

MARK = "def handler(event, context):\n    open(event['file'], 'a').write('x')\n    return 'ran'\n"
PATH = "/2015-03-31/functions/mark/invocations"


@pytest.fixture
def marked(make_server, tmp_path):
    """A server with a function that leaves a mark, and whose folder has a secret."""
    folder = tmp_path / "functions" / "mark"
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text(MARK)
    (folder / "function.json").write_text('{"environment": {"DATABASE": "s3cr3t"}}')
    return make_server("--functions", str(folder.parent)).start()


def status(server, headers: dict, method: str = "POST", path: str = PATH, body: str | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in ({"Host": f"127.0.0.1:{server.port}"} | headers).items():
        connection.putheader(name, value)
    data = (body or "").encode()
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data)
    return connection.getresponse().status


def test_no_page_runs_a_function(marked, tmp_path):
    mark = tmp_path / "mark"
    event = json.dumps({"file": str(mark)})
    attacks = [
        {"Origin": "http://evil", "Content-Type": "text/plain"},
        {"Origin": "http://evil", "Content-Type": "application/json"},
        {"Origin": "null", "Content-Type": "application/json"},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
        {"Host": "evil.example", "Content-Type": "application/json"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "text/plain;application/json"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {},
    ]
    for headers in attacks:
        assert status(marked, headers, body=event) in (403, 415), headers
    assert not mark.exists()
    assert status(marked, {"Content-Type": "application/json"}, body=event) == 200
    assert mark.read_text() == "x"


@pytest.fixture
def sync_names(monkeypatch):
    """The names that SDKs make of an endpoint's resolve to this machine, as they do where a resolver does that."""
    real = socket.getaddrinfo

    def local(host, *arguments, **options):
        return real("127.0.0.1" if str(host).startswith("sync-") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", local)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_sdks_and_the_cli_pass(marked, tmp_path, sync_names, host):
    url = f"http://{host}:{marked.port}"
    event = json.dumps({"file": str(tmp_path / "mark")})
    options = {
        "endpoint_url": url,
        "region_name": "us-east-1",
        "aws_access_key_id": "any",
        "aws_secret_access_key": "any",
    }
    sfn = boto3.client("stepfunctions", **options)
    express = machine(sfn, "m", single({"Type": "Pass", "End": True}), type="EXPRESS")
    assert sfn.start_sync_execution(stateMachineArn=express)["status"] == "SUCCEEDED"
    assert boto3.client("lambda", **options).invoke(FunctionName="mark", Payload=event)["StatusCode"] == 200
    unsigned = boto3.client("lambda", config=Config(signature_version=UNSIGNED), **options)
    assert unsigned.invoke(FunctionName="mark", Payload=event)["StatusCode"] == 200
    aws = [str(Path(sys.executable).with_name("aws")), "--endpoint-url", url, "--region", "us-east-1"]
    variables = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "PATH": os.environ["PATH"]}
    for command in (
        ["stepfunctions", "list-state-machines"],
        ["lambda", "invoke", "--function-name", "mark", "--payload", event, str(tmp_path / "out")],
        ["lambda", "get-function", "--function-name", "mark"],
    ):
        ran = subprocess.run(aws + command, env=clean_environment(**variables), capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        assert "s3cr3t" not in ran.stdout and "DATABASE" not in ran.stdout


def test_further_hosts_are_those_that_are_named(make_server):
    named = make_server("--allowed-hosts", "host.docker.internal", data_dir=None).start()
    for host, expected in [("host.docker.internal", 200), ("localhost", 200), ("evil.example", 403)]:
        assert status(named, {"Host": f"{host}:{named.port}"}, "GET", "/health") == expected, host
