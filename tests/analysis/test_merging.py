"""Runs set beside each other: which episodes count, what agents are called, and what is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from agents.reactive import Static
from analysis.merging import RecordedRun, merge_runs
from autoscaling_env.comparison import Recording, play_policies
from autoscaling_env.config import default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, RunError
from autoscaling_env.records import StepLog
from autoscaling_env.settings import with_overrides


def played(label: str, agents: tuple[str, ...], seeds: tuple[int, ...], **overrides: Any) -> RecordedRun:
    """Three steps of constants on the default workload."""
    config = with_overrides(default_config(), {"environment.max_steps": 3} | overrides)
    rows = Recording(StepLog(config.reward.objective))
    env = OpenFaaSAutoscalingEnv(config=config, backend="compiled")
    policies = {name: Static(int(name.removeprefix("static-"))) for name in agents}
    play_policies(env, policies, list(seeds), recording=rows, record_tasks=True)
    return RecordedRun(f"runs/{label}", label, config, rows.steps.frame(), rows.task_rows())


def test_shared_episodes_only_and_equal_numbers_are_equal_tasks() -> None:
    merged = merge_runs([played("a", ("static-3",), (5, 9, 7)), played("b", ("static-4",), (9, 5, 2))])
    assert merged.left_out == (2, 7)
    pairs = set(merged.steps[["agent", "episode", "episode_seed"]].itertuples(index=False, name=None))
    assert pairs == {(agent, number, seed) for agent in ("static-3", "static-4") for number, seed in ((0, 5), (1, 9))}
    assert merged.tasks is not None
    assert set(merged.tasks["agent"]) == {"static-3", "static-4"}


def test_agents_that_several_runs_played_are_told_apart() -> None:
    merged = merge_runs([played("sim", ("static-3", "static-4"), (5,)), played("real", ("static-4",), (5,))])
    assert list(dict.fromkeys(merged.steps["agent"])) == ["static-3", "static-4 (sim)", "static-4 (real)"]


def test_a_runs_own_rows_are_unchanged_but_for_name_and_number() -> None:
    run = played("a", ("static-3",), (5, 9))
    merged = merge_runs([run, played("b", ("static-4",), (5, 9))])
    own = merged.steps[merged.steps["agent"] == "static-3"].drop(columns="episode").reset_index(drop=True)
    pd.testing.assert_frame_equal(own, run.steps.drop(columns="episode"))


@pytest.mark.parametrize(
    ("overrides", "names"),
    [
        ({"workload.base_rate_per_min": 200.0}, ["workload"]),
        ({"reward.target_qos": 0.9}, ["reward"]),
        ({"environment.max_steps": 4, "reward.target_qos": 0.9}, ["reward", "environment.max_steps"]),
    ],
)
def test_other_tasks_or_rewards_are_refused_all_at_once(overrides: dict[str, Any], names: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        merge_runs([played("a", ("static-3",), (5,)), played("b", ("static-3",), (5,), **overrides)])
    told = [f"runs/b: its {name} is not that of runs/a" for name in names]
    assert [problem.partition(";")[0] for problem in refused.value.problems] == told


def test_a_run_whose_recorded_tasks_differ_is_refused() -> None:
    one, other = played("a", ("static-3",), (5,)), played("b", ("static-4",), (5,))
    assert other.tasks is not None
    other.tasks.loc[0, "service_s"] += 1e-9  # type: ignore[assignment]
    with pytest.raises(InputError, match="runs/b: the tasks of its episodes are not those of runs/a"):
        merge_runs([one, other])


def test_no_common_episode_is_refused() -> None:
    with pytest.raises(InputError, match="share no episode seed"):
        merge_runs([played("a", ("static-3",), (5,)), played("b", ("static-4",), (6,))])


def test_a_run_without_tasks_leaves_the_result_without_them() -> None:
    one, other = played("a", ("static-3",), (5,)), played("b", ("static-4",), (5,))
    bare = RecordedRun(other.source, other.label, other.config, other.steps, None)
    assert merge_runs([one, bare]).tasks is None
    assert set(merge_runs([one, bare]).steps["agent"]) == {"static-3", "static-4"}


def test_what_are_no_step_records_is_refused() -> None:
    run = played("a", ("static-3",), (5,))
    broken = RecordedRun("runs/b", "b", run.config, run.steps.drop(columns="reward"), None)
    with pytest.raises(RunError, match="lack reward"):
        merge_runs([run, broken])
