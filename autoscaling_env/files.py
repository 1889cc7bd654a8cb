"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def atomic_write(path: Path | str, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file for writing that takes the place of ``path`` when the block ends without an error.

    It is written beside ``path``, brought to disk and renamed: a reader sees the old file or the new
    one, and a failed or interrupted write leaves the old one as it was. Missing folders are made.

    Args:
        path: the file to write.
        mode: ``"w"`` for UTF-8 text with ``\\n`` line ends, ``"wb"`` for bytes.

    Raises:
        OSError: it cannot be written; ``filename`` is ``path``, not the file beside it.
    """
    if mode not in {"w", "wb"}:
        raise ValueError(f"mode {mode!r}: must be 'w' or 'wb'")
    path = Path(path)
    with _about(path), _written_beside(path, mode) as file:
        yield file


def check_place(path: Path) -> None:
    """Tell before a long computation what :func:`atomic_write` would tell after it; nothing is written or made.

    Raises:
        OSError: ``path`` is a folder, or lies in something that is none or may not be written to.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    checks = {
        errno.EISDIR: not path.is_dir(),
        errno.ENOTDIR: folder.is_dir(),
        errno.EACCES: os.access(folder, os.W_OK),
    }
    for number, fine in checks.items():
        if not fine:
            raise OSError(number, os.strerror(number), str(path))


@contextmanager
def _written_beside(path: Path, mode: str) -> Iterator[IO[Any]]:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    text = {"encoding": "utf-8", "newline": "\n"} if mode == "w" else {}
    try:
        with os.fdopen(handle, mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_permissions(path))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """Let errors of the folder, of the file beside it, and of no file at all (a full disk) name ``path``."""
    try:
        yield
    except OSError as error:
        if error.errno is None or not _concerns(error, path):
            raise
        number = errno.ENOTDIR if error.errno == errno.EEXIST else error.errno  # a file where a folder must be
        raise OSError(number, os.strerror(number), str(path)) from error


def _concerns(error: OSError, path: Path) -> bool:
    if error.filename is None:
        return True
    place, path = Path(error.filename).absolute(), path.absolute()  # tempfile makes them absolute
    return place in {path, *path.parents} or (place.parent == path.parent and place.name.startswith(f".{path.name}."))


def _permissions(path: Path) -> int:
    """Keep those of the file that is replaced; a new one gets what is usual instead of mkstemp's 0600."""
    try:
        return path.stat().st_mode & 0o7777
    except FileNotFoundError:
        return 0o644
