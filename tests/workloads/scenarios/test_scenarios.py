"""Every scenario is a valid configuration whose tasks arrive within its steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoscaling_env.config import default_config, load_config
from autoscaling_env.errors import InputError
from autoscaling_env.plugins import make_workload
from autoscaling_env.testing.workload import check_batch
from workloads.scenarios import (
    DATA,
    load_history,
    load_scenario,
    scenario,
    scenario_layers,
    scenario_names,
    scenario_path,
    scenario_seeds,
    scenarios_away,
)

every = pytest.mark.parametrize(
    "name",
    [
        *scenario_names(),
        *(pytest.param(name, marks=pytest.mark.skip(f"set {DATA}")) for name in scenarios_away()),
    ],
)


@every
def test_the_file_is_an_overlay_on_the_defaults(name: str) -> None:
    config = load_config(*scenario_layers(name))
    assert config == load_scenario(name)
    assert config.workload.name == name


@every
def test_all_tasks_arrive_well_before_the_last_step(name: str) -> None:
    config = load_scenario(name)
    workload = make_workload(config)
    batch = workload.draw(scenario_seeds(name)[1])
    check_batch(batch)
    length_s = config.environment.max_steps * config.environment.step_duration_s
    assert workload.duration_s <= length_s <= workload.duration_s + 100
    assert len(batch) > 1000


@every
def test_the_farm_can_carry_the_mean_load(name: str) -> None:
    config = load_scenario(name)
    batch = make_workload(config).draw(scenario_seeds(name)[1])
    load = batch.service_s.sum() / (config.environment.max_steps * config.environment.step_duration_s)
    assert 2 < load < 0.8 * config.farm.max_workers


def test_seeds_are_all_different() -> None:
    """But those of the reference deployment, whose episodes are compared with smooth ones."""
    seeds = [seed for name in scenario_names() if name != "reference_smooth" for seed in scenario_seeds(name)]
    assert len(set(seeds)) == len(seeds)
    assert scenario_seeds("reference_smooth") == scenario_seeds("reference")


def test_every_file_is_a_scenario_in_the_order_of_its_place() -> None:
    files = {path.stem for path in scenario_path("reference").parent.glob("*.yml")}
    assert files == {*scenario_names(), *scenarios_away()}
    assert scenario_names()[:2] == ("reference", "oscillating")
    assert all(scenario(name).title and scenario(name).why.endswith(".") for name in scenario_names())


def test_reference_is_the_default_configuration_under_its_name() -> None:
    assert make_workload(load_scenario("reference")).draw(5).arrival_s.tobytes() == (
        make_workload(default_config()).draw(5).arrival_s.tobytes()
    )


def test_declared_shapes() -> None:
    diurnal = load_scenario("diurnal").workload.phases[0]
    assert diurnal.duration_s == 3600
    assert diurnal.max_rate / diurnal.min_rate == pytest.approx(10)
    assert load_scenario("heavy_tail").workload.service.distribution.cv == 3
    startup = load_scenario("slow_start").farm.startup
    assert (startup.mean_s, startup.mean_s / startup.shape**0.5) == (45, 15)
    assert {phase.pattern for phase in load_scenario("oscillating").workload.phases[2:]} == {
        "oscillation_slow",
        "oscillation_fast",
    }


def test_an_unknown_name_is_one_line_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"^unknown scenario 'diurnl' \(did you mean 'diurnal'\?\); choose from"):
        scenario_path("diurnl")


def test_a_file_that_is_not_there_is_one_line() -> None:
    with pytest.raises(InputError, match=r"^scenario mine/lunch\.yml: no such file$"):
        scenario_path("mine/lunch.yml")


def test_a_file_of_ones_own_may_change_any_value(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("own") / "own.yml"
    file.write_text("farm: {max_workers: 16}\n")
    assert load_scenario("ramp", file, assignments=("environment.max_steps=10",)).farm.max_workers == 16


def test_the_trace_can_be_replaced_and_the_sample_kept() -> None:
    kept = load_scenario("trace", assignments=("farm.max_workers=64",))
    assert Path(kept.workload.file).exists()
    assert load_scenario("trace", assignments=("workload.file=mine.csv",)).workload.file == "mine.csv"


def test_a_file_of_ones_own_is_a_scenario(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(
        "scenario: {title: Mine, why: To try., train_seed: 1, test_seed: 2}\nfarm: {max_workers: 16}\n", "utf-8"
    )
    assert scenario_seeds(str(file)) == (1, 2)
    assert load_scenario(str(file)).farm.max_workers == 16


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("farm: {max_workers: 16}\n", "not a scenario: it has no section scenario; name it with --config instead"),
        ("scenario: {title: Mine, why: To try., train_seed: 1}\n", "scenario.test_seed: is missing"),
        (
            "scenario: {title: M, why: W, train_seed: 1, test_seed: 2, sead: 3}\n",
            "scenario.sead: unknown key; allowed: data, place",
        ),
        ("scenario: 4\n", "scenario: 4: must be a mapping"),
    ],
)
def test_a_file_that_is_no_scenario_is_one_line(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        load_scenario(str(file))
    assert caught.value.problems[0].removeprefix(f"{file}:").removeprefix("1:").strip().startswith(problem)


def test_all_that_is_wrong_with_what_a_scenario_is_for_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text("scenario:\n  title: Mine\n  why: To try.\n  train_seed: -1\n  test_sed: 2\n", "utf-8")
    with pytest.raises(InputError) as caught:
        scenario_seeds(str(file))
    assert [line.removeprefix(f"{file}:").partition(";")[0] for line in caught.value.problems] == [
        "4: scenario.train_seed: -1: must be greater than or equal to 0",
        "1: scenario.test_seed: is missing",
        "5: scenario.test_sed: unknown key (did you mean 'test_seed'?)",
    ]


def test_a_trace_beside_a_scenario_is_found_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.csv").write_text("arrival_s\n1\n")
    name = mine(tmp_path, "workload: {kind: trace, file: own.csv}\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_scenario(name).workload.file == str(tmp_path / "own.csv")
    assert load_scenario(name, assignments=("workload.file=other.csv",)).workload.file == "other.csv"


HEAD = "scenario: {title: Mine, why: To try., train_seed: 1, test_seed: 2}\n"


def mine(folder: Path, text: str) -> str:
    """Write a scenario of one's own; return what it is called by."""
    file = folder / "mine.yml"
    file.write_text(HEAD + text, "utf-8")
    return str(file)


@every
def test_a_history_differs_in_its_workload_alone_and_fills_the_same_steps(name: str) -> None:
    before, now = load_history(name), load_scenario(name)
    assert before.model_copy(update={"workload": now.workload}) == now
    assert make_workload(before).duration_s == make_workload(now).duration_s
    assert (before == now) == (name not in HISTORIES)


HISTORIES = ("above_history", "below_history", "week", "unseen", "taxi", "load_balancer")


@pytest.mark.parametrize(("name", "ratio"), [("above_history", 1.3), ("below_history", 0.7), ("week", 1.1)])
def test_a_history_has_another_level(name: str, ratio: float) -> None:
    now, before = load_scenario(name).workload, load_history(name).workload
    assert now.base_rate_per_min / before.base_rate_per_min == pytest.approx(ratio)
    assert now.phases == before.phases


def test_no_past_of_the_unseen_has_its_pattern() -> None:
    now, before = (load("unseen").workload for load in (load_scenario, load_history))
    assert not {phase.pattern for phase in now.phases} & {phase.pattern for phase in before.phases}


def test_a_history_lies_over_the_scenario_and_under_what_is_said_later(tmp_path: Path) -> None:
    name = mine(tmp_path, "workload: {base_rate_per_min: 200}\nhistory: {workload: {base_rate_per_min: 100}}\n")
    rates = [load(name).workload.base_rate_per_min for load in (load_scenario, load_history)]
    assert rates == [200, 100]
    said = ("workload.base_rate_per_min=50",)
    assert load_history(name, assignments=said) == load_scenario(name, assignments=said)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "history:\n  workload:\n    base_rate_per_mn: 3\n",
            ":4: workload.base_rate_per_mn: unknown key (did you mean 'base_rate_per_min'?); allowed: ",
        ),
        ("history:\n  workload:\n    base_rate_per_min: -3\n", ":4: workload.base_rate_per_min: -3: must be"),
        ("history:\n  workloads: {}\n", ":3: history.workloads: unknown key (did you mean 'workload'?); allowed: "),
        ("history:\n  farm: {max_workers: 4}\n", ":3: history.farm: unknown key; allowed: workload"),
        ("history: none\n", ":2: history: must be a mapping"),
    ],
)
def test_a_wrong_history_is_one_line_with_its_place(text: str, problem: str, tmp_path: Path) -> None:
    name = mine(tmp_path, text)
    load_scenario(name)
    with pytest.raises(InputError) as caught:
        load_history(name)
    (line,) = caught.value.problems
    assert line.startswith(f"{name}{problem}")


def test_recordings_that_are_not_here_are_not_listed_and_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = "https://github.com/numenta/NAB (data/realKnownCause/nyc_taxi.csv)"
    remedy = f"get it from {source}, save it as counts_nyc_taxi_30min.csv, and set {DATA} to its folder"
    for folder, missing in (
        (None, f"{DATA} is not set"),
        ("", f"{DATA} is not set"),
        (str(tmp_path), f"{tmp_path}/counts_nyc_taxi_30min.csv is not there"),
    ):
        monkeypatch.delenv(DATA, raising=False) if folder is None else monkeypatch.setenv(DATA, folder)
        assert scenarios_away() == ("taxi", "load_balancer")
        assert not {"taxi", "load_balancer"} & set(scenario_names())
        with pytest.raises(InputError) as caught:
            load_scenario("taxi")
        assert caught.value.problems == (f"scenario taxi: its recording is not shipped and {missing}; {remedy}",)
    (tmp_path / "counts_nyc_taxi_30min.csv").write_text("timestamp,value\n", "utf-8")
    assert "taxi" in scenario_names()
    assert scenarios_away() == ("load_balancer",)
    assert load_scenario("taxi").workload.file == str(tmp_path / "counts_nyc_taxi_30min.csv")
    past, now = load_history("taxi").workload, load_scenario("taxi").workload
    assert past.end_s == now.start_s
    assert past.end_s - past.start_s == now.end_s - now.start_s == 7 * 86_400
