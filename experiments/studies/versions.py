"""The version of the code that a cell's records follow from: sources, and the packages that compute."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: The folder that the rooms lie in.
ROOT = Path(__file__).parents[2]
#: What records follow from; what only shows, schedules or adds up may change without a cell being run again.
SOURCES = (
    "autoscaling_env/**/*",
    "simulator/**/*",
    "agents/**/*",
    "workloads/**/*",
    "analysis/aggregate.py",
    "analysis/episodes.py",
    "experiments/*.py",
    "experiments/studies/training_cell.py",
    "experiments/studies/evaluation_cell.py",
)
SUFFIXES = frozenset({".py", ".yml", ".yaml", ".csv"})
#: Packages whose numbers ours are made of.
PACKAGES = ("numpy", "numba", "scipy", "torch")


@cache
def code_version() -> Mapping[str, str]:
    """Return what the code is: a SHA-256 over the sources, and the versions of the packages that compute.

    A build tag such as ``+cpu`` is left out: machines of one study may have different builds of a version.
    """
    found = {"sources": _sources()}
    for name in PACKAGES:
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            found[name] = ""
    return found


def differences(other: Mapping[str, str]) -> list[str]:
    """Return what differs between this code and another version, one phrase each."""
    here = code_version()
    return [
        f"{name} {here[name][:12] or 'is missing'} here, {other.get(name, '')[:12] or 'none'} there"
        for name in here
        if here[name] != other.get(name)
    ]


def _sources() -> str:
    found = hashlib.sha256()
    for path in _files():
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _files() -> Iterator[Path]:
    paths = {path for pattern in SOURCES for path in ROOT.glob(pattern)}
    yield from sorted(path for path in paths if path.suffix in SUFFIXES and "__pycache__" not in path.parts)
