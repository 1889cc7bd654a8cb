"""``autoscale tune``: search a rule's own settings in simulation, print what is worth having and the YAML to apply."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.files import atomic_write, check_place
from cli import options
from cli.completing import one_of
from cli.console import note, out
from cli.settings import Overrides, load_workload, resolve, scenario_overrides, with_direct_actions
from cli.show import show_rows

if TYPE_CHECKING:
    from agents.tuning import Trial

#: What a name in Kubernetes may be (RFC 1123).
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
TUNABLE = ("keda", "hpa", "reactive")


def tune(
    policy: Annotated[
        str,
        typer.Argument(
            metavar="|".join(TUNABLE), help="Whose settings to search.", autocompletion=one_of(lambda: TUNABLE)
        ),
    ],
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
    from agents.tuning import ManifestNames, cheapest_meeting
    from agents.tuning import pareto as pareto_set
    from cli.tuning import search_settings, settings_yaml

    if policy not in TUNABLE:
        raise InputError(unknown_name("policy to tune", policy, TUNABLE))
    _check_names({"--deployment": deployment, "--namespace": namespace})
    if output is not None:
        check_place(output)
    overrides = scenario_overrides(scenario, Overrides(config, assignments or (), None, trace, durations))
    resolved = with_direct_actions(resolve(overrides))
    workload = load_workload(resolved, quiet=as_json)
    found = search_settings(policy, resolved, workload, budget=budget, episodes=episodes, seed=seed, quiet=as_json)
    trials, best = found.trials, cheapest_meeting(found.trials, slo)
    text = settings_yaml(policy, resolved, best, ManifestNames(deployment, namespace, deployment)) if best else ""
    if text and output is not None:
        with atomic_write(output) as file:
            file.write(text)
    if as_json:
        typer.echo(json.dumps({"pareto": [_plain(trial) for trial in pareto_set(trials)], "yaml": text}, indent=1))
    else:
        _show(policy, trials, best, slo)
        if text and output is None:
            typer.echo(text)
        elif text:
            out.print(f"yaml  {output}", highlight=False, soft_wrap=True)
    if found.interrupted:
        note(f"interrupted: {len(trials)} of {budget} settings were tried")
        raise KeyboardInterrupt


def _check_names(given: dict[str, str]) -> None:
    """A manifest with another name is one that Kubernetes refuses."""
    wrong = [f"{option} {name!r}" for option, name in given.items() if not DNS_LABEL.fullmatch(name)]
    if wrong:
        raise InputError(*(f"{each}: must be 1 to 63 of a-z, 0-9 and -, with no - at the ends" for each in wrong))


def _show(policy: str, trials: list[Trial], best: Trial | None, slo: float) -> None:
    from agents.tuning import pareto as pareto_set

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
    if best is None:
        out.print(f"no setting of {len(trials)} keeps {100 * slo:g} %; the last row comes nearest", highlight=False)


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
