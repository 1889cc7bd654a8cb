"""A policy by its place: what a test puts into the queue says how many workers are wanted."""

from __future__ import annotations

from typing import Any

from autoscaling_env.observation import FIELDS


class AWorkerForFive:
    """Wants a worker for every five tasks that wait."""

    def reset(self) -> None:
        """There is nothing to forget."""

    def decide(self, observation: Any, info: dict[str, Any]) -> int:
        return -(-int(observation[FIELDS.index("worker_queue")]) // 5)
