"""The commands in the README and in docs/, run as they stand there.

A ```sh block is run when a comment stands right above it: `<!-- tested -->`, or with what it must print,
`<!-- tested: prints "this" and "that" -->`. The blocks of a page are one shell session, in order.
"""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness import BINARY, ROOT, clean_environment

BLOCK = re.compile(r"<!-- tested(?::(?P<prints>[^\n]*?))? -->\n```sh\n(?P<commands>.*?)```", re.DOTALL)
MARK = "==== end of block"
PAGES = [page for page in ["README.md", "docs/getting-started.md"] if "<!-- tested" in (ROOT / page).read_text()]
DOCUMENTS = sorted(str(page.relative_to(ROOT)) for pattern in ["*.md", "docs/**/*.md"] for page in ROOT.glob(pattern))


def blocks(text: str) -> list[tuple[str, list[str]]]:
    """The commands of each block, and what it must print."""
    found = [(one["commands"], re.findall(r'"([^"]+)"', one["prints"] or "")) for one in BLOCK.finditer(text)]
    assert len(found) == text.count("<!-- tested"), "a comment `tested` does not stand above a block"
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def workplace(tmp_path) -> Path:
    """A directory that looks like the repository after `make run`, without its data."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "target" / "release").mkdir(parents=True)
    (tmp_path / "target" / "release" / "stepwright").symlink_to(BINARY.resolve())
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_the_page_work(page, workplace, make_server):
    server = make_server().start()
    found = blocks((ROOT / page).read_text())
    script = "\n".join(f"{commands}\necho '{MARK}'" for commands, _ in found)
    script = script.replace("8083", str(server.port)).replace("8084", str(free_port()))
    # The clients are those of the test environment.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + script],
        cwd=workplace,
        capture_output=True,
        text=True,
        timeout=120,
        env=clean_environment(PATH=path, AWS_PAGER="", AWS_CONFIG_FILE="/dev/null"),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    outputs = result.stdout.split(MARK)
    for (commands, expected), output in zip(found, outputs, strict=False):
        for text in expected:
            assert text in output, f"{commands}\nprinted\n{output}{result.stderr}"


@pytest.mark.parametrize("page", DOCUMENTS)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"
