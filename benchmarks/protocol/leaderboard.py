"""The leaderboard: result files added up into docs/leaderboard.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.scores import scores as scored_runs
from analysis.statistics import Interval
from analysis.stratified import mean_improvement, pooled_iqm
from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write
from autoscaling_env.schema import NO_UNIT
from autoscaling_env.types import FloatArray
from benchmarks.protocol import v1
from benchmarks.protocol.playing import episodes_of
from benchmarks.protocol.submission import Submission, read
from benchmarks.results import ROOT, markdown, with_tables

FOLDER = ROOT / "benchmarks" / "leaderboard" / v1.VERSION
PAGE = ROOT / "docs" / "leaderboard.md"


def write(folder: Path = FOLDER, page: Path = PAGE) -> None:
    """Write the tables into the page.

    Raises:
        InputError: a result file does not keep to the protocol, or the two that scores are measured by are missing.
    """
    text = page.read_text("utf-8")
    tables = leaderboard(submissions(folder))
    with atomic_write(page) as file:
        file.write(with_tables(text, tables))


def submissions(folder: Path, scenarios: Sequence[str] = v1.SCENARIOS) -> list[Submission]:
    """Return every result file of a folder.

    Raises:
        InputError: see ``write``.
    """
    episodes = {name: episodes_of(name) for name in scenarios}
    found, problems = [], []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(read(path, episodes))
        except InputError as error:
            problems += error.problems
    missing = [name for name in (v1.ZERO, v1.ONE) if name not in {each.policy for each in found}]
    problems += [f"{folder}: no result file of {name}, by which scores are measured" for name in missing]
    if problems:
        raise InputError(*problems)
    return found


def leaderboard(found: Sequence[Submission]) -> dict[str, str]:
    """Return the tables of the page by their names; the best first."""
    named = {each.policy: each for each in found}
    scored = {name: scores(each, named[v1.ZERO], named[v1.ONE]) for name, each in named.items()}
    aggregates = {name: pooled_iqm(list(each.values()), _rng()) for name, each in scored.items()}
    order = sorted(named, key=lambda name: -aggregates[name].estimate)
    zero = list(scored[v1.ZERO].values())
    rows = [
        [
            name,
            _interval(aggregates[name]),
            NO_UNIT if name == v1.ZERO else _interval(mean_improvement(list(scored[name].values()), zero, _rng())),
            f"{100 * _mean(named[name], 'qos_of_all_tasks'):.1f}",
            f"{_mean(named[name], 'worker_seconds') / _mean(named[v1.ZERO], 'worker_seconds'):.2f}",
            f"{_mean(named[v1.ONE], 'total_reward') - _mean(named[name], 'total_reward'):.1f}",
            f"{named[name].training_steps:,}" if named[name].training_steps else NO_UNIT,
            named[name].by,
        ]
        for name in order
    ]
    head = ["policy", "score", "P(better than the best constant)", "deadlines met %", "worker-seconds", "regret"]
    each = [[name, *(f"{values.mean():.2f}" for values in scored[name].values())] for name in order]
    return {
        "leaderboard": markdown([*head, "training steps", "by"], rows),
        "leaderboard-scenarios": markdown(["policy", *scored[v1.ZERO]], each),
    }


def scores(found: Submission, zero: Submission, one: Submission) -> dict[str, FloatArray]:
    """Return the score of every run by scenario: 0 for what ``zero`` returned on the same episodes, 1 for ``one``."""
    scored = {}
    for name in found.scenarios:
        scored[name] = scored_runs(*(each.runs(name, "total_reward") for each in (found, zero, one)))
    return scored


def _mean(found: Submission, figure: str) -> float:
    return float(np.mean([found.runs(name, figure).mean() for name in found.scenarios]))


def _interval(found: Interval) -> str:
    return f"{found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)
