"""Who looks ahead beside who does not: planner, distilled, DQN, the best constant and hindsight, on the same episodes.

    python -m benchmarks.lookahead [--scenarios a,b] [--policies planner,distilled] [--episodes 10] [--moments 2500]
                                   [--jobs 2] [--output-dir DIR]

In every scenario a DQN is trained as in ``benchmarks.results``, and the planner is distilled on as many training
episodes as have so many moments (two rounds at least); then all play the test episodes by the shaped reward, at one
worker a step. Differences are paired, with 95 % intervals. The tables are written into docs/results.md. What a policy
earned is kept in the folder and not played again, so that the tables can be made in parts; they have the scenarios that
all have played. The folder of recordings that are not shipped is what AUTOSCALE_DATA names; where it lacks one, its
scenario is left out.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.pairs import compare as compare_with
from analysis.pairs import paired
from analysis.statistics import Interval
from autoscaling_env.files import atomic_write
from autoscaling_env.types import FloatArray
from benchmarks.results import ROOT, TRAINED, markdown, rng, with_tables
from experiments import Setup, compare, scenario_list, train
from workloads.scenarios import load_scenario

PAGE = ROOT / "docs" / "results.md"
STATIC, DQN, DISTILLED, PLANNER, HINDSIGHT = "static-best", "dqn", "distilled", "planner", "hindsight"
#: In the order of the table; the last one knows the future.
POLICIES = (STATIC, DQN, DISTILLED, PLANNER, HINDSIGHT)
#: Differences that are shown: of whom, from whom.
PAIRS = ((PLANNER, STATIC), (PLANNER, DQN), (DISTILLED, STATIC), (DISTILLED, DQN))
#: Test episodes are drawn again so many times for the interval of a ratio.
RESAMPLED = 10_000


def main() -> None:
    """Train, play, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="all")
    parser.add_argument("--policies", default=",".join(POLICIES))
    parser.add_argument("--episodes", type=int, default=10, help="test episodes of each")
    parser.add_argument("--moments", type=int, default=2500, help="about so many are labelled in each")
    parser.add_argument("--jobs", type=int, default=2, help="at the same time")
    parser.add_argument("--output-dir", type=Path, default=Path("runs") / "lookahead")
    given = parser.parse_args()
    names, policies = scenario_list(given.scenarios, print), given.policies.split(",")
    root = given.output_dir / f"{given.episodes}_episodes"
    play = partial(played, episodes=given.episodes, moments=given.moments, root=root)
    wanted = [(name, policy) for name in names for policy in policies]
    with ProcessPoolExecutor(given.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for (name, policy), rewards in zip(wanted, pool.map(play, *zip(*wanted, strict=True)), strict=True):
            print(f"{name}: {policy} {rewards['total_reward'].mean():,.1f}", flush=True)
    files = {name: [_file(root, name, each) for each in POLICIES] for name in scenario_list("all", print)}
    there = {name: parts for name, parts in files.items() if all(each.exists() for each in parts)}
    found = {name: pd.concat(map(pd.read_csv, parts)) for name, parts in there.items()}
    tables = {"lookahead-reward": reward_table(found), "lookahead-pairs": pairs_table(found)}
    text = PAGE.read_text("utf-8")
    with atomic_write(PAGE) as page:
        page.write(with_tables(text, tables))


def played(name: str, policy: str, episodes: int, moments: int, root: Path) -> pd.DataFrame:
    """Return what a policy earned in the test episodes of a scenario; train and play, unless that was done."""
    file, setup = _file(root, name, policy), Setup(name)
    if not file.exists():
        settings = {DQN: TRAINED, DISTILLED: {"agents.distilled.episodes": lessons(name, moments)}}
        who = policy
        if policy in settings:
            who = str(train(policy, setup.with_settings(settings[policy]), output_dir=file.parent).result.model)
        found = compare({policy: who}, setup, episodes=episodes, record_tasks=False).episodes()
        with atomic_write(file) as rows:
            found[["agent", "episode_seed", "total_reward"]].to_csv(rows, index=False)
    return pd.read_csv(file)


def _file(root: Path, name: str, policy: str) -> Path:
    return root / name / f"{policy}.csv"


def lessons(name: str, moments: int) -> int:
    """Return how many training episodes have so many moments: whole rounds, two at least."""
    config = load_scenario(name)
    in_round = config.agents.distilled.round_episodes
    return in_round * max(2, math.ceil(moments / (in_round * config.environment.max_steps)))


def reward_table(found: dict[str, pd.DataFrame]) -> str:
    """Return mean rewards; the best that does not know the future is bold."""
    rows = []
    for name, episodes in found.items():
        means = episodes.groupby("agent")["total_reward"].mean()
        best = max(means[policy] for policy in POLICIES if policy != HINDSIGHT)
        shown = [f"{means[policy]:,.1f}" for policy in POLICIES]
        rows.append(
            [name, *(f"**{each}**" if means[of] == best else each for of, each in zip(POLICIES, shown, strict=True))]
        )
    return markdown(["scenario", *POLICIES], rows)


def pairs_table(found: dict[str, pd.DataFrame]) -> str:
    """Return paired differences, regrets in per cent of hindsight, and the share kept of a gain that is sure."""
    rows = []
    for name, episodes in found.items():
        means = episodes.groupby("agent")["total_reward"].mean()
        differences = [compare_with(episodes, *pair, "total_reward", rng()).difference for pair in PAIRS]
        regrets = [f"{100 - 100 * means[each] / means[HINDSIGHT]:.1f} %" for each in (PLANNER, STATIC)]
        planner, student = (paired(episodes, each, STATIC, "total_reward") for each in (PLANNER, DISTILLED))
        kept = _share(kept_of(planner, student)) if differences[0].low > 0 else ""
        rows.append([name, *map(_shown, differences), f"{regrets[0]} of {regrets[1]}", kept])
    return markdown(["scenario", *(f"{one} less {other}" for one, other in PAIRS), "planner's regret", "kept"], rows)


def kept_of(planner: tuple[FloatArray, FloatArray], student: tuple[FloatArray, FloatArray]) -> Interval:
    """Return the student's share of the planner's gain: a ratio of means, with the bootstrap's percentiles.

    Args:
        planner: float64[n] each, its rewards and the best constant's, on the same episodes.
        student: likewise.
    """
    gains, kept = planner[0] - planner[1], student[0] - student[1]
    rows = rng().integers(len(gains), size=(RESAMPLED, len(gains)))
    low, high = np.quantile(kept[rows].mean(axis=1) / gains[rows].mean(axis=1), [0.025, 0.975])
    return Interval(float(kept.mean() / gains.mean()), float(low), float(high))


def _share(kept: Interval) -> str:
    return f"{100 * kept.estimate:.0f} % [{100 * kept.low:.0f}, {100 * kept.high:.0f}]"


def _shown(found: Interval) -> str:
    return f"{found.estimate:+,.1f} [{found.low:+,.1f}, {found.high:+,.1f}]"


if __name__ == "__main__":
    main()
