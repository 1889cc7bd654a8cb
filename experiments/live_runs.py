"""What live runs are good for: the simulated farm fitted to one, the check that nothing was lost, the gap measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import plots
from analysis.gap import gap_report
from analysis.gap_tables import gap_metric_rows, gap_rows, ranking_rows
from analysis.tables import Row
from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write
from autoscaling_env.plugins import farm_kind, farm_kinds
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.types import FloatArray
from experiments.environments import farm_name
from experiments.listening import Listener, Silent
from experiments.recorded_arrivals import fit_recorded
from experiments.replaying import read_steps, read_table
from experiments.setup import DEFAULT, Setup, resolve
from live.calibration import calibrate as fit
from live.records import verify_run

#: Shares of the measured values that are shown.
QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}


@dataclass(frozen=True, slots=True)
class Calibration:
    """A simulated farm fitted to a real one.

    Attributes:
        measured: what was measured, by its name; seconds, one entry per event.
        what: whose seconds they are.
        files: the configuration for ``--config``, and what else was written.
        notes: what else was found, one sentence each.
    """

    measured: Mapping[str, FloatArray]
    what: str
    files: Mapping[str, Path]
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return one row per measured time: events and quantiles in seconds (NaN without an event)."""
        rows = {
            name: {"events": len(values)}
            | {key: float(np.quantile(values, share)) if len(values) else np.nan for key, share in QUANTILES.items()}
            for name, values in self.measured.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    def tables(self) -> dict[str, list[Row]]:
        """Return printable rows by title."""
        rows = [
            {"What": str(name), "Events": f"{row['events']:.0f}"}
            | {key: f"{row[key]:.4f}" if row["events"] else "-" for key in QUANTILES}
            for name, row in self.table().iterrows()
        ]
        return {self.what: rows}


def calibrate(run: Path, output: Path | None = None) -> Calibration:
    """Fit the simulated farm to a live run: start-up, pick-up, overhead and collector, and how its tasks came.

    Args:
        run: a live run's folder.
        output: where the farm's configuration goes; ``farm.yml`` in the run if left out. The arrival process, which
            belongs to the workload and not to the farm, goes to a file beside it, ``<its name>-arrivals.yml``.

    Raises:
        RunError: the run has no records of a live farm.
    """
    fitted, measured = fit(run)
    path = output or run / "farm.yml"
    with atomic_write(path) as file:
        file.write(fitted.to_yaml())
    times = {
        "start-up": measured.startup_s,
        "pick-up": measured.pickup_s,
        "overhead": measured.overhead_s,
        "collector": measured.collect_s,
    }
    beside = path.with_name(f"{path.stem}-arrivals.yml")
    arrivals = fit_recorded(run, beside)
    kind = "not told" if arrivals.arrivals is None else arrivals.arrivals.kind
    files = {"farm": path} | ({} if arrivals.arrivals is None else {"arrivals": beside})
    return Calibration(times, "measured, episode seconds", files, (f"Arrivals: {kind}; {arrivals.why}",))


def probe(
    backend: str,
    setup: Setup = DEFAULT,
    *,
    rounds: int = 5,
    output: Path | None = None,
    listener: Listener | None = None,
) -> Calibration:
    """Time a real farm by scaling it up and down; what is stored bears the platform's name.

    Args:
        backend: name of the farm.
        setup: read for the farm's configuration.
        rounds: how often.
        output: where the configuration goes; ``startup-<platform>.yml`` if left out.
        listener: is told of progress.

    Raises:
        InputError: the farm cannot be probed.
        BackendError: workers do not come or go in time.
    """
    listener = listener or Silent()
    kind = farm_kind(farm_name(backend))
    if kind.probe is None:
        able = ", ".join(name for name, other in farm_kinds().items() if other.probe is not None)
        raise InputError(f"--backend {backend}: only a live farm can be probed: {able}")
    config = resolve(setup.with_settings({"live.startup": "real"}, {"live.startup": "--probe"}))
    farm = kind.make(config)
    try:
        times = kind.probe(farm, rounds, lambda done, total: listener.progress(f"scaling {backend}", done, total))
    finally:
        farm.close()
    path = output or Path(f"startup-{times.platform}.yml")
    with atomic_write(path) as file:
        file.write(times.to_yaml(config.live.time_scale))
    times.save(path.with_suffix(".json"))
    measured = {"start-up": times.startup_s, "leaving": times.drain_s}
    return Calibration(measured, f"{times.platform}, real seconds", {"farm": path, "times": path.with_suffix(".json")})


@dataclass(frozen=True, slots=True)
class Gap:
    """A simulated run beside the live run of the same episodes.

    Attributes:
        report: content of ``gap.json`` (docs/metrics.md).
        files: the report and its picture, in the live run's folder.
    """

    report: dict[str, Any]
    files: Mapping[str, Path]

    def tables(self) -> dict[str, list[Row]]:
        """Return printable rows by title."""
        return {
            "observations: live minus simulated, step by step": gap_rows(self.report),
            "figures: live minus simulated, episode by episode": gap_metric_rows(self.report),
            "do the agents rank the same?": ranking_rows(self.report),
        }

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return self.report | {"files": {name: str(path) for name, path in self.files.items()}}


def gap(sim_run: Path, live_run: Path) -> Gap:
    """Compare a simulated with a live run on the same episodes; ``gap.json`` and its picture go into the live run.

    Raises:
        RunError: a run cannot be read, or they share no episode.
    """
    sim, live = read_steps(sim_run), read_steps(live_run)
    report = gap_report(sim, live, np.random.default_rng(0), sim_tasks=_tasks(sim_run), live_tasks=_tasks(live_run))
    path = RunFolder(live_run).write_json("gap.json", report)
    return Gap(report, {"gap": path, "gap picture": plots.gap_plot(sim, live, live_run / "plots" / "gap.png")})


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of every task of a live run.

    Attributes:
        passed: every task has exactly one result, none is lost, none counted twice.
        rows: one per agent and episode, as text.
        problems: one line for each task that is not as it should be, the first few.
    """

    passed: bool
    rows: list[Row]
    problems: list[str] = field(default_factory=list)

    def table(self) -> pd.DataFrame:
        """Return one row per agent and episode: tasks by what became of them."""
        frame = pd.DataFrame(self.rows).set_index(["Agent", "Episode"])
        return frame.astype("int64")


def verify(run: Path) -> Verification:
    """Check the history of a live run: every task exactly one result, none lost, none counted twice.

    Raises:
        RunError: the run has no history.
    """
    verdicts = verify_run(run)
    rows = [
        {"Agent": agent, "Episode": str(episode + 1), **{key: str(value) for key, value in verdict.counts().items()}}
        for (agent, episode), verdict in verdicts.items()
    ]
    problems = [line for verdict in verdicts.values() for line in verdict.problems]
    return Verification(all(verdict.passed for verdict in verdicts.values()), rows, problems)


def _tasks(run: Path) -> pd.DataFrame | None:
    path = run / "tasks.parquet"
    return read_table(path) if path.is_file() else None
