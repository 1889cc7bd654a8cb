"""The work of named tasks as commands show it, and the lines that tell a controller or the simulator of it."""

from __future__ import annotations

from typing import Any

from analysis.tables import Row
from workloads.work import NamedWork

#: Of fewer tasks nothing is fitted.
LEAST = 2
#: Work that varies less is always the same; more than this nobody believes.
LEAST_CV, MOST = 0.005, 10.0


def work_tables(work: NamedWork | None) -> dict[str, list[Row]]:
    """Return printable rows by title; none where tasks have no names."""
    if work is None:
        return {}
    return {_title(work): work.rows()}


def work_json(work: NamedWork | None) -> dict[str, Any]:
    """Return the same as JSON can hold it, under ``work``."""
    return {} if work is None else {"work": work.to_json() | {"configuration": configured(work)}}


def configured(work: NamedWork) -> dict[str, str]:
    """Return YAML by what reads it: what a controller believes of tasks, and how the simulator draws them.

    Both have the mean and the coefficient of variation of all known work: a gamma distribution in the simulator, as a
    controller's planner draws it, too. A line each. Empty where the work of fewer than two tasks is known.
    """
    found = work.all()
    if found.known < LEAST or not found.mean_s:
        return {}
    mean_s, cv = _rounded(found.mean_s), _rounded(min(found.cv or 0.0, MOST))
    drawn = f"{{kind: gamma, shape: {_rounded(cv**-2):g}, mean_s: {mean_s:g}}}"
    if cv < LEAST_CV:
        cv, drawn = 0.0, f"{{kind: constant, value_s: {mean_s:g}}}"
    return {
        "operate.yml": f"tasks: {{service_time: {mean_s:g}, variation: {cv:g}}}",
        "--config FILE": f"workload: {{service: {{distribution: {drawn}, min_s: 0, max_s: 1000000000}}}}",
    }


def _title(work: NamedWork) -> str:
    unknown = f"; of {work.unknown:,} tasks nobody knows it" if work.unknown else ""
    return f"work of tasks by name{unknown}"


def _rounded(value: float) -> float:
    """Return four significant digits: nobody knows more."""
    return float(f"{value:.4g}")
