"""The compiled farm as a twin of one that is observed: many plans on many futures at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autoscaling_env import reward
from autoscaling_env.config import Config
from autoscaling_env.settings import with_overrides
from autoscaling_env.twin import FarmState, Future, Imagined
from autoscaling_env.types import TaskBatch
from simulator.compiled import environment as kernel_env
from simulator.compiled.environment import FACT
from simulator.compiled.episodes import EpisodeBatch

#: Arrives when nobody looks any more, so that no imagined episode ends before its plan.
_LATER_S = 1e12


class CompiledTwin:
    """Plays plans on the compiled farm, with the exact reward (see ``autoscaling_env.twin.Twin``).

    What is not in a ``FarmState`` is imagined as nothing: the observation window begins empty (its QoS reads 1 until
    a task is collected), and workers that are draining are gone.

    Args:
        config: read for ``farm``, ``environment`` and ``reward``.
        mean_service_s: what a window without a finished task reads.
    """

    def __init__(self, config: Config, mean_service_s: float) -> None:
        # An imagined episode is cut off by its plan, not by the number of steps.
        self._config = with_overrides(config, {"environment.max_steps": max(config.environment.max_steps, 10_000)})
        self._mean_service_s = mean_service_s
        self._many: EpisodeBatch | None = None

    def play(self, state: FarmState, futures: Sequence[Future], plans: NDArray[np.int64]) -> Imagined:
        """Return what every plan comes to in every future: the rows of a future stand beside each other."""
        count, steps = plans.shape
        many, starting = self._sized(len(futures) * count), len(state.starting_s)
        rows = np.arange(len(futures) * count)
        many.make_room(starting)  # before their start-up times are known: making it draws all of them
        for place, future in enumerate(futures):
            self._load(many, rows[place * count : (place + 1) * count], state, future)
        many.begin(rows, state.ready)
        many.episodes.facts[rows, FACT.requested_workers] = state.requested
        wanted = np.tile(plans, (len(futures), 1))
        totals = np.zeros((3, len(rows)))
        for step in range(steps):
            facts = self._step(many, rows, wanted[:, step], starting if step == 0 else 0)
            nobody = np.zeros(len(many.episodes.facts), dtype=np.bool_)
            totals[0] += reward.total(many.reward_terms(facts, nobody, nobody))[rows]
            totals[1] += facts["missed_in_step"][rows]
            totals[2] += facts["requested_workers"][rows] * many.rules.step_s
        gained, missed, paid = totals.reshape(3, len(futures), count).transpose(0, 2, 1)
        waiting = facts["worker_queue"][rows].reshape(len(futures), count).T
        return Imagined(gained, missed.astype(np.int64), paid, waiting)

    def _sized(self, size: int) -> EpisodeBatch:
        """Return room for so many rows at least; making it costs more than playing."""
        if self._many is None or len(self._many.episodes.facts) < size:
            self._many = EpisodeBatch(self._config, self._mean_service_s, size + size // 2)
        return self._many

    @staticmethod
    def _load(many: EpisodeBatch, rows: NDArray[np.int64], state: FarmState, future: Future) -> None:
        arrival_s = np.append(future.arrival_s, _LATER_S)
        service_s, deadline_s = np.append(future.service_s, 0.0), np.append(future.deadline_s, _LATER_S)
        many.load(rows, TaskBatch(arrival_s, service_s, deadline_s, seed=future.seed))
        farms, place = many.episodes.farms, slice(rows[0], rows[-1] + 1)
        farms.pickup_s[place, : state.busy] = 0.0
        farms.work_s[place, : state.busy] = future.service_s[: state.busy]
        farms.startup_s[place, : len(state.starting_s)] = state.starting_s

    @staticmethod
    def _step(
        many: EpisodeBatch, rows: NDArray[np.int64], wanted: NDArray[np.int64], again: int
    ) -> dict[str, NDArray[np.int64]]:
        """Let a step pass, in which workers that are starting already are requested ``again``; that is no change."""
        many.make_room()
        actions = many.actions.nearest_of(wanted, many.episodes.facts[rows, FACT.requested_workers])
        kernel_env.step_all(many.episodes, many.rules, rows, many.changes(rows, actions) + again)
        facts = many.facts()
        facts["applied_delta"] = facts["applied_delta"] - again
        return facts
