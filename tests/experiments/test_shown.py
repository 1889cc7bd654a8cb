"""What a result says for printing: rows, captions and sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import experiments
from agents.training.types import Evaluation, TrainingResult
from agents.tuning import Score, Trial
from autoscaling_env.errors import InputError
from autoscaling_env.plugins import farm_kinds
from experiments import Calibration, Setup, Silent, StepRows, Training, Tuning

QUICK = Setup(settings={"environment.max_steps": 3})


def test_of_settings_the_best_is_marked_and_keys_are_short() -> None:
    cheap = Trial({"agents.hpa.target": 0.5, "agents.hpa.behavior.up.seconds": 30}, Score(0.9, 1000.0))
    good = Trial({"agents.hpa.target": 0.25, "agents.hpa.behavior.up.seconds": 15}, Score(0.99, 2500.0))
    worse = Trial({"agents.hpa.target": 0.1, "agents.hpa.behavior.up.seconds": 15}, Score(0.98, 3000.0))
    rows = Tuning("hpa", [cheap, good, worse], slo=0.95, budget=3, yaml="", interrupted=False).rows()
    assert {row["Settings"]: (row["QoS [%]"], row["Worker-seconds"], row["Chosen"]) for row in rows} == {
        "target=0.5, up.seconds=30": ("90.00", "1,000", ""),
        "target=0.25, up.seconds=15": ("99.00", "2,500", "<-"),
    }


def test_a_training_says_which_checkpoint_was_chosen_where_not_the_last() -> None:
    earned = Evaluation("sarsa_ep0002", 2, (7.0,), (1.0,), (3.0,), (4,))
    result = TrainingResult("sarsa", Path("run"), Path("x"), 4, 4, interrupted=False, evaluation=earned, evaluated=3)
    said = "sarsa: 7.0 episode return, 100.00 % of deadlines met, on 1 episodes it was not trained on"
    chosen = ", after episode 2: the best of 3 checkpoints evaluated"
    assert Training(result, None).in_short() == said + chosen
    for other in (replace(result, episodes=2), replace(result, interrupted=True)):
        assert Training(other, None).in_short() == said
    assert Training(replace(result, evaluation=None), None).in_short() == ""


def test_a_summarys_caption_says_what_is_not_usual() -> None:
    usual = experiments.compare(["static-12"], QUICK, episodes=2)
    (name,) = usual.results
    caption = "mean ± standard deviation over 2 episodes; every agent met the same tasks"
    assert usual.caption(name) == caption
    cost = experiments.compare(["static-12"], QUICK.with_settings({"reward.objective": "cost"}), episodes=1)
    assert cost.caption(name) == caption.replace("2 episodes", "1 episode") + "; objective: cost"


def test_tasks_are_tables_of_text() -> None:
    tables = experiments.tasks_of("flash_crowd").tables()
    assert list(tables) == ["tasks", "segments", "dispersion"]
    assert all(isinstance(value, str) for rows in tables.values() for row in rows for value in row.values())
    assert {row["What"]: row["Value"] for row in tables["tasks"]}["tasks"].isdigit()


def test_a_time_that_was_never_measured_has_no_quantiles() -> None:
    found = Calibration({"start-up": np.array([1.0, 2.0, 3.0]), "leaving": np.array([])}, "measured", {})
    assert found.tables() == {
        "measured": [
            {"What": "start-up", "Events": "3", "p5": "1.1000", "p50": "2.0000", "p95": "2.9000"},
            {"What": "leaving", "Events": "0", "p5": "-", "p50": "-", "p95": "-"},
        ]
    }


def test_steps_are_kept_and_passed_on() -> None:
    class Counting(Silent):
        steps = 0

        def step(self, *played: object) -> None:
            self.steps += 1

    rows = StepRows(counting := Counting())
    experiments.compare(["static-12", "average"], QUICK, episodes=1, listener=rows)
    assert {agent: [row["Step"] for row in kept] for agent, kept in rows.rows.items()} == {
        "static-12": ["1", "2", "3"],
        "reactiveaverage": ["1", "2", "3"],
    }
    assert counting.steps == 6


def test_an_option_sets_what_the_kind_of_farm_says() -> None:
    found = experiments.standing_farm("kubernetes", options={"namespace": "mine", "image": None})
    assert found.lifecycle is farm_kinds()["kubernetes"].lifecycle
    assert found.config.live.kubernetes.namespace == "mine"
    assert "kubernetes" in experiments.list_standing()


@pytest.mark.parametrize(
    ("backend", "line"),
    [
        ("kubernete", r"unknown farm 'kubernete' \(did you mean 'kubernetes'\?\)"),
        ("compiled", "--backend compiled: there is nothing to bring up or down; choose from "),
        ("local", "--namespace belongs to a farm in a cluster, not to --backend local"),
    ],
)
def test_a_farm_that_does_not_stand_is_an_error(backend: str, line: str) -> None:
    with pytest.raises(InputError, match=line):
        experiments.standing_farm(backend, options={"namespace": "mine"})


def test_what_has_nothing_to_examine_is_an_error() -> None:
    with pytest.raises(InputError, match=r"--backend sim: there is nothing to examine; choose from .*local"):
        experiments.examine("sim")
