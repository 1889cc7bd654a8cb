"""PPO, DQN and SARSA in every scenario, trained from several seeds, beside the best constant.

    python -m benchmarks.learners [--learners ppo,dqn,sarsa] [--scenarios all] [--seeds 5] [--episodes 100] [--jobs 2]
                                  [--budget 1] [--csv FILE] [--page docs/results.md]

Every learner is trained from every training seed for its episodes (``EPISODES`` of ``benchmarks.learning``) times the
budget, with its defaults; the best of its checkpoints plays the scenario's test episodes, the same for all. What a
training earned is written into the file as soon as it is done, and what is there is not done again: the command may be
stopped at any time. Then the table is made of all that is in the file and written into the page. Differences are
paired by episode, over the mean of the training seeds, with 95 % bootstrap intervals. The folder of recordings that are
not shipped is what AUTOSCALE_DATA names; where it lacks one, its scenario is left out.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from agents.training import EXPLORERS
from analysis.pairs import compare as compare_with
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.files import atomic_write
from benchmarks.learned_policies import evaluated, trained
from benchmarks.learning import ENVS, EPISODES
from benchmarks.results import ROOT, markdown, rng, with_tables
from experiments import Setup, scenario_list
from experiments.setup import training_place

PAGE = ROOT / "docs" / "results.md"
STATIC = "static-best"
#: As in the other tables: checkpoints to choose among.
CHECKPOINTS = 6
COLUMNS = ("agent", "scenario", "seed", "episode_seed", "total_reward", "qos", "training_s")


@dataclass(frozen=True, slots=True)
class Cell:
    """One training, or the best constant.

    Attributes:
        agent: a learner, or ``STATIC``.
        scenario: its name.
        seed: place of the training seed after the scenario's own; 0 for the constant.
    """

    agent: str
    scenario: str
    seed: int


def main() -> None:
    """Train and play what is not in the file yet, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", default="ppo,dqn,sarsa")
    parser.add_argument("--scenarios", default="all")
    parser.add_argument("--seeds", type=int, default=5, help="training seeds")
    parser.add_argument("--episodes", type=int, default=100, help="test episodes")
    parser.add_argument("--jobs", type=int, default=2, help="at the same time")
    parser.add_argument("--budget", type=float, default=1.0, help="times the training episodes")
    parser.add_argument("--csv", type=Path, help="runs/learners/budget_…_episodes_….csv")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the table stands")
    given = parser.parse_args()
    learners, names = checked(given.learners.split(",")), scenario_list(given.scenarios, print)
    file = given.csv or Path("runs") / "learners" / f"budget_{given.budget:g}_episodes_{given.episodes}.csv"
    found = read(file)
    left = [cell for cell in wanted(learners, names, given.seeds) if cell not in done(found)]
    with ProcessPoolExecutor(given.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(played, cell, given.budget, given.episodes): cell for cell in left}
        for number, each in enumerate(as_completed(running), start=1):
            cell, rows = running[each], each.result()
            found = pd.concat((found, rows), ignore_index=True) if len(found) else rows
            with atomic_write(file) as kept:
                found.to_csv(kept, index=False)
            mean = rows["total_reward"].mean()
            print(f"{number}/{len(left)} {cell.scenario}: {cell.agent} seed {cell.seed} {mean:,.1f}", flush=True)
    text = given.page.read_text("utf-8")
    with atomic_write(given.page) as page:
        page.write(with_tables(text, {"learners": table(found)}))


def checked(learners: Sequence[str]) -> list[str]:
    """Return the learners.

    Raises:
        InputError: every one that there is not.
    """
    if problems := [unknown_name("learner", each, EXPLORERS) for each in learners if each not in EXPLORERS]:
        raise InputError(*problems)
    return list(learners)


def wanted(learners: Sequence[str], scenarios: Sequence[str], seeds: int) -> list[Cell]:
    """Return what is to be played: one seed of all scenarios before the next."""
    constants = [Cell(STATIC, name, 0) for name in scenarios]
    return constants + [Cell(who, name, seed) for seed in range(seeds) for who in learners for name in scenarios]


def played(cell: Cell, budget: float, episodes: int) -> pd.DataFrame:
    """Return what a learner, or the constant, earned in each test episode (``COLUMNS``)."""
    setup, seconds = Setup(cell.scenario), 0.0
    if cell.agent == STATIC:
        result = evaluated(setup, [STATIC], episodes)[STATIC]
    else:
        own = training_place(setup).train_seed
        result, seconds = trained(
            cell.agent, setup.with_settings(settings(cell.agent, budget)), own + cell.seed, episodes
        )
    columns = (cell.agent, cell.scenario, cell.seed, range(episodes), result.reward, result.qos, round(seconds, 1))
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def settings(agent: str, budget: float) -> dict[str, int]:
    """Return how long it is trained; what acts by itself for many farms at once says how many."""
    episodes = max(1, round(EPISODES[agent] * budget))
    several = {} if agent == "ppo" else {"agents.training.envs": ENVS}
    every = max(1, math.ceil(episodes / CHECKPOINTS))
    return {f"agents.{agent}.episodes": episodes, "agents.training.checkpoint_every": every, **several}


def read(file: Path) -> pd.DataFrame:
    """Return what the file has; nothing where there is none."""
    return pd.read_csv(file) if file.exists() else pd.DataFrame(columns=COLUMNS)


def done(found: pd.DataFrame) -> set[Cell]:
    """Return what need not be played again."""
    return {Cell(*key) for key in found[["agent", "scenario", "seed"]].drop_duplicates().itertuples(index=False)}


def table(found: pd.DataFrame) -> str:
    """Return means (least and most of the training seeds), differences, and who is ahead of the constant for sure."""
    present = set(found["agent"])
    learners = [name for name in EXPLORERS if name in present]
    rows = [row(str(name), part, learners) for name, part in found.groupby("scenario", sort=False)]
    heads = [*learners, *(f"{each} less {STATIC}" for each in learners)]
    return markdown(["scenario", STATIC, *heads, f"ahead of {STATIC}"], rows)


def row(scenario: str, found: pd.DataFrame, learners: Sequence[str]) -> list[str]:
    """Return a line of the table; what is not there yet is empty."""
    means = found.groupby("agent")["total_reward"].mean()
    cells, differences, ahead = [], [], []
    for who in learners:
        if who not in means.index or STATIC not in means.index:
            cells.append("")
            differences.append("")
            continue
        by_seed = found[found["agent"] == who].groupby("seed")["total_reward"].mean()
        shown = f"**{means[who]:,.1f}**" if means[who] == means.max() else f"{means[who]:,.1f}"
        cells.append(f"{shown} ({by_seed.min():,.1f} to {by_seed.max():,.1f})")
        difference = compare_with(found, who, STATIC, "total_reward", rng()).difference
        differences.append(f"{difference.estimate:+,.1f} [{difference.low:+,.1f}, {difference.high:+,.1f}]")
        ahead += [who] if difference.low > 0 else []
    constant = ""
    if STATIC in means.index:
        constant = f"**{means[STATIC]:,.1f}**" if means[STATIC] == means.max() else f"{means[STATIC]:,.1f}"
    return [scenario, constant, *cells, *differences, ", ".join(ahead) or "none"]


if __name__ == "__main__":
    main()
