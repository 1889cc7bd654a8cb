"""Pictures: what is drawn is what was recorded, whatever the run looks like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from analysis import plots
from analysis.aggregate import aggregate
from analysis.episodes import episode_table
from analysis.frontier import frontier
from analysis.plots.learning import evaluation_table
from analysis.results import Results, as_results
from analysis.series import curve
from analysis.statistics import Interval
from autoscaling_env.errors import RunError
from autoscaling_env.types import TaskBatch
from tests.analysis.data import played, rows

RNG = np.random.default_rng(0)


def results() -> Results:
    return as_results(aggregate(*played()))


def axes_by_title(figure: Figure) -> dict[str, Any]:
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def test_comparison_draws_the_mean_of_the_records(tmp_path: Path, figures: list[Figure]) -> None:
    found = results()
    path = plots.comparison_plots(found, tmp_path / "comparison_plots.png")
    with Image.open(path) as image:
        assert image.size == (1500, 1500)
    panels = axes_by_title(figures[0])
    assert list(panels) == ["Load against capacity", "Workers", "Queue", "QoS in the window", "Cumulative reward"]
    for agent, line in zip(found.agents.values(), panels["Queue"].get_lines(), strict=True):
        expected = np.mean([record.queue_lengths for record in agent.records], axis=0)
        np.testing.assert_allclose(line.get_ydata(), expected)
        np.testing.assert_allclose(line.get_xdata(), agent.records[0].times_s)
    reward = panels["Cumulative reward"].get_lines()[0].get_ydata()
    records = next(iter(found.agents.values())).records
    assert reward[-1] == pytest.approx(np.mean([sum(record.rewards) for record in records]))
    shares = panels["QoS in the window"].get_lines()[0].get_ydata()
    assert shares.max() <= 100
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in panels.values())


def test_the_same_results_give_the_same_picture(tmp_path: Path) -> None:
    one, two = (plots.comparison_plots(results(), tmp_path / name).read_bytes() for name in ("one.png", "two.png"))
    assert one == two


def test_files_published_by_others_are_drawn(tmp_path: Path, figures: list[Figure]) -> None:
    steps = range(5)
    lists = {name: [float(step) for step in steps] for name in ("rewards", "worker_counts", "queue_lengths")}
    lists |= {"arrival_rates": [2.0] * 5, "qos_rates": [0.9] * 5}
    short = {name: values[:3] for name, values in lists.items()}
    published = as_results({"agents": {"SARSA": {"records": [lists, short]}, "DQN": {"records": [lists]}}})
    plots.comparison_plots(published, tmp_path / "comparison_plots.png")
    assert next(iter(axes_by_title(figures[0]))) == "Load, as each agent saw it"
    assert figures[0].get_suptitle().startswith("Policies compared")  # nothing tells that the tasks were the same
    plots.pareto_plot(published.episodes(), tmp_path / "pareto.png", RNG)
    assert figures[1].axes[0].get_xlabel() == "Mean workers"


def test_an_episode_that_ended_earlier_keeps_its_reward_and_leaves_the_rest() -> None:
    found = as_results({"agents": {"A": {"records": [{"rewards": [1.0, 1.0, 1.0]}, {"rewards": [5.0]}]}}})
    records = found.agents["A"].records
    total, each = curve(records, "rewards", cumulative=True), curve(records, "rewards")
    assert total is not None
    assert each is not None
    assert total.mean.tolist() == [3.0, 3.5, 4.0]
    assert each.mean.tolist() == [3.0, 1.0, 1.0]


@pytest.mark.parametrize("count", [1, 6, 13, 30])
def test_any_number_of_agents_with_any_name(tmp_path: Path, count: int) -> None:
    names = ["$x^2$", "a_b", "<b>&", "static-5", "hindsight", "a very long name of an agent " * 3]
    names += [f"agent {number}" for number in range(count)]
    steps = pd.concat([rows(name, seed=seed, episode=seed) for name in names[:count] for seed in (0, 1)])
    found = as_results(aggregate(steps))
    assert plots.comparison_plots(found, tmp_path / "c.png").is_file()
    assert plots.pareto_plot(episode_table(steps), tmp_path / "p.png", RNG).is_file()
    assert plots.regret_bars({"x": {name: Interval(1.0, 0.5, 2.0) for name in names}}, tmp_path / "r.png").is_file()


def test_disastrous_rewards_do_not_flatten_the_others(tmp_path: Path, figures: list[Figure]) -> None:
    steps = pd.concat([rows("good", rewards=(5.0, 5.0)), rows("bad", rewards=(-4000.0, -6000.0))])
    plots.comparison_plots(as_results(aggregate(steps)), tmp_path / "c.png")
    axes = axes_by_title(figures[0])["Cumulative reward"]
    assert axes.get_yscale() == "symlog"
    assert axes.get_ylabel() == "reward so far\nlogarithmic beyond ±10"


def test_workload_counts_every_task(tmp_path: Path, figures: list[Figure]) -> None:
    batch = TaskBatch(
        np.array([0.0, 1.0, 30.0, 59.9]), np.array([1.0, 2.0, 3.0, 300.0]), np.full(4, 9.0), np.array([0.0, 30.0])
    )
    plots.workload_plot(batch, tmp_path / "w.png", duration_s=60.0, notes=("thinned",), workers=7)
    (rate, edges, _), (load, *_) = (
        axes_by_title(figures[0])[name].patches[0].get_data() for name in ("Arrivals", "Offered load")
    )
    assert float(rate @ np.diff(edges)) == pytest.approx(4)
    assert float(load @ np.diff(edges)) == pytest.approx(306)
    texts = [text.get_text() for axes in figures[0].axes for text in axes.texts]
    assert texts.count("2 tasks") == 2


def test_a_long_tail_is_told_not_drawn(tmp_path: Path, figures: list[Figure]) -> None:
    service_s = np.append(np.ones(999), 300.0)
    plots.workload_plot(TaskBatch(np.arange(1000.0), service_s, service_s), tmp_path / "w.png")
    axes = axes_by_title(figures[0])["Service times"]
    assert axes.get_xlim()[1] < 2
    assert [text.get_text() for text in axes.texts] == ["mean 1.30 s\nlongest 300 s"]


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_tasks(tmp_path: Path, count: int) -> None:
    batch = TaskBatch(np.zeros(count), np.ones(count), np.ones(count))
    assert plots.workload_plot(batch, tmp_path / "w.png").is_file()


def training(count: int, **columns: Any) -> dict[str, Any]:
    table = {
        "episode": list(range(1, count + 1)),
        "total_reward": [float(-x * x) for x in range(count)],
        "loss": [None] * count,
    }
    return {"agent": "sarsa", "episodes": table | columns}


def test_learning_curves_with_evaluations(tmp_path: Path, figures: list[Figure]) -> None:
    evaluation = {"checkpoints": [{"episode": 5, "total_reward_mean": 3.0, "total_reward_std": 1.0}]}
    plots.learning_curves(training(20, epsilon=[0.5] * 20), evaluation, tmp_path / "l.png")
    panels = axes_by_title(figures[0])
    assert list(panels) == ["Episode return", "Exploration"]  # a loss without a value is no panel
    (bar,) = panels["Episode return"].containers
    assert (bar[0].get_xdata(), bar[0].get_ydata()) == (5, 3)
    floor = panels["Episode return"].get_ylim()[0]
    count = sum(-x * x < floor for x in range(20))
    (below,) = (text.get_text() for text in panels["Episode return"].texts)
    assert below == f"{count} training episodes lie below the scale, the lowest at -361"


def test_learning_curves_in_the_published_layout(tmp_path: Path) -> None:
    published = {"episodes": [{"episode": 1, "total_reward": 91.25, "final_qos": 0.92, "source_run": "x"}]}
    evaluation = {
        "checkpoints": [{"episode": 10, "mean_total_reward": 112.3, "std_total_reward": 4.1, "mean_mean_qos": 1}]
    }
    assert plots.learning_curves(published, evaluation, tmp_path / "l.png").is_file()
    assert set(evaluation_table(evaluation)) == {"episode", "total_reward_mean", "total_reward_std", "mean_qos_mean"}


@pytest.mark.parametrize("broken", [{}, {"episodes": []}, {"episodes": [{"steps": 3}]}, {"episodes": 3}, []])
def test_training_metrics_without_episodes_are_explained(tmp_path: Path, broken: Any) -> None:
    with pytest.raises(RunError, match=r"^training metrics: no "):
        plots.learning_curves(broken, None, tmp_path / "l.png")


def test_gap_and_replicas(tmp_path: Path, figures: list[Figure]) -> None:
    steps, _ = played()
    live = steps.assign(observed_worker_queue=steps["observed_worker_queue"] + 2)
    plots.gap_plot(steps, live, tmp_path / "g.png")
    queue = next(axes for axes in figures[0].axes if axes.get_ylabel().startswith("Queue"))
    simulated, real = queue.get_lines()
    np.testing.assert_allclose(np.subtract(real.get_ydata(), simulated.get_ydata()), 2)
    one = steps[steps["episode"] == 0]
    plots.replica_plot({name: part for name, part in one.groupby("agent")}, tmp_path / "r.png")  # type: ignore[misc]  # noqa: C416
    requested = figures[1].axes[0].get_lines()[0].get_ydata()
    assert requested[1:].tolist() == one[one["agent"] == "static-14"]["requested_workers"].tolist()


@pytest.mark.parametrize(("episodes", "said"), [(1, "One paired episode."), (2, "mean of 2 paired episodes")])
def test_the_gap_says_how_many_episodes_it_is_of(
    episodes: int, said: str, tmp_path: Path, figures: list[Figure]
) -> None:
    steps, _ = played()
    some = steps[steps["episode"] < episodes]
    plots.gap_plot(some, some, tmp_path / "g.png")
    assert any(said in text.get_text() for text in figures[0].findobj(Text))


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_the_frontier_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    table = pd.DataFrame(points, columns=["cost", "qos"])
    best = frontier(table)

    def beaten(point: tuple[int, int]) -> bool:
        return any(other != point and other[0] <= point[0] and other[1] >= point[1] for other in points)

    assert set(zip(best["cost"], best["qos"], strict=True)) == {point for point in points if not beaten(point)}
    assert best["cost"].is_monotonic_increasing


def test_no_global_matplotlib_state_is_touched(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    plots.comparison_plots(results(), tmp_path / "c.png")
    assert dict(mpl.rcParams) == before
    check = "import sys, analysis.plots; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_statistics_and_report_need_no_matplotlib() -> None:
    names = "analysis.aggregate, analysis.gap_tables, analysis.report, analysis.tables"
    check = f"import sys, {names}; assert 'matplotlib' not in sys.modules and 'plotly' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_a_failing_picture_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.png"
    path.write_bytes(b"old")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(FigureCanvasAgg, "print_png", fail)
    with pytest.raises(OSError, match="disk full"):
        plots.comparison_plots(results(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_agent_that_does_the_same_as_another_is_still_seen(tmp_path: Path, figures: list[Figure]) -> None:
    steps = pd.concat([rows("one"), rows("two"), rows("other", observed_worker_queue=np.float32(9))])
    plots.comparison_plots(as_results(aggregate(steps)), tmp_path / "c.png")
    styles = [line.get_linestyle() for line in axes_by_title(figures[0])["Queue"].get_lines()]
    assert styles == ["-", "--", "-"]
