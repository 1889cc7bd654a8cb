"""A small disk in memory that can run full."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from autoscaling_env.errors import BackendError

MEGABYTES = 8
FILLER = "somebody-elses-file"


class Disk:
    """A file system of its own at a folder; mounting one takes root.

    Args:
        folder: where; made if need be.
        megabytes: that it holds.
    """

    def __init__(self, folder: Path, megabytes: int = MEGABYTES) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder))

    def fill(self) -> None:
        """Let somebody else's file take all that is left, to the last byte."""
        handle = os.open(self.folder / FILLER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for size in (1 << 20, 1 << 12, 1):
                self._fill(handle, bytes(size))
        finally:
            os.close(handle)

    def clear(self) -> None:
        """Take that file away."""
        (self.folder / FILLER).unlink(missing_ok=True)

    def close(self) -> None:
        """Take the file system away, with all that is in it."""
        self._run("umount", "-l", str(self.folder))

    # -- inside

    def _fill(self, handle: int, piece: bytes) -> None:
        try:
            while os.write(handle, piece):
                pass
        except OSError:  # it is full
            return

    def _run(self, *command: str) -> None:
        told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        if told.returncode:
            raise BackendError(f"{' '.join(command)}: {told.stderr.strip()}; a disk of its own takes root")


def can_mount() -> bool:
    """Return whether this account may have disks of its own."""
    return os.geteuid() == 0
