"""`make soak-fairness`: one hostile kind after the other beside a load, and how much slower the load becomes.

It measures the load alone, then beside 1, 4 and 16 attackers of one kind, for every kind. What it measures depends on
the machine: run it on one that does nothing else. Exit code 1 where a bound was broken.
"""

import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from attackers import attackers
from harness import BINARY, ROOT, Server, machine
from hostile import kinds
from soak import (
    CLIENTS,
    LONGEST_STOP,
    MOST_MEMORY,
    MOST_OPEN,
    ONLY,
    Phase,
    Watch,
    broken_by,
    long_history,
    measure,
    percentile,
    stop,
)
from soak_load import DEFINITION

# How much slower the slowest percent of the load may become.
SLOWER = 5
# Seconds of each phase.
PHASE = float(os.environ.get("PHASE", "5"))
CROWDS = [int(crowd) for crowd in os.environ.get("CROWDS", "1,4,16").split(",")]


def p99s(phase: Phase) -> tuple[float, float]:
    """Milliseconds of StartExecution and until SUCCEEDED."""
    return percentile(phase.load.starts, 99), percentile(phase.load.wholes, 99)


def run(data: Path, pool: ProcessPoolExecutor) -> list[str]:
    """The whole of it; gives what is wrong."""
    broken = []
    # Of no server: only their names are asked for.
    names = [one.name for one in attackers(0, kinds(), "")]
    if missing := ONLY - set(names):
        return [f"nobody is called {name}" for name in sorted(missing)]
    print(f"{'kind':28} {'crowd':>5} {'start p99':>10} {'whole p99':>10} {'rate/s':>7} {'MiB':>6}")
    for name in names:
        if not ONLY or name in ONLY:
            broken += beside(name, data / name, pool)
            shutil.rmtree(data / name)
    return broken


def beside(name: str, data: Path, pool: ProcessPoolExecutor) -> list[str]:
    """The load of a server alone, then beside one kind in growing crowds; gives which bounds were broken.

    Each kind has a server of its own: what one leaves behind is not to count as what another does.
    """
    settings = ["--limits-memory-bytes", str(MOST_MEMORY), "--limits-open-executions", str(MOST_OPEN)]
    server = Server(data, "--log", "warn", *settings).start()
    try:
        arn = machine(server.client(), "load", DEFINITION)
        history = long_history(server) if name == "unread-histories" else ""
        attacker = next(one for one in attackers(server.port, kinds(), history) if one.name == name)
        watch = Watch(server, [attacker])
        watch.start()
        # The first moments of a server are no measure.
        measure(pool, watch, arn, Phase("warming up", 1), 0)
        quiet = p99s(measure(pool, watch, arn, Phase("quiet", PHASE), 0))
        bounds = [SLOWER * value for value in quiet]
        print(f"{name:28} {'quiet':>5} {quiet[0]:10.1f} {quiet[1]:10.1f}")
        attacker.thread.start()
        broken = [why for crowd in CROWDS for why in growing(crowd, watch, pool, arn, bounds)]
        watch.over.set()
        watch.join()
        attacker.over.set()
        took = stop(server)
        if took > LONGEST_STOP:
            broken.append(f"{name}: the end took {took:.1f} s")
        return broken + [f"ended by itself, {death}" for death in watch.deaths]
    finally:
        server.close()


def growing(crowd: int, watch: Watch, pool: ProcessPoolExecutor, arn: str, bounds: list[float]) -> list[str]:
    """The load beside so many of one kind; gives which bounds were broken."""
    name = watch.herd[0].name
    phase = measure(pool, watch, arn, Phase(f"{crowd} of {name}", PHASE), crowd)
    slowest, rate = p99s(phase), len(phase.load.wholes) / phase.seconds
    is_slow = not all(value <= bound for value, bound in zip(slowest, bounds, strict=True))
    ends = ", ".join(f"{count} x {end}" for end, count in phase.ends[name].most_common(3))
    print(
        f"{name:28} {crowd:5} {slowest[0]:10.1f} {slowest[1]:10.1f} {rate:7.0f} {phase.peak >> 20:6}"
        f"{'  SLOW' if is_slow else ''}  {ends}",
        flush=True,
    )
    broken = [f"{phase.name}: p99 {slowest[0]:.1f} and {slowest[1]:.1f} ms"] if is_slow else []
    return broken + broken_by(phase)


def main() -> int:
    if not BINARY.exists():
        print(f"{BINARY} is missing: run `make build` first", file=sys.stderr)
        return 2
    (ROOT / ".test").mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="fairness-", dir=ROOT / ".test"))
    with ProcessPoolExecutor(CLIENTS, mp_context=get_context("spawn")) as pool:
        list(pool.map(time.sleep, [1] * CLIENTS))
        broken = run(data / "data", pool)
    for one in broken:
        print(f"BROKEN {one}")
    print(f"{len(broken)} bounds broken" if broken else "every bound kept")
    shutil.rmtree(data)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
