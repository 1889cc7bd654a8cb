"""The compiled farm as a twin of one that is observed: many plans on many futures at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaling_env import reward
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.randomization import without_draws
from autoscaling_env.rng import STARTUP_BLOCK
from autoscaling_env.settings import with_overrides
from autoscaling_env.twin import FarmState, Future, Imagined
from autoscaling_env.types import FloatArray, TaskBatch
from simulator.compiled import kernel
from simulator.compiled.episodes import EpisodeBatch
from simulator.compiled.imagining import Afterwards, Course, Start, course, play_plans

#: Arrives when nobody looks any more, so that no imagined episode ends before its plan.
_LATER_S = 1e12
#: After a plan workers are to be busy for this share of their time.
_USE = 0.8


class CompiledTwin:
    """Plays plans on the compiled farm, with the exact reward (see ``autoscaling_env.twin.Twin``).

    What comes after a plan is played as a rollout (Bertsekas, "Rollout, Policy Iteration, and Distributed Reinforcement
    Learning", 2020): enough workers for what came in the last step and what waits, busy for 80 % of their time.

    Args:
        config: read for ``farm``, ``environment`` and ``reward``.
        mean_service_s: what a window without a finished task reads, and what a task costs after the plan.
    """

    def __init__(self, config: Config, mean_service_s: float) -> None:
        if config.reward.objective not in reward.TERM_NAMES:
            allowed = " or ".join(reward.TERM_NAMES)
            raise InputError(f"reward.objective {config.reward.objective!r}: plans are judged by {allowed} only")
        # An imagined episode is cut off by its plan, not by the number of steps, and its farm is what is believed.
        long_enough = {"environment.max_steps": max(config.environment.max_steps, 10_000)}
        self._config = with_overrides(without_draws(config), long_enough)
        self._mean_service_s = mean_service_s
        self._many: EpisodeBatch | None = None

    def imagine(
        self, state: FarmState, futures: Sequence[Future], steps: int, *, beyond: int = 0, ends: bool = False
    ) -> CompiledSituation:
        """Return the situation in which plans can be played; it lasts until the next one."""
        many = self._sized(len(futures))
        self._make_room(many, state, steps + beyond)
        tasks = np.array([_load(many, row, state, future) for row, future in enumerate(futures)])
        starting_s = np.array([future.starting_s for future in futures]).reshape(len(futures), state.starting)
        start = Start(
            state.ready - state.busy, state.busy, state.draining, state.starting, state.collected_s, state.met
        )
        afterwards = Afterwards(beyond, self._mean_service_s, _USE)
        return CompiledSituation(self._config, many, start, tasks, starting_s, afterwards, ends)

    def _sized(self, size: int) -> EpisodeBatch:
        """Return room for so many futures at least; making it costs more than playing."""
        if self._many is None or len(self._many.episodes.facts) < size:
            self._many = EpisodeBatch(self._config, self._mean_service_s, size)
        return self._many

    @staticmethod
    def _make_room(many: EpisodeBatch, state: FarmState, steps: int) -> None:
        """See that there is room for all workers that may be there, and start-up times for all that may be started."""
        rules = many.rules
        rise = max(many.actions.deltas) if many.actions.deltas else rules.max_workers - rules.min_workers
        started = steps * max(rise, 0)
        farms = many.episodes.farms
        crowd = max(state.requested, rules.max_workers) + state.draining + started
        if crowd > farms.starting_s.shape[1]:
            farms = kernel.with_room(farms, 2 * crowd)
        if started > farms.startup_s.shape[1]:
            blocks = -(-2 * started // STARTUP_BLOCK)
            farms = farms._replace(startup_s=np.zeros((len(farms.startup_s), blocks * STARTUP_BLOCK)))
        many.episodes = many.episodes._replace(farms=farms)


@dataclass(frozen=True, slots=True)
class CompiledSituation:
    """A moment of the compiled farm, its futures loaded (see ``autoscaling_env.twin.Situation``)."""

    config: Config
    many: EpisodeBatch
    start: Start
    tasks: NDArray[np.int64]
    starting_s: FloatArray
    afterwards: Afterwards
    ends: bool

    def play(self, plans: NDArray[np.int64], begin: int = 0, end: int | None = None) -> Imagined:
        """Return what every plan comes to in the futures asked for."""
        many, steps = self.many, plans.shape[1]
        rows = np.arange(len(self.tasks))[begin:end]
        out = course(len(rows), len(plans), steps + self.afterwards.steps)
        deltas = np.array(many.actions.deltas, dtype=np.int64)
        own = self.tasks[begin:end], self.start, self.starting_s[begin:end]
        play_plans(many.episodes, many.rules, rows, *own, plans, deltas, self.afterwards, out)
        paid = out.requested_workers[..., :steps].sum(axis=-1) * many.rules.step_s
        missed = out.missed_in_step[..., :steps].sum(axis=-1)
        return Imagined(self._reward(out).T, missed.T, paid.T, out.worker_queue[..., steps - 1].T)

    def _reward(self, out: Course) -> FloatArray:
        """Return float64[futures, plans], summed over all steps."""
        last = np.zeros(out.qos.shape[-1], dtype=np.bool_)
        last[-1] = self.ends
        outcome = reward.StepOutcome(
            worker_queue=out.worker_queue,
            qos_rate=out.qos,
            workers=out.requested_workers,
            applied_delta=out.applied_delta,
            missed=out.missed_in_step,
            step_s=self.config.environment.step_duration_s,
            terminated=np.zeros_like(last),
            truncated=last,
        )
        total: FloatArray = reward.total(reward.terms(outcome, self.config.reward)).sum(axis=-1)
        return total


def _load(many: EpisodeBatch, row: int, state: FarmState, future: Future) -> int:
    """Put a future's tasks and delays into a row, behind those that were collected; return how many there are."""
    past, held = len(state.collected_s), state.busy + state.draining
    before = np.where(state.met, 1.0, -1.0)
    # Tasks that are over come first: collected on arrival, in time or not.
    arrival_s = np.concatenate((state.collected_s, future.arrival_s, [_LATER_S]))
    deadline_s = np.concatenate((before, future.deadline_s, [_LATER_S]))
    service_s = np.concatenate((np.zeros(past), future.service_s, [0.0]))
    many.load(np.array([row]), TaskBatch(arrival_s, service_s, deadline_s, seed=future.seed))
    farms = many.episodes.farms
    farms.work_s[row, past : past + held] = future.service_s[:held]  # the overhead is part of what is left
    if len(future.startup_s):
        farms.startup_s[row] = np.resize(future.startup_s, farms.startup_s.shape[1])
    return len(arrival_s)
