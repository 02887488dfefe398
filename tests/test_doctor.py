"""Damaged data: refused at the start, and examined by `stepwright doctor`."""

import json
import shutil
import sqlite3

import pytest

from harness import StartFailed, ended, machine, run_cli, single

PASSES = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": True}}}
WAITS = single({"Type": "Wait", "Seconds": 86_400, "End": True})


@pytest.fixture
def data(make_server, tmp_path):
    """Data of a server that was stopped: a machine, an execution that waits, one with large events, one that is over."""
    server = make_server().start()
    sfn = server.client()
    sfn.create_activity(name="a")
    waits, passes = machine(sfn, "waits", WAITS), machine(sfn, "passes", PASSES)
    sfn.publish_state_machine_version(stateMachineArn=waits)
    start = sfn.start_execution
    arns = {
        "waiting": start(stateMachineArn=waits, name="waiting")["executionArn"],
        "large": start(stateMachineArn=waits, name="large", input=json.dumps({"a": "x" * 200_000}))["executionArn"],
        "over": start(stateMachineArn=passes, name="over", input=json.dumps({"a": "é" * 5_000}))["executionArn"],
    }
    for number in range(200):
        start(stateMachineArn=passes, name=f"n{number}", input=json.dumps({"number": number, "text": "y" * 2_000}))
    ended(sfn, arns["over"])
    assert server.stop() == 0
    return tmp_path / "data", arns


def doctor(directory):
    return run_cli("doctor", "--data-dir", str(directory))


def change(directory, sql: str, *values) -> None:
    with sqlite3.connect(directory / "stepwright.db") as database:
        assert database.execute(sql, values).rowcount == 1
    database.close()


def test_sound_data_is_well_and_stays_as_it_is(data):
    directory, _ = data
    before = (directory / "stepwright.db").read_bytes()
    examined = doctor(directory)
    assert (examined.returncode, examined.stderr) == (0, "")
    assert examined.stdout.startswith("all is well: examined 2 state machines, 1 activities, 203 executions with ")
    assert (directory / "stepwright.db").read_bytes() == before


def test_data_of_a_killed_server_is_well(make_server, tmp_path):
    server = make_server().start()
    sfn = server.client()
    arn = machine(sfn, "m", WAITS)
    for number in range(20):
        sfn.start_execution(stateMachineArn=arn, name=f"n{number}")
    running = doctor(tmp_path / "data")
    assert running.returncode == 1 and "in use by another Stepwright" in running.stderr
    server.kill()
    examined = doctor(tmp_path / "data")
    assert examined.returncode == 0, examined.stdout
    assert "20 executions" in examined.stdout
    # It can be started as if nobody had looked.
    server.start()
    assert len(server.client().list_executions(stateMachineArn=arn)["executions"]) == 20


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_database_is_refused_and_named(data, make_server, keep):
    directory, _ = data
    file = directory / "stepwright.db"
    size = int(file.stat().st_size * keep)
    with file.open("r+b") as opened:
        opened.truncate(size)
    with pytest.raises(StartFailed) as failed:
        make_server(data_dir=directory).start()
    assert failed.value.code == 1
    assert "truncated" in failed.value.stderr and "stepwright doctor --data-dir" in failed.value.stderr
    assert file.stat().st_size == size
    examined = doctor(directory)
    assert examined.returncode == 1
    assert "panicked" not in examined.stderr
    assert "truncated" in examined.stdout + examined.stderr or "malformed" in examined.stderr


def test_what_is_wrong_with_an_execution_is_told_with_its_arn(data):
    directory, arns = data
    change(directory, "UPDATE executions SET data = x'0203', unpacked_size = 0 WHERE arn_end = 'over'")
    change(directory, "UPDATE executions SET status = 1, wake_at = NULL, stopped_at = 5 WHERE arn_end = 'waiting'")
    change(directory, "UPDATE executions SET event_count = event_count + 1 WHERE arn_end = 'large'")
    examined = doctor(directory)
    assert examined.returncode == 1
    lines = examined.stdout.splitlines()
    for name in ["waiting", "large", "over"]:
        assert [line for line in lines if line.startswith(f"{arns[name]}: ")], examined.stdout
    assert "Succeeded" in next(line for line in lines if line.startswith(arns["waiting"]))
    assert "3 found wrong" in examined.stdout
    assert "Executions with a damaged history cannot go on" in lines[-1]


def test_a_definition_that_is_gone_is_told(data):
    directory, _ = data
    change(directory, "DELETE FROM definitions WHERE state_machine_arn LIKE '%:passes'")
    examined = doctor(directory)
    assert examined.returncode == 1
    assert ":stateMachine:passes: its definition cannot be read" in examined.stdout
    assert "UpdateStateMachine" in examined.stdout


def test_a_page_that_the_disk_lost_is_told(data):
    directory, _ = data
    file = directory / "stepwright.db"
    pages = file.stat().st_size // 4096
    with file.open("r+b") as opened:
        opened.seek((pages - 20) * 4096)
        opened.write(bytes(4096 * 3))
    examined = doctor(directory)
    assert examined.returncode == 1, examined.stdout


def test_no_data_is_no_data(tmp_path):
    for directory in [tmp_path, tmp_path / "nothing"]:
        examined = doctor(directory)
        assert examined.returncode == 1 and "there is no data in" in examined.stderr
    shutil.rmtree(tmp_path, ignore_errors=True)
