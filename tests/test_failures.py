"""What goes wrong on a machine: full disks, unusable directories, damaged files, two servers, signals."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from harness import PATIENCE, StartFailed, ended, machine, single, wait_until

PASS = single({"Type": "Pass", "End": True})
WAIT = single({"Type": "Wait", "Seconds": 3600, "End": True})


def refused(server) -> str:
    """The one line a server says that does not start."""
    with pytest.raises(StartFailed) as caught:
        server.start()
    assert caught.value.code == 1
    lines = [line for line in caught.value.stderr.splitlines() if line.startswith("stepwright: ")]
    assert len(lines) == 1, caught.value.stderr
    assert "panicked" not in caught.value.stderr
    return lines[0]


def database(data_dir: Path) -> Path:
    """The SQLite file in a data directory."""
    found = [file for file in data_dir.iterdir() if file.read_bytes()[:15] == b"SQLite format 3"]
    assert len(found) == 1, list(data_dir.iterdir())
    return found[0]


@pytest.fixture
def used_data(make_server, tmp_path) -> Path:
    """A data directory a server has used and left."""
    server = make_server().start()
    machine(server.client(), "kept", PASS)
    assert server.stop() == 0
    return tmp_path / "data"


@contextlib.contextmanager
def tmpfs(path: Path, options: str):
    """A small file system of its own; skips where we may not mount one."""
    path.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True)
    if mount.returncode != 0:
        pytest.skip(f"cannot mount a file system here: {mount.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def test_what_was_stored_is_there_after_a_clean_stop(make_server):
    server = make_server().start()
    sfn = server.client()
    arn = machine(sfn, "kept", PASS)
    execution = sfn.start_execution(stateMachineArn=arn, input='{"n":1}')["executionArn"]
    before = ended(sfn, execution)
    assert server.stop() == 0
    server.start()
    after = server.client().describe_execution(executionArn=execution)
    before.pop("ResponseMetadata"), after.pop("ResponseMetadata")
    assert after == before


def test_in_memory_leaves_nothing_behind(make_server, tmp_path):
    server = make_server(data_dir=None).start()
    machine(server.client(), "gone", PASS)
    assert server.stop() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_refuses_work_and_loses_none(make_server, tmp_path):
    with tmpfs(tmp_path / "small", "size=12m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 4 * 2**20)
        server = make_server(data_dir=disk / "data").start()
        sfn = server.client(read_timeout=20)
        arn = machine(sfn, "filler", PASS)
        acknowledged, refusal = [], None
        # Random text, so that compression does not make it small.
        while refusal is None:
            assert len(acknowledged) < 2000, "the disk is never full"
            given = json.dumps(os.urandom(50_000).hex())
            try:
                answer = sfn.start_execution(stateMachineArn=arn, input=given)
                acknowledged.append((answer["executionArn"], given))
            except ClientError as error:
                refusal = error.response
        assert acknowledged
        assert refusal["ResponseMetadata"]["HTTPStatusCode"] in (500, 503), refusal
        assert "full" in refusal["Error"]["Message"].lower(), refusal
        # Reading goes on.
        assert json.loads(sfn.describe_state_machine(stateMachineArn=arn)["definition"]) == PASS

        ballast.unlink()
        answer = sfn.start_execution(stateMachineArn=arn, input='"room again"')
        assert ended(sfn, answer["executionArn"])["status"] == "SUCCEEDED"
        server.kill()
        server.start()
        sfn = server.client()
        for execution, given in acknowledged:
            description = ended(sfn, execution)
            assert (description["status"], description["input"]) == ("SUCCEEDED", given)


def test_a_read_only_directory_is_refused(make_server, tmp_path):
    with tmpfs(tmp_path / "fixed", "size=4m,ro") as disk:
        assert str(disk) in refused(make_server(data_dir=disk / "data"))


def test_a_file_in_place_of_the_directory_is_refused(make_server, tmp_path):
    (tmp_path / "file").write_text("not a directory")
    assert str(tmp_path / "file") in refused(make_server(data_dir=tmp_path / "file"))


@pytest.mark.parametrize("damage", ["header", "text"])
def test_a_damaged_database_is_refused_and_left_alone(make_server, used_data, damage):
    file = database(used_data)
    content = file.read_bytes()
    damaged = b"\xff" * 4096 + content[4096:] if damage == "header" else b"this is no database\n" * 500
    file.write_bytes(damaged)
    assert str(file) in refused(make_server(data_dir=used_data))
    assert file.read_bytes() == damaged


def test_a_second_server_on_the_same_data_is_refused(make_server, tmp_path):
    first = make_server().start()
    line = refused(make_server())
    assert str(tmp_path / "data") in line
    machine(first.client(), "undisturbed", PASS)


def test_data_of_a_newer_version_is_refused_and_left_alone(make_server, used_data):
    file = database(used_data)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99999")
        connection.commit()
    assert "newer" in refused(make_server(data_dir=used_data))
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99999,)


def test_a_port_in_use_is_refused(make_server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = make_server("--bind", "127.0.0.1")
        server.port = port
        assert f"127.0.0.1:{port}" in refused(server)


def long_poll(port: int, activity: str) -> socket.socket:
    """A GetActivityTask on the wire, not yet answered."""
    body = json.dumps({"activityArn": activity})
    request = (
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"X-Amz-Target: AWSStepFunctions.GetActivityTask\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(request.encode())
    return connection


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_answers_long_polls_and_stops(server, asked):
    sfn = server.client()
    activity = sfn.create_activity(name="work")["activityArn"]
    arn = machine(sfn, "waiting", WAIT)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    with contextlib.closing(long_poll(server.port, activity)) as poll:
        # Answered after the poll was sent, so that the server has had the poll in its hands.
        for _ in range(20):
            sfn.describe_activity(activityArn=activity)
        server.process.send_signal(asked)
        answer = b""
        while part := poll.recv(4096):
            answer += part
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        assert b"taskToken\":\"" not in answer.split(b"\r\n\r\n", 1)[1]
    assert server.wait() == 0

    server.start()
    assert server.client().describe_execution(executionArn=execution)["status"] == "RUNNING"


def test_a_second_signal_does_not_wait(server):
    sfn = server.client()
    with contextlib.closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as slow:
        # A request that never becomes whole: a clean stop waits for it.
        slow.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        for _ in range(20):
            sfn.list_activities()
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in server.stderr(), "the first signal's effect")
        server.process.send_signal(signal.SIGTERM)
        assert server.wait() == 1


def test_a_worker_that_went_away_takes_no_task_with_it(server):
    sfn = server.client()
    activity = sfn.create_activity(name="work")["activityArn"]
    arn = machine(sfn, "task", single({"Type": "Task", "Resource": activity, "End": True}))
    for _ in range(5):
        long_poll(server.port, activity).close()
    execution = sfn.start_execution(stateMachineArn=arn, input="7")["executionArn"]
    task = sfn.get_activity_task(activityArn=activity)
    assert task["input"] == "7"
    sfn.send_task_success(taskToken=task["taskToken"], output="8")
    assert ended(sfn, execution)["output"] == "8"


def test_a_task_scheduled_before_a_crash_is_handed_out_after_it(server):
    sfn = server.client()
    activity = sfn.create_activity(name="work")["activityArn"]
    arn = machine(sfn, "task", single({"Type": "Task", "Resource": activity, "End": True}))
    waiting = sfn.start_execution(stateMachineArn=arn, input="1")["executionArn"]
    token = sfn.get_activity_task(activityArn=activity)["taskToken"]
    queued = sfn.start_execution(stateMachineArn=arn, input="2")["executionArn"]
    server.kill()
    server.start()

    sfn = server.client()
    # A token outlives the server that made it.
    sfn.send_task_success(taskToken=token, output='"one"')
    assert ended(sfn, waiting)["output"] == '"one"'
    task = sfn.get_activity_task(activityArn=activity)
    assert task["input"] == "2"
    sfn.send_task_success(taskToken=task["taskToken"], output='"two"')
    assert ended(sfn, queued)["output"] == '"two"'


def test_a_timer_that_was_due_while_the_server_was_down_fires_after_it(make_server):
    server = make_server().start()
    sfn = server.client()
    arn = machine(sfn, "nap", single({"Type": "Wait", "Seconds": 1, "End": True}))
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    server.kill()
    with pytest.raises(BotoCoreError):
        sfn.describe_execution(executionArn=execution)
    server.start()
    assert ended(server.client(), execution)["status"] == "SUCCEEDED"


def test_files_of_bounded_size_are_as_good_as_a_full_disk(make_server):
    # In blocks of 1,024 bytes.
    server = make_server(wrapper=["bash", "-c", 'ulimit -f 2000; exec "$0" "$@"']).start()
    sfn = server.client()
    arn = machine(sfn, "m", PASS)
    data = json.dumps({"data": os.urandom(60_000).hex()})

    def is_refused():
        try:
            sfn.start_execution(stateMachineArn=arn, input=data)
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        return False

    wait_until(is_refused, "the bound of files")
    assert sfn.describe_state_machine(stateMachineArn=arn)["name"] == "m"
    assert server.process.poll() is None
    assert server.stop() == 0


def test_a_log_that_nobody_reads_any_more_ends_nothing(make_server):
    read, write = os.pipe()
    server = make_server("--log", "debug", data_dir=None)
    server._stderr.close()
    server._stderr = os.fdopen(write, "w")
    server.start()
    os.close(read)
    sfn = server.client()
    arn = machine(sfn, "m", PASS)
    for _ in range(20):
        execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
        assert ended(sfn, execution)["status"] == "SUCCEEDED"
    assert server.stop() == 0
