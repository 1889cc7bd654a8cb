"""The pool of processes held to the target contract."""

from __future__ import annotations

import sys

from operate.target import Target
from operate.targets.processes.pool import ProcessPool
from operate.targets.processes.settings import ProcessesConfig
from operate.targets.processes.target import ProcessTarget
from operate.testing.target import TargetContract

#: Does nothing until it is told to go.
WORKER = (sys.executable, "-S", "-c", "import signal; signal.pause()")


class TestProcesses(TargetContract):
    settled_s = 0.3

    def make_target(self) -> Target:
        self.pool = ProcessPool(ProcessesConfig(command=WORKER, startup_time=0.2))
        return ProcessTarget(self.pool, owns=True)

    def somebody_scales(self, target: Target, workers: int) -> str:
        self.pool.scale_to(workers, "rule")
        return "rule"

    def writes(self, target: Target) -> int:
        return self.pool.changes()[0]
