"""A controller as a process of its own: CONFIG OFFSET; SIGTERM ends it.

Its clock on the wall is as many seconds ahead as the file OFFSET says.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

from experiments.operations.queue import operate_config
from experiments.operations.running import operate
from operate.controller.clocks import Clocks


def main() -> None:
    """Run it."""
    file, offset = map(Path, sys.argv[1:])

    def wall() -> float:
        return time.time() + float(offset.read_text("utf-8"))

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    operate(operate_config(file), stop=stop, clocks=Clocks(time.monotonic, wall))


if __name__ == "__main__":
    main()
