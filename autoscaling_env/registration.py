"""Makes ``gymnasium.make("OpenFaaSAutoscaling-v0")`` work, at no cost to those who do not use Gymnasium."""

from __future__ import annotations

from types import ModuleType

from wrapt import register_post_import_hook

ENV_ID = "OpenFaaSAutoscaling-v0"


def register_with(gymnasium: ModuleType) -> None:
    """Register the environment, once."""
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(
            id=ENV_ID,
            entry_point="autoscaling_env.env:OpenFaaSAutoscalingEnv",
            vector_entry_point="simulator.vector_env:AutoscalingVectorEnv",
        )


def register_when_imported() -> None:
    """Register as soon as Gymnasium is imported: now, if it has been. Importing it takes longer than all of ours."""
    register_post_import_hook(register_with, "gymnasium")
