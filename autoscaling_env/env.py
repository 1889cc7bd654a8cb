"""The Gymnasium environment of a task farm."""

from __future__ import annotations

from typing import Any, SupportsFloat, Unpack

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from autoscaling_env import render, reward
from autoscaling_env.actions import Actions
from autoscaling_env.backend import Backend
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.info import computed
from autoscaling_env.objective import Objective
from autoscaling_env.observation import Layout, ObservationWindow, Seen, standard_high
from autoscaling_env.plugins import make_backend, scenario_config, workload_of
from autoscaling_env.randomization import Drawn, Randomization
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.rng import episode_seed
from autoscaling_env.schema import NUMBERS, RANDOMIZED, REALS, SEEN_FIELDS, STANDARD, number_of
from autoscaling_env.settings import Knobs, configured, seed_of_tasks, whole_number
from autoscaling_env.step import EpisodeCounts, PlaysSteps, Step, Stepping
from autoscaling_env.types import Observation, ScaleOutcome, TaskBatch, Telemetry
from autoscaling_env.viewer import Viewer
from autoscaling_env.workload import Workload, draw_episode, level_of

#: Arguments beside the knobs.
ARGUMENTS = ("config", "scenario", "history", "backend", "workload", "task_seed", "render_mode")


class OpenFaaSAutoscalingEnv(gymnasium.Env[Observation, np.int64]):
    """Removes, keeps or adds a worker every ``step_duration`` seconds of a task farm.

    **Observation**, ``Box(9, float32)``: input, worker, result and output queue (counts), workers requested,
    mean and max response time (s), arrival rate (tasks/s) and share of deadlines met (0-1); the last four
    over the last ``observation_window`` seconds. See ``autoscaling_env.observation``.

    **Action**, with ``environment.action: delta`` ``Discrete(len(action_deltas))``: index of the change to the
    requested worker count; by default -1, 0, +1. The result is clipped to ``[min_workers, max_workers]``. With
    ``target`` ``Discrete(max_workers - min_workers + 1)``: the wanted count itself, less ``min_workers``.

    **Reward**: the sum of the named terms of ``autoscaling_env.reward``; ``info["reward_terms"]`` has them.

    **Episode end**: ``terminated`` when everything emitted has been collected; ``truncated`` when
    ``max_steps`` decisions are over and it has not.

    **Info**: see ``autoscaling_env.info``.

    **Seeding**: ``reset(seed=...)`` seeds the sequence of episodes; ``task_seed`` plays the same tasks in
    every episode; ``reset(options={"episode_seed": n})`` plays exactly episode ``n`` on any farm.

    Args:
        config: a ``Config``; the reference deployment if left out.
        scenario: name or file of a scenario, in place of ``config``.
        history: play the scenario's training episodes, where it has a past of its own.
        knobs: override its values: ``max_workers min_workers initial_workers`` (counts), ``observation_window
            step_duration`` (seconds), ``max_steps``, ``action`` (``delta`` or ``target``), ``phase_shuffle``,
            ``phase_shuffle_seed``, ``levels level_set start_level`` (a limited number of episodes), ``randomize``
            (settings drawn anew for every episode), ``observation`` (a list of fields) and ``reward`` (``shaped``,
            ``cost``, weights of the step's numbers, a function, or its ``module:name``), see docs/environment.md.
        backend: a farm, or the name of an installed one (``sim``, ``simpy``, ``local``, ...).
        workload: the source of tasks; made from ``config.workload`` if left out.
        task_seed: plays the same tasks in every episode.
        render_mode: ``human`` (a window, or a line a step in the terminal where there is no display), ``ansi`` (a line
            of text) or ``rgb_array`` (load against capacity so far).
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - Gymnasium declares it on the instance
        "render_modes": ["human", "ansi", "rgb_array"],
        "render_fps": 4,
    }

    def __init__(
        self,
        *,
        config: Config | None = None,
        scenario: str | None = None,
        history: bool = False,
        backend: Backend | str = "sim",
        workload: Workload | None = None,
        task_seed: int | None = None,
        render_mode: str | None = None,
        **knobs: Unpack[Knobs],
    ) -> None:
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise InputError(f"render_mode {render_mode!r}; choose from {self.metadata['render_modes']}")
        self.config = configured(scenario_config(config, scenario, history=history), knobs, ARGUMENTS)
        self._task_seed = seed_of_tasks(task_seed, self.config)
        self.workload = workload_of(self.config, workload)
        self._randomization = Randomization(self.config)
        self._drawn: Drawn = {}
        self.backend = make_backend(backend, self.config)
        self.render_mode = render_mode
        self._viewer = Viewer(self.metadata["render_fps"])
        self.actions = Actions.of(self.config)
        self._layout = Layout.of(self.config)
        self.observation_space = self._layout.space
        self.action_space = Discrete(self.actions.count)
        self.batch: TaskBatch = TaskBatch(np.empty(0), np.empty(0), np.empty(0))
        self._window = ObservationWindow(
            self.config.environment.observation_window_s,
            self.workload.mean_service_s,
            standard_high(self.config.farm.max_workers),
        )
        self._seen = Seen(self._layout)
        self._counts = EpisodeCounts(0)
        self._telemetry: Telemetry | None = None
        self._history: list[Telemetry] = []
        given = knobs.get("reward")
        self._function = given if callable(given) else None
        self._objective = Objective(self.config.reward, self._function)
        self._is_reset = False
        self._stepping = self._played_by()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode on a fresh farm; ``options["episode_seed"]`` names the episode itself."""
        super().reset(seed=seed)
        episode = self._next_episode(options or {})
        self._drawn = self._randomization.values(episode)
        if self._stepping is not None:
            observation, info = self._stepping.reset(episode)
            self.batch, self._is_reset = self._stepping.batch, True
            return observation, self._told(info)
        self.batch = draw_episode(self.workload, self.config.environment, episode)
        telemetry = self.backend.reset(self.batch, self._randomization.farm_with(self._drawn).initial_workers)
        self._counts = EpisodeCounts(len(self.batch))
        self._telemetry, self._history, self._is_reset = telemetry, [telemetry], True
        if self.render_mode == "human":
            self._show()
        outcome = ScaleOutcome(telemetry.workers_requested, telemetry.workers_requested, ScaleReason.OK)
        step = self._step(telemetry, outcome, 0, 0)
        info = computed(step) | {"reward_terms": {}}
        return self._observed(self._window.reset(telemetry), step, info, fresh=True), self._told(info)

    def step(self, action: Any) -> tuple[Observation, SupportsFloat, bool, bool, dict[str, Any]]:
        """Scale to what the action asks for, let ``step_duration`` seconds pass, observe."""
        if not self._is_reset:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        chosen = self.actions.index(action)
        if chosen is None:
            last = self.actions.count - 1
            raise gymnasium.error.InvalidAction(f"action {action!r}; must be a whole number from 0 to {last}")
        if self._stepping is None:
            return self._stepped(chosen)
        observation, gained, terminated, truncated, info = self._stepping.step(chosen)
        return observation, gained, terminated, truncated, self._told(info)

    def _stepped(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Step a farm that is told what to do and tells what is true."""
        before = self._farm_now().workers_requested
        requested = int(self.actions.wanted(action, before)) - before
        outcome = self._scale(before + requested)
        telemetry = self.backend.advance(self.config.environment.step_duration_s)
        self._telemetry = telemetry
        if self.render_mode is not None:
            self._history.append(telemetry)
        self._counts.add(telemetry)
        if self.render_mode == "human":
            self._show()
        standard = self._window.observe(telemetry)
        terminated = self._counts.processed == len(self.batch) and telemetry.input_queue == 0
        truncated = not terminated and self._counts.steps >= self.config.environment.max_steps
        step = self._step(telemetry, outcome, requested, outcome.accepted - before)
        named = self._reward(step, terminated, truncated)
        info = computed(step)
        info["reward_terms"] = named
        if terminated or truncated:
            info["episode_final_qos"] = self._counts.final_qos
        observation = self._observed(standard, step, info)
        return observation, float(reward.total(named)), terminated, truncated, self._told(info)

    def render(self) -> Any:
        """Return a line of text (``ansi``) or an RGB picture (``rgb_array``); None where steps are shown already."""
        if self.render_mode in {None, "human"} or self._telemetry is None:
            return None
        if self.render_mode == "ansi":
            return render.line(self._counts, self._telemetry)
        return render.picture(self._history, self.batch, self.config)

    def close(self) -> None:
        """Close the farm and the window."""
        self._viewer.close()
        self.backend.close()

    def _played_by(self) -> Stepping | None:
        """Return what plays the steps whole; a picture needs what was true at every step, so then nothing does."""
        if self.render_mode is not None or not isinstance(self.backend, PlaysSteps):
            return None
        return self.backend.stepping(self.config, self.workload, self._function)

    def _farm_now(self) -> Telemetry:
        if self._telemetry is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        return self._telemetry

    def _show(self) -> None:
        line = render.line(self._counts, self._farm_now())
        self._viewer.show(line, lambda: render.picture(self._history, self.batch, self.config))

    def _scale(self, wanted: int) -> ScaleOutcome:
        farm = self.config.farm
        target = min(max(wanted, farm.min_workers), farm.max_workers)
        outcome = self.backend.scale_to(target)
        if target == wanted or outcome.reason is not ScaleReason.OK:
            return outcome
        reason = ScaleReason.AT_MAXIMUM if wanted > target else ScaleReason.AT_MINIMUM
        return ScaleOutcome(wanted, outcome.accepted, reason)

    def _step(self, telemetry: Telemetry, outcome: ScaleOutcome, requested: int, applied: int) -> Step:
        step_s, seed = self.config.environment.step_duration_s, self.batch.seed
        return Step(telemetry, self._counts, outcome, requested, applied, seed, self.actions, step_s)

    def _told(self, info: dict[str, Any]) -> dict[str, Any]:
        """Return ``info`` with what was drawn for the episode, where anything is."""
        return info | {RANDOMIZED.name: dict(self._drawn)} if self._drawn else info

    def _reals(self, step: Step) -> dict[str, float]:
        """Return what the observation window and the clock say."""
        progress = step.counts.steps / self.config.environment.max_steps
        return dict(zip(REALS, (*self._window.reals, step.farm.time_s, progress), strict=True))

    def _observed(self, standard: Observation, step: Step, info: dict[str, Any], *, fresh: bool = False) -> Observation:
        """Return what the agent sees; where that is something else, ``info`` tells the standard observation."""
        if self._layout.is_standard:
            return standard
        info[STANDARD.name], info[SEEN_FIELDS.name], reals = standard, self._layout.names, self._reals(step)
        return self._seen.observe(lambda name: number_of(step, name, reals), fresh=fresh)

    def _reward(self, step: Step, terminated: bool, truncated: bool) -> reward.Terms:
        numbers: dict[str, float] = {}
        if self._objective.wants_numbers:
            reals = self._reals(step)
            numbers = {name: number_of(step, name, reals) for name in NUMBERS}
            numbers |= {"terminated": terminated, "truncated": truncated}
        outcome = reward.StepOutcome(
            worker_queue=step.farm.worker_queue,
            qos_rate=self._window.qos_rate,
            workers=step.farm.workers_requested,
            applied_delta=step.applied_delta,
            missed=step.counts.missed_in_step,
            step_s=step.step_s,
            terminated=terminated,
            truncated=truncated,
        )
        return {name: float(value) for name, value in self._objective.terms(outcome, numbers).items()}

    def _next_episode(self, options: dict[str, Any]) -> int:
        if unknown := [name for name in options if name != "episode_seed"]:
            raise InputError(*(unknown_name("reset option", name, ["episode_seed"]) for name in unknown))
        if "episode_seed" in options:
            return whole_number("episode_seed", options["episode_seed"])
        drawn = level_of(self.config.environment, episode_seed(self.np_random))
        return drawn if self._task_seed is None else self._task_seed
