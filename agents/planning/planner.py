"""A policy that looks ahead: it imagines plans on futures, and takes the first step of the best."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.planning.beliefs import ServiceBelief, StartupBelief
from agents.planning.explanation import Explanation, because, forecast_of, told
from agents.planning.forecast.forecaster import Counts, Forecaster
from agents.planning.futures import futures
from agents.planning.memory import Memory
from agents.planning.plans import HoldAfterWait, Plans, Proposal, shifted
from agents.planning.service import ServicePool
from autoscaling_env.twin import FarmState, Imagined, Twin
from autoscaling_env.types import FloatArray, Info, Observation


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is imagined.

    Attributes:
        horizon: steps of a plan.
        beyond: steps after it, which a plain rule plays.
        futures: how many, at most.
        rounds: how often plans near the best are looked at, at most.
        tasks: imagined tasks a decision, about: with many of them fewer futures and rounds are looked at, but not
            fewer than ``least_futures``.
        least_futures: see there.
        caution: a plan found near the best takes its place where it is better by so many standard errors of the
            futures' differences: the best of many looks better than it is (the optimiser's curse).
        budget_s: no further round is begun when one more like the last would take longer than that in all; the best so
            far is then taken. None: as many as there are, the same on every machine.
    """

    horizon: int = 16
    beyond: int = 0
    futures: int = 16
    rounds: int = 1
    tasks: int = 400_000
    least_futures: int = 4
    caution: float = 1.0
    budget_s: float | None = None


@dataclass(slots=True)
class _Search:
    """Plans that were played so far, what they came to, and the row of the one that is taken for the best."""

    plans: Plans
    imagined: Imagined
    chosen: int = 0

    def __post_init__(self) -> None:
        self.chosen = int(np.argmax(self.imagined.reward.mean(axis=1)))

    def add(self, plans: Plans, imagined: Imagined, caution: float) -> bool:
        """Add plans; the best of them is chosen if it is better for sure. Return whether it is."""
        rival, known = int(np.argmax(imagined.reward.mean(axis=1))), len(self.plans)
        gained = imagined.reward[rival] - self.imagined.reward[self.chosen]
        self.plans = np.concatenate((self.plans, plans))
        names = ("reward", "missed", "worker_seconds", "waiting")
        both = (np.concatenate((getattr(self.imagined, name), getattr(imagined, name))) for name in names)
        self.imagined = Imagined(*both)
        better = bool(gained.mean() > caution * gained.std() / np.sqrt(max(len(gained) - 1, 1)))
        self.chosen = known + rival if better else self.chosen
        return better

    @property
    def order(self) -> NDArray[np.int64]:
        """Rows from the best on, the chosen one first."""
        order = np.argsort(-self.imagined.reward.mean(axis=1), kind="stable")
        return np.concatenate(([self.chosen], order[order != self.chosen]))

    @property
    def best(self) -> NDArray[np.int64]:
        best: NDArray[np.int64] = self.plans[self.chosen]
        return best


class Planner:
    """Plays candidate plans on sampled futures in the twin; the plan that earns most on average wins.

    It sees observation and ``info``, and remembers the arrivals and its own changes. What it cannot see it draws: the
    work of waiting tasks and what is left of those in service. Futures and delays are the same for all plans. What it
    believes of work and start-up changes with what it sees in the episode.

    Args:
        twin: imagines.
        forecaster: foresees arrivals, in tasks a step.
        service: what work tasks may be.
        startup_s: float64[n], start-up times as believed at first, a sample.
        overhead_s: what a task keeps a worker busy besides its work, on average.
        window_s: how long a collected task counts for the observed QoS.
        max_steps: steps of an episode, where it has an end that is known.
        effort: how much is imagined.
        seed: of all draws; the same seed decides alike.
        proposal: candidate plans.
        learns: beliefs change with what is seen.
        clock: seconds; asked only where the effort has a budget.
    """

    def __init__(
        self,
        twin: Twin,
        forecaster: Forecaster,
        service: ServicePool,
        *,
        startup_s: FloatArray,
        overhead_s: float = 0.0,
        window_s: float = 40.0,
        max_steps: int | None = None,
        effort: Effort | None = None,
        seed: int = 0,
        proposal: Proposal | None = None,
        learns: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._twin, self._forecaster, self._pool = twin, forecaster, service
        self._startup_s, self._overhead_s = startup_s, overhead_s
        self._window_s, self._max_steps, self._seed, self._learns = window_s, max_steps, seed, learns
        self._effort, self._proposal, self._clock = effort or Effort(), proposal or HoldAfterWait(), clock
        self.reset()

    def reset(self) -> None:
        """Forget the episode, and what was learned of the farm in it: an episode does not depend on those before."""
        self._memory, self._last = Memory(self._window_s), np.zeros(0, dtype=np.int64)
        self._service, self._startup = ServiceBelief(), StartupBelief(self._startup_s)
        self._reasons: Callable[[], Explanation] | None = None
        self._search: _Search | None = None

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the count that the best plan wants now."""
        begin_s = self._clock() if self._effort.budget_s is not None else 0.0
        self._memory.update(info)
        if self._learns:
            self._learn(info)
        rng = np.random.default_rng([self._seed, int(info["step"])])
        steps, beyond, ends = self._reach(info)
        state, arrived = self._memory.state(info), np.array(self._memory.arrived, dtype=np.int64)
        counts = self._foreseen(arrived, steps + beyond, state, info, rng)
        starts = (steps + beyond) * max(1, *info["action_deltas"]) if info["action_deltas"] else 512
        beliefs = self._service, self._startup
        may_be = futures(info, self._memory, state, counts, self._pool, beliefs, starts, rng)
        first = self._proposal.first(state.requested, info["min_workers"], info["max_workers"], steps)
        if len(self._last):
            first = np.concatenate((first, shifted(self._last, steps)[None]))

        def play(plans: Plans) -> Imagined:
            return self._twin.play(state, may_be, plans, beyond=beyond, ends=ends)

        search = _Search(first, play(first))
        self._improve(search, play, sum(map(len, (each.arrival_s for each in may_be))), info, begin_s)
        self._last, self._search = search.best, search
        self._reasons = partial(self._explained, search, state, counts[:, :steps], float(info["step_duration_s"]))
        return int(self._last[0])

    def values(self) -> dict[int, float]:
        """Return the mean reward of the best plan by first wanted count, of those the last decision looked at."""
        if self._search is None:
            return {}
        first, mean = self._search.plans[:, 0], self._search.imagined.reward.mean(axis=1)
        return {int(count): float(mean[first == count].max()) for count in np.unique(first)}

    def explanation(self) -> dict[str, Any] | None:
        """Return why the last decision was made (``agents.planning.explanation.Explanation``); None before it."""
        return asdict(self._reasons()) if self._reasons else None

    def _reach(self, info: Info) -> tuple[int, int, bool]:
        """Return the steps of plans and those after them, and whether the episode then ends."""
        left = 10**9 if self._max_steps is None else max(self._max_steps - int(info["step"]), 1)
        steps = min(self._effort.horizon, left)
        beyond = min(self._effort.beyond, left - steps)
        return steps, beyond, steps + beyond == left

    def _learn(self, info: Info) -> None:
        expected_s = self._pool.mean_s(float(info["time_s"])) + self._overhead_s
        self._service.update(info, expected_s)
        self._startup.update(self._memory.became_ready_s)

    def _foreseen(self, arrived: Counts, steps: int, state: FarmState, info: Info, rng: np.random.Generator) -> Counts:
        """Return as many futures of arrivals as the effort allows."""
        counts = self._forecaster.sample(arrived, steps, self._effort.futures, rng)
        tasks = float(counts.sum(axis=1).mean()) + state.busy + float(info["worker_queue"])
        plans = 80  # about, in the first round
        affordable = int(self._effort.tasks / max(plans * tasks, 1.0))
        count = int(np.clip(affordable, self._effort.least_futures, self._effort.futures))
        rows = np.linspace(0, len(counts) - 1, count).round().astype(np.int64)  # of every member of a mixture
        chosen: Counts = counts[rows]
        return chosen

    def _improve(
        self, search: _Search, play: Callable[[Plans], Imagined], tasks: int, info: Info, begin_s: float
    ) -> None:
        """Look at plans near the best as long as that helps and may be done."""
        spent, last_s = tasks * len(search.plans), begin_s
        for _ in range(self._effort.rounds):
            near = self._proposal.near(search.best, info["min_workers"], info["max_workers"])
            if not len(near) or spent + tasks * len(near) > 2 * self._effort.tasks or self._is_late(begin_s, last_s):
                break
            last_s = self._clock() if self._effort.budget_s is not None else 0.0
            spent += tasks * len(near)
            if not search.add(near, play(near), self._effort.caution):
                break

    def _is_late(self, begin_s: float, last_s: float) -> bool:
        """Whether a round as long as the last would take longer than the budget."""
        if self._effort.budget_s is None:
            return False
        now_s = self._clock()
        return now_s - begin_s + (now_s - last_s) > self._effort.budget_s

    def _explained(self, search: _Search, state: FarmState, counts: Counts, step_s: float) -> Explanation:
        order = search.order
        best = told(search.plans, search.imagined, order, state.requested)
        hold = told(search.plans, search.imagined, np.zeros(1, dtype=np.int64), state.requested)[0]
        coming = float(np.median(counts.sum(axis=1)))
        return Explanation(
            forecast_of(counts),
            best,
            because(best[0], hold, coming, step_s),
            search.imagined.reward.size,
            round(self._service.scale, 3),
            round(self._startup.scale, 3),
        )


def sampled_startup(sample: Callable[[np.random.Generator, int], FloatArray], seed: int = 0) -> FloatArray:
    """Return float64[1000], start-up times as a distribution draws them."""
    return sample(np.random.default_rng(seed), 1000)
