"""Fixtures of the environment's tests."""

from __future__ import annotations

import pytest

from autoscaling_env.env import OpenFaaSAutoscalingEnv


@pytest.fixture
def env() -> OpenFaaSAutoscalingEnv:
    """The reference deployment on the SimPy farm."""
    return OpenFaaSAutoscalingEnv(backend="simpy")
