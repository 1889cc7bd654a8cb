"""What learns, searches or remembers on a scenario knows its history, and is judged on the scenario."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autoscaling_env.rng import episode_seeds
from experiments import Setup, compare
from experiments.listening import Silent
from experiments.policies import Setting, make_policy
from experiments.setup import place_of, training_place
from simulator.search import best_static
from workloads import make_workload
from workloads.scenarios import load_history, load_scenario

NAME = "unseen"


def test_a_place_has_both_and_training_the_history_alone() -> None:
    place, training = place_of(Setup(NAME)), training_place(Setup(NAME))
    assert (place.config, place.history) == (load_scenario(NAME), load_history(NAME))
    assert training.config == load_history(NAME)
    assert (training.train_seed, training.test_seed) == (place.train_seed, place.test_seed)


def test_without_a_history_training_is_as_before() -> None:
    assert place_of(Setup("ramp")).history is None
    assert training_place(Setup("ramp")).config == load_scenario("ramp")
    assert place_of(Setup()).history is None


def test_settings_win_over_both() -> None:
    setup = Setup(NAME, assignments=("farm.max_workers=20",), settings={"environment.max_steps": 20})
    place = place_of(setup, {"reward.objective": "cost"})
    assert place.history is not None
    for config in (place.config, place.history):
        assert (config.farm.max_workers, config.environment.max_steps) == (20, 20)
        assert config.reward.objective == "cost"
    assert place.history.workload == load_history(NAME).workload


def test_the_best_constant_is_that_of_the_past(tmp_path: Path) -> None:
    now, before = load_scenario(NAME), load_history(NAME)
    past = Setting(before, make_workload(before), 5, tmp_path)
    known = make_policy("static-best", Setting(now, make_workload(now), 5, tmp_path, history=past))
    wanted, _ = best_static(before, past.workload, past.training_seeds(20))
    other, _ = best_static(now, make_workload(now), past.training_seeds(20))
    assert known.decide(np.zeros(9, dtype=np.float32), {}) == wanted != other


class Notes(Silent):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_a_comparison_is_played_on_the_scenario_and_searched_on_its_history() -> None:
    listener, place = Notes(), place_of(Setup(NAME))
    found = compare(["static-best"], NAME, episodes=1, record_tasks=False, engine="compiled", listener=listener)
    assert place.history is not None
    past = Setting(place.history, make_workload(place.history), place.train_seed, Path())
    wanted, _ = best_static(place.history, past.workload, past.training_seeds(20))
    assert any(f"static-best: {wanted} workers" in said for said in listener.said)
    played = make_workload(place.config).draw(episode_seeds(place.test_seed, 1)[0])
    assert found.episodes()["episode_seed"].tolist() == [played.seed]


def test_what_is_kept_of_a_rule_is_of_its_history(tmp_path: Path) -> None:
    """The same scenario with another history has another best constant."""

    def steps(rate: int) -> int:
        file = tmp_path / "mine.yml"
        head = "scenario: {title: Mine, why: To try., train_seed: 1, test_seed: 2}\nenvironment: {max_steps: 6}\n"
        file.write_text(f"{head}history: {{workload: {{base_rate_per_min: {rate}}}}}\n", "utf-8")
        compare(["static-best"], str(file), episodes=1, record_tasks=False, baseline_cache=tmp_path / "kept")
        return len(list((tmp_path / "kept").glob("*.parquet")))

    assert [steps(300), steps(900), steps(300)] == [1, 2, 2]
