"""A study's results where fsspec opens them: an object store, or another machine's disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import fsspec

from autoscaling_env.errors import InputError

#: What a workplace has that nobody else needs: TensorBoard's files, which grow at every episode.
LEFT_HERE = frozenset({"logs"})
#: Models are brought last: a checkpoint whose records are not there yet could not be gone on from.
LAST = "models"


class RemoteStore:
    """Files at a URL. Work is done on this machine's disk, and brought there file by file.

    Args:
        url: as fsspec takes it, such as ``s3://bucket/folder``; settings of a file system (endpoints, keys) come from
            fsspec's own configuration: its files, ``FSSPEC_S3_ENDPOINT_URL`` and the like.

    Raises:
        InputError: no file system of that kind is known or installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        try:
            self._files, self._root = fsspec.core.url_to_fs(self.url)
        except (ValueError, ImportError) as error:
            raise InputError(f"store {url}: {str(error).rstrip('.')}") from None
        self._kept: dict[Path, tuple[int, int]] = {}

    def names(self, folder: str) -> list[str]:
        """See ``Store.names``."""
        place = f"{self._root}/{folder}"
        with suppress(FileNotFoundError):
            self._files.invalidate_cache(place)  # others write there
            listed = self._files.ls(place, detail=False)
            names = {str(each).rstrip("/").rpartition("/")[2] for each in listed}
            return sorted(name for name in names if name and name != folder.rpartition("/")[2])
        return []

    def read(self, name: str) -> bytes:
        """See ``Store.read``."""
        data: bytes = self._files.cat_file(f"{self._root}/{name}")
        return data

    def write(self, name: str, data: bytes) -> None:
        """See ``Store.write``: an object appears when all of it is there."""
        path = f"{self._root}/{name}"
        try:
            self._files.pipe_file(path, data)
        except FileNotFoundError:  # folders are real there
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, data)

    def remove(self, name: str) -> None:
        """See ``Store.remove``."""
        with suppress(FileNotFoundError):
            self._files.rm(f"{self._root}/{name}", recursive=True)

    @contextmanager
    def workplace(self, folder: str) -> Iterator[Path]:
        """See ``Store.workplace``: a temporary folder."""
        with tempfile.TemporaryDirectory(prefix="study-") as place:
            yield Path(place)
            self._kept = {path: state for path, state in self._kept.items() if not path.is_relative_to(place)}

    def keep(self, place: Path, folder: str) -> None:
        """See ``Store.keep``."""
        files = [path for path in place.rglob("*") if path.is_file() and not LEFT_HERE & set(path.parts)]
        for path in sorted(files, key=lambda path: (LAST in path.parts, path)):
            state = path.stat()
            if self._kept.get(path) != (state.st_mtime_ns, state.st_size):
                self.write(f"{folder}/{path.relative_to(place).as_posix()}", path.read_bytes())
                self._kept[path] = (state.st_mtime_ns, state.st_size)

    def fetch(self, folder: str, place: Path) -> None:
        """See ``Store.fetch``."""
        self._files.invalidate_cache()
        root = f"{self._root}/{folder}"
        for path in self._files.find(root):
            target = place / str(path)[len(root) :].lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self._files.cat_file(path))

    def path(self, name: str) -> str:
        """See ``Store.path``."""
        return f"{self._root}/{name}"

    def filesystem(self) -> Any:
        """See ``Store.filesystem``."""
        return self._files
