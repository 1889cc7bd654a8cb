"""Model files: whole, unaltered and ours, or refused with a reason."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from agents import checkpoint as files
from agents.checkpoint import Checkpoint, Header, read_checkpoint, write_checkpoint
from agents.learned import load_policy
from autoscaling_env.errors import ModelError


def example(**changes: Any) -> Checkpoint:
    """Return a checkpoint with a few arrays of several types."""
    fields: dict[str, Any] = {
        "agent": "sarsa",
        "episode": 7,
        "planned_episodes": 9,
        "seed": 3,
        "config_sha256": hashlib.sha256(b"").hexdigest(),
        "action_deltas": [-1, 0, 1],
        "state": {"epsilon": 0.25, "rng": {"state": 2**127 + 1}},
    }
    tensors = {"a": np.arange(6.0).reshape(2, 3), "b": np.zeros((0, 9), np.int64), "c": np.ones(5, np.float32)}
    return Checkpoint(Header(**(fields | changes)), tensors)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    write_checkpoint(path, example())
    return path


def test_what_was_written_is_read(model: Path) -> None:
    read = read_checkpoint(model)
    assert read.header == example().header
    for name, array in example().tensors.items():
        assert read.tensors[name].dtype == array.dtype
        np.testing.assert_array_equal(read.tensors[name], array)


def test_the_same_checkpoint_is_the_same_bytes(model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    write_checkpoint(again, example())
    assert again.read_bytes() == model.read_bytes()


def test_every_single_byte_counts(model: Path) -> None:
    """Each byte of the file altered, each in a random way: always refused, always with the file's name."""
    content, rng = model.read_bytes(), np.random.default_rng(0)
    for place in range(len(content)):
        altered = bytearray(content)
        altered[place] ^= int(rng.integers(1, 256))
        model.write_bytes(altered)
        with pytest.raises(ModelError, match=r"model\.safetensors"):
            read_checkpoint(model)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100, -1])
def test_a_torn_file_is_refused(model: Path, length: int) -> None:
    model.write_bytes(model.read_bytes()[:length])
    with pytest.raises(ModelError):
        read_checkpoint(model)


def test_an_appended_byte_is_refused(model: Path) -> None:
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="damaged"):
        read_checkpoint(model)


def test_another_programs_safetensors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(save({"weight": np.ones(3, np.float32)}, {"format": "pt"}))
    with pytest.raises(ModelError, match="not a model file of this project"):
        read_checkpoint(path)


def test_a_newer_schema_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "newer.safetensors"
    write_checkpoint(path, example(schema=files.SCHEMA + 1))
    with pytest.raises(ModelError, match=f"schema {files.SCHEMA + 1}; this version reads"):
        read_checkpoint(path)


def test_a_missing_file_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        read_checkpoint(tmp_path / "none.safetensors")


class Bomb:
    """Leaves a mark when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_a_pickle_with_our_extension_is_refused_and_not_run(tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "evil.safetensors"
    path.write_bytes(pickle.dumps(Bomb(mark)))
    pickle.loads(path.read_bytes())  # noqa: S301 - it is a live bomb: this is what must not happen below
    assert mark.exists()
    mark.unlink()
    with pytest.raises(ModelError, match="not a model file"):
        load_policy(path)
    assert not mark.exists()


def test_a_failed_write_leaves_the_old_file(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model.read_bytes()

    def torn(self: Path, target: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", torn)
    with pytest.raises(OSError, match="no space"):
        write_checkpoint(model, example(episode=8))
    assert model.read_bytes() == before
    assert [each.name for each in model.parent.iterdir()] == ["model.safetensors"]
