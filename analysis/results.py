"""Results of a comparison as read from ``aggregated_results.json``: ours, or published by others in that layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis.aggregate import mean_std
from analysis.metrics import METRICS
from autoscaling_env.errors import RunError

#: What a comparison leaves of each scenario.
RESULTS = "aggregated_results.json"

Series = list[float]


class _Published(BaseModel):
    """Unknown keys are kept; NaN and infinity are errors."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False, strict=True)


class MeanStd(_Published):
    """Mean and population standard deviation over episodes."""

    mean: float
    std: float


class Record(_Published):
    """One episode of one agent: lists with one entry per step, and the episode's figures.

    Only ``rewards`` is needed; an optional list is empty where the file has none.
    """

    rewards: Annotated[Series, Field(min_length=1)]
    qos_rates: Series = []
    worker_counts: Series = []
    actions: Series = []
    queue_lengths: Series = []
    avg_times: Series = []
    max_times: Series = []
    arrival_rates: Series = []
    times_s: Series = []
    requested_deltas: Series = []
    workers_ready: Series = []
    offered_load: Series = []
    episode: int | None = None
    episode_seed: int | None = None
    summary: dict[str, float] = {}

    @model_validator(mode="after")
    def _equally_long(self) -> Record:
        for name in SERIES_NAMES:
            values = getattr(self, name)
            if values and len(values) != len(self.rewards):
                raise ValueError(f"{name} has {len(values)} entries, rewards {len(self.rewards)}: one per step each")
        return self


SERIES_NAMES = tuple(name for name, field in Record.model_fields.items() if field.annotation == Series)


class AgentResults(_Published):
    """All episodes of one agent and their summary."""

    records: Annotated[list[Record], Field(min_length=1)]
    summary: dict[str, MeanStd] = {}


class Results(_Published):
    """Agents by name, in the order of the file."""

    agents: Annotated[dict[str, AgentResults], Field(min_length=1)]
    meta: dict[str, Any] = {}

    def episodes(self) -> pd.DataFrame:
        """Return one row per agent and episode with the columns of ``metrics.METRICS`` the file tells.

        ``episode_seed`` is missing (NA) where the file does not say which tasks were played: such
        episodes cannot be paired.
        """
        rows = [
            {"agent": name, "episode": index, "episode_seed": record.episode_seed} | record.summary
            for name, agent in self.agents.items()
            for index, record in enumerate(agent.records)
        ]
        return pd.DataFrame(rows).astype({"episode_seed": "Int64"})


def parts(folder: Path) -> list[Path]:
    """Return where a comparison's results are: the folder itself, or its subfolders, one for each scenario."""
    return [folder] if (folder / RESULTS).is_file() else sorted(path.parent for path in folder.glob(f"*/{RESULTS}"))


def read_aggregated(path: Path) -> Results:
    """Read ``aggregated_results.json`` tolerantly: what can be computed from the rest may be missing.

    QoS is a share, 0-1. A file in which any QoS figure is above 1 is read as per cent throughout.

    Raises:
        RunError: every problem, one line each, naming file, agent, record and key.
    """
    try:
        data = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    if isinstance(data, dict) and "agents" not in data:
        data = {"agents": data}  # the published readers accept the bare mapping, too
    return as_results(data, str(path))


def as_results(data: Any, source: str = "aggregated results") -> Results:
    """Check and complete the content of an ``aggregated_results.json``; see ``read_aggregated``."""
    try:
        results = Results.model_validate(data)
    except ValidationError as error:
        problems = (f"{source}: {_place(item['loc'])}: {_reason(item['msg'])}" for item in error.errors())
        raise RunError(*problems) from None
    _shares(results)
    for agent in results.agents.values():
        _complete(agent)
    return results


def _place(location: tuple[int | str, ...]) -> str:
    """``agents.SARSA.records.3.rewards.7`` in words."""
    singular = {"agents": "agent", "records": "record"}
    words = [str(part) for part in location]
    named = [singular.get(word, word) for word in words[:-1]] + words[-1:]
    return " ".join(named) or "top level"


def _reason(message: str) -> str:
    """Return what pydantic says, without its prefixes and class names."""
    return message.removeprefix("Value error, ").replace("dictionary or instance of Results", "JSON object")


def _shares(results: Results) -> None:
    """Turn a file in per cent into shares."""
    records = [record for agent in results.agents.values() for record in agent.records]
    seen = [value for record in records for value in record.qos_rates]
    seen += [record.summary[key] for record in records for key in _QOS if key in record.summary]
    if not seen or max(seen) <= 1.0 + 1e-9:
        return
    for record in records:
        record.qos_rates = [value / 100 for value in record.qos_rates]
        record.summary |= {key: record.summary[key] / 100 for key in _QOS if key in record.summary}
    for agent in results.agents.values():
        agent.summary = {}  # computed again from the records


_QOS = tuple(name for name, metric in METRICS.items() if metric.unit == "%")


def _complete(agent: AgentResults) -> None:
    """Fill in summaries from what is there."""
    for record in agent.records:
        record.summary = _from_lists(record) | record.summary
    for name in METRICS:
        values = [record.summary[name] for record in agent.records if name in record.summary]
        if name not in agent.summary and len(values) == len(agent.records):
            agent.summary[name] = MeanStd(**mean_std(pd.Series(values, dtype=float)))


def _from_lists(record: Record) -> dict[str, float]:
    """Return the figures that follow from the lists."""
    figures = {"steps": float(len(record.rewards)), "total_reward": float(np.sum(record.rewards))}
    figures["mean_reward"] = float(np.mean(record.rewards))
    if record.qos_rates:
        figures["mean_qos"] = float(np.mean(record.qos_rates))
    if record.worker_counts:
        figures["mean_workers"] = float(np.mean(record.worker_counts))
        figures["max_workers"] = float(np.max(record.worker_counts))
    if record.actions:
        keep = int(np.sum(np.asarray(record.actions) == 1))
        figures |= {"scaling_actions": float(len(record.actions) - keep), "noop_actions": float(keep)}
    return figures
