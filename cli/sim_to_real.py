"""``autoscale calibrate``, ``gap``, ``replay``, ``verify``: from the live farm back to the simulated one."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from agents.recorded import Recorded
from analysis.gap import gap_report
from analysis.gap_tables import gap_metric_rows, gap_rows, ranking_rows
from analysis.results import read_aggregated
from autoscaling_env.config import Config, load_config
from autoscaling_env.errors import AutoscalingError, InputError, RunError
from autoscaling_env.files import atomic_write
from autoscaling_env.plugins import make_backend
from autoscaling_env.policy import Policy
from autoscaling_env.run_folder import RunFolder
from cli import options
from cli.comparing import finish
from cli.comparison import Comparison, run_seeds, write_comparison
from cli.console import out, progress
from cli.settings import Overrides, backend_name, load_workload, resolve
from cli.show import print_paths, show_rows

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]


def calibrate(
    run: Annotated[Path | None, typer.Argument(metavar="[RUN]", help="A live run's folder.")] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Instead: scale the farm up and down a few times and time it.")
    ] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="With --probe: how often.")] = 5,
    backend: Annotated[str, typer.Option("--backend", metavar="NAME", help="With --probe: which farm.")] = "local",
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where the farm's configuration goes.")
    ] = None,
) -> None:
    """Fit the simulated farm to a live run: start-up, pick-up, overhead and collector, as a file for --config.

    Examples:

      autoscale calibrate runs/compare_run_20260101T000000Z -o farm.yml

      autoscale calibrate --probe --backend local -o startup.yml
    """
    if probe == (run is not None):
        raise InputError("calibrate needs a RUN, or --probe, and not both")
    if run is None:
        _probe(backend, config, assignments, rounds, output)
        return
    from live.calibration import calibrate as fit

    fitted, measured = fit(run)
    path = output or run / "farm.yml"
    with atomic_write(path) as file:
        file.write(fitted.to_yaml())
    columns = {"start-up": measured.startup_s, "pick-up": measured.pickup_s}
    columns |= {"overhead": measured.overhead_s, "collector": measured.collect_s}
    show_rows("measured, episode seconds", [_quantiles(name, values) for name, values in columns.items()])
    print_paths({"farm": path})


def _probe(backend: str, config: Path | None, assignments: list[str] | None, rounds: int, output: Path | None) -> None:
    """Time a platform by scaling it; what is stored bears the platform's name."""
    from live.backend import LiveBackend
    from live.probing import measure_platform

    resolved = resolve(Overrides(config, assignments or (), values={"live.startup": ("--probe", "real")}))
    farm = make_backend(backend_name(backend, None), resolved)
    if not isinstance(farm, LiveBackend):
        raise InputError(f"--backend {backend}: only a live farm can be probed: local, kubernetes or openfaas")
    try:
        with progress() as bar:
            task = bar.add_task(f"scaling {backend}", total=rounds)
            times = measure_platform(
                farm, rounds=rounds, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
    finally:
        farm.close()
    path = output or Path(f"startup-{times.platform}.yml")
    with atomic_write(path) as file:
        file.write(times.to_yaml(resolved.live.time_scale))
    times.save(path.with_suffix(".json"))
    rows = [_quantiles("start-up", times.startup_s), _quantiles("leaving", times.drain_s)]
    show_rows(f"{times.platform}, real seconds", rows)
    print_paths({"farm": path, "times": path.with_suffix(".json")})


def _quantiles(name: str, values: Any) -> dict[str, str]:
    shares = {"p5": 0.05, "p50": 0.5, "p95": 0.95}
    found = {title: f"{np.quantile(values, share):.4f}" if len(values) else "-" for title, share in shares.items()}
    return {"What": name, "Events": str(len(values)), **found}


def gap(
    sim_run: Annotated[Path, typer.Argument(metavar="SIM_RUN", help="A simulated run.")],
    live_run: Annotated[Path, typer.Argument(metavar="LIVE_RUN", help="A live run of the same episodes.")],
    as_json: options.Json = False,
) -> None:
    """Compare a simulated with a live run on the same episodes: errors, distributions, ranking, picture.

    Example: autoscale gap runs/compare_run_SIM runs/compare_run_LIVE
    """
    report, paths = write_gap(sim_run, live_run)
    if as_json:
        typer.echo(json.dumps(report | {"files": {name: str(path) for name, path in paths.items()}}, indent=1))
    else:
        show_gap(report)
        print_paths(paths)


def write_gap(sim_run: Path, live_run: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    """Write ``gap.json`` and its picture into the live run; return the report and the files."""
    from analysis.plots.replicas import gap_plot

    sim, live = _steps(sim_run), _steps(live_run)
    report = gap_report(sim, live, np.random.default_rng(0), sim_tasks=_tasks(sim_run), live_tasks=_tasks(live_run))
    folder = RunFolder(live_run)
    path = folder.write_json("gap.json", report)
    return report, {"gap": path, "gap picture": gap_plot(sim, live, live_run / "plots" / "gap.png")}


def show_gap(report: dict[str, Any]) -> None:
    """Print what a gap report says."""
    show_rows("observations: live minus simulated, step by step", gap_rows(report))
    show_rows("figures: live minus simulated, episode by episode", gap_metric_rows(report))
    show_rows("do the agents rank the same?", ranking_rows(report))


def _steps(run: Path) -> pd.DataFrame:
    path = run / "steps.parquet"
    if not path.is_file():
        raise RunError(f"{path}: not there; name a run of compare, evaluate or replay")
    steps = _table(path)
    missing = {"agent", "episode", "episode_seed", "step", "requested_delta"} - set(steps.columns)
    if missing:
        raise RunError(f"{path}: no column {', '.join(sorted(missing))}; name a run of compare, evaluate or replay")
    return steps


def _tasks(run: Path) -> pd.DataFrame | None:
    path = run / "tasks.parquet"
    return _table(path) if path.is_file() else None


def _table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None


def replay(
    run: Run,
    backend: options.BackendName = "sim",
    engine: options.Engine = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    output_dir: options.OutputDir = Path("runs"),
    as_json: options.Json = False,
) -> None:
    """Feed a recorded run's actions to a farm, on the same tasks, and record what comes of them.

    Examples:

      autoscale replay runs/compare_run_20260101T000000Z --backend local

      autoscale replay runs/compare_run_LIVE --config farm.yml
    """
    farm = backend_name(backend, engine)
    _steps(run)  # before anything is written
    files = [run / "config.yml", *([config] if config else [])]
    resolved = load_config(*files, assignments=assignments or ())
    folder = play_again(run, resolved, farm, RunFolder.create(output_dir, "replay", datetime.now(UTC)), quiet=as_json)
    found = {folder.path.name: read_aggregated(folder.path / "aggregated_results.json")}
    finish(folder.path, found, 0, as_json=as_json)


def play_again(run: Path, config: Config, farm: str, folder: RunFolder, *, quiet: bool) -> RunFolder:
    """Play the recorded actions of ``run`` in ``farm``, into ``folder``."""
    steps = _steps(run)
    policies: dict[str, Policy] = {str(agent): _recorded(part) for agent, part in steps.groupby("agent", sort=False)}
    seeds = tuple(dict.fromkeys(int(seed) for seed in steps.sort_values("episode")["episode_seed"]))
    comparison = Comparison(config, load_workload(config, quiet=quiet), policies, 0, len(seeds), farm)
    folder.write_start(config, command=sys.argv, seed=0, started=datetime.now(UTC))
    write_comparison(folder, run_seeds(comparison, seeds, quiet=quiet))
    return folder


def _recorded(steps: pd.DataFrame) -> Recorded:
    own: dict[Any, pd.DataFrame] = dict(iter(steps.groupby("episode_seed")))
    return Recorded({int(seed): part["requested_delta"].tolist() for seed, part in own.items()})


class LossError(AutoscalingError):
    """A run lost or duplicated tasks."""


def verify(run: Run, as_json: options.Json = False) -> None:
    """Check the history of a live run: every task exactly one result, none lost, none counted twice.

    Exit code 1 if not. Example: autoscale verify runs/compare_run_20260101T000000Z
    """
    from live.records import verify_run

    verdicts = verify_run(run)
    rows = [
        {"Agent": agent, "Episode": str(episode + 1), **{key: str(value) for key, value in verdict.counts().items()}}
        for (agent, episode), verdict in verdicts.items()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    else:
        show_rows("what became of every task", rows)
    problems = [line for verdict in verdicts.values() for line in verdict.problems]
    for line in problems:
        out.print(line, highlight=False, soft_wrap=True)
    if not all(verdict.passed for verdict in verdicts.values()):
        raise LossError(f"{run}: tasks were lost, duplicated or came from outside")
