"""The vector environment's ``infos``: an array and a mask ``_key`` for each key of ``autoscaling_env.info``."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.schema import FACTS, STEP
from simulator.compiled.episodes import by_name

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
Facts = dict[str, NDArray[np.int64]]
#: The kernel's facts that are keys of ``info`` as they are.
COUNTS = tuple(column.name for column in STEP if column.kernel and column.info)
#: The keys that follow from the facts and the seed.
COMPUTED = ("time_s", "scale_reason", "episode_seed")
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
        self._nothing = np.full(size, None, dtype=object)
        self._times_s = np.zeros(1)
        self._table = np.zeros((len(FACTS), size), dtype=np.int64)

    def of_step(
        self,
        table: NDArray[np.int64],
        facts: Facts,
        terms: dict[str, Any],
        seeds: Any,
        stepped: Mask | None,
        ended: Rows,
    ) -> dict[str, Any]:
        """Return the infos of all environments; those not in ``stepped`` (None: all are) were reset, and have no terms.

        ``table`` is int64[facts, size], from here on the infos' own, and ``facts`` its rows by their names; the
        episodes of ``ended`` are over.
        """
        self._table = table
        everywhere = np.ones(self._size, dtype=np.bool_)
        infos = _with_masks(self._common(facts, seeds), everywhere)
        if stepped is None:
            infos["reward_terms"] = _with_masks(terms, everywhere)
        else:
            named = {name: np.where(stepped, value, 0.0) for name, value in terms.items()}
            infos["reward_terms"] = _with_masks(named, stepped) if stepped.any() else {}
        infos["_reward_terms"] = everywhere
        if len(ended):
            processed, missed = facts["processed_tasks"][ended], facts["qos_violations"][ended]
            qos = np.zeros(self._size)
            qos[ended] = np.where(processed > 0, (processed - missed) / np.maximum(processed, 1), 1.0)
            infos["episode_final_qos"], infos["_episode_final_qos"] = qos, self._mask(ended)
        return infos

    def of_reset(self, table: NDArray[np.int64], seeds: Any, rows: Rows) -> dict[str, Any]:
        """Return the infos of the environments that were reset, and of no other."""
        mask = self._mask(rows)
        common = self._common(by_name(table), seeds)
        return {**_with_masks(self._of_rows(common, rows), mask), "reward_terms": {}, "_reward_terms": mask}

    def final(self, infos: dict[str, Any], observation: NDArray[np.float32], rows: Rows) -> dict[str, Any]:
        """Return ``final_obs`` and ``final_info`` of ``rows``, whose episodes ended in the step of ``infos``."""
        last = self._nothing.copy()
        for row, its_own in zip(rows.tolist(), observation[rows], strict=True):
            last[row] = its_own
        table, done = np.zeros_like(self._table), self._mask(rows)
        table[:, rows] = self._table[:, rows]
        facts = by_name(table)
        others = {key: infos[key] for key in (*COMPUTED, *self._same, "episode_final_qos")}
        ended = {**{name: facts[name] for name in COUNTS}, **self._of_rows(others, rows)}
        terms = {name: value[rows] for name, value in infos["reward_terms"].items() if not name.startswith("_")}
        values = np.zeros((len(terms), self._size))
        values[:, rows] = list(terms.values())
        ended["reward_terms"] = _with_masks(dict(zip(terms, values, strict=True)), done)
        return {
            "final_obs": last,
            "_final_obs": done,
            "final_info": _with_masks(ended, done),
            "_final_info": done.copy(),
        }

    def start_over(self, infos: dict[str, Any], now: NDArray[np.int64], seeds: Any, rows: Rows) -> None:
        """Let the infos of a step tell of ``rows`` what is true after their reset: ``now``, int64[facts, rows]."""
        self._table[:, rows] = now
        for key, value in self._computed(by_name(now), seeds[rows]).items():
            infos[key][rows] = value
        if len(rows) == self._size:
            infos["reward_terms"] = {}
        for value in infos["reward_terms"].values():  # terms and masks, made for this step
            value[rows] = 0
        del infos["episode_final_qos"], infos["_episode_final_qos"]

    def _mask(self, rows: Rows) -> Mask:
        mask = np.zeros(self._size, dtype=np.bool_)
        mask[rows] = True
        return mask

    def _of_rows(self, values: dict[str, Any], rows: Rows) -> dict[str, Any]:
        """Return copies of the arrays that hold what they hold for these few rows, and nothing for the others."""
        out = {}
        for key, value in values.items():
            kept = self._nothing.copy() if value.dtype == object else np.zeros(self._size, dtype=value.dtype)
            kept[rows] = value[rows]
            out[key] = kept
        return out

    def _common(self, facts: Facts, seeds: NDArray[np.int64]) -> dict[str, Any]:
        """Return what every environment has; nobody else's arrays but those of ``facts``."""
        return {
            **{name: facts[name] for name in COUNTS},
            **self._computed(facts, seeds),
            **{key: value.copy() for key, value in self._same.items()},
        }

    def _computed(self, facts: Facts, seeds: NDArray[np.int64]) -> dict[str, Any]:
        wanted = facts["requested_delta"] - facts["applied_delta"]
        values = self._time_s(facts["step"]), self._reasons[np.sign(wanted) + 1], seeds.copy()
        return dict(zip(COMPUTED, values, strict=True))

    def _time_s(self, step: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the times, added up step by step as the farm's clock does."""
        if (most := int(step.max(initial=0))) >= len(self._times_s):
            steps_s = np.full(2 * most + 1, self._step_s)
            steps_s[0] = 0.0
            self._times_s = np.cumsum(steps_s)  # one after the other
        times_s: NDArray[np.float64] = self._times_s[step]
        return times_s


def _objects(value: Any, size: int) -> NDArray[Any]:
    array = np.empty(size, dtype=object)
    for row in range(size):
        array[row] = value
    return array


def _with_masks(values: dict[str, Any], mask: Mask) -> dict[str, Any]:
    masks = np.empty((len(values), len(mask)), dtype=np.bool_)  # one allocation; every key has its own row
    masks[:] = mask
    return {**values, **dict(zip(_names_of_masks(tuple(values)), masks, strict=True))}


@cache
def _names_of_masks(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"_{name}" for name in names)
