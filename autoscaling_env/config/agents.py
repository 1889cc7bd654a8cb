"""Settings of the decision makers, one section each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from autoscaling_env.config.autoscalers import (
    BacklogConfig,
    HpaConfig,
    KedaConfig,
    KpaConfig,
    OpenFaasCeConfig,
    StaffingConfig,
)
from autoscaling_env.config.base import PositiveSeconds, Section
from autoscaling_env.config.learners import DistilledConfig, DqnConfig, PpoConfig, SarsaConfig, TrainingConfig


class ReactiveConfig(Section):
    """ReactiveAverage and ReactiveMaximum."""

    horizon_s: PositiveSeconds
    """Seconds ahead within which the backlog is to be worked off."""
    safety: Annotated[float, Field(gt=0, le=100)]
    """Factor on the computed worker count."""


class AgentsConfig(Section):
    """One section per decision maker that has settings."""

    reactive: ReactiveConfig
    """The two reactive baselines."""
    sarsa: SarsaConfig
    """SARSA(lambda)."""
    dqn: DqnConfig
    """Double DQN."""
    ppo: PpoConfig
    """Proximal policy optimisation."""
    distilled: DistilledConfig
    """The planner distilled into a network."""
    training: TrainingConfig
    """Checkpoints and evaluation of all that learn."""
    hpa: HpaConfig
    """Kubernetes HorizontalPodAutoscaler."""
    keda: KedaConfig
    """KEDA with a Redis trigger."""
    kpa: KpaConfig
    """Knative pod autoscaler."""
    openfaas_ce: OpenFaasCeConfig
    """OpenFaaS Community Edition's alert."""
    backlog_per_instance: BacklogConfig
    """AWS target tracking on the backlog per instance."""
    staffing: StaffingConfig
    """Little's law and square-root staffing."""
