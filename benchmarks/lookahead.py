"""Who looks ahead beside who does not: planner, distilled, DQN, the best constant and hindsight, on the same episodes.

    python -m benchmarks.lookahead [--scenarios a,b] [--policies planner,distilled] [--episodes 10] [--moments 2500]
                                   [--jobs 2] [--output-dir DIR]

In every scenario a DQN is trained as in ``benchmarks.results``, and the planner is distilled on as many training
episodes as have so many moments (rounds of two, four at least); then all play the test episodes by the shaped reward,
at one worker a step. Differences are paired, with 95 % intervals. The tables are written into docs/results.md. What a
policy earned is kept in the folder and not played again, so that the tables can be made in parts; what
is not there yet is left empty. The folder of recordings that are not shipped is what AUTOSCALE_DATA names; where it
lacks one, its scenario is left out.
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
#: Rounds of two episodes let the student play its own way sooner, and leave more checkpoints to choose among ...
ROUND = 2
#: ... which 20 evaluation episodes would not tell apart.
EVALUATED = 100
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
    there = {name: [each for each in parts if each.exists()] for name, parts in files.items()}
    found = {name: pd.concat(map(pd.read_csv, parts)) for name, parts in there.items() if len(parts) > 1}
    tables = {"lookahead-reward": reward_table(found), "lookahead-pairs": pairs_table(found)}
    text = PAGE.read_text("utf-8")
    with atomic_write(PAGE) as page:
        page.write(with_tables(text, tables))


def played(name: str, policy: str, episodes: int, moments: int, root: Path) -> pd.DataFrame:
    """Return what a policy earned in the test episodes of a scenario; train and play, unless that was done."""
    file, setup = _file(root, name, policy), Setup(name)
    if not file.exists():
        settings = {DQN: TRAINED, DISTILLED: distilling(name, moments)}
        who = policy
        if policy in settings:
            who = str(train(policy, setup.with_settings(settings[policy]), output_dir=file.parent).result.model)
        found = compare({policy: who}, setup, episodes=episodes, record_tasks=False).episodes()
        with atomic_write(file) as rows:
            found[["agent", "episode_seed", "total_reward"]].to_csv(rows, index=False)
    return pd.read_csv(file)


def _file(root: Path, name: str, policy: str) -> Path:
    return root / name / f"{policy}.csv"


def distilling(name: str, moments: int) -> dict[str, int]:
    """Return the settings of a training whose episodes have so many moments: whole rounds, four at least."""
    rounds = max(4, math.ceil(moments / (ROUND * load_scenario(name).environment.max_steps)))
    return {
        "agents.distilled.episodes": ROUND * rounds,
        "agents.distilled.round_episodes": ROUND,
        "agents.training.eval_episodes": EVALUATED,
    }


def reward_table(found: dict[str, pd.DataFrame]) -> str:
    """Return mean rewards; the best that does not know the future is bold."""
    rows = []
    for name, episodes in found.items():
        means = {str(who): float(mean) for who, mean in episodes.groupby("agent")["total_reward"].mean().items()}
        best = max((mean for who, mean in means.items() if who != HINDSIGHT), default=math.nan)
        bold = {who: f"**{mean:,.1f}**" if mean == best else f"{mean:,.1f}" for who, mean in means.items()}
        rows.append([name, *(bold.get(policy, "") for policy in POLICIES)])
    return markdown(["scenario", *POLICIES], rows)


def pairs_table(found: dict[str, pd.DataFrame]) -> str:
    """Return paired differences, regrets in per cent of hindsight, and the share kept of a gain that is sure."""
    rows = []
    for name, episodes in found.items():
        played = set(episodes["agent"])
        pairs = {pair: _difference(episodes, *pair) for pair in PAIRS if set(pair) <= played}
        shown = [_shown(pairs[pair]) if pair in pairs else "" for pair in PAIRS]
        regrets = _regrets(episodes) if {PLANNER, STATIC, HINDSIGHT} <= played else ""
        sure = (PLANNER, STATIC) in pairs and pairs[PLANNER, STATIC].low > 0
        rows.append([name, *shown, regrets, _kept(episodes) if sure and DISTILLED in played else ""])
    return markdown(["scenario", *(f"{one} less {other}" for one, other in PAIRS), "planner's regret", "kept"], rows)


def _difference(episodes: pd.DataFrame, one: str, other: str) -> Interval:
    return compare_with(episodes, one, other, "total_reward", rng()).difference


def _regrets(episodes: pd.DataFrame) -> str:
    means = episodes.groupby("agent")["total_reward"].mean()
    planner, static = (100 - 100 * means[each] / means[HINDSIGHT] for each in (PLANNER, STATIC))
    return f"{planner:.1f} % of {static:.1f} %"


def _kept(episodes: pd.DataFrame) -> str:
    kept = kept_of(*(paired(episodes, each, STATIC, "total_reward") for each in (PLANNER, DISTILLED)))
    return f"{100 * kept.estimate:.0f} % [{100 * kept.low:.0f}, {100 * kept.high:.0f}]"


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


def _shown(found: Interval) -> str:
    return f"{found.estimate:+,.1f} [{found.low:+,.1f}, {found.high:+,.1f}]"


if __name__ == "__main__":
    main()
