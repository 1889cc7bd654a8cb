"""Workers as a node has them: started, and stopped as a kubelet stops a pod of one container."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from autoscaling_env.errors import BackendError
from benchmarks.operate_scale_in.tasks import LOG
from operate.template import WorkerTemplate


@dataclass(slots=True)
class Worker:
    """A worker process.

    Attributes:
        name: as it writes in the log.
        told_at_s: when it was told to stop.
        killed: its grace was over, and it was still there.
        end: kills it then; nobody else has its process id by that time.
    """

    name: str
    pid: int
    told_at_s: float = 0.0
    killed: bool = False
    end: threading.Timer | None = None

    @property
    def there(self) -> bool:
        """Whether it runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


class Place:
    """The workers of one campaign.

    Args:
        nursery: starts them.
        template: how one is stopped.
    """

    def __init__(self, nursery: subprocess.Popen[str], template: WorkerTemplate) -> None:
        self._nursery, self._template = nursery, template
        self.here: list[Worker] = []
        self.leaving: list[Worker] = []
        self.started = self.stopped = self.killed = 0
        self.longest_s = 0.0

    def start(self) -> None:
        """Start one more."""
        self.started += 1
        name = f"worker{self.started}"
        _pipe(self._nursery.stdin).write(f"{name}\n")
        _pipe(self._nursery.stdin).flush()
        self.here.append(Worker(name, int(_pipe(self._nursery.stdout).readline())))

    def stop(self, worker: Worker) -> None:
        """Tell one to stop: first what runs before, then the signal; the grace begins now."""
        worker.told_at_s = time.monotonic()
        worker.end = threading.Timer(self._template.grace_s, _kill, (worker,))  # in time, whatever else happens here
        worker.end.daemon = True
        worker.end.start()
        if self._template.before_stop:
            subprocess.run(shlex.split(self._template.before_stop), check=False)  # noqa: S603 - of our own variant
        with suppress(ProcessLookupError):
            os.kill(worker.pid, signal.Signals[self._template.stop_signal])
        self.here.remove(worker)
        self.leaving.append(worker)
        self.stopped += 1

    def look(self) -> None:
        """Forget those that are gone, and count how they went."""
        for worker in [each for each in self.leaving if not each.there]:
            self.leaving.remove(worker)
            if worker.end is not None:
                worker.end.cancel()
            self.killed += worker.killed
            if not worker.killed:
                self.longest_s = max(self.longest_s, time.monotonic() - worker.told_at_s)
        gone = [each for each in self.here if not each.there]
        if gone:
            raise BackendError(f"{gone[0].name} ended by itself; see workers.txt")


def _kill(worker: Worker) -> None:
    """Kill one, if it is still there, with all that it started."""
    if not worker.there:
        return
    worker.killed = True
    for pid in [worker.pid, *_children(worker.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def a_place(system: str, variant: str, url: str, template: WorkerTemplate, folder: Path) -> Iterator[Place]:
    """Give a place for workers; whatever happens none is left."""
    command = [sys.executable, "-m", "benchmarks.operate_scale_in.nursery", system, variant, url]
    with (folder / "workers.txt").open("ab") as said:
        nursery = subprocess.Popen(  # noqa: S603 - ours
            command,
            env={**os.environ, LOG: str(folder / "log.txt")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    try:
        yield Place(nursery, template)
    finally:
        grown = _children(nursery.pid)
        for pid in [nursery.pid, *grown]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        nursery.wait()
        _pipe(nursery.stdin).close()
        _pipe(nursery.stdout).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise BackendError("the nursery has no pipe")
    return pipe


def _children(pid: int) -> list[int]:
    """Return all that a process has started, and what those have."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [child, *_children(child)]
    return found
