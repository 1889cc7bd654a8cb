"""``autoscale train``, ``evaluate`` and ``plot``."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoscaling_env.config import load_config
from experiments import load_policy

QUICK = ("--episodes", 4, "--eval-episodes", 2, "--checkpoint-every", 2, "--max-steps", 5)


def the_run(agent: str) -> Path:
    (found,) = Path("runs").glob(f"{agent}_run_*")
    return found


@pytest.mark.parametrize("agent", ["sarsa", "dqn", "ppo"])
def test_train_then_evaluate_then_plot(autoscale, agent: str) -> None:
    trained = autoscale("train", agent, *QUICK, "--json")
    assert trained.code == 0, trained.err
    summary = trained.json()
    assert (summary["episodes"], summary["interrupted"]) == (4, False)
    assert Path(summary["model"]).name == f"{agent}_final.safetensors"
    evaluated = autoscale("evaluate", the_run(agent), "--episodes", 2, "--max-steps", 5, "--json")
    assert evaluated.code == 0, evaluated.err
    assert list(evaluated.json()["agents"]) == [agent]
    assert autoscale("plot", the_run(agent)).code == 0
    assert (the_run(agent) / "plots" / "learning_curves.png").read_bytes().startswith(b"\x89PNG")


def test_options_that_mean_nothing_to_it_are_refused_by_name(autoscale) -> None:
    outcome = autoscale("train", "distilled", "--gamma", 0.5, "--bins", 4)
    assert outcome.code == 2
    assert "--gamma belongs to sarsa, dqn and ppo, not to distilled" in outcome.err
    assert "--bins belongs to sarsa, not to distilled" in outcome.err
    shared = autoscale("train", "distilled", *QUICK, "--hidden-layers", "8,8", "--learning-rate", 0.01, "--json")
    assert shared.code == 0, shared.err
    settings = load_config(the_run("distilled") / "config.yml").agents.distilled
    assert (settings.hidden_layers, settings.learning_rate) == ((8, 8), 0.01)


def test_a_run_goes_on_where_it_stopped(autoscale) -> None:
    autoscale("train", "sarsa", *QUICK)
    more = autoscale("train", "sarsa", "--resume", the_run("sarsa"), "--episodes", 6, "--json")
    assert more.code == 0, more.err
    assert more.json()["episodes"] == 6


def test_training_says_what_it_is_worth_and_where_it_is(autoscale) -> None:
    outcome = autoscale("train", "sarsa", *QUICK)
    assert "of deadlines met, on 2 episodes it was not trained on\n" in outcome.out
    assert "sarsa_final.safetensors" in outcome.out
    assert "episode      4" in outcome.err


def test_options_reach_the_configuration(autoscale) -> None:
    autoscale("train", "sarsa", *QUICK, "--alpha", 0.25, "--bins", "2,2,2,2,2,2,2,2,2", "--phase-shuffle")
    text = (the_run("sarsa") / "config.yml").read_text()
    assert "alpha: 0.25" in text
    assert "phase_shuffle: true" in text


def test_a_resumed_run_keeps_its_settings(autoscale) -> None:
    autoscale("train", "sarsa", *QUICK)
    more = autoscale("train", "sarsa", "--resume", the_run("sarsa"), "--gamma", 0.5, "--set", "farm.max_workers=3")
    assert more.code == 2
    assert "--gamma belongs to a new training" in more.err
    assert "--set belongs to a new training" in more.err


def test_a_run_is_resumed_as_the_agent_it_is(autoscale) -> None:
    autoscale("train", "sarsa", *QUICK)
    other = autoscale("train", "dqn", "--resume", the_run("sarsa"))
    assert other.code == 2
    assert "a run of sarsa, not of dqn" in other.err


def test_a_folder_that_is_no_run_cannot_be_resumed(autoscale, tmp_path: Path) -> None:
    other = autoscale("train", "sarsa", "--resume", tmp_path)
    assert other.code == 2
    assert "not a run folder" in other.err


def test_a_run_is_evaluated_by_the_model_with_most_episodes_behind_it(autoscale) -> None:
    autoscale("train", "sarsa", *QUICK)
    (the_run("sarsa") / "models" / "sarsa_final.safetensors").rename(
        the_run("sarsa") / "models" / "sarsa_z.safetensors"
    )
    autoscale("train", "sarsa", "--resume", the_run("sarsa"), "--episodes", 6)
    policy = load_policy(str(the_run("sarsa")))
    assert policy.episodes == 6  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 7", "act() returned 7 (int); return a whole number from 0 to 2"),
        ("return None", "act() returned None"),
        ("return observation[99]", "act() raised IndexError"),
    ],
)
def test_a_policy_of_others_that_errs_is_named_in_one_line(autoscale, body: str, said: str) -> None:
    source = f"""
class Mine:
    def reset(self): pass
    def act(self, observation, info):
        {body}

def make(): return Mine()
"""
    module = f"mine_{abs(hash(body))}"
    Path(f"{module}.py").write_text(source)
    outcome = autoscale(
        "compare", "--model", f"{module}:make", "--agents", "static-2", "--episodes", 1, "--max-steps", 4
    )
    assert outcome.code == 2
    assert f"{module}:make: {said}" in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err
