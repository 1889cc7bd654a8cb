"""``comparison_plots.png``: what every agent did with the same load, over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.palette import FILL, MOST_BANDS, MUTED, Look, looks
from analysis.plots.style import headline, label, line, picture, wide_range
from analysis.results import Record, Results
from analysis.series import HIGH, LOW, Curve, curve, overlaid, stepped, timed, times


@dataclass(frozen=True, slots=True)
class _Panel:
    """One panel: which list of the records, on which scale."""

    title: str
    y: str
    series: str
    factor: float = 1.0
    cumulative: bool = False


_PANELS = (
    _Panel("Workers", "requested workers", "worker_counts"),
    _Panel("Queue", "tasks waiting", "queue_lengths"),
    _Panel("QoS in the window", "deadlines met [%]", "qos_rates", factor=100),
    _Panel("Cumulative reward", "reward so far", "rewards", cumulative=True),
)


def comparison_plots(results: Results, path: Path, *, title: str | None = None) -> Path:
    """Draw load against capacity, workers, queue, QoS and cumulative reward over time, mean with band per agent.

    Works on files published by others: what they do not tell is left out.

    Args:
        results: ``read_aggregated`` of a file, or ``as_results`` of its content.
        path: the PNG file.
        title: headline; says whether the tasks were the same if left out.
    """
    styles = looks(results.agents)
    with picture(path, 10.0, 10.0) as figure:
        grid = figure.add_gridspec(3, 2)
        first = figure.add_subplot(grid[0, :])
        _load_panel(first, results, styles)
        for name, look in styles.items():
            first.plot([], [], label=name, **line(look))  # the legend shows a line as it is where nothing lies on it
        for spot, panel in enumerate(_PANELS):
            axes = figure.add_subplot(grid[1 + spot // 2, spot % 2], sharex=first)
            _panel(axes, panel, results, styles)
        first.set_xlim(0, max(times(_records(results))))
        headline(figure, title or _title(results), _note(results), first)
    return path


def _load_panel(axes: Axes, results: Results, styles: dict[str, Look]) -> None:
    """Offered load as area, capacity as lines; or the arrival rate where the load is not recorded."""
    records = next(iter(results.agents.values())).records
    load = curve(records, "offered_load")
    if load is None:
        _rate_panel(axes, results, styles)
        return
    axes.fill_between(*stepped(load.x, load.mean), step="pre", color=FILL, linewidth=0, label="offered load")
    for name, capacity, over in _curves(results, "workers_ready"):
        axes.step(*stepped(capacity.x, capacity.mean), where="pre", **line(styles[name], overlaid=over))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    label(axes, "Load against capacity", _time(results), "workers needed, ready")


def _rate_panel(axes: Axes, results: Results, styles: dict[str, Look]) -> None:
    for name, rate, over in _curves(results, "arrival_rates"):
        axes.plot(rate.x, rate.mean, **line(styles[name], overlaid=over))
    axes.set_ylim(bottom=0)
    label(axes, "Load, as each agent saw it", _time(results), "arrivals [tasks/s]")


def _panel(axes: Axes, panel: _Panel, results: Results, styles: dict[str, Look]) -> None:
    lowest = highest = 0.0
    for name, found, over in _curves(results, panel.series, cumulative=panel.cumulative):
        look, factor = styles[name], panel.factor
        if len(results.agents) <= MOST_BANDS:
            axes.fill_between(
                found.x, factor * found.low, factor * found.high, color=look.color, alpha=0.13, linewidth=0
            )
        axes.plot(found.x, factor * found.mean, label=name, **line(look, overlaid=over))
        lowest, highest = min(lowest, found.mean.min()), max(highest, found.mean.max())
    label(axes, panel.title, _time(results), panel.y)
    if panel.cumulative:
        wide_range(axes, lowest, highest)
        axes.axhline(0, color=MUTED, linewidth=0.8)
    else:
        top = 104 if panel.factor == 100 else axes.get_ylim()[1]
        axes.set_ylim(-0.02 * top, top)  # a line along 0, or along 100 %, stays whole
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))


def _curves(results: Results, series: str, *, cumulative: bool = False) -> Iterator[tuple[str, Curve, bool]]:
    """Each agent's curve, and whether it lies on an earlier one."""
    found = {name: curve(agent.records, series, cumulative=cumulative) for name, agent in results.agents.items()}
    known = {name: each for name, each in found.items() if each is not None}
    return zip(known, known.values(), overlaid(list(known.values())), strict=True)


def _records(results: Results) -> list[Record]:
    return [record for agent in results.agents.values() for record in agent.records]


def _time(results: Results) -> str:
    return "time [s]" if timed(_records(results)) else "step"


def _title(results: Results) -> str:
    """Claim the same tasks only where the file tells the episode seeds, and they agree."""
    seeds = [[record.episode_seed for record in agent.records] for agent in results.agents.values()]
    same = None not in seeds[0] and all(each == seeds[0] for each in seeds)
    return "Policies on the same tasks" if same else "Policies compared"


def _note(results: Results) -> str:
    counts = {len(agent.records) for agent in results.agents.values()}
    episodes = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    band = f"; band: {LOW:.0f}th to {HIGH:.0f}th percentile" if len(results.agents) <= MOST_BANDS else ""
    return f"Line: mean of {episodes} episodes{band}."
