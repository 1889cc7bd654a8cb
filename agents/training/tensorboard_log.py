"""Learning curves as TensorBoard events, written without torch or TensorFlow."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from agents.training.types import Evaluation, TrainingEpisode

#: Seconds an event may wait.
EVERY_S = 5.0
#: What a reader without TensorBoard is told.
MISSING = "no TensorBoard events: install openfaas-autoscaling[torch], or draw from training_metrics.json"


class TensorBoardLog:
    """One event file in ``logs``; does nothing where the package tensorboard is not installed.

    Events are handed on together, at most once in ``EVERY_S``: each hand-over wakes TensorBoard's writing thread,
    which for a short episode costs as much as two steps of it.

    Args:
        clock: seconds since the epoch, for TensorBoard's wall time; no result depends on it.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._writer: Any = None
        self._waiting: list[Any] = []
        self._handed_on_s = clock()
        self.available = find_spec("tensorboard") is not None
        if self.available:
            from tensorboard.summary.writer.event_file_writer import EventFileWriter

            folder.mkdir(parents=True, exist_ok=True)
            self._writer = EventFileWriter(str(folder), max_queue_size=1000, flush_secs=30)

    def episode(self, line: TrainingEpisode) -> None:
        """Add a training episode."""
        names = ("total_reward", "final_qos", "mean_workers", "scaling_actions", "epsilon", "loss")
        values = {f"train/{name}": getattr(line, name) for name in names}
        self._add(line.episode, {name: value for name, value in values.items() if value is not None})

    def evaluation(self, evaluation: Evaluation) -> None:
        """Add the means of an evaluation."""
        names = ("total_reward", "final_qos", "mean_workers", "scaling_actions")
        lists = {f"eval/{name}": getattr(evaluation, name) for name in names}
        self._add(evaluation.episode, {name: sum(values) / len(values) for name, values in lists.items()})

    def flush(self) -> None:
        """Bring everything to disk."""
        if self._writer is not None:
            self._hand_on()
            self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._hand_on()
            self._writer.close()

    def _add(self, step: int, values: Mapping[str, float]) -> None:
        if self._writer is None:
            return
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        summary = Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in values.items()])
        now_s = self._clock()
        self._waiting.append(Event(wall_time=now_s, step=step, summary=summary))
        if now_s - self._handed_on_s >= EVERY_S:
            self._hand_on()
            self._handed_on_s = now_s

    def _hand_on(self) -> None:
        for event in self._waiting:
            self._writer.add_event(event)
        self._waiting.clear()
