"""Simulation against reality: two runs paired on the same agents, episode seeds and steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy

from analysis.episodes import check_steps, episode_table
from analysis.metrics import METRICS
from analysis.statistics import interval
from autoscaling_env.errors import RunError
from autoscaling_env.observation import FIELDS
from autoscaling_env.types import FloatArray

#: What counts for people: compared per agent, and by the ranking of agents.
JUDGED = ("total_reward", "final_qos_total", "mean_workers", "worker_seconds", "unfinished_tasks")
_STEP = ["agent", "episode_seed", "step"]
_TASK = ["agent", "episode_seed", "task"]


def gap_report(
    sim: pd.DataFrame,
    live: pd.DataFrame,
    rng: np.random.Generator,
    *,
    sim_tasks: pd.DataFrame | None = None,
    live_tasks: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Compare a simulated run with a live one on the episodes both played; errors are live minus simulated.

    Returns a JSON-ready dict, see docs/metrics.md: ``paired`` (what was matched, share of equal actions),
    ``observations`` and ``tasks`` (name -> error figures, KS statistic, Wasserstein distance), ``metrics``
    (agent -> metric -> both means and the paired difference with its 95 % interval), ``ranking`` (metric ->
    Kendall's tau of the agents' means). Numbers that are not defined are None.

    Args:
        sim: ``steps.parquet`` of the simulated run.
        live: ``steps.parquet`` of the live run.
        rng: draws the bootstrap resamples.
        sim_tasks: ``tasks.parquet`` of the simulated run.
        live_tasks: ``tasks.parquet`` of the live run.

    Raises:
        RunError: the runs share no agent with an episode seed.
    """
    both = paired_steps(sim, live)
    report: dict[str, Any] = {"paired": _paired(both), "observations": {}, "tasks": {}}
    for field in FIELDS:
        report["observations"][field] = _errors(both, f"observed_{field}")
    if sim_tasks is not None and live_tasks is not None:
        tasks = _timed(sim_tasks).merge(_timed(live_tasks), on=_TASK, suffixes=("_sim", "_live"))
        report["tasks"] = {name: _errors(tasks, name) for name in ("wait_s", "work_s", "collect_s", "response_s")}
    tables = episode_table(sim), episode_table(live)
    report["metrics"] = _metrics(*tables, rng)
    report["ranking"] = {name: _ranking(report["metrics"], name) for name in JUDGED}
    return report


def paired_steps(sim: pd.DataFrame, live: pd.DataFrame) -> pd.DataFrame:
    """Return the steps both runs have, columns suffixed ``_sim`` and ``_live``.

    Raises:
        RunError: there are none, or an agent played one episode seed twice.
    """
    for name, run in (("simulated", sim), ("live", live)):
        check_steps(run)
        if run.duplicated(_STEP).any():
            raise RunError(f"the {name} run has an episode seed twice for one agent: which one to pair is open")
    both = sim.merge(live, on=_STEP, suffixes=("_sim", "_live"))
    if both.empty:
        raise RunError(
            "the runs share no agent with an episode seed; "
            "play the live run with the simulated run's --agents and --seed"
        )
    return both


def _paired(both: pd.DataFrame) -> dict[str, Any]:
    episodes = both.drop_duplicates(["agent", "episode_seed"])
    same = both["requested_delta_sim"] == both["requested_delta_live"]
    return {
        "agents": list(dict.fromkeys(both["agent"])),
        "episodes": len(episodes),
        "steps": len(both),
        "equal_actions": float(same.mean()),
    }


def _timed(tasks: pd.DataFrame) -> pd.DataFrame:
    """Where a task's time went, in seconds."""
    return tasks[[*_TASK, "response_s"]].assign(
        wait_s=tasks["started_s"] - tasks["arrival_s"],
        work_s=tasks["finished_s"] - tasks["started_s"],
        collect_s=tasks["collected_s"] - tasks["finished_s"],
    )


def _errors(both: pd.DataFrame, name: str) -> dict[str, float | int | None]:
    """Error figures of one quantity over all pairs in which both sides have it."""
    pairs = both[[f"{name}_sim", f"{name}_live"]].dropna().to_numpy(dtype=float)
    if not len(pairs):
        return {"pairs": 0} | dict.fromkeys(("sim_mean", "live_mean", "bias", "mae", "rmse", "ks", "wasserstein"))
    sim, live = pairs.T
    error: FloatArray = live - sim
    return {
        "pairs": len(pairs),
        "sim_mean": float(sim.mean()),
        "live_mean": float(live.mean()),
        "bias": float(error.mean()),
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "ks": float(scipy.stats.ks_2samp(sim, live, method="asymp").statistic),
        "wasserstein": float(scipy.stats.wasserstein_distance(sim, live)),
    }


def _metrics(sim: pd.DataFrame, live: pd.DataFrame, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    both = sim.merge(live, on=["agent", "episode_seed"], suffixes=("_sim", "_live"))
    return {
        str(agent): {name: _difference(part, name, rng) for name in JUDGED}
        for agent, part in both.groupby("agent", sort=False)
    }


def _difference(part: pd.DataFrame, name: str, rng: np.random.Generator) -> dict[str, float | int | None]:
    sim, live = (part[f"{name}_{side}"].to_numpy(dtype=float) for side in ("sim", "live"))
    found = interval(live - sim, rng)
    low, high = (None, None) if np.isnan(found.low) else (found.low, found.high)
    return {
        "episodes": len(part),
        "sim_mean": float(sim.mean()),
        "live_mean": float(live.mean()),
        "difference": found.estimate,
        "low": low,
        "high": high,
    }


def _ranking(metrics: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """How both worlds rank the agents, best first, and Kendall's tau between the two orders."""
    sign = -1.0 if METRICS[name].better == "lower" else 1.0
    means = {side: [figures[name][f"{side}_mean"] for figures in metrics.values()] for side in ("sim", "live")}
    agents = list(metrics)
    order = {
        side: [agents[index] for index in np.argsort(-sign * np.array(values), kind="stable")]
        for side, values in means.items()
    }
    vary = len(agents) > 1 and all(np.ptp(values) > 0 for values in means.values())
    tau = float(scipy.stats.kendalltau(means["sim"], means["live"]).statistic) if vary else None
    return {"sim": order["sim"], "live": order["live"], "kendall_tau": tau}
