"""A policy that looks ahead: it imagines plans on futures, and takes the first step of the best."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from agents.planning.beliefs import ServiceBelief, StartupBelief
from agents.planning.explanation import Explanation, because, forecast_of, told
from agents.planning.forecast.forecaster import Counts, Forecaster
from agents.planning.futures import futures, stratified
from agents.planning.memory import Memory
from agents.planning.plans import HoldAfterWait, Plans, Proposal, shifted
from agents.planning.rhythm import Rhythm
from agents.planning.search import Search
from agents.planning.service import ServicePool
from autoscaling_env.twin import FarmState, Twin
from autoscaling_env.types import FloatArray, Info, Observation

#: So many forecasts are drawn for each future that is played.
DRAWN = 8
#: What else could have been decided counts less by so many standard errors of the futures' differences.
DOUBT = 3.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is imagined.

    Attributes:
        horizon: steps of a plan.
        beyond: steps after it, which a plain rule plays.
        futures: how many, at most.
        rounds: how often plans near the best are looked at, at most.
        tasks: imagined tasks a decision, about: with many of them fewer futures, plans and rounds are looked at, but
            not fewer than ``least_futures`` and ``least_plans``.
        least_futures: see there.
        least_plans: see there.
        caution: a plan found near the best takes its place where it is better by so many standard errors of the
            futures' differences: the best of many looks better than it is (the optimiser's curse).
        inertia: the plan followed so far is left for one that is better by so many standard errors, likewise.
        budget_s: no further round is begun when one more like the last would take longer than that in all; the best so
            far is then taken. None: as many as there are, the same on every machine.
    """

    horizon: int = 16
    beyond: int = 0
    futures: int = 16
    rounds: int = 1
    tasks: int = 400_000
    least_futures: int = 4
    least_plans: int = 18
    caution: float = 2.0
    inertia: float = 1.0
    budget_s: float | None = None


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
        rhythm: when tasks come within a step; evenly, if left out.
        overhead_s: what a task keeps a worker busy besides its work, on average.
        window_s: how long a collected task counts for the observed QoS.
        max_steps: steps of an episode, where it has an end that is known.
        effort: how much is imagined.
        seed: of all draws; the same seed decides alike.
        proposal: candidate plans.
        learns: beliefs change with what is seen.
        charges_waiting: what still waits after a plan counts as late. Where an episode has no end a task that is late
            already would else be best left alone: it costs when it is done, and what is never done costs nothing.
        clock: seconds; asked only where the effort has a budget.
    """

    def __init__(
        self,
        twin: Twin,
        forecaster: Forecaster,
        service: ServicePool,
        *,
        startup_s: FloatArray,
        rhythm: Rhythm | None = None,
        overhead_s: float = 0.0,
        window_s: float = 40.0,
        max_steps: int | None = None,
        effort: Effort | None = None,
        seed: int = 0,
        proposal: Proposal | None = None,
        learns: bool = True,
        charges_waiting: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._twin, self._forecaster, self._pool = twin, forecaster, service
        self._startup_s, self._rhythm, self._overhead_s = startup_s, rhythm or Rhythm(), overhead_s
        self._window_s, self._max_steps, self._seed, self._learns = window_s, max_steps, seed, learns
        self._charges_waiting = charges_waiting
        self._effort, self._proposal, self._clock = effort or Effort(), proposal or HoldAfterWait(), clock
        self.reset()

    def reset(self) -> None:
        """Forget the episode, and what was learned of the farm in it: an episode does not depend on those before."""
        self._memory, self._last = Memory(self._window_s), np.zeros(0, dtype=np.int64)
        self._service, self._startup = ServiceBelief(), StartupBelief(self._startup_s)
        self._reasons: Callable[[], Explanation] | None = None
        self._search: Search | None = None

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the count that the best plan wants now."""
        begin_s = self._clock() if self._effort.budget_s is not None else 0.0
        self._memory.update(info)
        if self._learns:
            self._learn(info)
        rng = np.random.default_rng([self._seed, int(info["step"])])
        steps, beyond, ends = self._reach(info)
        state, arrived = self._memory.state(info), np.array(self._memory.arrived, dtype=np.int64)
        foreseen = self._forecaster.sample(arrived, steps + beyond, DRAWN * self._effort.futures, rng)
        counts, weights = stratified(foreseen, self._affordable(foreseen, state, info), rng)
        starts = (steps + beyond) * max(1, *info["action_deltas"]) if info["action_deltas"] else 512
        beliefs = self._service, self._startup
        may_be = futures(info, self._memory, state, counts, self._pool, self._rhythm, beliefs, starts, rng)
        bounds = _reachable(info, state.requested, steps)
        tasks = sum(len(each.arrival_s) for each in may_be) / len(may_be)
        first = self._first(state.requested, bounds, steps, tasks)
        situation = self._twin.imagine(state, may_be, steps, beyond=beyond, ends=ends)
        search = Search(situation.play, weights)
        search.begin(first, last=len(self._last) > 0, inertia=self._effort.inertia)
        self._improve(search, tasks, bounds, begin_s)
        self._last, self._search = search.best, search
        self._reasons = partial(self._explained, search, state, foreseen[:, :steps], float(info["step_duration_s"]))
        return int(self._last[0])

    def values(self) -> dict[int, float]:
        """Return what each count that was looked at promises beside the one decided for: a difference of rewards, <= 0.

        The others are doubted, for the planner leaves what it follows only for what is better for sure (see ``DOUBT``).
        """
        return self._search.worth(DOUBT) if self._search else {}

    def explanation(self) -> dict[str, Any] | None:
        """Return why the last decision was made (``agents.planning.explanation.Explanation``); None before it."""
        return asdict(self._reasons()) if self._reasons else None

    def _reach(self, info: Info) -> tuple[int, int, bool]:
        """Return the steps of plans and those after them, and whether what waits is then settled."""
        left = 10**9 if self._max_steps is None else max(self._max_steps - int(info["step"]), 1)
        steps = min(self._effort.horizon, left)
        beyond = min(self._effort.beyond, left - steps)
        return steps, beyond, self._charges_waiting or steps + beyond == left

    def _learn(self, info: Info) -> None:
        expected_s = self._pool.mean_s(float(info["time_s"])) + self._overhead_s
        self._service.update(info, expected_s)
        self._startup.update(self._memory.became_ready_s)

    def _affordable(self, foreseen: Counts, state: FarmState, info: Info) -> int:
        """Return how many futures the effort allows."""
        tasks = float(foreseen.sum(axis=1).mean()) + state.busy + float(info["worker_queue"])
        plans = 35  # about, in the first round: some in all futures, the others in a few
        affordable = int(self._effort.tasks / max(plans * tasks, 1.0))
        return int(np.clip(affordable, self._effort.least_futures, self._effort.futures))

    def _first(self, requested: int, bounds: tuple[int, int], steps: int, tasks: float) -> Plans:
        """Return the plans to begin with: to hold, as many of those proposed as can be afforded, and the last one."""
        first = self._proposal.first(requested, *bounds, steps)
        affordable = max(int(self._effort.tasks / (2.0 * max(tasks, 1.0))), self._effort.least_plans)
        if affordable < len(first):
            first = first[np.linspace(0, len(first) - 1, affordable).round().astype(np.int64)]
        return np.concatenate((first, shifted(self._last, steps)[None])) if len(self._last) else first

    def _improve(self, search: Search, tasks: float, bounds: tuple[int, int], begin_s: float) -> None:
        """Look at plans near the best as long as that helps and may be done; a future has so many tasks."""
        last_s = begin_s
        for _ in range(self._effort.rounds):
            near = self._proposal.near(search.best, *bounds)
            if not len(near) or search.played * tasks > self._effort.tasks or self._is_late(begin_s, last_s):
                break
            last_s = self._clock() if self._effort.budget_s is not None else 0.0
            if not search.add(near, self._effort.caution):
                break

    def _is_late(self, begin_s: float, last_s: float) -> bool:
        """Whether a round as long as the last would take longer than the budget."""
        if self._effort.budget_s is None:
            return False
        now_s = self._clock()
        return now_s - begin_s + (now_s - last_s) > self._effort.budget_s

    def _explained(self, search: Search, state: FarmState, counts: Counts, step_s: float) -> Explanation:
        order = search.order
        best = told(search.plans, search.imagined, search.weights, order, state.requested)
        first = np.zeros(1, dtype=np.int64)
        hold = told(search.plans, search.imagined, search.weights, first, state.requested)[0]
        coming = float(np.median(counts.sum(axis=1)))
        return Explanation(
            forecast_of(counts),
            best,
            because(best[0], hold, coming, step_s),
            search.played,
            round(self._service.scale, 3),
            round(self._startup.scale, 3),
        )


def _reachable(info: Info, requested: int, steps: int) -> tuple[int, int]:
    """Return the least and the most workers that plans need to want: further ones come to the same."""
    least, most = int(info["min_workers"]), int(info["max_workers"])
    deltas = info["action_deltas"]
    if not deltas:
        return least, most
    return max(least, requested + steps * min(deltas)), min(most, requested + steps * max(deltas))


def sampled_startup(sample: Callable[[np.random.Generator, int], FloatArray], seed: int = 0) -> FloatArray:
    """Return float64[1000], start-up times as a distribution draws them."""
    return sample(np.random.default_rng(seed), 1000)
