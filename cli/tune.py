"""``autoscale tune``: search a rule's own settings in simulation, print what is worth having and the YAML to apply."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from agents.tuning import (
    TUNABLE,
    ManifestNames,
    Score,
    Trial,
    applied,
    cheapest_meeting,
    manifest_yaml,
    overlay_yaml,
    search_space,
)
from agents.tuning import pareto as pareto_set
from agents.tuning import tune as search
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.files import atomic_write
from autoscaling_env.policy import Policy
from autoscaling_env.rng import episode_seeds, stream
from autoscaling_env.rollout import play_episode
from autoscaling_env.workload import Workload
from cli import options
from cli.console import out, progress
from cli.policies import Setting, make_policy
from cli.settings import Overrides, load_workload, resolve, scenario_overrides, with_direct_actions
from cli.show import show_rows

#: Rule to tune -> the policy that plays it.
POLICIES = {"keda": "keda", "hpa": "hpa", "reactive": "reactivemaximum"}


def tune(
    policy: Annotated[str, typer.Argument(metavar="keda|hpa|reactive", help="Whose settings to search.")],
    slo: Annotated[float, typer.Option("--slo", min=0, max=1, help="Share of deadlines to meet.")] = 0.95,
    budget: Annotated[int, typer.Option("--budget", min=1, help="Settings to try.")] = 60,
    episodes: Annotated[int, typer.Option("--episodes", min=1, help="Episodes each is tried on.")] = 5,
    scenario: options.Scenario = None,
    trace: options.Trace = None,
    durations: options.Durations = None,
    seed: options.Seed = 0,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    deployment: Annotated[str, typer.Option("--deployment", help="Deployment the manifest scales.")] = "worker",
    namespace: Annotated[str, typer.Option("--namespace", help="Namespace it is in.")] = "default",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the YAML here instead of printing it.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Find the cheapest settings of a rule that keep the promised QoS on your workload.

    The rule sets its target at once, as in a cluster (not by one worker a step).

    Examples:

      autoscale tune keda --scenario flash_crowd --slo 0.99

      autoscale tune hpa --trace my_trace.csv --budget 200 -o hpa.yaml
    """
    if policy not in TUNABLE:
        raise InputError(unknown_name("policy to tune", policy, TUNABLE))
    overrides = scenario_overrides(scenario, Overrides(config, assignments or (), None, trace, durations))
    resolved = with_direct_actions(resolve(overrides))
    workload = load_workload(resolved, quiet=as_json)
    seeds = episode_seeds(seed, episodes)
    trials = _search(policy, resolved, workload, budget=budget, seeds=seeds, seed=seed, quiet=as_json)
    best = cheapest_meeting(trials, slo)
    text = _yaml(policy, resolved, best, ManifestNames(deployment, namespace, deployment)) if best else ""
    if as_json:
        typer.echo(json.dumps({"pareto": [_plain(trial) for trial in pareto_set(trials)], "yaml": text}, indent=1))
        return
    _show(policy, trials, best)
    if best is None:
        out.print(f"no setting of {len(trials)} keeps {100 * slo:g} %; the last row comes nearest", highlight=False)
    elif output is not None:
        with atomic_write(output) as file:
            file.write(text)
        out.print(f"yaml  {output}", highlight=False, soft_wrap=True)
    else:
        typer.echo(text)


def _search(
    policy: str, config: Config, workload: Workload, *, budget: int, seeds: tuple[int, ...], seed: int, quiet: bool
) -> list[Trial]:
    with progress(quiet=quiet) as bar:
        task = bar.add_task(f"tuning {policy}", total=budget)

        def evaluate(settings: Any) -> Score:
            tried = applied(config, settings)
            rule = make_policy(POLICIES[policy], Setting(tried, workload, seed, Path()))
            return _score(OpenFaaSAutoscalingEnv(config=tried, workload=workload), rule, seeds)

        return search(
            search_space(policy, config),
            evaluate,
            budget,
            stream(seed, "search"),
            lambda done, total: bar.update(task, completed=done, total=total),
        )


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


def _yaml(policy: str, config: Config, best: Trial, names: ManifestNames) -> str:
    overlay = "".join(f"# {line}\n" for line in overlay_yaml(best.settings).splitlines())
    if policy == "reactive":
        return overlay_yaml(best.settings)
    earned = f"QoS {100 * best.score.qos:.2f} %, {best.score.worker_seconds:.0f} worker-seconds"
    head = f"# {earned} in simulation; as --config:\n"
    return head + overlay + manifest_yaml(policy, applied(config, best.settings), names)


def _show(policy: str, trials: list[Trial], best: Trial | None) -> None:
    rows = [
        {
            "QoS [%]": f"{100 * trial.score.qos:.2f}",
            "Worker-seconds": f"{trial.score.worker_seconds:,.0f}",
            "Chosen": "<-" if best is not None and trial.settings == best.settings else "",
            "Settings": ", ".join(f"{_short(key)}={value}" for key, value in trial.settings.items()),
        }
        for trial in pareto_set(trials)
    ]
    show_rows(f"{policy}: settings no other beats in both, of {len(trials)} tried", rows)


def _plain(trial: Trial) -> dict[str, Any]:
    return {
        "settings": dict(trial.settings),
        "qos": trial.score.qos,
        "worker_seconds": trial.score.worker_seconds,
    }


def _short(key: str) -> str:
    """The end of a dotted key that tells it from the others."""
    parts = key.split(".")
    return ".".join(parts[-2:]) if "behavior" in parts else parts[-1]
