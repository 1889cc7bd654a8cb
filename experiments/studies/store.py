"""Where a study's results lie: a folder, or whatever fsspec opens; a cell is finished when its manifest is there.

    done/<address>.json             the manifest of a finished cell: which attempt it was, its files and figures
    failed/<address>.json           why the last attempt of a cell failed
    cells/<address>/<attempt>/      the files of an attempt; only that which a manifest names counts
    studies/<name>/progress.json    how far a run of a study is

An attempt writes under a name of its own, so two that run at the same time (one was thought dead) cannot disturb each
other; whose manifest comes last counts, and both say the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from autoscaling_env.errors import InputError, RunError
from autoscaling_env.files import atomic_write

DONE, FAILED, CELLS, STUDIES = "done", "failed", "cells", "studies"
#: Manifests read at the same time: most of that is waiting.
READERS = 16
#: Of a URL.
SCHEME = "://"


class Store(Protocol):
    """Named bytes that appear whole or not at all; names have ``/`` between their parts."""

    @property
    def url(self) -> str:
        """What opens the same store in another process: an absolute path, or a URL."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return what is in a folder, sorted; nothing where there is none."""
        ...

    def read(self, name: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: there is none.
        """
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file; it appears whole or not at all."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file or folder; there need not be one."""
        ...

    def workplace(self, folder: str) -> AbstractContextManager[Path]:
        """Give a folder of this machine whose files are in the store's ``folder`` when ``keep`` was called."""
        ...

    def keep(self, place: Path, folder: str) -> None:
        """Bring what is new in a workplace to the store."""
        ...

    def fetch(self, folder: str, place: Path) -> None:
        """Copy a folder of the store into a folder of this machine that is not there or empty."""
        ...

    def path(self, name: str) -> str:
        """Return what ``filesystem`` calls a file."""
        ...

    def filesystem(self) -> Any:
        """Return what pyarrow reads files with; None: by their paths."""
        ...


class FolderStore:
    """A folder, of this machine or shared by several."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self.url = str(self._root)

    def names(self, folder: str) -> list[str]:
        """See ``Store.names``; files that are still being written begin with a dot, and are left out."""
        try:
            return sorted(path.name for path in (self._root / folder).iterdir() if not path.name.startswith("."))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, name: str) -> bytes:
        """See ``Store.read``."""
        return (self._root / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """See ``Store.write``."""
        with atomic_write(self._root / name, "wb") as file:
            file.write(data)

    def remove(self, name: str) -> None:
        """See ``Store.remove``."""
        path = self._root / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    @contextmanager
    def workplace(self, folder: str) -> Iterator[Path]:
        """See ``Store.workplace``: it is the folder itself."""
        place = self._root / folder
        place.mkdir(parents=True, exist_ok=True)
        yield place

    def keep(self, place: Path, folder: str) -> None:
        """See ``Store.keep``: it is there already."""

    def fetch(self, folder: str, place: Path) -> None:
        """See ``Store.fetch``."""
        shutil.copytree(self._root / folder, place, dirs_exist_ok=True)

    def path(self, name: str) -> str:
        """See ``Store.path``."""
        return str(self._root / name)

    def filesystem(self) -> None:
        """See ``Store.filesystem``."""


def open_store(url: str) -> Store:
    """Return the store at a path or URL; it need not be there yet.

    Raises:
        InputError: no such kind of URL can be opened here.
    """
    if SCHEME not in url:
        return FolderStore(Path(url))
    if url.startswith("file://"):
        return FolderStore(Path(url.removeprefix("file://")))
    return _opened(url)


@lru_cache(8)
def _opened(url: str) -> Store:
    from experiments.studies.remote_store import RemoteStore

    return RemoteStore(url)


def finished(store: Store) -> set[str]:
    """Return the addresses of all finished cells."""
    return {name.removesuffix(".json") for name in store.names(DONE)}


def manifests(store: Store, addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the manifests of cells by address; of those that have none there is no entry.

    Raises:
        RunError: one cannot be read.
    """
    return _each(store, DONE, addresses)


def failures(store: Store, addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return why cells failed, by address; of those that did not there is no entry."""
    there = set(store.names(FAILED))
    return _each(store, FAILED, [each for each in addresses if f"{each}.json" in there])


def write_json(store: Store, name: str, data: Any) -> None:
    """Write JSON; NaN is an error, not a value."""
    store.write(name, (json.dumps(data, indent=1, allow_nan=False) + "\n").encode())


def read_json(store: Store, name: str) -> Any:
    """Return the content of a JSON file; None where there is none.

    Raises:
        RunError: it is damaged.
    """
    try:
        return json.loads(store.read(name))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RunError(f"{store.path(name)}: cannot be read: {error}; remove it, and the cell is run again") from None


def sweep(store: Store, addresses: Sequence[str]) -> int:
    """Remove the attempts of finished cells that came to nothing; return how many there were."""
    removed = 0
    for address, manifest in manifests(store, addresses).items():
        for attempt in store.names(f"{CELLS}/{address}"):
            if attempt != manifest["attempt"]:
                with suppress(OSError):
                    store.remove(f"{CELLS}/{address}/{attempt}")
                    removed += 1
    return removed


def check_store(url: str) -> Store:
    """Return the store of a URL that can be written to.

    Raises:
        InputError: it cannot.
    """
    store = open_store(url)
    try:
        store.write(f"{STUDIES}/.writable", b"")
        store.remove(f"{STUDIES}/.writable")
    except OSError as error:
        raise InputError(f"store {url}: cannot be written to: {error.strerror or error}") from None
    return store


def _each(store: Store, folder: str, addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(lambda address: read_json(store, f"{folder}/{address}.json"), addresses)
        return {address: data for address, data in zip(addresses, found, strict=True) if data is not None}
