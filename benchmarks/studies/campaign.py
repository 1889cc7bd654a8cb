"""A study on Ray while nodes, workers, the driver, the head and a disk are broken, and what must hold of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks.operate_broker_faults.disk import Disk
from benchmarks.results import ROOT
from benchmarks.studies.cluster import Nodes
from benchmarks.studies.made import mixed, opened, record_hashes, written
from benchmarks.studies.objects import s3
from experiments.schedulers import scheduler_on
from experiments.studies.planning import Opened, open_study
from experiments.studies.running import run_cells
from experiments.studies.store import CELLS, finished

KINDS = ("worker", "node", "driver", "head", "disk")
NODES = 3
#: Real seconds between two faults, drawn evenly; a full disk is cleared after so many.
BETWEEN_S, FULL_S = (6.0, 12.0), 6.0
#: Real seconds after which a campaign that does not end is given up.
LONGEST_S = 3_000.0
BUCKET = "study"


@dataclass(slots=True)
class Campaign:
    """What came of it.

    Attributes:
        faults: (real seconds since it began, what was broken, cells done then).
        drivers: how often the driver was started.
        seconds: until all was done.
        cells: of the study.
        breaches: laws that were broken, one sentence each.
    """

    faults: list[tuple[float, str, int]] = field(default_factory=list)
    drivers: int = 0
    seconds: float = 0.0
    cells: int = 0
    breaches: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Return it as a few lines."""
        counts = Counter(kind for _, kind, _ in self.faults)
        said = ", ".join(f"{count} x {kind}" for kind, count in sorted(counts.items()))
        return (
            f"{len(self.faults)} faults ({said}); {self.cells} cells; the driver was started {self.drivers} times; "
            f"{self.seconds:.0f} s; {len(self.breaches)} laws broken"
        )


def campaign(
    folder: Path, *, seed: int, faults: int, seeds: int, episodes: int, tell: Callable[[str], None]
) -> Campaign:
    """Run a study undisturbed, then again on Ray and S3 while so many faults come, and hold them against each other."""
    said = mixed(seeds, episodes)
    calm = opened(folder / "calm", said)
    run_cells(calm.study, calm.cells, calm.store, scheduler_on("local", jobs=2))
    tell(f"undisturbed: {len(calm.once)} cells")
    disk = Disk(folder / "disk")
    try:
        with s3(BUCKET) as environment:
            file = written(folder / "broken", said, f"s3://{BUCKET}/results")
            breaking = _Breaking(file, disk, environment, np.random.default_rng(seed), faults, tell)
            breaking.run()
            _check(breaking.found, calm, open_study(file), faults)
    finally:
        disk.close()
    return breaking.found


class _Breaking:
    """The disturbed run as it goes on."""

    def __init__(
        self,
        file: Path,
        disk: Disk,
        environment: Mapping[str, str],
        rng: np.random.Generator,
        faults: int,
        tell: Callable[[str], None],
    ) -> None:
        self._file, self._disk, self._environment, self._rng, self._tell = file, disk, environment, rng, tell
        kinds = [KINDS[i % len(KINDS)] for i in range(faults)]
        self._plan = [kinds[i] for i in rng.permutation(faults)]
        self._study = open_study(file)
        self.found = Campaign(cells=len(self._study.once))
        self._begun_s = time.monotonic()
        self._seen: set[str] = set()

    def run(self) -> None:
        """Break what the plan says while the study runs, until it is done."""
        self._cluster = self._new_cluster()
        self._driver = self._new_driver()
        next_s = time.monotonic() + self._pause_s()
        try:
            while self._driver.poll() != 0:
                if time.monotonic() - self._begun_s > LONGEST_S:
                    self.found.breaches.append(f"the study was not done after {LONGEST_S:g} s")
                    return
                self._look()
                if self._driver.poll() is not None and self._driver.returncode != 0:
                    self._driver = self._new_driver()
                if self._plan and time.monotonic() >= next_s and self._seen:
                    self._break(self._plan.pop())
                    next_s = time.monotonic() + self._pause_s()
                time.sleep(0.3)
        finally:
            self._driver.kill()
            self._cluster.close()
            self.found.seconds = time.monotonic() - self._begun_s
        self._look()

    def _break(self, kind: str) -> None:
        what: Callable[[], None] = getattr(self, f"_break_{kind}")
        self.found.faults.append((time.monotonic() - self._begun_s, kind, len(self._seen)))
        self._tell(f"{self.found.faults[-1][0]:6.0f} s  {kind:<6}  {len(self._seen)} of {self.found.cells} cells done")
        what()

    def _break_worker(self) -> None:
        """Kill a process that has a cell in hand."""
        ours = psutil.Process().children(recursive=True)
        busy = [each for each in ours if _title(each).startswith("ray::_call")]
        if busy:
            busy[int(self._rng.integers(len(busy)))].kill()

    def _break_node(self) -> None:
        """Take a node away; another one comes."""
        nodes = self._cluster.nodes
        self._cluster.kill(nodes[int(self._rng.integers(len(nodes)))])
        self._cluster.add(self._environment)

    def _break_driver(self) -> None:
        """Kill the command; it is given again."""
        self._driver.kill()
        self._driver.wait()

    def _break_head(self) -> None:
        """Take the head away and with it the cluster; another one comes at another address, and the command again."""
        self._cluster.close()
        self._driver.kill()
        self._driver.wait()
        self._cluster = self._new_cluster()
        self._driver = self._new_driver()

    def _break_disk(self) -> None:
        """Let the disk of a node run full for a while."""
        self._disk.fill()
        time.sleep(FULL_S)
        self._disk.clear()

    def _new_cluster(self) -> Nodes:
        cluster = Nodes()
        for number in range(NODES):
            small = {"TMPDIR": str(self._disk.folder)} if number == 0 else {}
            cluster.add({**self._environment, **small})
        return cluster

    def _new_driver(self) -> subprocess.Popen[bytes]:
        self.found.drivers += 1
        command = [sys.executable, "-m", "cli", "study", "run", str(self._file), "--on", "ray", "--attempts", "100"]
        environment = {**os.environ, **self._environment, "PYTHONPATH": str(ROOT)}
        log = self._file.with_name(f"driver-{self.found.drivers}.log").open("wb")
        with log:
            return subprocess.Popen(  # noqa: S603 - ours
                [*command, "--address", self._cluster.address],
                cwd=self._file.parent,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _look(self) -> None:
        """See which cells are finished; none may get lost."""
        now = finished(self._study.store) & set(self._study.once)
        if lost := self._seen - now:
            self.found.breaches.append(f"finished cells were lost: {', '.join(sorted(lost))}")
        self._seen |= now

    def _pause_s(self) -> float:
        return float(self._rng.uniform(*BETWEEN_S))


def _check(found: Campaign, calm: Opened, broken: Opened, faults: int) -> None:
    if len(found.faults) < faults:
        found.breaches.append(f"the study was done after {len(found.faults)} of {faults} faults: give it more seeds")
    one, two = record_hashes(calm), record_hashes(broken)
    if missing := set(one) - set(two):
        found.breaches.append(f"{len(missing)} cells are not finished")
    others = [address for address in one if address in two and one[address] != two[address]]
    found.breaches += [f"{address}: other records than undisturbed" for address in others]
    twice = [address for address in two if len(broken.store.names(f"{CELLS}/{address}")) != 1]
    found.breaches += [f"{address}: not one attempt in the results" for address in twice]


def _title(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
