"""Turns a model of stable-baselines3 into a model file of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.checkpoint import SUFFIX, Header
from agents.libraries.sb3.trained import read_zip, write_policy
from autoscaling_env.errors import InputError, ModelError
from experiments.setup import DEFAULT, Setup, resolve


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A policy that is a model file now.

    Attributes:
        header: what the file says about itself.
        files: where it is.
    """

    header: Header
    files: Mapping[str, Path] = field(default_factory=dict)

    def tables(self) -> Mapping[str, list[Mapping[str, str]]]:
        """Return what was read, as a printable row."""
        trained, network = self.header.state["trained"], self.header.state["network"]
        row = {
            "Policy": self.header.agent,
            "Timesteps": f"{trained['timesteps']:,}",
            "Layers": str(network["layers"] + network["lstm_layers"]),
            "Actions": str(
                self.header.action_deltas or f"{self.header.min_workers} to {self.header.max_workers} workers"
            ),
            "Observations": "as they come (of VecNormalize a zip knows nothing)",
        }
        return {"read without running anything in it": [row]}

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        files = {name: str(path) for name, path in self.files.items()}
        return {"policy": self.header.agent, **self.header.state["trained"], "files": files}


def import_sb3(source: Path, setup: Setup = DEFAULT, *, target: Path | None = None) -> ImportedModel:
    """Write the policy in a zip of stable-baselines3 as a model file.

    Args:
        source: the zip; nothing in it is run.
        setup: of the environment it was trained in: what its actions mean.
        target: the model file; beside the zip if left out.

    Raises:
        ModelError: the zip cannot be read, or its policy does not fit the setup.
        InputError: the target is no name of a model file, or the setup is wrong.
    """
    target = source.with_suffix(SUFFIX) if target is None else target
    if target.suffix != SUFFIX:
        raise InputError(f"--output {target}: models end in {SUFFIX}")
    config = resolve(setup)
    trained = read_zip(source)
    try:
        header = write_policy(trained, config, target)
    except ModelError as error:
        raise ModelError(f"{source}: {error}") from None
    return ImportedModel(header, {"model": target})
