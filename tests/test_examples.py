"""The examples, run as their READMEs say: the set-up of examples/README.md, the servers that a README starts, then its
commands in one shell session. What a ```text block shows is what the ```sh block above it must print.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from counterpart import free_port
from harness import BINARY, PATIENCE, ROOT, clean_environment, wait_until

EXAMPLES = sorted(page.parent.name for page in (ROOT / "examples").glob("*/README.md"))
BLOCK = re.compile(r"(?:<!-- (?P<role>\w+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
MARK = "==== end of block"


@dataclass
class Page:
    """What a README has its reader do."""

    # Commands that go on in terminals of their own, and the port each listens on.
    servers: list[tuple[str, int]]
    # Commands, and what they print where the page shows it.
    steps: list[tuple[str, str | None]]


def read(page: Path, ports: dict[int, int]) -> Page:
    """Reads a README; each well-known port becomes the one given for it."""
    text = page.read_text()
    for known, free in ports.items():
        text = text.replace(str(known), str(free))
    found = Page([], [])
    well_known = {"server": 8083, "counterpart": 5000}
    for block in BLOCK.finditer(text):
        if role := block["role"]:
            port = ports[well_known[role]]
            command = block["text"].strip()
            # The server's default port stands nowhere in its command.
            found.servers.append((f"{command} --port {port}" if role == "server" else command, port))
        elif block["kind"] == "sh":
            found.steps.append((block["text"], None))
        elif block["kind"] == "text":
            found.steps[-1] = (found.steps[-1][0], block["text"].strip())
    return found


def make_workplace(directory: Path) -> Path:
    """A directory that looks like the project's after `make build` and `make test`."""
    shutil.copytree(ROOT / "examples", directory / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    (directory / "target" / "release").mkdir(parents=True)
    (directory / "target" / "release" / "stepwright").symlink_to(BINARY.resolve())
    (directory / ".venv").mkdir()
    (directory / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    return directory


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
        return True
    return False


@contextlib.contextmanager
def running(script: str, port: int, workplace: Path, environment: dict, log: Path):
    """A server in a terminal of its own, once it listens."""
    with log.open("w") as output:
        server = subprocess.Popen(
            ["bash", "-c", script], cwd=workplace, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: server.poll() is not None or listens(port), f"{script} listens")
        assert server.poll() is None, log.read_text()
        yield
    finally:
        server.terminate()
        server.wait(PATIENCE)


def run(example: str, workplace: Path) -> None:
    """Does what an example's README says and compares what is printed."""
    ports = {8083: free_port(), 5000: free_port()}
    set_up = "".join(commands for commands, _ in read(ROOT / "examples" / "README.md", ports).steps)
    page = read(ROOT / "examples" / example / "README.md", ports)
    assert page.servers and any(shown for _, shown in page.steps)
    environment = clean_environment(AWS_CONFIG_FILE="/dev/null", TMPDIR=str(workplace))
    with contextlib.ExitStack() as stack:
        for number, (command, port) in enumerate(page.servers):
            log = workplace / f"{number}.log"
            stack.enter_context(running(f"{set_up}\nexec {command}", port, workplace, environment, log))
        script = set_up + "".join(f"{commands}\necho '{MARK}'\n" for commands, _ in page.steps)
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=workplace,
            env=environment,
            capture_output=True,
            text=True,
            timeout=4 * PATIENCE,
        )
        logs = "".join(log.read_text()[-4000:] for log in sorted(workplace.glob("*.log")))
    assert result.returncode == 0, result.stdout + result.stderr + logs
    for (commands, shown), printed in zip(page.steps, result.stdout.split(MARK), strict=False):
        if shown is not None:
            assert printed.strip() == shown, f"{commands}\n{result.stderr}\n{logs}"


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory):
    """The chosen examples, on their way: the AWS CLI takes its time, so each processor has one."""
    chosen = [item.callspec.params["example"] for item in request.session.items if "example" in item.fixturenames]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield {name: pool.submit(run, name, make_workplace(tmp_path_factory.mktemp(name))) for name in chosen}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_commands_of_an_example_print_what_its_page_shows(example, runs):
    runs[example].result()


@pytest.mark.parametrize("page", ["README.md", *(f"{example}/README.md" for example in EXAMPLES)])
def test_links_lead_somewhere(page):
    path = ROOT / "examples" / page
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", path.read_text()):
        assert (path.parent / target).exists(), f"{page}: {target}"


def test_every_example_is_in_the_list():
    listed = re.findall(r"^\| \[[\w-]+\]\(([\w-]+)/README\.md\)", (ROOT / "examples" / "README.md").read_text(), re.M)
    assert sorted(listed) == EXAMPLES
