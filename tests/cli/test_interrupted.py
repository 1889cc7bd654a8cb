"""Ctrl-C: what was done is kept and shown, nothing else is begun, and the exit code is 130."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cli import console, train
from cli.terminal import Terminal
from experiments import demonstration, training, tuning
from experiments.listening import TrainingWithin

#: Presses Ctrl-C in its third episode.
IMPATIENT = """
class Impatient:
    episodes = 0
    def reset(self): self.episodes += 1
    def act(self, observation, info):
        if self.episodes == 3: raise KeyboardInterrupt
        return 1
def impatient(): return Impatient()
"""
QUICK = ("--agents", "static-12", "--model", "mine:impatient", "--episodes", 5, "--max-steps", 4)


@pytest.fixture(autouse=True)
def _policy(autoscale) -> None:
    Path("mine.py").write_text(IMPATIENT)


def the_run() -> Path:
    (found,) = Path("runs").glob("*_run_*")
    return found


def test_a_comparison_shows_what_it_has(autoscale) -> None:
    outcome = autoscale("compare", *QUICK)
    assert outcome.code == 130
    assert f"interrupted: the finished steps are kept in {the_run()}" in outcome.err
    assert "Traceback" not in outcome.err
    assert "interrupted: the last episode is not whole" in " ".join(outcome.out.split())
    assert str(the_run() / "report.html") in outcome.out
    steps = pd.read_parquet(the_run() / "steps.parquet")
    assert steps.groupby("agent").size().to_dict() == {"static-12": 12, "impatient": 8}


def test_the_scenarios_after_it_are_not_begun(autoscale) -> None:
    outcome = autoscale("compare", *QUICK, "--scenarios", "reference,ramp", "--json")
    assert outcome.code == 130
    assert outcome.json()["meta"]["interrupted"]
    assert {path.parent.name for path in the_run().rglob("aggregated_results.json")} == {"reference"}


def test_before_the_first_episode_there_is_nothing_to_show(autoscale) -> None:
    Path("mine.py").write_text(IMPATIENT.replace("== 3", "== 1"))
    outcome = autoscale("compare", "--model", "mine:impatient", "--episodes", 2)
    assert outcome.code == 130
    assert f"interrupted before an episode was finished: {the_run()} has no results" in outcome.err


def test_a_training_is_saved_and_says_how_to_go_on(autoscale, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Terminal.episode

    def press(self: Terminal, line) -> None:
        told(self, line)
        if line.episode == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Terminal, "episode", press)
    outcome = autoscale("train", "sarsa", "--episodes", 6, "--eval-episodes", 0, "--max-steps", 4)
    assert outcome.code == 130
    assert f"autoscale train sarsa --resume {the_run()}" in outcome.out
    monkeypatch.setattr(Terminal, "episode", told)
    assert autoscale("train", "sarsa", "--resume", the_run(), "--json").json()["episodes"] == 6


def test_told_to_leave_a_training_is_saved_too(autoscale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Terminal, "episode", lambda self, line: signal.raise_signal(signal.SIGTERM))
    outcome = autoscale("train", "sarsa", "--episodes", 6, "--eval-episodes", 0, "--max-steps", 4)
    assert outcome.code == 143
    assert f"autoscale train sarsa --resume {the_run()}" in outcome.out


def twice_in_an_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    def press(self: Terminal, line) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Terminal, "episode", press)


def again_where_it_is_taken_for_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an import of compiled code does."""

    def draw(folder) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("initialization failed") from None

    monkeypatch.setattr(Terminal, "episode", lambda self, line: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(training, "draw_training", draw)


def again_while_the_result_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Terminal, "episode", lambda self, line: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(train, "print_line", lambda line: signal.raise_signal(signal.SIGINT))


def a_third_time_while_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    twice_in_an_episode(monkeypatch)

    def note(text: str) -> None:
        signal.raise_signal(signal.SIGINT)
        console.note(text)

    monkeypatch.setattr(train, "note", note)


@pytest.mark.parametrize(
    "pressed",
    [
        twice_in_an_episode,
        again_where_it_is_taken_for_something_else,
        again_while_the_result_is_shown,
        a_third_time_while_it_is_told,
    ],
)
@pytest.mark.parametrize("resumed", [False, True])
def test_a_second_ctrl_c_stops_at_once_and_says_how_to_go_on(
    autoscale, monkeypatch: pytest.MonkeyPatch, pressed: Callable[[pytest.MonkeyPatch], None], resumed: bool
) -> None:
    quick = ("--episodes", 3, "--eval-episodes", 0, "--max-steps", 4)
    arguments: tuple[object, ...] = ("train", "sarsa", *quick)
    if resumed:
        autoscale(*arguments)
        arguments = ("train", "sarsa", "--resume", the_run(), "--episodes", 9)
    pressed(monkeypatch)
    outcome = autoscale(*arguments)
    assert outcome.code == 130
    assert outcome.err.endswith(
        f"stopped; go on from the last checkpoint: autoscale train sarsa --resume {the_run()}\n"
    )
    assert "Traceback" not in outcome.err


def test_nothing_is_said_to_be_kept_where_nothing_is_written(autoscale, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []

    def press(self: Terminal, *step: object) -> None:
        steps.append(step)
        if len(steps) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Terminal, "step", press)
    outcome = autoscale("baselines", "--agent", "average")
    assert outcome.code == 130
    assert outcome.err == "interrupted: the results are of the steps that were played; nothing is written\n"
    assert "interrupted: the last episode is not whole" in " ".join(outcome.out.split())
    assert not Path("runs").exists()


def test_a_demo_does_not_begin_its_next_scenario(autoscale, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(self: Terminal, *step: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Terminal, "step", press)
    monkeypatch.setattr(demonstration, "RULES", ("keda",))
    outcome = autoscale("demo", "--episodes", 1)
    assert outcome.code == 130
    assert [path.parent.name for path in the_run().glob("*/steps.parquet")] == ["flash_crowd"]


def test_a_search_shows_what_it_tried(autoscale, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = tuning._score, []

    def press(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(tuning, "_score", press)
    outcome = autoscale("tune", "keda", "--budget", 5, "--episodes", 1, "--json")
    assert outcome.code == 130
    assert "interrupted: 2 of 5 settings were tried" in outcome.err
    assert json.loads(outcome.out)["pareto"]


def test_a_half_trained_agent_is_not_compared(autoscale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrainingWithin, "episode", lambda self, line: signal.raise_signal(signal.SIGINT))
    outcome = autoscale("compare", "--agents", "sarsa", "--episodes", 1, "--set", "agents.sarsa.episodes=3")
    assert outcome.code == 130
    assert not list(the_run().rglob("aggregated_results.json"))
