"""Configuration from a command's options, for the commands of live farms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import experiments

if TYPE_CHECKING:
    from autoscaling_env.config import Config


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a command's options say about the configuration; None: nothing."""

    config: Path | None = None
    assignments: Sequence[str] = ()
    values: dict[str, tuple[str, Any]] = field(default_factory=dict)


def resolve(overrides: Overrides) -> Config:
    """Return the defaults under file, ``--set`` and options, in that order."""
    setup = experiments.Setup(
        config=overrides.config,
        assignments=tuple(overrides.assignments),
        settings={key: value for key, (_, value) in overrides.values.items()},
        labels={key: label for key, (label, _) in overrides.values.items()},
    )
    return experiments.resolve(setup)
