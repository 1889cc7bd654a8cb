"""The arrival process of a recorded run, fitted and written as configuration."""

from __future__ import annotations

import io
from pathlib import Path

from ruamel.yaml import YAML

from autoscaling_env.config import load_config
from autoscaling_env.config.arrivals import ArrivalsConfig
from autoscaling_env.config.workload import PhasesConfig
from autoscaling_env.files import atomic_write
from experiments.replaying import read_table
from workloads.arrival_fit import ArrivalsFit, fit_arrivals
from workloads.varied import varies


def fit_recorded(run: Path, output: Path) -> ArrivalsFit:
    """Fit the arrivals of a run's episodes; where they tell the process, write it to ``output``.

    Raises:
        InputError: the run's configuration or tasks cannot be read.
    """
    config = load_config(run / "config.yml")
    if not isinstance(config.workload, PhasesConfig):
        return ArrivalsFit(None, "a trace's arrivals are the recorded ones.")
    if config.environment.phase_shuffle:
        return ArrivalsFit(None, "phases were shuffled, so no rate is known to hold arrivals against.")
    if varies(config.workload):
        return ArrivalsFit(None, "phases differ from episode to episode, so no rate is known to hold arrivals against.")
    tasks = read_table(run / "tasks.parquet").drop_duplicates(["episode", "task"])  # every agent met the same
    episodes = [rows["arrival_s"].to_numpy() for _, rows in tasks.groupby("episode")]
    found = fit_arrivals(config.workload, episodes)
    if found.arrivals is not None:
        with atomic_write(output) as file:
            file.write(_yaml(config.workload, found.arrivals))
    return found


def _yaml(workload: PhasesConfig, arrivals: ArrivalsConfig) -> str:
    """Return what makes ``--config`` play this process, also where every phase had its own."""
    data: dict[str, object] = {"arrivals": arrivals.model_dump(mode="json")}
    if any(phase.arrivals is not None for phase in workload.phases):
        data["phases"] = [phase.model_dump(mode="json", exclude={"arrivals"}) for phase in workload.phases]
    text = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.dump({"workload": data}, text)
    return text.getvalue()
