"""Options that several commands share, and what the shell completes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cli.completing import a_policy, one_of, some_of

COST_TERMS = ["reward_workers", "reward_missed_deadlines"]
#: Too slow for every press of TAB, and for --help.
HEAVY = {"pandas", "numpy", "gymnasium", "pydantic", "numba", "torch", "matplotlib"}


def steps() -> pd.DataFrame:
    (path,) = Path("runs").rglob("steps.parquet")
    return pd.read_parquet(path)


def terms(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name.startswith("reward_")]


def test_the_objective_of_a_comparison(autoscale) -> None:
    outcome = autoscale(
        "compare", "--agents", "static-12,average", "--episodes", 1, "--max-steps", 3, "--objective", "cost"
    )
    assert outcome.code == 0, outcome.err
    assert "objective: cost" in " ".join(outcome.out.split())
    assert terms(steps()) == COST_TERMS
    (report,) = Path("runs").rglob("report.html")
    assert "<dt>Objective</dt><dd>cost</dd>" in report.read_text()


def test_the_objective_of_a_training_and_its_evaluation(autoscale) -> None:
    quick = ("--max-steps", 3, "--objective", "cost")
    trained = autoscale("train", "sarsa", "--episodes", 2, "--eval-episodes", 0, *quick, "--json").json()
    assert "objective: cost" in (Path(trained["run"]) / "config.yml").read_text()
    evaluated = autoscale(
        "evaluate", trained["run"], "--episodes", 1, *quick, "--output-dir", "evaluated", "--json"
    ).json()
    assert evaluated["meta"]["objective"] == "cost"
    assert evaluated["agents"]["sarsa"]["total_reward"]["mean"] < 0


def test_the_objective_of_the_baselines(autoscale) -> None:
    shaped = autoscale("baselines", "--agent", "average", "--steps", 3, "--json").json()
    cost = autoscale("baselines", "--agent", "average", "--steps", 3, "--objective", "cost", "--json").json()
    assert (shaped["meta"]["objective"], cost["meta"]["objective"]) == ("shaped", "cost")


@pytest.mark.parametrize("command", ["demo", "compare", "train", "evaluate", "baselines"])
def test_the_objective_can_be_chosen_everywhere(autoscale, command: str) -> None:
    assert "--objective" in autoscale(command, "--help").out


def test_resuming_refuses_what_would_change_the_run(autoscale) -> None:
    run = autoscale("train", "sarsa", "--episodes", 2, "--eval-episodes", 0, "--max-steps", 3, "--json").json()["run"]
    outcome = autoscale("train", "sarsa", "--resume", run, "--alpha", 0.3, "--seed", 4)
    assert outcome.code == 2
    assert [line.split()[1] for line in outcome.err.splitlines()] == ["--alpha", "--seed"]
    other = autoscale("train", "dqn", "--resume", run)
    assert (other.code, other.err) == (2, f"error: {run}: a run of sarsa, not of dqn; resume it as sarsa\n")


def completed(shell: str, *words: str) -> list[str]:
    """What the shell is offered after these words."""
    told = {
        "bash": {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": " ".join(words)},
    }[shell]
    environment = os.environ | told | {"_AUTOSCALE_COMPLETE": f"complete_{shell}"}
    command = [str(Path(sys.executable).parent / "autoscale")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


def test_bash_and_zsh_complete_names_in_a_list() -> None:
    assert completed("bash", "autoscale", "compare", "--agents", "average,ke") == ["average,keda"]
    assert "keda" in " ".join(completed("zsh", "autoscale", "compare", "--agents", "ke"))
    assert completed("bash", "autoscale", "compare", "--scenarios", "reference,fl") == ["reference,flash_crowd"]


@pytest.mark.parametrize(("shell", "word"), [("bash", "COMPREPLY"), ("zsh", "#compdef autoscale")])
def test_the_completion_script_of_a_named_shell_is_shown(shell: str, word: str) -> None:
    command = [str(Path(sys.executable).parent / "autoscale")]
    environment = os.environ | {"_AUTOSCALE_COMPLETE": f"source_{shell}"}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert word in shown


def test_a_name_is_offered_once() -> None:
    complete = some_of(one_of(lambda: ["keda", "kpa", "hpa"]))
    assert complete("k") == ["keda", "kpa"]
    assert complete("keda,k") == ["keda,kpa"]
    assert complete("keda,hpa,") == ["keda,hpa,kpa"]


def test_after_planner_its_files_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "past").mkdir()
    for file in ("mine.npz", "mine.csv", "past/week.npz"):
        (tmp_path / file).touch()
    assert a_policy("plann") == ["planner", "planner:"]
    assert a_policy("planner:") == ["planner:", "planner:mine.npz", "planner:past/"]
    assert a_policy("planner:past/w") == ["planner:past/week.npz"]
    assert a_policy("planner:nowhere/w") == []
    assert some_of(a_policy)("keda,planner:m") == ["keda,planner:mine.npz"]
    assert "keda,planner:mine.npz" in " ".join(
        completed("zsh", "autoscale", "compare", "--agents", "keda,planner:m")
    ).replace(r"\\:", ":")


def test_explaining_itself_imports_nothing_heavy() -> None:
    program = f"import sys, cli.main; sys.exit(sorted({HEAVY!r} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
