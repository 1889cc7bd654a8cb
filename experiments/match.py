"""Who plays what: policies that meet the same episodes of one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autoscaling_env.config import Config
from autoscaling_env.policy import Policy
from autoscaling_env.workload import Workload


@dataclass(frozen=True, slots=True)
class Match:
    """Policies that meet the same episodes.

    Attributes:
        config: of the environment.
        workload: of its episodes.
        policies: by the names that records have.
        seed: that the episodes were drawn from, for the records.
        episodes: the seed of each episode.
        backend: name of the farm.
        record_tasks: record every task, too.
        repeatable: names of the policies whose step records may be kept.
        history: of the training episodes, where they are of another configuration.
    """

    config: Config
    workload: Workload
    policies: Mapping[str, Policy]
    seed: int
    episodes: Sequence[int]
    backend: str
    record_tasks: bool = True
    repeatable: frozenset[str] = frozenset()
    history: Config | None = None
