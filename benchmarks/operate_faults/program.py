"""A controller as a process of its own: CONFIG OFFSET; SIGTERM ends it.

The clock on the wall of this process, and of no other, is as many seconds ahead as the file OFFSET says.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

from experiments.operated_queue import operate_config
from experiments.operating import operate


def main() -> None:
    """Run it."""
    file, offset = map(Path, sys.argv[1:])
    true = time.time

    def shifted() -> float:
        try:
            return true() + float(offset.read_text("utf-8") or 0)
        except (OSError, ValueError):
            return true()

    time.time = shifted
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    operate(operate_config(file), stop=stop)


if __name__ == "__main__":
    main()
