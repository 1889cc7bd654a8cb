"""Makes ``gymnasium.make("OpenFaaSAutoscaling-v0")`` work; Gymnasium calls this through its entry point."""

from __future__ import annotations

import gymnasium

ENV_ID = "OpenFaaSAutoscaling-v0"


def register() -> None:
    """Register the environment, once."""
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(id=ENV_ID, entry_point="autoscaling_env.env:OpenFaaSAutoscalingEnv")
