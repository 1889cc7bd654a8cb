"""One controller to a folder of state: two would mislead each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autoscaling_env.errors import InputError


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep everybody else out of a folder, which is made if need be; a killed process keeps nobody out.

    Raises:
        InputError: another controller is in it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise InputError(f"state: {folder}: {error.strerror}; choose a folder that may be written to") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                f"state: {folder}: another controller keeps its state there; stop it, or choose another folder"
            ) from None
        yield
    finally:
        os.close(handle)


def is_taken(folder: Path) -> bool:
    """Return whether a controller is in a folder now; changes nothing."""
    try:
        handle = os.open(folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
