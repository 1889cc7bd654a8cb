"""Model files: safetensors with one JSON header and a checksum over every byte; nothing is ever unpickled."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from autoscaling_env import __version__
from autoscaling_env.actions import Actions
from autoscaling_env.errors import ModelError
from autoscaling_env.files import atomic_write

SCHEMA = 1
SUFFIX = ".safetensors"
#: safetensors keeps its metadata unordered; a single key makes the same checkpoint the same bytes.
KEY = "autoscaling"
#: Stands for the checksum while it is computed.
BLANK = "0" * 64
#: A header larger than this is no header of ours.
MAX_HEADER_BYTES = 16_000_000

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Header:
    """What a model file says about itself.

    Attributes:
        agent: which learner it is of: ``sarsa``, ``dqn``, ``ppo``, ``distilled``, or ``sb3-`` and an algorithm.
        episode: training episodes behind it.
        planned_episodes: ``episodes`` of the configuration it was trained with.
        seed: the training seed.
        config_sha256: digest of the resolved configuration.
        action_deltas: what the actions mean; empty where they are targets.
        state: the learner's counters, schedules and random state, plain JSON.
        schema, version: of the format, and of the program that wrote it.
        min_workers, max_workers: the farm's bounds; None: written before they were kept.
    """

    agent: str
    episode: int
    planned_episodes: int
    seed: int
    config_sha256: str
    action_deltas: list[int]
    state: dict[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA
    version: str = __version__
    min_workers: int | None = None
    max_workers: int | None = None

    @property
    def actions(self) -> Actions:
        """The actions of the environment it was trained in; the bounds are 0 in files that do not tell them."""
        return Actions(tuple(self.action_deltas), self.min_workers or 0, self.max_workers or 0)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A header and the arrays it describes."""

    header: Header
    tensors: Tensors


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a model file: whole or not at all, and the same bytes for the same checkpoint."""
    blank = _encoded(checkpoint, BLANK)
    content = _encoded(checkpoint, hashlib.sha256(blank).hexdigest())
    with atomic_write(path, "wb") as file:
        file.write(content)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a model file that is complete, undamaged and ours.

    Raises:
        ModelError: missing, truncated, altered by a single byte, of a newer schema, or something else
            altogether (a pickle, another program's safetensors).
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from None
    fields = _fields(path, content)
    _verify(path, content, fields.pop("sha256"))
    try:
        header = Header(**fields)
    except TypeError:
        raise ModelError(f"{path}: the header lacks fields of schema {SCHEMA}; train the model again") from None
    return Checkpoint(header, load(content))


def _encoded(checkpoint: Checkpoint, sha256: str) -> bytes:
    header = json.dumps(asdict(checkpoint.header) | {"sha256": sha256}, sort_keys=True, allow_nan=False)
    tensors = {name: np.ascontiguousarray(value) for name, value in sorted(checkpoint.tensors.items())}
    return save(tensors, {KEY: header})


def _fields(path: Path, content: bytes) -> dict[str, Any]:
    """Return the JSON header, before its checksum is known to hold: read as data, trusted for nothing."""
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(len(content) - 8, MAX_HEADER_BYTES):
        raise ModelError(f"{path}: not a model file (no safetensors header); models end in {SUFFIX}")
    try:
        fields = json.loads(json.loads(content[8 : 8 + size])["__metadata__"][KEY])
        schema, sha256 = fields["schema"], fields["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelError(f"{path}: not a model file of this project, or its header is damaged") from None
    if not isinstance(sha256, str) or len(sha256) != len(BLANK):
        raise ModelError(f"{path}: the header's checksum is damaged")
    if schema != SCHEMA:
        raise ModelError(f"{path}: schema {schema}; this version reads schema {SCHEMA}")
    return dict(fields)


def _verify(path: Path, content: bytes, sha256: str) -> None:
    blank = content.replace(sha256.encode(), BLANK.encode())
    if content.count(sha256.encode()) != 1 or hashlib.sha256(blank).hexdigest() != sha256:
        raise ModelError(f"{path}: damaged: its content does not match its checksum; use an earlier checkpoint")
    try:
        load(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"{path}: damaged: {error}") from None
