"""Jobs of RQ that wait until they are let go."""

from __future__ import annotations

import threading

#: One for each job that has begun, and for each that may end.
BEGUN, MAY_END = threading.Semaphore(0), threading.Semaphore(0)


def hold(*numbers: int) -> None:
    BEGUN.release()
    if not MAY_END.acquire(timeout=30):
        raise TimeoutError


def fail() -> None:
    raise ValueError


def nothing() -> None:
    pass
