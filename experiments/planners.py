"""The planner with what it may know: a history of training episodes and the tasks of some of them, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.planning.forecast import Analogs, Forecaster, History, Mixture, Persistence, Profile
from agents.planning.past import Past, SeenTasks
from agents.planning.planner import Effort, Planner, sampled_startup
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.types import TaskBatch
from autoscaling_env.workload import Workload, draw_episode
from simulator.twin import CompiledTwin

#: Training episodes that are the history, and those of which the tasks are remembered.
HISTORY, REMEMBERED = 100, 10


def trained_planner(
    config: Config, workload: Workload, seeds: Sequence[int], effort: Effort | None = None, **settings: Any
) -> Planner:
    """Return a planner that knows the arrivals of the episodes ``seeds``, and the tasks of the first ten."""
    return planner_of(config, workload, drawn_past(config, workload, seeds), effort, **settings)


def drawn_past(config: Config, workload: Workload, seeds: Sequence[int]) -> Past:
    """Return the arrivals of the episodes ``seeds``, and the tasks of the first ten."""
    known = [draw_episode(workload, config.environment, seed) for seed in seeds]
    return Past(history_of(config, workload, known), SeenTasks.of_episodes(known[:REMEMBERED]))


def recalling_planner(config: Config, workload: Workload, seeds: Sequence[int], past: Past) -> Planner:
    """Return a planner that knows a past; the tasks of the first ten episodes ``seeds`` where it holds none.

    Raises:
        InputError: the past was counted in other steps than the environment's.
    """
    step_s = config.environment.step_duration_s
    if past.history.step_s != step_s:
        raise InputError(
            f"planner: its history counts steps of {past.history.step_s:g} s, the environment's take {step_s:g} s; "
            f"make it with --step-duration {step_s:g}"
        )
    if past.tasks is None:
        drawn = [draw_episode(workload, config.environment, seed) for seed in seeds[:REMEMBERED]]
        past = Past(past.history, SeenTasks.of_episodes(drawn))
    return planner_of(config, workload, past)


def planner_of(
    config: Config, workload: Workload, past: Past, effort: Effort | None = None, *, begin: int = 0, **settings: Any
) -> Planner:
    """Return a planner that knows a past; ``settings`` of ``Planner`` take the place of what follows from it.

    Args:
        config: of the environment.
        workload: of its episodes.
        past: what it knows.
        effort: how much it imagines.
        begin: the step of the history's period at which its episodes begin.
        settings: of ``Planner``.

    Raises:
        InputError: the past holds no task.
    """
    if past.tasks is None:
        raise InputError(f"planner: no task in {REMEMBERED} training episodes of {workload.name}: nothing to plan for")
    believed: dict[str, Any] = {
        "forecaster": forecasters(past.history, begin)["mixture"],
        "service": past.tasks.pool(),
        "rhythm": past.tasks.rhythm(config.environment.step_duration_s),
        "startup_s": sampled_startup(config.farm.startup.sample),
        "overhead_s": config.farm.service_overhead.mean_s,
        "window_s": config.environment.observation_window_s,
        "max_steps": config.environment.max_steps,
    }
    return Planner(CompiledTwin(config, workload.mean_service_s), effort=effort, **(believed | settings))


def history_of(config: Config, workload: Workload, episodes: Sequence[TaskBatch]) -> History:
    """Return the arrivals of episodes of a workload, in steps of its environment."""
    step_s = config.environment.step_duration_s
    return History.of_arrivals((batch.arrival_s for batch in episodes), step_s, workload.duration_s)


def forecasters(history: History, begin: int = 0) -> dict[str, Forecaster]:
    """Return those that there are, by name; the mixture is of all the others.

    Args:
        history: what they know.
        begin: the step of its period at which what they foresee begins.
    """
    members: dict[str, Forecaster] = {
        "persistence": Persistence(history.mean),
        "profile": Profile(history, begin=begin),
        "analogs": Analogs(history, begin=begin),
    }
    return {**members, "mixture": Mixture(tuple(members.values()))}
