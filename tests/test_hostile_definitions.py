"""Each definition of the hostile corpus is refused or keeps to its budget, and whoever comes beside it is served."""

import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from harness import ROLE, Server, ended, machine, single
from hostile import End, Kind, kinds

# Several times what the evaluation of one state may make: what ran before is given back only in part.
MOST_RESIDENT = 1536 * 2**20
# Those that start others stop at that.
MOST_OPEN = 1_000


@pytest.fixture(scope="module")
def survivor(tmp_path_factory):
    """A server for all of them."""
    server = Server(tmp_path_factory.mktemp("hostile") / "data", "--limits-open-executions", str(MOST_OPEN))
    yield server.start()
    server.close()


@pytest.fixture
def attacked(survivor):
    """The server, started again where the test before has ended it, with its peak of memory forgotten."""
    if survivor.process.poll() is not None:
        survivor.start()
    Path(f"/proc/{survivor.process.pid}/clear_refs").write_text("5")
    return survivor


def peak(server: Server) -> int:
    """The most bytes of memory that were resident."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def check_others(server: Server, harmless: str) -> None:
    """Whoever asks for something else gets it."""
    with urllib.request.urlopen(f"{server.url}/health", timeout=30) as health:
        assert health.status == 200
    sfn = server.client()
    execution = sfn.start_execution(stateMachineArn=harmless, input='{"n":1}')["executionArn"]
    description = ended(sfn, execution)
    assert (description["status"], description["output"]) == ("SUCCEEDED", '{"n":1}')


def check_end(sfn, execution: str, kind: Kind) -> None:
    """It ends as it may, or goes on and can be stopped."""
    if End.ENDLESS not in kind.ends:
        description = ended(sfn, execution)
        assert End[description["status"]] in kind.ends, description.get("cause")
        return
    may_fail = {"FAILED"} if End.FAILED in kind.ends else set()
    assert sfn.describe_execution(executionArn=execution)["status"] in {"RUNNING"} | may_fail
    sfn.stop_execution(executionArn=execution)
    assert sfn.describe_execution(executionArn=execution)["status"] in {"ABORTED"} | may_fail


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_hostile_definition_is_bounded_and_disturbs_nobody(attacked, kind):
    sfn = attacked.client()
    harmless = machine(sfn, "harmless", single({"Type": "Pass", "End": True}))
    try:
        arn = sfn.create_state_machine(name=kind.name, definition=kind.definition, roleArn=ROLE)["stateMachineArn"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidDefinition"
        assert End.REFUSED in kind.ends, error
    else:
        execution = sfn.start_execution(stateMachineArn=arn, input=kind.input)["executionArn"]
        check_others(attacked, harmless)
        check_end(sfn, execution, kind)
        # What it has started ends with its state machine.
        sfn.delete_state_machine(stateMachineArn=arn)
    check_others(attacked, harmless)
    assert peak(attacked) < MOST_RESIDENT
