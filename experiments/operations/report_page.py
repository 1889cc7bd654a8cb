"""The page of a counterfactual report: its texts, rows and lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.report.counterfactual import RECORDED, TWIN, CounterfactualPage, Line
from experiments.operations.calibration import half
from experiments.operations.report_found import Counterfactual
from experiments.operations.stretches import Stretch

METHOD = (
    (
        "The arrivals of each tick come evenly within it; work is drawn from a gamma distribution with the recorded "
        "mean times the calibrated factor; a worker does one task at a time, first come, first served."
    ),
    (
        "A task is counted where its promised time was over before the end, so all policies are judged on the same "
        "tasks. Gains and changes are against the recorded counts as the twin plays them."
    ),
    (
        "An end of an interval lies sqrt(b² + m² + d²) from its estimate: b is the distance of the end of the 95 % "
        "interval of a block bootstrap over the time; m what the twin missed of the recorded counts, the larger of the "
        "second halves and of all; d how far the figure moves where all work takes longer or shorter by as much as is "
        "doubted of it."
    ),
    (
        "static-best and what has to be trained or needs a history know blocks of these arrivals in random order; "
        "hindsight knows every task, and nobody can be expected to do better."
    ),
)


def page_of(found: Counterfactual) -> CounterfactualPage:
    """Return what the page says."""
    happened = found.happened()
    stretches = found.played.stretches
    return CounterfactualPage(
        title="What would have happened",
        lead=f"{happened['from'][:16]} to {happened['to'][:16]} UTC, {happened['tasks']:,} tasks",
        happened=found.facts(),
        notes=found.notes,
        fidelity=found.fidelity_rows(),
        calibration=found.calibrated(),
        verdict=found.verdict,
        objections=found.objections,
        outcomes=found.outcome_rows(),
        method=METHOD,
        at=_joined([_instants(stretch) for stretch in stretches], np.datetime64("NaT")),
        backlog=[
            Line(RECORDED, _joined([stretch.backlog for stretch in stretches])),
            Line(TWIN, _joined([course.backlog for course in found.replayed])),
        ],
        workers=[
            Line(RECORDED, _joined([stretch.requested for stretch in stretches])),
            *(Line(name, _joined([each.requested for each in courses])) for name, courses in found.courses.items()),
        ],
        measured=[(_instants(stretch)[half(stretch)], _instants(stretch)[-1]) for stretch in stretches],
    )


def _instants(stretch: Stretch) -> NDArray[np.datetime64]:
    """Return datetime64[n], when each step ended, UTC."""
    begin = np.datetime64(stretch.first.at.replace(tzinfo=None), "ms")
    ends_ms = np.round((1 + np.arange(len(stretch))) * stretch.step_s * 1000).astype("timedelta64[ms]")
    instants: NDArray[np.datetime64] = begin + ends_ms
    return instants


def _joined(parts: Sequence[NDArray[Any]], gap: Any = np.nan) -> NDArray[Any]:
    """Return the parts with a gap after each but the last."""
    if isinstance(gap, np.datetime64):
        whole = [np.append(part, gap.astype(part.dtype)) for part in parts]
    else:
        whole = [np.append(np.asarray(part, dtype=np.float64), gap) for part in parts]
    return np.concatenate(whole)[:-1]
