"""A policy that looks ahead: it imagines plans on futures, and takes the first step of the best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from agents.planning.forecast.forecaster import Counts, Forecaster
from agents.planning.plans import hold_after_wait
from agents.planning.service import ServicePool
from autoscaling_env.rng import SEED_BOUND
from autoscaling_env.twin import FarmState, Future, Twin
from autoscaling_env.types import FloatArray, Info, Observation

Proposal = Callable[[int, int, int, int], NDArray[np.int64]]


class Planner:
    """Plays candidate plans on sampled futures in the twin; the plan that earns most on average wins.

    It sees observation and ``info``, and remembers the arrivals and its own changes. What it cannot see it draws: the
    work of waiting tasks and what is left of those in service. Futures and delays are the same for all plans.

    Args:
        twin: imagines.
        forecaster: foresees arrivals, in tasks a step.
        service: what work tasks may be.
        startup_s: how long a worker takes to start, on average.
        horizon: steps that are imagined.
        futures: how many futures.
        seed: of all draws; the same seed decides alike.
        proposal: (requested, least, most, horizon) -> int64[c, horizon], the candidates.
    """

    def __init__(
        self,
        twin: Twin,
        forecaster: Forecaster,
        service: ServicePool,
        *,
        startup_s: float,
        horizon: int = 16,
        futures: int = 10,
        seed: int = 0,
        proposal: Proposal = hold_after_wait,
    ) -> None:
        self._twin, self._forecaster, self._service = twin, forecaster, service
        self._startup_s, self._horizon, self._futures, self._seed = startup_s, horizon, futures, seed
        self._proposal = proposal
        self._arrived: list[int] = []
        self._started_s: list[float] = []
        self._seen = 0

    def reset(self) -> None:
        """Forget the episode."""
        self._arrived, self._started_s, self._seen = [], [], 0

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the count that the best plan wants now."""
        self._remember(info)
        rng = np.random.default_rng([self._seed, int(info["step"])])
        arrived = np.array(self._arrived, dtype=np.int64)
        state = self._state(info)
        counts = self._forecaster.sample(arrived, self._horizon, self._futures, rng)
        futures = [self._future(info, arrived, state, each, rng) for each in counts]
        plans = self._proposal(state.requested, info["min_workers"], info["max_workers"], self._horizon)
        best = int(np.argmax(self._twin.play(state, futures, plans).reward.mean(axis=1)))
        return int(plans[best, 0])

    def _remember(self, info: Info) -> None:
        if info["step"] > 0:
            self._arrived.append(int(info["enqueued_total"]) - self._seen)
            self._started_s += [info["time_s"] - info["step_duration_s"]] * max(0, int(info["applied_delta"]))
        self._seen = int(info["enqueued_total"])
        starting = int(info["workers_starting"])
        self._started_s = self._started_s[-starting:] if starting else []

    def _state(self, info: Info) -> FarmState:
        ages_s = info["time_s"] - np.array(self._started_s)
        unknown = int(info["workers_starting"]) - len(ages_s)  # requested before the episode
        ages_s = np.concatenate((ages_s, np.zeros(unknown)))
        left_s = np.sort(np.maximum(self._startup_s - ages_s, 0.05 * self._startup_s))
        return FarmState(int(info["workers_ready"]), int(info["busy_workers"]), left_s)

    def _future(
        self, info: Info, arrived: Counts, state: FarmState, coming: Counts, rng: np.random.Generator
    ) -> Future:
        """Return what may be in service, what may wait, and what may come."""
        now_s, step_s = float(info["time_s"]), float(info["step_duration_s"])
        came_s = _newest(arrived, state.busy + int(info["worker_queue"]), step_s, rng)
        come_s = np.sort((np.repeat(np.arange(len(coming)), coming) + rng.random(int(coming.sum()))) * step_s)
        begun = self._service.draw_begun(came_s[: state.busy], rng)
        fresh = self._service.draw(np.concatenate((came_s[state.busy :], now_s + come_s)), rng)
        work_s, deadline_s = (np.concatenate(pair) for pair in zip(begun, fresh, strict=True))
        deadline_s[: len(came_s)] -= now_s - came_s
        return Future(
            np.concatenate((np.zeros(len(came_s)), come_s)), work_s, deadline_s, int(rng.integers(SEED_BOUND))
        )


def _newest(arrived: Counts, count: int, step_s: float, rng: np.random.Generator) -> FloatArray:
    """Return when the newest ``count`` tasks may have arrived, in order; the episode's begin where more are there."""
    last = arrived[::-1].cumsum().searchsorted(count) + 1
    steps = np.arange(len(arrived))[-last:] if len(arrived) else np.zeros(0, dtype=np.int64)
    at_s = np.sort((np.repeat(steps, arrived[steps]) + rng.random(int(arrived[steps].sum()))) * step_s)
    kept: FloatArray = at_s[max(len(at_s) - count, 0) :]
    return np.concatenate((np.zeros(count - len(kept)), kept))
