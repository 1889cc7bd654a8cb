"""Records of what happened: one flat row per step and per task, collected in memory, written by ``run_folder``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from autoscaling_env.errors import InputError
from autoscaling_env.observation import FIELDS, standard
from autoscaling_env.reward import TERM_NAMES
from autoscaling_env.schema import RANDOMIZED, RECORDED, recorded_columns
from autoscaling_env.types import Observation, TaskBatch, TaskLog

if TYPE_CHECKING:
    import pandas as pd

#: Columns of ``steps.parquet`` that come from ``info`` under the same name (docs/metrics.md says what each means).
INFO_COLUMNS: dict[str, type] = {column.name: column.dtype for column in RECORDED}
#: Columns beside those of ``info`` whose type does not follow from their values: of no step, too, it is this.
TYPED = frozenset({"episode", "episode_seed", "reward"})


class StepLog:
    """Rows of ``steps.parquet``, one per step.

    Args:
        objective: names the reward's terms, each of which is a column ``reward_<term>``; where the configuration or a
            function says them, the first step does.
        randomized: settings are drawn anew for every episode, and recorded.
    """

    def __init__(self, objective: str, *, randomized: bool = False) -> None:
        self._objective, self._randomized = objective, randomized
        self._terms = TERM_NAMES.get(objective)
        self._rows: list[tuple[Any, ...]] = []
        self._observations: list[Observation] = []
        self._reasons: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def append(
        self,
        agent: str,
        episode: int,
        observation: Observation,
        reward: float,
        terminated: bool,
        truncated: bool,
        info: dict[str, Any],
    ) -> None:
        """Add what ``env.step`` returned, in episode number ``episode`` of ``agent``."""
        terms = info["reward_terms"]
        if self._terms is None:
            self._terms = tuple(terms)
        if terms.keys() != set(self._terms):
            raise InputError(f"the reward's terms are {', '.join(self._terms)}; at a later step {', '.join(terms)}")
        self._observations.append(standard(observation, info))
        self._rows.append(
            (
                agent,
                episode,
                info["episode_seed"],
                *[info[name] for name in INFO_COLUMNS],
                reward,
                *[terms[name] for name in self._terms],
                terminated,
                truncated,
                *([json.dumps(info[RANDOMIZED.name])] if self._randomized else []),
            )
        )

    def explain(self, agent: str, episode: int, reasons: dict[str, Any] | None, info: dict[str, Any]) -> None:
        """Add why the decision of the last step was made, where its policy says so."""
        if reasons is not None:
            which = {"agent": agent, "episode": episode, "episode_seed": info["episode_seed"], "step": info["step"]}
            self._reasons.append({**which, **reasons})

    def decisions(self) -> str:
        """Return the lines of ``decisions.jsonl``: one JSON object a decision that was explained; empty if none was."""
        return "".join(json.dumps(each, allow_nan=False) + "\n" for each in self._reasons)

    def frame(self) -> pd.DataFrame:
        """Return all rows; column order and types are the same in every run."""
        import pandas as pd

        own = () if self._objective in TERM_NAMES else self._terms or ()
        columns = recorded_columns(self._objective, own, randomized=self._randomized)
        frame = pd.DataFrame(self._rows, columns=[column.name for column in columns[: -len(FIELDS)]])
        types = {column.name: column.dtype for column in columns if column.name in TYPED or column in RECORDED}
        frame = frame.astype({name: kind for name, kind in types.items() if kind is not str})
        seen = np.array(self._observations, dtype=np.float32).reshape(len(self._rows), len(FIELDS))
        for index, column in enumerate(columns[-len(FIELDS) :]):
            frame[column.name] = seen[:, index]
        return frame


def task_frame(agent: str, episode: int, batch: TaskBatch, log: TaskLog) -> pd.DataFrame:
    """Return one row per task of an episode: what it was and what became of it (``tasks.parquet``)."""
    import pandas as pd

    response_s = log.collected_s - batch.arrival_s
    met = response_s <= batch.deadline_s
    if log.given_up is not None:
        met &= ~log.given_up
    return pd.DataFrame(
        {
            "agent": agent,
            "episode": episode,
            "episode_seed": batch.seed,
            "task": np.arange(len(batch)),
            "arrival_s": batch.arrival_s,
            "service_s": batch.service_s,
            "deadline_s": batch.deadline_s,
            "started_s": log.started_s,
            "finished_s": log.finished_s,
            "collected_s": log.collected_s,
            "response_s": response_s,
            "deadline_met": met,
        }
    )
