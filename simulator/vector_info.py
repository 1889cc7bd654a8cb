"""The vector environment's ``infos``: an array and a mask ``_key`` for each key of ``autoscaling_env.info``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.schema import STEP
from autoscaling_env.types import ScaleReason

Mask = NDArray[np.bool_]
Facts = dict[str, NDArray[np.int64]]
#: The kernel's facts that are keys of ``info`` as they are.
COUNTS = tuple(column.name for column in STEP if column.kernel and column.info)
_REASONS = np.array([ScaleReason.AT_MINIMUM, ScaleReason.OK, ScaleReason.AT_MAXIMUM], dtype=object)


class Infos:
    """Makes ``infos`` for ``size`` environments, as Gymnasium's own vector environments do."""

    def __init__(self, config: Config, size: int) -> None:
        self._size = size
        self._reasons = np.array([str(reason) for reason in _REASONS], dtype=object)
        self._step_s = config.environment.step_duration_s
        self._same = {
            "scale_detail": _objects("", size),
            "stale": _objects((), size),
            "action_deltas": _objects(Actions.of(config).deltas, size),
            "min_workers": np.full(size, config.farm.min_workers),
            "max_workers": np.full(size, config.farm.max_workers),
            "step_duration_s": np.full(size, self._step_s),
        }
        self._times_s = [0.0]

    def of_step(self, facts: Facts, terms: dict[str, Any], seeds: Any, stepped: Mask, done: Mask) -> dict[str, Any]:
        """Return the infos of all environments; those that were not stepped were reset, and have no terms."""
        infos = _with_masks(self._common(facts, seeds), np.ones(self._size, dtype=np.bool_))
        everywhere = bool(stepped.all())
        named = terms if everywhere else {name: np.where(stepped, value, 0.0) for name, value in terms.items()}
        infos["reward_terms"] = _with_masks(named, stepped) if everywhere or stepped.any() else {}
        infos["_reward_terms"] = np.ones(self._size, dtype=np.bool_)
        if done.any():
            processed = np.maximum(facts["processed_tasks"], 1)
            met = facts["processed_tasks"] - facts["qos_violations"]
            qos = np.where(facts["processed_tasks"] > 0, met / processed, 1.0)
            infos["episode_final_qos"], infos["_episode_final_qos"] = np.where(done, qos, 0.0), done.copy()
        return infos

    def of_reset(self, facts: Facts, seeds: Any, rows: NDArray[np.int64]) -> dict[str, Any]:
        """Return the infos of the environments that were reset, and of no other."""
        mask = np.zeros(self._size, dtype=np.bool_)
        mask[rows] = True
        return {**_of_rows(self._common(facts, seeds), rows, mask), "reward_terms": {}, "_reward_terms": mask}

    def started_over(self, infos: dict[str, Any], facts: Facts, seeds: Any, done: Mask) -> dict[str, Any]:
        """Return the infos of a step after which the environments ``done`` were reset; of those, no terms."""
        kept = ~done
        terms = {name: value for name, value in infos["reward_terms"].items() if not name.startswith("_")}
        named = {name: np.where(kept, value, 0.0) for name, value in terms.items()} if kept.any() else {}
        now = {**infos, **self._common(facts, seeds), "reward_terms": _with_masks(named, kept)}
        return {key: value for key, value in now.items() if key not in ("episode_final_qos", "_episode_final_qos")}

    def final(self, infos: dict[str, Any], observation: NDArray[np.float32], rows: NDArray[np.int64]) -> dict[str, Any]:
        """Return ``final_obs`` and ``final_info`` of the environments whose episode ended, with their masks."""
        last = np.full(self._size, None, dtype=object)
        for row, its_own in zip(rows.tolist(), observation[rows], strict=True):
            last[row] = its_own
        done = np.zeros(self._size, dtype=np.bool_)
        done[rows] = True
        return {
            "final_obs": last,
            "_final_obs": done,
            "final_info": _of_rows(infos, rows, done),
            "_final_info": done.copy(),
        }

    def _common(self, facts: Facts, seeds: Any, rows: NDArray[np.int64] | None = None) -> dict[str, Any]:
        """Return what every environment has, or those of ``rows``; nobody else's arrays but those of ``facts``."""
        here = slice(None) if rows is None else rows
        wanted = facts["requested_delta"][here] - facts["applied_delta"][here]
        return {
            **{name: facts[name][here] for name in COUNTS},
            "time_s": self._time_s(facts["step"][here]),
            "scale_reason": self._reasons[np.sign(wanted) + 1],
            "episode_seed": seeds[here].copy(),
            **{key: value[here].copy() for key, value in self._same.items()},
        }

    def _time_s(self, step: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the times, added up step by step as the farm's clock does."""
        while len(self._times_s) <= step.max(initial=0):
            self._times_s.append(self._times_s[-1] + self._step_s)
        return np.array(self._times_s)[step]


def _objects(value: Any, size: int) -> NDArray[Any]:
    array = np.empty(size, dtype=object)
    for row in range(size):
        array[row] = value
    return array


def _empty(like: NDArray[Any], size: int) -> NDArray[Any]:
    return np.full(size, None, dtype=object) if like.dtype == object else np.zeros(size, dtype=like.dtype)


def _without(rows: NDArray[np.int64], value: NDArray[Any]) -> NDArray[Any]:
    """Return a copy with nothing in these rows; a third of what ``np.where`` with an empty array takes."""
    kept = value.copy()
    kept[rows] = None if value.dtype == object else 0
    return kept


def _with_masks(values: dict[str, Any], mask: Mask) -> dict[str, Any]:
    masks = np.repeat(mask[None], len(values), axis=0)  # one allocation; every key has its own row
    return {**values, **{f"_{key}": row for key, row in zip(values, masks, strict=True)}}


def _of_rows(infos: dict[str, Any], rows: NDArray[np.int64], mask: Mask) -> dict[str, Any]:
    """Return the values of these few rows, the only ones in ``mask``, of infos that all hold there."""
    out: dict[str, Any] = {}
    for key, value in infos.items():
        if isinstance(value, dict):
            out[key] = _of_rows(value, rows, mask)
        elif not key.startswith("_"):
            out[key] = _empty(value, len(mask))
            out[key][rows] = value[rows]
    return _with_masks(out, mask)


def _only(infos: dict[str, Any], mask: Mask) -> dict[str, Any]:
    """Return a copy of the infos that holds for the environments of ``mask`` alone, without what holds for none."""
    out: dict[str, Any] = {}
    others = np.flatnonzero(~mask)
    for key, value in infos.items():
        if not key.startswith("_") and (held := infos[f"_{key}"] & mask).any():
            out[key] = _only(value, mask) if isinstance(value, dict) else _without(others, value)
            out[f"_{key}"] = held
    return out
