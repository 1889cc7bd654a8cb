"""What the commands do, from Python: typed settings in, frames out, nothing printed."""

from __future__ import annotations

import ast
import json
import threading
from pathlib import Path
from typing import Any

import gymnasium
import pandas as pd
import pytest

import experiments
from agents.reactive import Static
from autoscaling_env.config import default_config
from autoscaling_env.errors import InputError
from experiments import Setup, Silent
from experiments.setup import place_of, training_place
from tests.places import ROOT

QUICK = Setup(settings={"environment.max_steps": 6})
#: What the default workload is called.
NAME = default_config().workload.name


def test_everything_that_is_named_is_there() -> None:
    for name in experiments.__all__:
        assert getattr(experiments, name) is not None, name
    with pytest.raises(AttributeError, match="no attribute 'comparee'"):
        _ = experiments.comparee


def test_two_policies_on_a_scenario_are_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = experiments.compare(["keda", "static-14"], "flash_crowd", episodes=2)
    table = found.table()
    assert list(table.index) == [("flash_crowd", "keda"), ("flash_crowd", "static-14")]
    assert table.loc[("flash_crowd", "static-14"), "max_workers"] == 14
    assert len(found.episodes()) == 4
    assert (found.folder, list(tmp_path.iterdir())) == (None, [])
    assert capsys.readouterr() == ("", "")


def test_a_folder_has_what_memory_has(tmp_path: Path) -> None:
    alone = experiments.compare(["average", "static-14"], QUICK, episodes=2)
    written = experiments.compare(["average", "static-14"], QUICK, episodes=2, output_dir=tmp_path)
    assert written.folder is not None
    pd.testing.assert_frame_equal(alone.table(), written.table())
    pd.testing.assert_frame_equal(alone.steps[NAME], pd.read_parquet(written.folder / "steps.parquet"))
    assert {"picture", "quality against price", "report"} <= set(written.files)
    again = experiments.read_comparison(written.folder, name=NAME)
    pd.testing.assert_frame_equal(again.table(), written.table())


def test_a_policy_of_ones_own_is_compared_under_its_name() -> None:
    found = experiments.compare({"mine": Static(9)}, QUICK, episodes=1)
    assert list(found.table().index) == [(NAME, "mine")]
    assert found.steps[NAME]["requested_workers"].iloc[-1] == 9


def test_a_rule_is_compared_under_a_name_of_ones_own() -> None:
    found = experiments.compare({"nine": "static-9", "mine": Static(9)}, QUICK, episodes=1).table().droplevel(0)
    assert found.loc["nine"].to_dict() == found.loc["mine"].to_dict()


def test_a_factory_may_take_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "of_a_config.py").write_text(
        "from agents.reactive import Static\ndef half(config): return Static(config.farm.max_workers // 2)\n"
    )
    monkeypatch.chdir(tmp_path)
    where = Setup(settings={"environment.max_steps": 6, "farm.max_workers": 18, "environment.action": "target"})
    found = experiments.compare(["of_a_config:half"], where, episodes=1)
    assert found.steps[NAME]["requested_workers"].iloc[-1] == 9


@pytest.mark.parametrize(
    ("policies", "changes", "problem"),
    [
        ({"mine": "statik-9"}, {}, "unknown agent 'statik-9'"),
        ({"mine": 9}, {}, "mine: made a int, which lacks"),
        (["static-9"], {"episode": 3}, r"unknown setting 'episode' \(did you mean 'episodes'\?\); .*goes into Setup"),
    ],
)
def test_what_cannot_be_compared_is_one_line(policies: Any, changes: Any, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        experiments.compare(policies, QUICK, **changes)


def test_the_stop_signal_ends_a_comparison_with_what_it_has() -> None:
    stop = threading.Event()

    class Stopper(Silent):
        def step(self, agent: str, episode: int, observation: Any, reward: float, info: dict[str, Any]) -> None:
            if (episode, info["step"]) == (1, 2):
                stop.set()

    found = experiments.compare(["static-12"], QUICK, episodes=5, listener=Stopper(), stop=stop)
    assert found.interrupted
    assert len(found.steps[NAME]) == 6 + 2


def test_several_scenarios_run_in_processes_of_their_own(tmp_path: Path) -> None:
    setups = [Setup(scenario=name, settings={"environment.max_steps": 4}) for name in ("reference", "ramp")]
    side = experiments.compare(["static-12"], setups, episodes=1, jobs=2, output_dir=tmp_path)
    alone = experiments.compare(["static-12"], setups, episodes=1)
    pd.testing.assert_frame_equal(side.table(), alone.table())


def test_all_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOSCALE_DATA", raising=False)
    said: list[str] = []
    assert experiments.scenario_list("all", said.append) == experiments.list_scenarios()
    assert said == ["all leaves out taxi, load_balancer: AUTOSCALE_DATA names no folder with their recordings"]
    assert experiments.scenario_list("ramp, trace", said.append) == ("ramp", "trace")
    assert len(said) == 1


def test_all_that_is_wrong_with_names_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        experiments.compare(["kedaa", "static-12", "runs/none", "nowhere:make"], QUICK, output_dir=tmp_path)
    starts = ("unknown agent 'kedaa' (did you mean 'keda'?)", "runs/none: ", "nowhere:make: cannot be imported")
    assert [problem.startswith(start) for problem, start in zip(caught.value.problems, starts, strict=True)] == [
        True
    ] * 3
    assert not list(tmp_path.iterdir())


def test_seeds_are_the_scenarios_own_unless_given() -> None:
    assert place_of(Setup(scenario="flash_crowd")).test_seed == 2003
    assert place_of(Setup(scenario="flash_crowd", seed=5)).test_seed == 5
    assert place_of(Setup(scenario="flash_crowd", seed=5)).train_seed == 1003
    assert training_place(Setup(scenario="flash_crowd")).train_seed == 1003
    assert training_place(Setup(scenario="flash_crowd", seed=5)).train_seed == 5
    assert (place_of(Setup()).test_seed, training_place(Setup(seed=3)).train_seed) == (0, 3)


def test_evaluating_and_tuning_use_the_scenarios_seeds() -> None:
    found = experiments.evaluate("static-14", "ramp", episodes=1)
    compared = experiments.compare(["static-14"], "ramp", episodes=1)
    assert found.steps["ramp"]["episode_seed"].iloc[0] == compared.steps["ramp"]["episode_seed"].iloc[0]
    quick = Setup(scenario="ramp", settings={"environment.max_steps": 4})
    own = experiments.tune("keda", quick, budget=2, episodes=1).table()
    named = experiments.tune("keda", Setup(scenario="ramp", seed=1008, settings=quick.settings), budget=2, episodes=1)
    pd.testing.assert_frame_equal(own, named.table())


def test_a_setting_below_a_trace_is_held_against_what_a_trace_knows(tmp_path: Path) -> None:
    trace = tmp_path / "tasks.csv"
    trace.write_text("arrival_s,service_s,deadline_s\n0,1,2\n1,1,2\n")
    with pytest.raises(InputError, match=r"workload\.anything"):
        experiments.resolve(Setup(trace=trace, assignments=("workload.anything=3",)))
    kept = experiments.resolve(Setup(trace=trace, assignments=("workload.mean_utilisation=0.2",)))
    assert kept.workload.mean_utilisation == 0.2


def test_shuffling_means_the_same_however_it_is_asked_for() -> None:
    for setup in (Setup(phase_shuffle_seed=7), Setup(phase_shuffle=True, phase_shuffle_seed=7)):
        environment = experiments.resolve(setup).environment
        assert (environment.phase_shuffle, environment.phase_shuffle_seed) == (True, 7)
    shuffled = experiments.tasks_of(Setup(phase_shuffle_seed=7)).batch
    played = experiments.make_env(Setup(phase_shuffle_seed=7))
    played.reset(options={"episode_seed": shuffled.seed})
    assert played.batch.arrival_s.tobytes() == shuffled.arrival_s.tobytes()


def test_an_order_of_phases_that_is_not_shuffled_is_an_error() -> None:
    with pytest.raises(InputError, match="phase_shuffle_seed has no effect without phase_shuffle: true"):
        experiments.resolve(Setup(settings={"environment.phase_shuffle_seed": 7}))


def test_the_tasks_shown_are_those_that_are_played_first() -> None:
    shown = experiments.tasks_of("ramp")
    found = experiments.compare(
        ["static-12"], Setup(scenario="ramp", settings={"environment.max_steps": 2}), episodes=1
    )
    assert shown.batch.seed == found.steps["ramp"]["episode_seed"].iloc[0]
    assert len(shown.table()) == len(shown.batch) == shown.describe()["tasks"]
    assert experiments.tasks_of("ramp", episode_seed=9).batch.seed == 9


def test_environments_by_scenario() -> None:
    env = experiments.make_env("flash_crowd")
    assert isinstance(env, gymnasium.Env)
    assert env.config.environment.max_steps == 120  # type: ignore[attr-defined]
    many = experiments.make_env("flash_crowd", num_envs=3)
    assert many.num_envs == 3
    with pytest.raises(InputError, match="num_envs 2: the farm simpy plays one episode at a time"):
        experiments.make_env(num_envs=2, backend="simpy")


@pytest.mark.parametrize(
    ("backend", "engine", "line"),
    [
        ("sims", None, r"unknown backend 'sims' \(did you mean"),
        ("compiled", "simpy", "--engine simpy belongs to --backend sim, not to compiled"),
        ("sim", "simpi", "--engine simpi: choose from compiled, simpy"),
    ],
)
def test_farms_and_engines_by_name(backend: str, engine: str | None, line: str) -> None:
    with pytest.raises(InputError, match=line):
        experiments.make_env(backend=backend, engine=engine)


def test_a_training_resumes_and_is_a_policy_by_its_folder(tmp_path: Path) -> None:
    quick = QUICK.with_settings({"agents.sarsa.episodes": 3, "agents.training.eval_episodes": 0})
    trained = experiments.train("sarsa", quick, output_dir=tmp_path)
    assert trained.picture is not None
    assert trained.picture.is_file()
    more = experiments.resume(trained.result.folder, episodes=5)
    assert more.to_json()["episodes"] == 5
    found = experiments.compare([str(trained.result.folder), "static-12"], QUICK, episodes=1)
    assert list(found.results[NAME].agents) == ["sarsa", "static-12"]
    replayed = experiments.evaluate(str(more.result.model), QUICK, episodes=1, output_dir=tmp_path)
    assert replayed.folder is not None
    again = experiments.replay(replayed.folder, output_dir=tmp_path)
    pd.testing.assert_frame_equal(
        again.steps[again.folder.name if again.folder else ""].drop(columns=["episode"]),
        replayed.steps[NAME].drop(columns=["episode"]),
    )


def test_two_models_of_one_name_get_a_number(tmp_path: Path) -> None:
    quick = QUICK.with_settings({"agents.sarsa.episodes": 2, "agents.training.eval_episodes": 0})
    runs = [str(experiments.train("sarsa", quick, output_dir=tmp_path).result.folder) for _ in range(2)]
    found = experiments.compare([*runs, "average", "average"], QUICK, episodes=1)
    assert list(found.results[NAME].agents) == ["sarsa", "sarsa-2", "reactiveaverage"]


def test_nothing_here_prints_or_parses() -> None:
    for path in sorted((ROOT / "experiments").glob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        imported = {name.split(".")[0] for name in imported}
        assert not called & {"print", "input"}, path
        assert not imported & {"typer", "rich", "argparse", "click"}, path


def test_a_comparison_as_json_is_plain(tmp_path: Path) -> None:
    found = experiments.compare(["static-12", "static-13"], QUICK, episodes=1, output_dir=tmp_path)
    data = json.loads(json.dumps(found.to_json()))
    assert set(data) == {"agents", "meta", "in_short", "files"}


@pytest.mark.parametrize(("where", "said"), [({"jobs": 2}, "jobs 2"), ({"on": "ray"}, "on 'ray'")])
def test_processes_of_their_own_take_policies_by_name_only(where: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=f"{said}: processes of their own need policies by name"):
        experiments.compare({"mine": Static(4)}, ["ramp", "reference"], episodes=1, **where)
