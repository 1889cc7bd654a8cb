"""Generalisation over the number of training levels, by Procgen's protocol: trained on n levels, played on others.

    python -m benchmarks.generalisation [--scenario random_flash_crowd] [--agents sarsa,dqn] [--levels 1,4,16,64,256,0]
                                        [--seeds 3] [--episodes N] [--test 100] [--jobs 2]

A learner trains on the levels 0 to n - 1 of the set ``train`` (0: unlimited episodes), always for the same number of
episodes, and keeps its last policy. The table has the mean return on the levels it was trained on (at most ``--test``
of them) and on the first ``--test`` levels of the set ``test``, with the standard deviation over training seeds; which
levels are which is said in docs/environment.md. After Cobbe et al., "Leveraging Procedural Generation to Benchmark
Reinforcement Learning" (ICML 2020), section 4.1.
"""

from __future__ import annotations

import argparse
import multiprocessing
from concurrent.futures import Executor, ProcessPoolExecutor

from autoscaling_env.rng import LEVELS
from benchmarks.learning import played, spread, trained
from benchmarks.results import markdown
from experiments.setup import Setup, training_place


def main() -> None:
    """Train, play, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="random_flash_crowd")
    parser.add_argument("--agents", default="sarsa,dqn")
    parser.add_argument("--levels", default="1,4,16,64,256,0")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--episodes", type=int, help="training episodes; by default those of each agent's own")
    parser.add_argument("--test", type=int, default=100, help="levels that are played")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    levels = [int(each) for each in given.levels.split(",")]
    with ProcessPoolExecutor(given.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        print(curves(given.scenario, given.agents.split(","), levels, given.seeds, given.episodes, given.test, pool))


def curves(
    scenario: str, agents: list[str], levels: list[int], seeds: int, episodes: int | None, test: int, pool: Executor
) -> str:
    """Return the table: a row for each number of levels, and for each agent its return on training and test levels."""
    jobs = {
        (agent, count, seed): pool.submit(generalisation, agent, scenario, count, seed, episodes, test)
        for count in levels
        for agent in agents
        for seed in range(seeds)
    }
    rows = []
    for count in levels:
        cells = [f"{count or 'unlimited'}"]
        for agent in agents:
            found = [jobs[agent, count, seed].result() for seed in range(seeds)]
            training, testing = zip(*found, strict=True)
            cells += [spread(training), spread(testing), spread([one - two for one, two in found])]
        rows.append(cells)
    heads = [f"{agent}, {what}" for agent in agents for what in ("training levels", "test levels", "gap")]
    return markdown(["levels", *heads], rows)


def generalisation(
    agent: str, scenario: str, count: int, seed: int, episodes: int | None, test: int
) -> tuple[float, float]:
    """Return a learner's mean return on the levels it was trained on, and on levels of the test set."""
    place = training_place(Setup(scenario=scenario))
    settings = {"environment.levels": count} if count else {}
    policy = trained(agent, scenario, place.train_seed + seed, episodes, settings)
    # Unlimited episodes are as good as never those of the training levels, which are new to it then.
    both = range(min(count or test, test)), range(LEVELS, LEVELS + test)
    training, testing = (float(played(place.config, policy, seeds).mean()) for seeds in both)
    return training, testing


if __name__ == "__main__":
    main()
