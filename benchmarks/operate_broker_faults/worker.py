"""A worker of somebody's queue as a process of its own: SYSTEM URL; SIGTERM lets it finish its task and leave."""

from __future__ import annotations

import os
import sys

from benchmarks.operate_broker_faults.systems import work


def main() -> None:
    """Be one."""
    system, url = sys.argv[1:]
    os.environ["SCALE_IN_WORKER"] = f"worker{os.getpid()}"
    work(system, url)


if __name__ == "__main__":
    main()
