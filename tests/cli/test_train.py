"""``autoscale train``, ``evaluate`` and ``plot``."""

from __future__ import annotations

from pathlib import Path

import pytest

QUICK = ("--episodes", 4, "--eval-episodes", 2, "--checkpoint-every", 2, "--max-steps", 5)


def the_run(agent: str) -> Path:
    (found,) = Path("runs").glob(f"{agent}_run_*")
    return found


@pytest.mark.parametrize("agent", ["sarsa", "dqn"])
def test_train_then_evaluate_then_plot(autoscale, agent: str) -> None:
    trained = autoscale("train", agent, *QUICK, "--json")
    assert trained.code == 0, trained.err
    summary = trained.json()
    assert (summary["episodes"], summary["interrupted"]) == (4, False)
    assert Path(summary["model"]).name == f"{agent}_final.safetensors"
    judged = autoscale("evaluate", the_run(agent), "--episodes", 2, "--max-steps", 5, "--json")
    assert judged.code == 0, judged.err
    assert list(judged.json()["agents"]) == [agent]
    assert autoscale("plot", the_run(agent)).code == 0
    assert (the_run(agent) / "plots" / "learning_curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_goes_on_where_it_stopped(autoscale) -> None:
    autoscale("train", "sarsa", *QUICK)
    more = autoscale("train", "sarsa", "--resume", the_run("sarsa"), "--episodes", 6, "--json")
    assert more.code == 0, more.err
    assert more.json()["episodes"] == 6


def test_training_says_what_it_is_worth_and_where_it_is(autoscale) -> None:
    outcome = autoscale("train", "sarsa", *QUICK)
    assert "of deadlines met, on 2 episodes it never saw" in outcome.out
    assert "sarsa_final.safetensors" in outcome.out
    assert "episode      4" in outcome.err


def test_options_reach_the_configuration(autoscale) -> None:
    autoscale("train", "sarsa", *QUICK, "--alpha", 0.25, "--bins", "2,2,2,2,2,2,2,2,2", "--phase-shuffle")
    text = (the_run("sarsa") / "config.yml").read_text()
    assert "alpha: 0.25" in text
    assert "phase_shuffle: true" in text
