"""The vector environment's ``infos``: an array and a mask ``_key`` for each key of ``autoscaling_env.info``."""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.schema import FACTS, STEP
from simulator.compiled.playing import Results, move, room

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
#: Of the reward's terms.
Names = tuple[str, ...]
#: The kernel's facts that are keys of ``info`` as they are.
COUNTS = tuple(column.name for column in STEP if column.kernel and column.info)
_counts = itemgetter(*(FACTS.index(name) for name in COUNTS))
#: In the order of ``Results.reason``.
_REASONS = (ScaleReason.AT_MINIMUM, ScaleReason.OK, ScaleReason.AT_MAXIMUM)


class Infos:
    """Makes ``infos`` for ``size`` environments, as Gymnasium's own vector environments do.

    Args:
        config: read for what is the same in every step.
        size: number of environments.
    """

    def __init__(self, config: Config, size: int) -> None:
        self._size = size
        self._reasons = np.array([str(reason) for reason in _REASONS], dtype=object)
        same = {"scale_detail": "", "stale": (), "action_deltas": Actions.of(config).deltas}
        self._same_objects = np.empty((len(same), size), dtype=object)
        for row, value in enumerate(same.values()):
            for column in range(size):
                self._same_objects[row, column] = value
        bounds = {"min_workers": config.farm.min_workers, "max_workers": config.farm.max_workers}
        self._same_counts = np.tile(np.array([*bounds.values()], dtype=np.int64)[:, None], size)
        self._step_s = np.full(size, config.environment.step_duration_s)
        self._all_true = np.ones(size, dtype=np.bool_)
        self._names = (*COUNTS, *same, *bounds, "time_s", "step_duration_s", "scale_reason", "episode_seed")

    def of_step(self, results: Results, terms: Names, seeds: Rows, stepped: Mask | None, ended: Rows) -> dict[str, Any]:
        """Return the infos of all environments; those not in ``stepped`` (None: all are) were reset, and have no terms.

        The columns of ``results`` are from here on the infos' own; the episodes of ``ended`` are over.
        """
        infos = _with_masks(self._names, self._common(results, seeds), self._all_true)
        if stepped is None:
            infos["reward_terms"] = _with_masks(terms, [*results.terms], self._all_true)
        else:
            infos["reward_terms"] = _with_masks(terms, [*results.terms], stepped) if stepped.any() else {}
        infos["_reward_terms"] = self._all_true.copy()
        if len(ended):
            qos = np.zeros(self._size)
            qos[ended] = results.qos[ended]
            infos["episode_final_qos"], infos["_episode_final_qos"] = qos, self._mask(ended)
        return infos

    def of_reset(self, results: Results, seeds: Rows, rows: Rows) -> dict[str, Any]:
        """Return the infos of the environments that were reset, and of no other."""
        mask = self._mask(rows)
        values = self._common(results, seeds) if len(rows) == self._size else self._of_rows(results, seeds, rows)
        return {**_with_masks(self._names, values, mask), "reward_terms": {}, "_reward_terms": mask}

    def final(
        self, results: Results, terms: Names, seeds: Rows, observation: NDArray[np.float32], rows: Rows
    ) -> dict[str, Any]:
        """Return ``final_obs`` and ``final_info`` of ``rows``, whose episodes ended in the step of ``results``."""
        last = self._nothing()
        for row, its_own in zip(rows.tolist(), observation[rows], strict=True):
            last[row] = its_own
        done, its_results = self._mask(rows), room(self._size, len(terms))
        move(rows, results, its_results)
        named = _with_masks(terms, [*its_results.terms], done)
        names = (*self._names, "reward_terms", "episode_final_qos")
        values = [*self._of_rows(its_results, seeds, rows), named, its_results.qos]
        return {
            "final_obs": last,
            "_final_obs": done,
            "final_info": _with_masks(names, values, done),
            "_final_info": done.copy(),
        }

    def _mask(self, rows: Rows) -> Mask:
        mask = np.zeros(self._size, dtype=np.bool_)
        mask[rows] = True
        return mask

    def _common(self, results: Results, seeds: Rows) -> list[Any]:
        """Return what every environment has, in the order of the names; all arrays new, or those of ``results``."""
        return [
            *_counts([*results.facts]),
            *self._same_objects.copy(),
            *self._same_counts.copy(),
            results.time_s,
            self._step_s.copy(),
            self._reasons[results.reason],
            seeds.copy(),
        ]

    def _of_rows(self, results: Results, seeds: Rows, rows: Rows) -> list[Any]:
        """Return the same for these few rows, and nothing for the others, of which ``results`` has nothing."""
        same = [*self._same_objects, *self._same_counts, self._step_s, self._reasons[results.reason], seeds]
        kept = [np.zeros(self._size, value.dtype) if value.dtype != object else self._nothing() for value in same]
        for nothing, value in zip(kept, same, strict=True):
            nothing[rows] = value[rows]
        *others, step_s, reasons, its_seeds = kept
        return [*_counts([*results.facts]), *others, results.time_s, step_s, reasons, its_seeds]

    def _nothing(self) -> NDArray[Any]:
        return np.empty(self._size, dtype=object)  # None everywhere


def _with_masks(names: tuple[str, ...], values: list[Any], mask: Mask) -> dict[str, Any]:
    masks = np.empty((len(names), len(mask)), dtype=np.bool_)  # one allocation; every key has its own row
    masks[:] = mask
    return dict(zip(_with_names_of_masks(names), [*values, *masks], strict=True))


@cache
def _with_names_of_masks(names: tuple[str, ...]) -> tuple[str, ...]:
    return names + tuple(f"_{name}" for name in names)
