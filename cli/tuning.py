"""The search behind ``autoscale tune``: settings tried in simulation, and the YAML of the best."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agents.tuning import ManifestNames, Score, Trial, applied, manifest_yaml, overlay_yaml, search_space
from agents.tuning import tune as search
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.rng import episode_seeds, stream
from autoscaling_env.rollout import play_episode
from autoscaling_env.workload import Workload
from cli.console import progress
from cli.policies import Setting, make_policy

#: Rule to tune -> the policy that plays it.
POLICIES = {"keda": "keda", "hpa": "hpa", "reactive": "reactivemaximum"}


@dataclass(slots=True)
class Search:
    """The settings tried so far; Ctrl-C ends the search and leaves them."""

    trials: list[Trial] = field(default_factory=list)
    interrupted: bool = False


def search_settings(
    policy: str, config: Config, workload: Workload, *, budget: int, episodes: int, seed: int, quiet: bool
) -> Search:
    """Try settings of a rule on the episodes of ``seed``.

    Args:
        policy: ``keda``, ``hpa`` or ``reactive``.
        config: the farm; what is tried is put into it.
        workload: what is played.
        budget: settings to try.
        episodes: episodes each is tried on.
        seed: of the episodes and of the choice of settings.
        quiet: without a progress bar.
    """
    seeds, found = episode_seeds(seed, episodes), Search()
    with progress(quiet=quiet) as bar:
        task = bar.add_task(f"tuning {policy}", total=budget)

        def evaluate(settings: Any) -> Score:
            tried = applied(config, settings)
            rule = make_policy(POLICIES[policy], Setting(tried, workload, seed, Path()))
            score = _score(OpenFaaSAutoscalingEnv(config=tried, workload=workload), rule, seeds)
            found.trials.append(Trial(settings, score))
            return score

        try:
            search(
                search_space(policy, config),
                evaluate,
                budget,
                stream(seed, "search"),
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        except KeyboardInterrupt:
            found.interrupted = True
    return found


def _score(env: OpenFaaSAutoscalingEnv, rule: Policy, seeds: tuple[int, ...]) -> Score:
    """Share of all tasks whose deadline was met, and worker-seconds, averaged over the episodes."""
    shares, paid = [], []
    for seed in seeds:
        workers: list[int] = []
        result = play_episode(
            env,
            rule,
            agent="",
            episode=0,
            episode_seed=seed,
            on_step=lambda observation, reward, info, seen=workers: seen.append(info["requested_workers"]),  # type: ignore[misc]
        )
        met = result.info["processed_tasks"] - result.info["qos_violations"]
        shares.append(met / max(1, result.info["processed_tasks"] + result.info["unfinished_tasks"]))
        paid.append(sum(workers) * env.config.environment.step_duration_s)
    return Score(float(np.mean(shares)), float(np.mean(paid)))


def settings_yaml(policy: str, config: Config, best: Trial, names: ManifestNames) -> str:
    """Return the YAML to apply: a manifest with the overlay for ``--config`` as a comment, or the overlay alone."""
    overlay = "".join(f"# {line}\n" for line in overlay_yaml(best.settings).splitlines())
    if policy == "reactive":
        return overlay_yaml(best.settings)
    earned = f"QoS {100 * best.score.qos:.2f} %, {best.score.worker_seconds:.0f} worker-seconds"
    head = f"# {earned} in simulation; as --config:\n"
    return head + overlay + manifest_yaml(policy, applied(config, best.settings), names)
