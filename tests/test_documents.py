"""The commands in the README and in docs/, run as they stand there.

The ```sh blocks of a page are one shell session, in order. The comment right above a block says how it is run:

    <!-- tested -->                          as it is, to its end
    <!-- tested: prints "this" and "that" -->  as it is, and these texts are in what it prints
    <!-- tested: serves -->                  as a server in a terminal of its own; what follows speaks to it
    <!-- not tested: why -->                 not at all

A ```text block right behind a tested one is what it prints. A block of another kind below `<!-- file: NAME -->` is a file. What a page takes for granted stands in a comment of its
own, `<!-- setup`, with commands until `-->`. No block is without such a comment, and no command stands outside of blocks.
"""

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness import BINARY, ROOT, clean_environment

DOCUMENTS = sorted(str(page.relative_to(ROOT)) for pattern in ["*.md", "docs/**/*.md"] for page in ROOT.glob(pattern))
PAGES = [page for page in DOCUMENTS if page == "README.md" or page.startswith("docs/")]
PART = re.compile(
    r"<!-- setup\n(?P<setup>.*?)-->"
    r"|<!-- file: (?P<file>\S+) -->\n```\w+\n(?P<content>.*?)```"
    r"|(?:<!-- (?P<role>(?:not )?tested)(?:: (?P<how>[^\n]*?))? -->\n)?```sh\n(?P<commands>.*?)```"
    r"(?:\n\n```text\n(?P<shown>.*?)```)?",
    re.DOTALL,
)
MARK = "==== end of block"
# These two set up a terminal; the others take it for granted.
SETTING_UP = ["README.md", "docs/getting-started.md"]
OUTSIDE = re.compile(r"^    (?:\$ )?(?:[A-Z_]+=\S+ )*(?:stepwright|aws|make|cargo|curl|export|sqlite3) .*", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """Commands, and what of their output is known."""

    commands: str
    is_server: bool = False
    # None: nobody looks at it, as at what is only set up.
    prints: list[str] = field(default_factory=list)
    shown: str | None = None


def blocks(text: str) -> list[Block]:
    """What a page has its reader do, in order."""
    found = []
    for part in PART.finditer(text):
        if part["setup"] is not None:
            found.append(Block(part["setup"]))
        elif part["file"]:
            found.append(Block(f"cat > {part['file']} <<'END OF FILE'\n{part['content']}END OF FILE"))
        elif part["role"] == "tested":
            how = part["how"] or ""
            prints = re.findall(r'"([^"]+)"', how)
            found.append(Block(part["commands"], how == "serves", prints, part["shown"]))
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def script(found: list[Block], port: int) -> str:
    """The blocks as one session, with ports that are free."""
    lines = ["trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    other = free_port()
    for block in found:
        if block.is_server:
            port = free_port()
            lines.append(f"{block.commands.strip()} --port {port} >server.log 2>&1 &")
            lines.append(f"until curl -sf -o /dev/null http://127.0.0.1:{port}/health; do sleep 0.1; done")
            lines.append(f"export AWS_ENDPOINT_URL_SFN=http://127.0.0.1:{port}")
        else:
            lines.append(block.commands.replace("8083", str(port)).replace("8084", str(other)))
        lines.append(f"echo '{MARK}'")
    return "\n".join(lines)


@pytest.fixture
def workplace(tmp_path) -> Path:
    """A directory that looks like the repository after `make run`, without its data."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "target" / "release").mkdir(parents=True)
    (tmp_path / "target" / "release" / "stepwright").symlink_to(BINARY.resolve())
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if "```sh" in (ROOT / page).read_text()])
def test_the_commands_of_the_page_work(page, workplace, make_server):
    found = blocks((ROOT / page).read_text())
    if not found:
        return
    server = make_server().start()
    # The clients are those of the test environment.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "AWS_PAGER": "", "AWS_CONFIG_FILE": "/dev/null"}
    if page not in SETTING_UP:
        environment |= {
            "PATH": f"{workplace}/target/release:{path}",
            "AWS_ENDPOINT_URL_SFN": server.url,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
        }
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script(found, server.port)],
        cwd=workplace,
        capture_output=True,
        text=True,
        timeout=120,
        env=clean_environment(**environment),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    outputs = result.stdout.split(MARK)
    for block, output in zip(found, outputs, strict=False):
        for text in block.prints:
            assert text in output, f"{block.commands}\nprinted\n{output}{result.stderr}"
        if block.shown is not None:
            assert output.strip() == block.shown.strip(), f"{block.commands}\nprinted\n{output}{result.stderr}"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_is_tested_or_says_why_not(page):
    text = (ROOT / page).read_text()
    for part in PART.finditer(text):
        if part["commands"] is not None:
            assert part["role"], f"{page}: nothing says how this block is tested:\n{part['commands']}"
            assert part["role"] == "tested" or part["how"], f"{page}: nothing says why not:\n{part['commands']}"
    assert text.count("```sh\n") == sum(part["commands"] is not None for part in PART.finditer(text))
    outside = OUTSIDE.findall(FENCED.sub("", text))
    assert not outside, f"{page}: commands belong into ```sh blocks: {outside}"


@pytest.mark.parametrize("page", DOCUMENTS)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"
