"""A run's folder: everything a table or picture is made from, written atomically, readable by pandas alone."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoscaling_env import __version__
from autoscaling_env.config import Config
from autoscaling_env.config.digest import config_digest, config_yaml
from autoscaling_env.errors import RunError
from autoscaling_env.files import atomic_write
from autoscaling_env.secrets import without_passwords

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
#: What a run begins with, before anything has come of it.
START = frozenset({"config.yml", "manifest.json"})
PACKAGES = ("gymnasium", "numpy", "pandas", "pyarrow", "simpy", "numba", "torch", "redis", "kubernetes")


class RunFolder:
    """``<root>/<kind>_run_<UTC timestamp>/``; all writes go through here."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, root: Path, kind: str, now: datetime) -> RunFolder:
        """Make a new folder; a number is appended where the name is taken."""
        name = f"{kind}_run_{now:%Y%m%dT%H%M%SZ}"
        for suffix in ("", *(f"_{number}" for number in range(2, 1000))):
            path = root / f"{name}{suffix}"
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                continue
            except OSError as error:
                raise RunError(f"{path}: cannot be made: {error.strerror}; choose another --output-dir") from None
            return cls(path)
        raise RunError(f"{root / name}: a thousand runs of this second exist already")

    @contextmanager
    def kept_if_begun(self) -> Iterator[None]:
        """Remove this new folder when the block fails before there is more in it than what the run would have been.

        At Ctrl-C it stays: whoever asked for an end is told what there is.
        """
        try:
            yield
        except Exception:
            if not any(path.is_file() and path.name not in START for path in self.path.rglob("*")):
                shutil.rmtree(self.path)
            raise

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open an existing run.

        Raises:
            RunError: the folder is missing or has no ``manifest.json``.
        """
        if not (path / "manifest.json").is_file():
            raise RunError(f"{path}: not a run folder (no manifest.json in it)")
        return cls(path)

    def write_json(self, name: str, data: Any) -> Path:
        """Write ``data`` as JSON; NaN is an error, not a value."""
        text = json.dumps(data, indent=1, allow_nan=False)
        return self.write_text(name, text + "\n")

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file."""
        path = self.path / name
        with atomic_write(path) as file:
            file.write(text)
        return path

    def write_frame(self, name: str, frame: pd.DataFrame) -> Path:
        """Write a data frame as parquet; the same rows give the same bytes."""
        path = self.path / name
        with atomic_write(path, "wb") as file:
            frame.to_parquet(file, index=False, compression="zstd")
        return path

    def read_json(self, name: str) -> Any:
        """Read a JSON file of this run."""
        try:
            return json.loads((self.path / name).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{self.path / name}: cannot be read: {error}") from None

    def write_start(self, config: Config, *, command: list[str], seed: int, started: datetime) -> None:
        """Write ``config.yml`` and ``manifest.json``: what this run is."""
        self.write_text("config.yml", config_yaml(config))
        self.write_json("manifest.json", manifest(config, command=command, seed=seed, started=started))


def manifest(config: Config, *, command: list[str], seed: int, started: datetime) -> dict[str, Any]:
    """Return what is needed to repeat a run: versions, seed, commit, command, configuration hash."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "started_utc": f"{started:%Y-%m-%dT%H:%M:%SZ}",
        "command": [without_passwords(word) for word in command],
        "seed": seed,
        "config_sha256": config_digest(config),
        "git_commit": _git_commit(),
        "python": platform.python_version(),
        "platform": sys.platform,
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_commit() -> str | None:
    """Return the commit this code is at, if it lies in a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(  # noqa: S603 - our own fixed command
            command, capture_output=True, text=True, check=True, timeout=5
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
