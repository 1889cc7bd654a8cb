"""One controller in a process of its own: ``python -m benchmarks.operated.controller CONFIG``; SIGTERM ends it."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from experiments import operate, operate_config


def main() -> None:
    """Run until told to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    operate(operate_config(Path(sys.argv[1])), stop=stop)


if __name__ == "__main__":
    main()
