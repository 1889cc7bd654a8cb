"""The tasks of an episode, looked at before anything runs on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import plots
from analysis.tables import Row
from autoscaling_env.rng import episode_seeds
from autoscaling_env.types import TaskBatch
from autoscaling_env.workload import Workload, draw_episode
from experiments.environments import load_workload
from experiments.listening import Listener
from experiments.setup import DEFAULT, Setup, place_of, setups_of
from experiments.work_found import configured, work_json, work_tables
from workloads.describing import describe
from workloads.trace import TraceWorkload
from workloads.work import NamedWork
from workloads.writing import write_csv

#: Names of tasks that are drawn apart.
NAMES = 5


@dataclass(frozen=True, slots=True)
class Tasks:
    """All tasks of one episode.

    Attributes:
        workload: where they come from.
        batch: the tasks.
    """

    workload: Workload
    batch: TaskBatch

    def table(self) -> pd.DataFrame:
        """Return one row per task: ``arrival_s``, ``service_s``, ``deadline_s``."""
        batch = self.batch
        return pd.DataFrame(
            {"arrival_s": batch.arrival_s, "service_s": batch.service_s, "deadline_s": batch.deadline_s}
        )

    def describe(self) -> dict[str, Any]:
        """Return counts, rates, service times and offered load; see ``workloads.describing.describe``.

        With the work of each name where the tasks of a trace have names: ``work``, as recorded, of the whole trace.
        """
        return describe(self.batch, self.workload.duration_s) | work_json(self.work)

    @property
    def work(self) -> NamedWork | None:
        """What the tasks of a trace are called, and their work as recorded; None: they have no names."""
        return self.workload.work if isinstance(self.workload, TraceWorkload) else None

    def settings(self) -> dict[str, str]:
        """Return the lines of YAML that tell of the work of named tasks; none where they have no names."""
        return {} if self.work is None else configured(self.work)

    def tables(self) -> dict[str, list[Row]]:
        """Return what ``describe`` says as printable rows by title."""
        said = self.describe()
        parts = {name: said.pop(name) for name in ("segments", "dispersion")}
        for name in ("arrivals", *work_json(self.work)):
            del said[name]  # sentences, and tables of their own
        tables = {"tasks": [{"What": key, "Value": _shown(value)} for key, value in said.items()]}
        for name, rows in parts.items():
            tables[name] = [{key: _shown(value) for key, value in row.items()} for row in rows]
        return tables | work_tables(self.work)

    def plot(self, path: Path) -> Path:
        """Draw arrivals, offered load and service times."""
        workload = self.workload
        return plots.workload_plot(
            self.batch,
            path,
            title=workload.name,
            duration_s=workload.duration_s,
            notes=workload.notes,
            dispersion=self.describe()["dispersion"],
            work=None if self.work is None else self.work.most(NAMES),
        )

    def write(self, path: Path) -> Path:
        """Write a plain CSV that a trace is read from."""
        write_csv(self.batch, path)
        return path


def tasks_of(
    where: Setup | str = DEFAULT, *, episode_seed: int | None = None, listener: Listener | None = None
) -> Tasks:
    """Return the tasks of the first test episode of a setup: those that a comparison plays first.

    Args:
        where: a setup, or the name of a scenario.
        episode_seed: the seed of another episode, as records name it.
        listener: is told of a trace's progress and what was done to it.

    Raises:
        InputError: something in the setup is wrong.
    """
    (setup,) = setups_of(where)
    place = place_of(setup)
    episode = episode_seeds(place.test_seed, 1)[0] if episode_seed is None else episode_seed
    workload = load_workload(place.config, listener)
    return Tasks(workload, draw_episode(workload, place.config.environment, episode))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)
