"""What an experiment says while it runs. Nothing a listener does changes what comes of it."""

from __future__ import annotations

from typing import Any, Protocol

from agents.training.types import SilentTraining, TrainingEpisode, TrainingListener
from analysis.tables import Row, step_row
from autoscaling_env.types import Observation


class Listener(TrainingListener, Protocol):
    """Told as an experiment goes on; a training inside of it tells what ``TrainingListener`` says."""

    def progress(self, task: str, done: int, total: int | None) -> None:
        """``done`` of ``total`` parts of ``task`` lie behind; None: nobody knows how many there are."""
        ...

    def step(self, agent: str, episode: int, observation: Observation, reward: float, info: dict[str, Any]) -> None:
        """Take in a step that was played: what ``env.step`` returned."""
        ...


class Silent(SilentTraining):
    """A listener that does nothing; subclass it and override what you need."""

    def progress(self, task: str, done: int, total: int | None) -> None:
        """Ignore."""

    def step(self, agent: str, episode: int, observation: Observation, reward: float, info: dict[str, Any]) -> None:
        """Ignore."""


class TrainingWithin(Silent):
    """Tells the listener of a comparison of a training inside of it: remarks, and how far it is."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._task, self._planned = "", 0

    def started(self, agent: str, done: int, planned: int) -> None:
        """Begin a task of its own."""
        self._task, self._planned = f"training {agent}", planned
        self._listener.progress(self._task, done, planned)

    def episode(self, line: TrainingEpisode) -> None:
        """Move on."""
        self._listener.progress(self._task, line.episode, self._planned)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._listener.note(text)


class StepRows:
    """Passes everything on to a listener, and keeps every step as a printable row.

    Attributes:
        rows: by agent.
    """

    def __init__(self, listener: Listener) -> None:
        self.rows: dict[str, list[Row]] = {}
        self._listener = listener

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)

    def step(self, agent: str, episode: int, observation: Observation, reward: float, info: dict[str, Any]) -> None:
        """Keep the step."""
        self.rows.setdefault(agent, []).append(step_row(observation, reward, info))
        self._listener.step(agent, episode, observation, reward, info)
