"""How much of the planner's regret is what nobody foresees: the same planner, told ever more of what comes.

    python -m benchmarks.unforeseen [--scenarios reference,on_off] [--test 10] [--jobs 2]

The planner as it is; with a history of episodes as they come (the rates themselves, where history is another or short);
told how many tasks come in each step; when in the step, too; and how much work each of them is. What is waiting or in
service is never told. Regret is to hindsight, in per cent of its reward, on the test episodes; half of the best
constant's stands beside it. The folder of recordings that are not shipped is what AUTOSCALE_DATA names.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from agents.planning.forecast.forecaster import MEMORY, Counts
from agents.planning.forecast.history import counts_of
from agents.planning.past import Past
from agents.planning.planner import Planner
from agents.planning.rhythm import Rhythm
from agents.planning.service import ServicePool
from autoscaling_env.config import Config
from autoscaling_env.rng import episode_seeds
from autoscaling_env.types import FloatArray, TaskBatch
from autoscaling_env.workload import Workload, draw_episode
from benchmarks.planning import played
from benchmarks.results import markdown
from experiments import scenario_list
from experiments.planners import HISTORY, drawn_past, planner_of
from simulator.search import best_static, hindsight, play_static
from workloads import make_workload
from workloads.scenarios import load_history, load_scenario, scenario_seeds

#: Where the planner's regret is more than half of the best constant's.
SCENARIOS = "reference,oscillating,reference_smooth,on_off,taxi,load_balancer"
#: Names the episodes that are the history of who knows the rates: neither trained nor tested on.
OTHERS = 31
#: What it is told, each beside all before it.
TOLD = ("rates", "counts", "times", "work")


class ToldCounts:
    """Foresees how many tasks come in each step, without fail.

    Args:
        batch: the tasks of the episode.
        step_s: seconds of a step.
        duration_s: of the workload.

    Attributes:
        last: the number of the first task that was foreseen last, and after how many steps; how many, in how many.
    """

    def __init__(self, batch: TaskBatch, step_s: float, duration_s: float) -> None:
        self._counts = counts_of(batch.arrival_s, step_s, duration_s)
        self.last = (0, 0, 0, 0)

    def sample(self, arrived: Counts, horizon: int, count: int, rng: np.random.Generator) -> Counts:
        """Return what comes, ``count`` times."""
        now = len(arrived)
        coming = self._counts[now : now + horizon]
        self.last = int(self._counts[:now].sum()), now, int(coming.sum()), horizon
        return np.tile(np.pad(coming, (0, horizon - len(coming))), (count, 1))

    def log_scores(self, arrived: Counts) -> FloatArray:
        """Return certainty."""
        return np.zeros(min(len(arrived), MEMORY))


class ToldTimes(Rhythm):
    """Places the tasks of foreseen steps where they come.

    Args:
        batch: the tasks of the episode.
        step_s: seconds of a step.
        told: says which tasks were foreseen.
    """

    def __init__(self, batch: TaskBatch, step_s: float, told: ToldCounts) -> None:
        super().__init__()
        self._at: FloatArray = batch.arrival_s / step_s
        self._told = told

    def place(self, counts: Counts, rng: np.random.Generator) -> FloatArray:
        """Return the times of the same tasks for every future, one after the other."""
        first, now, tasks, horizon = self._told.last
        futures = np.arange(len(counts) // horizon)
        placed: FloatArray = (self._at[first : first + tasks] - now + horizon * futures[:, None]).ravel()
        return placed


class ToldWork(ServicePool):
    """Draws the work of the task that comes at a time; of those that have come already, as ever.

    Args:
        batch: the tasks of the episode.
        pool: of those that have come.
        now_s: the time, by what was foreseen last.
    """

    def __init__(self, batch: TaskBatch, pool: ServicePool, now_s: Callable[[], float]) -> None:
        super().__init__(batch.arrival_s, batch.service_s, batch.deadline_s)
        self._known, self._now_s = pool, now_s

    def draw(self, at_s: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return service times and deadlines."""
        service_s, deadline_s = self._known.draw(at_s, rng)
        nearest = np.searchsorted(self._arrival_s, at_s - 1e-6)  # sums of steps are off by less than that
        come = (at_s >= self._now_s()) & (nearest < len(self._arrival_s))
        service_s[come], deadline_s[come] = self._service_s[nearest[come]], self._deadline_s[nearest[come]]
        return service_s, deadline_s

    def draw_begun(self, at_s: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return what is left of the work of tasks in service, as ever."""
        return self._known.draw_begun(at_s, rng)


def main() -> None:
    """Play, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default=SCENARIOS)
    parser.add_argument("--test", type=int, default=10, help="episodes of each")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    names = [name for name in given.scenarios.split(",") if name in scenario_list("all", print)]
    with ProcessPoolExecutor(given.jobs) as pool:
        rows = list(pool.map(partial(measured, episodes=given.test), names))
    columns = ["half of static-best's", "planner", *(f"+ {each}" for each in TOLD)]
    print(markdown(["scenario", *columns], rows))


def measured(name: str, episodes: int) -> list[str]:
    """Return a scenario's line."""
    config, (train_seed, test_seed) = load_scenario(name), scenario_seeds(name)
    before, workload = load_history(name), make_workload(config)
    past, mean_s = make_workload(before), workload.mean_service_s
    seeds = episode_seeds(test_seed, episodes)
    batches = [draw_episode(workload, config.environment, seed) for seed in seeds]
    best = np.mean([hindsight(config, batch, mean_s)[1] for batch in batches])
    count = np.array([best_static(before, past, episode_seeds(train_seed, 20))[0]])
    constant = np.mean([play_static(config, batch, mean_s, count).total_reward[0] for batch in batches])
    known = drawn_past(before, past, episode_seeds(train_seed, HISTORY))
    rates = drawn_past(config, workload, episode_seeds(OTHERS, HISTORY))
    planners = [[planner_of(config, workload, known)] * episodes]
    planners += [[told(config, workload, rates, depth, batch) for batch in batches] for depth in range(len(TOLD))]
    earned = [[played(config, each, (seed,))[0][0] for each, seed in zip(row, seeds, strict=True)] for row in planners]
    regrets = [0.5 * (best - constant), *(best - np.mean(row) for row in earned)]
    return [name, *(f"{100 * each / best:.1f} %" for each in regrets)]


def told(config: Config, workload: Workload, past: Past, depth: int, batch: TaskBatch) -> Planner:
    """Return a planner that is told so much of an episode, in the order of ``TOLD``."""
    step_s, settings = config.environment.step_duration_s, dict[str, Any]()
    counts = ToldCounts(batch, step_s, workload.duration_s)
    if depth >= TOLD.index("counts"):
        settings["forecaster"] = counts
    if depth >= TOLD.index("times"):
        settings["rhythm"] = ToldTimes(batch, step_s, counts)
    if depth >= TOLD.index("work") and past.tasks is not None:
        settings["service"] = ToldWork(batch, past.tasks.pool(), lambda: step_s * counts.last[1])
    return planner_of(config, workload, past, **settings)


if __name__ == "__main__":
    main()
