"""Configurations of controllers whose counts KEDA brings about: one to a file, whose name is the controller's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autoscaling_env.errors import InputError
from experiments.operations.queue import operate_config
from operate.config import OperateConfig


def keda_configs(files: Sequence[Path], assignments: Sequence[str] = ()) -> dict[str, OperateConfig]:
    """Return the configurations of a scaler by the names of their controllers, which are the files'.

    Args:
        files: one to a ScaledObject.
        assignments: ``KEY=VALUE``, for each of them.

    Raises:
        InputError: two have one name, a file is wrong, or says what has no meaning under KEDA.
    """
    found: dict[str, OperateConfig] = {}
    for file in files:
        if file.stem in found:
            raise InputError(f"{file}: a controller is called {file.stem!r} already; a file's name is its controller's")
        found[file.stem] = config = operate_config(file, assignments)
        if config.lease:
            why = "KEDA asks one scaler, and while that restarts the count stays as it is"
            raise InputError(f"{file}: lease: {why}; leave lease out")
    return found
