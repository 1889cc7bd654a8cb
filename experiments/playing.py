"""Plays policies on the identical episodes of one place, and turns what was recorded into results."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.aggregate import aggregate
from autoscaling_env.backend import TaskLogging
from autoscaling_env.comparison import Recording, play_policies
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.plugins import farm_kind
from autoscaling_env.policy import Policy
from autoscaling_env.records import StepLog
from autoscaling_env.rollout import EpisodeResult
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.types import Observation
from experiments.baseline_cache import BaselineCache
from experiments.listening import Listener, Silent
from experiments.match import Match


@dataclass(frozen=True, slots=True)
class Records:
    """What was recorded.

    Attributes:
        steps: rows of ``steps.parquet``.
        tasks: rows of ``tasks.parquet``; None: not recorded.
        more: further files that the farm leaves: name -> rows.
        results: content of ``aggregated_results.json``.
        decisions: content of ``decisions.jsonl``; empty where nobody explained one.
    """

    steps: pd.DataFrame
    tasks: pd.DataFrame | None
    more: dict[str, pd.DataFrame]
    results: dict[str, Any]
    decisions: str = ""

    @property
    def interrupted(self) -> bool:
        """Whether the last episode is not whole."""
        return bool(self.results["meta"].get("interrupted"))

    def keep(self, folder: RunFolder, listener: Listener) -> None:
        """Write them, and say so where the user wanted an end and may think that all is lost."""
        self.write(folder)
        if self.interrupted:
            listener.note(f"interrupted: the finished steps are kept in {folder.path}")

    def write(self, folder: RunFolder) -> None:
        """Write them; pictures and tables are made from these files and from nothing else."""
        folder.write_frame("steps.parquet", self.steps)
        if self.tasks is not None:
            folder.write_frame("tasks.parquet", self.tasks)
        for name, frame in self.more.items():
            folder.write_frame(name, frame)
        if self.decisions:
            folder.write_text("decisions.jsonl", self.decisions)
        folder.write_text("aggregated_results.json", json.dumps(self.results, allow_nan=False) + "\n")


def play(
    match: Match,
    *,
    cache: BaselineCache | None = None,
    listener: Listener | None = None,
    stop: threading.Event | None = None,
) -> Records:
    """Play what is not in the cache; an interruption keeps every finished step, and says so in ``meta``.

    Args:
        match: who plays what.
        cache: keeps the records of repeatable policies.
        listener: is told of every step.
        stop: when set, the match ends after the current step, as with Ctrl-C.

    Raises:
        KeyboardInterrupt: it was stopped before a step was finished.
    """
    listener = listener or Silent()
    known = cache.load(match, listener) if cache else {}
    fresh = {name: policy for name, policy in match.policies.items() if name not in known}
    match_log = _Log(match, listener, stop)
    interrupted = not match_log.play(fresh)
    recording = match_log.recording
    frames = [*known.values(), *([recording.steps.frame()] if len(recording.steps) else [])]
    if not frames:
        raise KeyboardInterrupt
    steps = _in_order(pd.concat(frames, ignore_index=True), match.policies)
    if cache and not interrupted:
        cache.store(match, {name: steps[steps["agent"] == name] for name in fresh})
    tasks = recording.task_rows()
    results = aggregate(steps, tasks, meta=_meta(match, interrupted))
    return Records(steps, tasks, match_log.more(), results, recording.steps.decisions())


def _meta(match: Match, interrupted: bool) -> dict[str, Any]:
    return {
        "seed": match.seed,
        "workload": match.workload.name,
        "backend": match.backend,
        "objective": match.config.reward.objective,
        "notes": list(match.workload.notes),
        "interrupted": interrupted,
    }


@dataclass(slots=True)
class _Log:
    """The match as it goes on."""

    match: Match
    listener: Listener
    stop: threading.Event | None
    recording: Recording = field(init=False)
    _more: dict[str, list[pd.DataFrame]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = self.match.config
        self.recording = Recording(StepLog(config.reward.objective, randomized=bool(config.randomize.draws)))

    def play(self, policies: Mapping[str, Policy]) -> bool:
        """Return False when it was cut short."""
        match, name = self.match, self.match.workload.name
        total, done = len(match.episodes) * len(policies), 0
        self.listener.progress(name, done, total)
        with _environment(match) as env:
            if match.record_tasks and not isinstance(env.backend, TaskLogging):
                self.listener.note(f"the farm {match.backend} does not tell what became of each task: no tasks.parquet")

            def finished(agent: str, episode: int, result: EpisodeResult) -> None:
                nonlocal done
                done += 1
                self._keep(env, agent, episode)
                self.listener.progress(name, done, total)

            try:
                play_policies(
                    env,
                    policies,
                    match.episodes,
                    recording=self.recording,
                    record_tasks=match.record_tasks,
                    on_episode=finished,
                    on_step=self._step,
                )
            except KeyboardInterrupt:
                return False
        return True

    def more(self) -> dict[str, pd.DataFrame]:
        """Return the further files of the farm: name -> all rows."""
        return {name: pd.concat(parts, ignore_index=True) for name, parts in self._more.items()}

    def _step(self, agent: str, episode: int, observation: Observation, reward: float, info: dict[str, Any]) -> None:
        self.listener.step(agent, episode, observation, reward, info)
        if self.stop is not None and self.stop.is_set():
            raise KeyboardInterrupt

    def _keep(self, env: OpenFaaSAutoscalingEnv, agent: str, episode: int) -> None:
        records = farm_kind(self.match.backend).records
        if records is not None:
            for name, frame in records(env.backend, agent, episode).items():
                self._more.setdefault(name, []).append(frame)


@contextmanager
def _environment(match: Match) -> Iterator[OpenFaaSAutoscalingEnv]:
    env = OpenFaaSAutoscalingEnv(config=match.config, workload=match.workload, backend=match.backend)
    try:
        yield env
    finally:
        env.close()


def _in_order(steps: pd.DataFrame, names: Mapping[str, Policy]) -> pd.DataFrame:
    order = {name: index for index, name in enumerate(names)}
    keys = steps["agent"].map(order)
    ordered = steps.assign(_order=keys).sort_values(["_order", "episode", "step"])
    return ordered.drop(columns="_order").reset_index(drop=True)
