"""Makes ``gymnasium.make("OpenFaaSAutoscaling-v0")`` work, at no cost to those who do not use Gymnasium.

Every scenario has an id of its own, ``autoscaling/FlashCrowd-v0`` for ``flash_crowd``. Their names are written down
here, as reading the scenarios would cost every import of Gymnasium; a test holds them against the scenarios' files.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from wrapt import register_post_import_hook

ENV_ID = "OpenFaaSAutoscaling-v0"
#: Of the ids of scenarios.
NAMESPACE = "autoscaling"
#: The scenarios that come with the package.
SCENARIOS = (
    "reference",
    "oscillating",
    "reference_smooth",
    "flash_crowd",
    "diurnal",
    "heavy_tail",
    "slow_start",
    "on_off",
    "ramp",
    "trace",
    "random_flash_crowd",
    "above_history",
    "below_history",
    "week",
    "unseen",
    "bursty",
    "taxi",
    "load_balancer",
)
_ENTRY_POINTS = {
    "entry_point": "autoscaling_env.env:OpenFaaSAutoscalingEnv",
    "vector_entry_point": "simulator.many:make_vector_env",
}


def scenario_id(name: str) -> str:
    """Return the Gymnasium id of a scenario: ``autoscaling/FlashCrowd-v0`` of ``flash_crowd``."""
    return f"{NAMESPACE}/{''.join(part[:1].upper() + part[1:] for part in name.split('_'))}-v0"


def register_with(gymnasium: ModuleType) -> None:
    """Register the environment, and one for each scenario, once."""
    _register(gymnasium, ENV_ID)
    for name in SCENARIOS:
        _register(gymnasium, scenario_id(name), scenario=name)


def register_when_imported() -> None:
    """Register as soon as Gymnasium is imported: now, if it has been. Importing it takes longer than all of ours."""
    register_post_import_hook(register_with, "gymnasium")


def _register(gymnasium: ModuleType, env_id: str, **arguments: Any) -> None:
    # Without max_episode_steps: an episode is cut off by the environment itself, after environment.max_steps.
    if env_id not in gymnasium.registry:
        gymnasium.register(id=env_id, kwargs=arguments, **_ENTRY_POINTS)
