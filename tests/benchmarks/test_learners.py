"""The table of learners, and that what is in the file is not done again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoscaling_env.errors import InputError
from benchmarks import learners
from benchmarks.learners import COLUMNS, STATIC, Cell, checked, done, read, settings, table, wanted

#: What each earns more than the best constant.
GAINS = {STATIC: 0.0, "sarsa": -4.0, "dqn": 0.0, "ppo": 9.0}


def rows(agent: str, seed: int = 0, scenario: str = "ramp") -> pd.DataFrame:
    """Return made-up test episodes; every training seed earns one more than the one before."""
    scatter = np.random.default_rng([len(agent), seed]).normal(size=12)
    rewards = 100 + np.arange(12) + GAINS[agent] + seed + (scatter if agent == "dqn" else 0)
    columns = (agent, scenario, seed, range(12), rewards, 0.99, 1.0)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def cells(lines: str) -> list[str]:
    return [each.strip() for each in lines.splitlines()[2].strip("|").split("|")]


def test_means_spread_differences_and_who_is_ahead_for_sure() -> None:
    found = pd.concat([rows(STATIC), *(rows(who, seed) for who in ("ppo", "dqn", "sarsa") for seed in range(2))])
    name, constant, *line = cells(table(found))
    assert (name, constant) == ("ramp", "105.5")
    assert line[0] == "102.0 (101.5 to 102.5)"
    assert line[2] == "**115.0** (114.5 to 115.5)"
    assert line[3] == "-3.5 [-3.5, -3.5]"
    assert line[5] == "+9.5 [+9.5, +9.5]"
    assert line[6] in {"ppo", "dqn, ppo"}


def test_where_nobody_is_ahead_it_says_so_and_what_is_missing_is_empty() -> None:
    found = pd.concat([rows(STATIC), rows("sarsa"), rows("ppo", scenario="diurnal")])
    lines = table(found).splitlines()
    assert lines[2].split("|")[1:-1] == [" ramp ", " **105.5** ", " 101.5 (101.5 to 101.5) ", "  ",
                                         " -4.0 [-4.0, -4.0] ", "  ", " none "]  # fmt: skip
    assert lines[3].split("|")[2:4] == ["  ", "  "]


def test_one_seed_of_everything_before_the_next() -> None:
    assert wanted(["ppo", "dqn"], ["ramp"], 2) == [
        Cell(STATIC, "ramp", 0),
        Cell("ppo", "ramp", 0),
        Cell("dqn", "ramp", 0),
        Cell("ppo", "ramp", 1),
        Cell("dqn", "ramp", 1),
    ]


def test_a_learner_that_there_is_not_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'ppo'"):
        checked(["ppoo", "dqn"])


def test_a_budget_is_a_share_of_the_episodes() -> None:
    assert settings("ppo", 0.5) == {"agents.ppo.episodes": 1000, "agents.training.checkpoint_every": 167}
    assert settings("dqn", 1)["agents.training.envs"] == 8


def test_what_is_in_the_file_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, page, asked = tmp_path / "kept.csv", tmp_path / "results.md", list[Cell]()
    page.write_text("<!-- table learners --><!-- end -->")

    class Here:
        """A pool of no processes."""

        def __init__(self, *_: Any, **__: Any) -> None: ...
        def __enter__(self) -> Here:
            return self

        def __exit__(self, *_: object) -> None: ...
        def submit(self, do: Any, *args: Any) -> Any:
            return Done(do(*args))

    class Done:
        def __init__(self, value: Any) -> None:
            self._value = value

        def result(self) -> Any:
            return self._value

    def played(cell: Cell, budget: float, episodes: int) -> pd.DataFrame:
        asked.append(cell)
        return rows(cell.agent, cell.seed, cell.scenario)

    monkeypatch.setattr(learners, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(learners, "as_completed", list)
    monkeypatch.setattr(learners, "played", played)
    monkeypatch.setattr(learners, "PAGE", page)
    for seeds in ("1", "2", "2"):
        monkeypatch.setattr(sys, "argv", ["x", "--learners", "ppo", "--scenarios", "ramp", "--seeds", seeds,
                                          "--csv", str(file)])  # fmt: skip
        learners.main()
    assert asked == [Cell(STATIC, "ramp", 0), Cell("ppo", "ramp", 0), Cell("ppo", "ramp", 1)]
    assert done(read(file)) == set(asked)
    assert "**115.0** (114.5 to 115.5)" in page.read_text()
