"""Starts workers: it has imported what they need, and each is a fork of it, so that one more costs little.

Run as ``python -m benchmarks.operate_scale_in.nursery SYSTEM VARIANT URL``. For every line that it reads, the name of a
worker, it starts one and writes its process id. All end with it.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module

from benchmarks.operate_scale_in.systems import MODULES
from live.functions.lifeline import die_with


def main() -> None:
    """Start a worker for every line of the input."""
    system, variant, url = sys.argv[1:]
    module = import_module(MODULES[system])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes their last traces away
    nursery = os.getpid()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(line.strip(), nursery)
            module.work(url, variant)
            sys.exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(name: str, nursery: int) -> None:
    """Be a process of one's own, as in a container of one's own."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    die_with(nursery)
    os.setsid()
    os.environ["SCALE_IN_WORKER"] = name
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what it says goes where the nursery's errors go


if __name__ == "__main__":
    main()
