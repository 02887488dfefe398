"""`make soak-hostile`: everything hostile at once, beside a load that must go on, and what becomes of the load.

It measures the load alone, then beside 1, 4 and 16 attackers of every kind, ends the server in the midst of it, starts
it again, and looks whether all that was acknowledged is there. What it measures depends on the machine: run it on one
that does nothing else. Exit code 1 where something was lost or a bound was broken.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from attackers import Attacker, Herd, attackers
from harness import BINARY, ROLE, ROOT, Server, ended, machine
from hostile import kinds
from soak_load import DEFINITION, Measured, find_lost, run_client

# Seconds of all phases beside hostile work together; the quiet one takes a tenth of that.
SOAK = float(os.environ.get("SOAK", "600"))
# Names of those who attack, with commas; all where there are none. To find out who it is that hurts.
ONLY = set(filter(None, os.environ.get("ONLY", "").split(",")))
CROWDS = (1, 4, 16)
CLIENTS = 8
MOST_MEMORY = 4 * 2**30
# Those that start others stop at that: they would fill any disk.
MOST_OPEN = 100_000
# What writes much rests while the data is bigger.
MOST_DISK = 10 * 2**30
# Seconds from SIGTERM to the end.
LONGEST_STOP = 5


@dataclass
class Phase:
    """What was measured while so many of each kind attacked."""

    name: str
    # Planned, then what it took: until the last client has its answer.
    seconds: float
    load: Measured = field(default_factory=Measured)
    # Bytes.
    peak: int = 0
    # Answers of /health other than 200, and no answers.
    ill: Counter = field(default_factory=Counter)
    # Seconds of the slowest answer of /health.
    health: float = 0
    # How attackers' executions and calls have ended, by kind.
    ends: dict[str, Counter] = field(default_factory=dict)


class Watch(threading.Thread):
    """Looks at the server's memory, its health and its disk, and starts it again where it ended by itself."""

    def __init__(self, server: Server, herd: list[Attacker]):
        super().__init__(daemon=True)
        self.server, self.herd = server, herd
        self.phase = Phase("before", 0)
        # What the server said when it ended by itself.
        self.deaths: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        health = disk = 0.0
        while not self.over.wait(0.05):
            if self.server.process.poll() is not None:
                self._bury()
            self.phase.peak = max(self.phase.peak, resident(self.server))
            if time.monotonic() - health > 1:
                health = time.monotonic()
                self._ask_health()
            if time.monotonic() - disk > 2:
                disk = time.monotonic()
                self._spare_disk()

    def _bury(self) -> None:
        """Notes why it ended, and does what a supervisor does."""
        last = self.server.stderr().strip().splitlines()[-1:]
        self.deaths.append(f"{self.phase.name}: exit code {self.server.process.returncode}: {''.join(last)}")
        self.server.start()

    def _ask_health(self) -> None:
        began = time.monotonic()
        try:
            with urllib.request.urlopen(f"{self.server.url}/health", timeout=60) as answer:
                self.phase.ill[f"/health {answer.status}"] += answer.status != 200
        except urllib.error.HTTPError as error:
            self.phase.ill[f"/health {error.code}: {error.read().decode()[:200]}"] += 1
        except OSError as error:
            self.phase.ill[f"/health: {error}"] += 1
        self.phase.health = max(self.phase.health, time.monotonic() - began)

    def _spare_disk(self) -> None:
        """Lets those rest that fill it."""
        used = sum(file.stat().st_size for file in self.server.data_dir.glob("*"))
        for one in self.herd:
            if isinstance(one, Herd) and one.kind.fills_disk:
                one.resting = used > MOST_DISK


def resident(server: Server) -> int:
    """Bytes of memory the server has resident; none where it has just ended."""
    try:
        return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def long_history(server: Server) -> str:
    """The ARN of an execution with a history of 240 MB."""
    sfn = server.client()
    kind = next(one for one in kinds() if one.name == "history-of-payloads")
    created = sfn.create_state_machine(name="long-history", definition=kind.definition, roleArn=ROLE)
    execution = sfn.start_execution(stateMachineArn=created["stateMachineArn"], input=kind.input)["executionArn"]
    return ended(sfn, execution)["executionArn"]


def measure(pool: ProcessPoolExecutor, watch: Watch, arn: str, phase: Phase, crowd: int) -> Phase:
    """Runs the load for a phase beside so many attackers of each kind."""
    watch.phase = phase
    before = {one.name: Counter(one.ends) for one in watch.herd}
    for one in watch.herd:
        one.wanted = crowd
    labels = [f"{phase.name.replace(' ', '-')}-{number}" for number in range(CLIENTS)]
    began = time.monotonic()
    for future in [pool.submit(run_client, watch.server.port, arn, label, phase.seconds) for label in labels]:
        phase.load.add(future.result())
    phase.seconds = time.monotonic() - began
    phase.ends = {one.name: Counter(one.ends) - before[one.name] for one in watch.herd}
    return phase


def percentile(values: list[float], percent: float) -> float:
    """Milliseconds that this part of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))] * 1000 if values else float("nan")


def show(phase: Phase) -> None:
    """Prints what was measured in a phase."""
    load = phase.load
    print(f"\n== {phase.name}: {phase.seconds:.0f} s")
    print(f"StartExecution   p50 {percentile(load.starts, 50):8.1f} ms   p99 {percentile(load.starts, 99):8.1f} ms")
    print(f"until SUCCEEDED  p50 {percentile(load.wholes, 50):8.1f} ms   p99 {percentile(load.wholes, 99):8.1f} ms")
    rate, peak, health = len(load.wholes) / phase.seconds, phase.peak / 2**20, phase.health * 1000
    print(f"rate {rate:.0f}/s, throttled {load.throttled}, peak {peak:.0f} MiB, slowest /health {health:.0f} ms")
    for what, count in ((+load.wrong) + (+phase.ill)).items():
        print(f"WRONG {count} x {what}")
    for name, ends in phase.ends.items():
        if ends:
            print(f"  {name:28} " + ", ".join(f"{count} x {end}" for end, count in ends.most_common()))
    sys.stdout.flush()


def stop(server: Server) -> float:
    """Seconds from SIGTERM until the process has ended."""
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    try:
        server.process.wait(60)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
    server.process.stdout.close()
    return time.monotonic() - began


def audit(pool: ProcessPoolExecutor, server: Server, arn: str, names: list[str]) -> list[str]:
    """What was acknowledged and is not there, after the hostile machines were deleted, so that they start no more."""
    sfn = server.client()
    for page in sfn.get_paginator("list_state_machines").paginate(maxResults=1000):
        for one in page["stateMachines"]:
            if one["stateMachineArn"] != arn:
                sfn.delete_state_machine(stateMachineArn=one["stateMachineArn"])
    shares = [pool.submit(find_lost, server.port, arn, names[number::CLIENTS]) for number in range(CLIENTS)]
    return [lost for share in shares for lost in share.result()]


def broken_by(phase: Phase) -> list[str]:
    """Which bounds of memory and of answers were broken in a phase."""
    wrong = (+phase.load.wrong) + (+phase.ill)
    broken = [f"{phase.name}: {count} x {what}" for what, count in wrong.items()]
    if phase.peak > MOST_MEMORY:
        broken.append(f"{phase.name}: {phase.peak} bytes of memory, at most {MOST_MEMORY} were allowed")
    return broken


def judge(phases: list[Phase]) -> list[str]:
    """Which bounds were broken."""
    broken = []
    for phase in phases:
        broken += broken_by(phase)
        if not phase.load.wholes:
            broken.append(f"{phase.name}: nothing got through")
    return broken


def run(data: Path, pool: ProcessPoolExecutor) -> list[str]:
    """The whole of it; gives what is wrong."""
    settings = ["--limits-memory-bytes", str(MOST_MEMORY), "--limits-open-executions", str(MOST_OPEN)]
    server = Server(data, "--log", "warn", *settings).start()
    try:
        arn = machine(server.client(), "load", DEFINITION)
        history = long_history(server)
        crowd = [one for one in attackers(server.port, kinds(), history) if not ONLY or one.name in ONLY]
        if missing := ONLY - {one.name for one in crowd}:
            return [f"nobody is called {name}" for name in sorted(missing)]
        watch = Watch(server, crowd)
        watch.start()
        phases = [measure(pool, watch, arn, Phase("quiet", SOAK / 10), 0)]
        show(phases[0])
        for one in watch.herd:
            one.thread.start()
        for crowd in CROWDS:
            phases.append(measure(pool, watch, arn, Phase(f"beside {crowd} of each", SOAK / len(CROWDS)), crowd))
            show(phases[-1])
        watch.over.set()
        watch.join()
        took = stop(server)
        print(f"\n== SIGTERM in the midst of it: ended after {took:.1f} s with code {server.process.returncode}")
        for one in watch.herd:
            one.over.set()
        for one in watch.herd:
            one.thread.join(10)
        broken = judge(phases) + [f"ended by itself, {death}" for death in watch.deaths]
        if server.process.returncode != 0:
            broken.append(f"the end had exit code {server.process.returncode}: {server.stderr().strip()[-300:]}")
        if took > LONGEST_STOP:
            broken.append(f"the end took {took:.1f} s, {LONGEST_STOP} s were allowed")
        server.start()
        names = [name for phase in phases for name in phase.load.acknowledged]
        lost = audit(pool, server, arn, names)
        print(f"== {len(names)} starts were acknowledged, {len(lost)} of them are lost")
        return broken + [f"lost: {one}" for one in lost]
    finally:
        server.close()


def main() -> int:
    if not BINARY.exists():
        print(f"{BINARY} is missing: run `make build` first", file=sys.stderr)
        return 2
    (ROOT / ".test").mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="soak-", dir=ROOT / ".test"))
    # Spawned, as there are threads.
    with ProcessPoolExecutor(CLIENTS, mp_context=get_context("spawn")) as pool:
        # All are there before anything is measured.
        list(pool.map(time.sleep, [1] * CLIENTS))
        broken = run(data / "data", pool)
    print()
    for one in broken:
        print(f"BROKEN {one}")
    print(f"{len(broken)} bounds broken" if broken else "nothing lost, every bound kept")
    if any(one.startswith("lost") for one in broken):
        print(f"the data is left in {data}")
    else:
        shutil.rmtree(data)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
