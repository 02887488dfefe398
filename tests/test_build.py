"""What `make build` makes of the binary."""

import shutil
import subprocess

import pytest

from harness import BINARY, ROOT


@pytest.mark.skipif(shutil.which("objcopy") is None, reason="the tools that take binaries apart are not installed")
def test_the_debug_information_stands_beside_a_binary_that_still_runs(tmp_path):
    binary = tmp_path / "stepwright"
    shutil.copy(BINARY, binary)
    has_debug = "debug_line" in subprocess.check_output(["readelf", "-SW", BINARY], text=True)
    before = binary.stat().st_size
    for _ in range(2):
        # The second time there is nothing left to do.
        subprocess.run([ROOT / "tests" / "separate-debug", binary], check=True)
        sections = subprocess.check_output(["readelf", "-SW", binary], text=True)
        assert "debug_line" not in sections
        if has_debug:
            beside = subprocess.check_output(["readelf", "-SW", f"{binary}.debug"], text=True)
            assert "debug_line" in beside and ".gnu_debuglink" in sections and binary.stat().st_size < before
    assert subprocess.check_output([binary, "--version"], text=True).startswith("stepwright ")
