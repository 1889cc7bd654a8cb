"""A training run: its files, its seeds, and that stopping it changes nothing."""

from __future__ import annotations

import json
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agents.checkpoint import read_checkpoint
from agents.distilled.lessons import Alone
from agents.learned import load_policy
from agents.training import resume, train
from agents.training.evaluation import evaluation_seeds, training_seed
from agents.training.interrupt import stop_on_interrupt
from agents.training.types import Evaluation, SilentTraining, TrainingEpisode, TrainingError, TrainingResult
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, RunError
from autoscaling_env.run_folder import RunFolder
from tests.agents.farms import Clerk, make_classroom, make_env, small_config

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RECORDS = ("training_metrics.json", "evaluation_metrics.json", "training_state_visits.json", "steps.parquet")


FARM: dict[str, Any] = {"env_factory": make_env, "classroom": make_classroom}


class Recorder(SilentTraining):
    """Remembers what it is told, and gives the stop signal after episode ``stop_after``, or amid an evaluation.

    Args:
        stop_in: number of the evaluation, from 1, after whose first episode it is given.
    """

    def __init__(self, stop_after: int | None = None, stop_in: int | None = None) -> None:
        self.stop_after, self.stop_in = stop_after, stop_in
        self.stop = threading.Event()
        self.lines: list[TrainingEpisode] = []
        self.evaluations: list[Evaluation] = []
        self.notes: list[str] = []
        self.starts: list[tuple[str, int, int]] = []

    def started(self, agent: str, done: int, planned: int) -> None:
        self.starts.append((agent, done, planned))

    def episode(self, line: TrainingEpisode) -> None:
        self.lines.append(line)
        if line.episode == self.stop_after:
            self.stop.set()

    def evaluation_progress(self, done: int, planned: int) -> None:
        if (done, len(self.evaluations) + 1) == (1, self.stop_in):
            self.stop.set()

    def evaluated(self, evaluation: Evaluation) -> None:
        self.evaluations.append(evaluation)

    def note(self, text: str) -> None:
        self.notes.append(text)


def run(agent: str, root: Path, listener: SilentTraining | None = None, *assignments: str) -> TrainingResult:
    """Train the small farm's agent into a new folder of ``root``."""
    folder = RunFolder.create(root, agent, NOW)
    config = small_config(*assignments)
    stop = listener.stop if isinstance(listener, Recorder) else None
    return train(
        agent,
        config,
        env_factory=make_env,
        classroom=make_classroom,
        seed=5,
        folder=folder,
        listener=listener,
        stop=stop,
        started=NOW,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all records and of the final model."""
    names = [*RECORDS, "config.yml", *[f"models/{path.name}" for path in folder.glob("models/*_final*")]]
    return {name: (folder / name).read_bytes() for name in names}


@pytest.fixture(params=["sarsa", "dqn", "ppo", "distilled"])
def agent(request: pytest.FixtureRequest) -> str:
    if request.param in {"dqn", "ppo"}:
        pytest.importorskip("torch")
    return str(request.param)


def test_a_run_leaves_everything_the_design_names(agent: str, tmp_path: Path) -> None:
    result = run(agent, tmp_path)
    names = {str(path.relative_to(result.folder)) for path in result.folder.rglob("*") if path.is_file()}
    models = {f"models/{agent}_{name}.safetensors" for name in ("ep0000", "ep0004", "ep0008", "final")}
    assert names >= {*RECORDS, *models, "config.yml", "manifest.json"}
    assert [name for name in names if name.startswith("logs/events.out.tfevents")]
    assert result.model.name == f"{agent}_final.safetensors"
    assert (result.episodes, result.planned_episodes, result.interrupted) == (8, 8, False)


def test_training_metrics_are_the_steps_summed(agent: str, tmp_path: Path) -> None:
    listener = Recorder()
    result = run(agent, tmp_path, listener)
    data = json.loads((result.folder / "training_metrics.json").read_text())
    episodes, steps = pd.DataFrame(data["episodes"]), pd.read_parquet(result.folder / "steps.parquet")
    grouped = steps.groupby("episode")
    assert episodes["episode"].tolist() == list(range(1, 9)) == [line.episode for line in listener.lines]
    np.testing.assert_allclose(episodes["total_reward"], grouped["reward"].sum())
    np.testing.assert_allclose(episodes["mean_workers"], grouped["requested_workers"].mean())
    assert episodes["steps"].tolist() == grouped.size().tolist()
    assert episodes["episode_seed"].tolist() == grouped["episode_seed"].first().tolist()
    asked = (steps["requested_delta"] != 0).groupby(steps["episode"]).sum()
    assert episodes["scaling_actions"].tolist() == asked.tolist()


def test_state_visits_count_every_step(agent: str, tmp_path: Path) -> None:
    result = run(agent, tmp_path)
    data = json.loads((result.folder / "training_state_visits.json").read_text())
    steps = pd.read_parquet(result.folder / "steps.parquet")
    assert sum(row["visits"] for row in data["visits"]) == len(steps)
    assert len({tuple(row["state"]) for row in data["visits"]}) == data["states"] == len(data["visits"])
    assert [row["visits"] for row in data["visits"]] == sorted((row["visits"] for row in data["visits"]), reverse=True)


def test_each_checkpoint_is_evaluated_on_the_same_unseen_episodes(agent: str, tmp_path: Path) -> None:
    result = run(agent, tmp_path)
    data = json.loads((result.folder / "evaluation_metrics.json").read_text())
    assert [row["episode"] for row in data["checkpoints"]] == [0, 4, 8]
    for row in data["checkpoints"]:
        assert row["total_reward_mean"] == pytest.approx(np.mean(row["total_reward"]))
        assert row["total_reward_std"] == pytest.approx(np.std(row["total_reward"], ddof=1))
    trained = json.loads((result.folder / "training_metrics.json").read_text())["episodes"]["episode_seed"]
    assert not set(trained) & set(data["episode_seeds"])
    assert data["episode_seeds"] == list(evaluation_seeds(data["eval_seed"], 2))


def test_a_training_episode_is_never_one_of_the_evaluation() -> None:
    drawn = training_seed(0, 1, frozenset())
    assert training_seed(0, 1, frozenset({drawn, drawn + 1})) == drawn + 2


def test_the_final_model_plays_as_its_last_evaluation_says(agent: str, tmp_path: Path) -> None:
    from autoscaling_env.rollout import play_episode

    result = run(agent, tmp_path)
    policy, env = load_policy(result.model), make_env(small_config())
    seeds = evaluation_seeds(1_000_003, 2)
    again = [play_episode(env, policy, agent=agent, episode=1, episode_seed=seed).total_reward for seed in seeds]
    assert result.evaluation is not None
    assert tuple(again) == result.evaluation.total_reward


def test_the_same_seed_is_the_same_run_to_the_byte(agent: str, tmp_path: Path) -> None:
    assert contents(run(agent, tmp_path / "a").folder) == contents(run(agent, tmp_path / "b").folder)


@pytest.mark.parametrize("stop_after", [2, 4, 5])
def test_the_stop_signal_saves_and_resuming_is_as_if_never_stopped(agent: str, tmp_path: Path, stop_after: int) -> None:
    straight = run(agent, tmp_path / "straight")
    stopped = run(agent, tmp_path / "stopped", Recorder(stop_after))
    assert stopped.interrupted
    assert stopped.episodes == stop_after
    assert stopped.model.name == f"{agent}_interrupt.safetensors"
    assert stopped.resume_arguments == ("train", agent, "--resume", str(stopped.folder))
    listener = Recorder()
    resumed = resume(RunFolder.open(stopped.folder), **FARM, listener=listener)
    assert listener.starts == [(agent, stop_after, 8)]
    assert not resumed.interrupted
    assert contents(resumed.folder) == contents(straight.folder)


@pytest.mark.parametrize("stop_in", [1, 2, 3])
def test_ctrl_c_amid_an_evaluation_stops_there_and_resuming_is_as_if_never_stopped(
    agent: str, tmp_path: Path, stop_in: int
) -> None:
    """In the first, before any episode; in one between; and in the last, after all episodes."""
    straight = run(agent, tmp_path / "straight")
    listener = Recorder(stop_in=stop_in)
    stopped = run(agent, tmp_path / "stopped", listener)
    assert (stopped.interrupted, stopped.episodes) == (True, 4 * (stop_in - 1))
    assert len(listener.evaluations) == stop_in - 1
    assert stopped.model.name == f"{agent}_interrupt.safetensors"
    resumed = resume(RunFolder.open(stopped.folder), **FARM)
    assert not resumed.interrupted
    assert contents(resumed.folder) == contents(straight.folder)
    models = {path.name for path in straight.folder.glob("models/*")}
    assert {path.name for path in resumed.folder.glob("models/*")} == models | {stopped.model.name}


def test_half_then_resumed_with_more_episodes_is_the_whole(agent: str, tmp_path: Path) -> None:
    straight = run(agent, tmp_path / "straight")
    half = run(agent, tmp_path / "half", None, f"agents.{agent}.episodes=4")
    resumed = resume(RunFolder.open(half.folder), **FARM, episodes=8)
    assert contents(resumed.folder) == contents(straight.folder)


def test_records_ahead_of_the_checkpoint_are_dropped_on_resume(agent: str, tmp_path: Path) -> None:
    straight, killed = run(agent, tmp_path / "straight"), run(agent, tmp_path / "killed")
    for name in ("final", "ep0008"):
        (killed.folder / "models" / f"{agent}_{name}.safetensors").unlink()
    resumed = resume(RunFolder.open(killed.folder), **FARM)
    assert contents(resumed.folder) == contents(straight.folder)


def test_a_damaged_checkpoint_is_named_and_an_earlier_one_taken(tmp_path: Path) -> None:
    straight, damaged = run("sarsa", tmp_path / "straight"), run("sarsa", tmp_path / "damaged")
    for name in ("final", "ep0008"):
        path = damaged.folder / "models" / f"sarsa_{name}.safetensors"
        path.write_bytes(path.read_bytes()[:-1])
    listener = Recorder()
    resumed = resume(RunFolder.open(damaged.folder), env_factory=make_env, listener=listener)
    assert len(listener.notes) == 2
    assert listener.starts == [("sarsa", 4, 8)]
    assert contents(resumed.folder) == contents(straight.folder)


def test_a_finished_run_resumed_stays_as_it_is(tmp_path: Path) -> None:
    finished = run("sarsa", tmp_path)
    before = contents(finished.folder)
    assert resume(RunFolder.open(finished.folder), env_factory=make_env).episodes == 8
    assert contents(finished.folder) == before


def test_resuming_with_another_configuration_is_refused(tmp_path: Path) -> None:
    folder = run("sarsa", tmp_path).folder
    text = (folder / "config.yml").read_text()
    (folder / "config.yml").write_text(text.replace("max_workers: 5", "max_workers: 6"))
    with pytest.raises(RunError, match="changed since the checkpoint"):
        resume(RunFolder.open(folder), env_factory=make_env)


def test_resuming_with_fewer_episodes_than_lie_behind_is_refused(tmp_path: Path) -> None:
    folder = run("sarsa", tmp_path).folder
    with pytest.raises(InputError, match="8 lie behind already"):
        resume(RunFolder.open(folder), env_factory=make_env, episodes=3)


def test_a_run_of_another_agent_is_refused(tmp_path: Path) -> None:
    folder = run("sarsa", tmp_path).folder
    with pytest.raises(InputError, match="a run of sarsa, not of dqn; resume it as sarsa"):
        resume(RunFolder.open(folder), env_factory=make_env, agent="dqn")


def test_without_any_checkpoint_there_is_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no whole checkpoint"):
        resume(RunFolder(tmp_path), env_factory=make_env)


def test_an_unknown_agent_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'sarsa'"):
        run("sarsaa", tmp_path)


class BreakingEnv(OpenFaaSAutoscalingEnv):
    """Gives NaN for a reward in its sixth episode."""

    episodes = 0

    def reset(self, **kwargs: Any) -> Any:
        self.episodes += 1
        return super().reset(**kwargs)

    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, float("nan") if self.episodes == 6 else reward, terminated, truncated, info


def test_a_nan_reward_stops_with_the_last_good_checkpoint_and_a_dump(agent: str, tmp_path: Path) -> None:
    def factory(config: Config) -> OpenFaaSAutoscalingEnv:
        return BreakingEnv(config=config, backend="simpy")

    def classroom(config: Config, seed: int) -> Alone:
        return Alone(factory(config), Clerk())

    folder = RunFolder.create(tmp_path, agent, NOW)
    with pytest.raises(TrainingError, match=rf"reward of episode 6 .*/{agent}_ep0004\.safetensors"):
        train(agent, small_config(), env_factory=factory, classroom=classroom, seed=5, folder=folder)
    dump = read_checkpoint(folder.path / "diagnostics" / "not_finite_ep0006.safetensors")
    assert np.isnan(dump.tensors["reward"]).all()
    assert not list(folder.path.glob("models/*final*"))
    load_policy(folder.path / "models" / f"{agent}_ep0004.safetensors")


def test_a_resumed_run_that_breaks_names_the_checkpoint_it_came_from(tmp_path: Path) -> None:
    stopped = run("sarsa", tmp_path, Recorder(stop_after=5))

    def factory(config: Config) -> OpenFaaSAutoscalingEnv:
        env = BreakingEnv(config=config, backend="simpy")
        env.episodes = 5
        return env

    with pytest.raises(TrainingError, match=r"reward of episode 6 .*/sarsa_interrupt\.safetensors"):
        resume(RunFolder.open(stopped.folder), env_factory=factory)


def test_ctrl_c_is_a_stop_signal_and_the_second_one_stops_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_told_to_leave_is_asked_to_stop_and_what_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as of a job in the background
    try:
        with stop_on_interrupt() as stop:
            signal.raise_signal(signal.SIGINT)
            assert not stop.is_set()
            signal.raise_signal(signal.SIGTERM)
            assert stop.is_set()
            assert (stop.signal, stop.insisted) == (signal.SIGTERM, False)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_training_leaves_signals_alone(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)

    class Looking(Recorder):
        def episode(self, line: TrainingEpisode) -> None:
            assert signal.getsignal(signal.SIGINT) is before

    run("sarsa", tmp_path, Looking())


def test_tensorboard_reads_the_events(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event

    result = run("sarsa", tmp_path)
    (path,) = (result.folder / "logs").iterdir()
    events = [Event.FromString(raw) for raw in RawEventFileLoader(str(path)).Load()]
    values = {(event.step, each.tag): each.simple_value for event in events for each in event.summary.value}
    data = json.loads((result.folder / "training_metrics.json").read_text())["episodes"]
    assert values[3, "train/total_reward"] == pytest.approx(data["total_reward"][2])
    assert (8, "eval/total_reward") in values


def test_events_do_not_wait_for_a_checkpoint_longer_than_a_few_seconds(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from agents.training.tensorboard_log import EVERY_S, TensorBoardLog

    now_s, handed_on = [0.0], []
    events = TensorBoardLog(tmp_path, clock=lambda: now_s[0])
    events._writer.add_event = handed_on.append
    line = TrainingEpisode(1, 7, 1.0, 6, 1.0, 2.0, 0, 1.0, None)
    for now_s[0] in (1.0, 2.0, EVERY_S, EVERY_S + 1):
        events.episode(line)
    assert [event.wall_time for event in handed_on] == [1, 2, EVERY_S]
    events.flush()
    assert len(handed_on) == 4
    events.close()
