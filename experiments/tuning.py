"""Searches an autoscaler's own settings in simulation, on the training episodes of a setup."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agents.tuning import (
    TUNABLE,
    ManifestNames,
    Score,
    Trial,
    applied,
    cheapest_meeting,
    manifest_yaml,
    overlay_yaml,
    pareto,
    search_space,
)
from agents.tuning import tune as search
from analysis.tables import Row
from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.policy import Policy
from autoscaling_env.rng import episode_seeds, stream
from autoscaling_env.rollout import play_episode
from autoscaling_env.settings import with_overrides
from autoscaling_env.workload import levels_of
from experiments.environments import load_workload
from experiments.listening import Listener, Silent
from experiments.policies import Setting, make_policy
from experiments.setup import DEFAULT, Place, Setup, setups_of, training_place

#: What to do with a policy that no cluster has a manifest for.
OTHERS = 'of any other policy, compare one for each setting (CONTRIBUTING.md, "Add a policy")'

#: What is tuned -> the policy that plays it, where their names differ.
PLAYED_BY = {"reactive": "reactivemaximum"}
#: What a name in Kubernetes may be (RFC 1123).
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a search found.

    Attributes:
        policy: whose settings they are.
        trials: every setting that was tried, in order.
        slo: share of deadlines to meet, 0-1.
        budget: settings that were to be tried.
        yaml: the best setting to apply; "" where none keeps the promise.
        interrupted: the search was cut short.
    """

    policy: str
    trials: Sequence[Trial]
    slo: float
    budget: int
    yaml: str
    interrupted: bool

    @property
    def best(self) -> Trial | None:
        """The cheapest setting that keeps the promise; None if there is none."""
        return cheapest_meeting(self.trials, self.slo)

    @property
    def pareto(self) -> list[Trial]:
        """The settings no other beats in both QoS and cost."""
        return pareto(self.trials)

    def table(self) -> pd.DataFrame:
        """Return one row per setting: what was set, ``qos`` (0-1) and ``worker_seconds``."""
        rows = [
            {**trial.settings, "qos": trial.score.qos, "worker_seconds": trial.score.worker_seconds}
            for trial in self.trials
        ]
        return pd.DataFrame(rows)

    def rows(self) -> list[Row]:
        """Return one printable row per setting that no other beats; the best is marked."""
        best = self.best
        return [
            {
                "QoS [%]": f"{100 * trial.score.qos:.2f}",
                "Worker-seconds": f"{trial.score.worker_seconds:,.0f}",
                "Chosen": "<-" if best is not None and trial.settings == best.settings else "",
                "Settings": ", ".join(f"{_short(key)}={value}" for key, value in trial.settings.items()),
            }
            for trial in self.pareto
        ]

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        plain = [
            {
                "settings": dict(trial.settings),
                "qos": trial.score.qos,
                "worker_seconds": trial.score.worker_seconds,
            }
            for trial in self.pareto
        ]
        return {"pareto": plain, "yaml": self.yaml}


def list_tunable() -> tuple[str, ...]:
    """Return the names of the rules whose settings can be searched."""
    return tuple(TUNABLE)


def tune(
    policy: str,
    where: Setup | str = DEFAULT,
    *,
    slo: float = 0.95,
    budget: int = 60,
    episodes: int = 5,
    deployment: str = "worker",
    namespace: str = "default",
    listener: Listener | None = None,
    stop: threading.Event | None = None,
) -> Tuning:
    """Find the cheapest settings of a rule that keep the promised QoS on the training episodes of a setup.

    The rule's targets are reached at once, as in a cluster.

    Args:
        policy: one of ``list_tunable()``.
        where: a setup, or the name of a scenario.
        slo: share of deadlines to meet, 0-1.
        budget: settings to try.
        episodes: episodes each is tried on.
        deployment: the Deployment that the manifest scales.
        namespace: the namespace it is in.
        listener: is told of progress.
        stop: when set, the search ends with what it has, as with Ctrl-C.

    Raises:
        InputError: something in the setup or the names is wrong.
    """
    if policy not in TUNABLE:
        raise InputError(f"{unknown_name('policy to tune', policy, TUNABLE)}; {OTHERS}")
    _check_names({"--deployment": deployment, "--namespace": namespace})
    (setup,) = setups_of(where)
    place = training_place(setup)
    place = replace(place, config=with_overrides(place.config, {"environment.action": "target"}))
    trials, interrupted = _trials(policy, place, budget, episodes, listener or Silent(), stop)
    best = cheapest_meeting(trials, slo)
    names = ManifestNames(deployment, namespace, deployment)
    text = _yaml(policy, place.config, best, names) if best else ""
    return Tuning(policy, trials, slo, budget, text, interrupted)


def _trials(
    policy: str, place: Place, budget: int, episodes: int, listener: Listener, stop: threading.Event | None
) -> tuple[list[Trial], bool]:
    """Try settings; return those that were tried, and whether that was cut short."""
    workload = load_workload(place.config, listener)
    seeds, trials = levels_of(place.config.environment, episode_seeds(place.train_seed, episodes)), []

    def evaluate(settings: Any) -> Score:
        if stop is not None and stop.is_set():
            raise KeyboardInterrupt
        config = applied(place.config, settings)
        rule = make_policy(PLAYED_BY.get(policy, policy), Setting(config, workload, place.train_seed, Path()))
        score = _score(OpenFaaSAutoscalingEnv(config=config, workload=workload), rule, seeds)
        trials.append(Trial(settings, score))
        return score

    try:
        search(
            search_space(policy, place.config),
            evaluate,
            budget,
            stream(place.train_seed, "search"),
            lambda done, total: listener.progress(f"tuning {policy}", done, total),
        )
    except KeyboardInterrupt:
        return trials, True
    return trials, False


def _score(env: OpenFaaSAutoscalingEnv, rule: Policy, seeds: tuple[int, ...]) -> Score:
    """Share of all tasks whose deadline was met, and worker-seconds, averaged over the episodes."""
    played = [play_episode(env, rule, agent="", episode=0, episode_seed=seed).summary for seed in seeds]
    shares, paid = ([getattr(one, name) for one in played] for name in ("qos_of_all_tasks", "worker_seconds"))
    return Score(float(np.mean(shares)), float(np.mean(paid)))


def _yaml(policy: str, config: Config, best: Trial, names: ManifestNames) -> str:
    """Return the YAML to apply: a manifest with the overlay for ``--config`` as a comment, or the overlay alone."""
    if policy == "reactive":
        return overlay_yaml(best.settings)
    overlay = "".join(f"# {line}\n" for line in overlay_yaml(best.settings).splitlines())
    score = f"QoS {100 * best.score.qos:.2f} %, {best.score.worker_seconds:.0f} worker-seconds"
    head = f"# {score} in simulation; as --config:\n"
    return head + overlay + manifest_yaml(policy, applied(config, best.settings), names)


def _short(key: str) -> str:
    """Return the end of a dotted key that tells it from the others."""
    parts = key.split(".")
    return ".".join(parts[-2:]) if "behavior" in parts else parts[-1]


def _check_names(given: dict[str, str]) -> None:
    """Refuse names that Kubernetes would refuse."""
    wrong = [f"{option} {name!r}" for option, name in given.items() if not DNS_LABEL.fullmatch(name)]
    if wrong:
        raise InputError(*(f"{each}: must be 1 to 63 of a-z, 0-9 and -, with no - at the ends" for each in wrong))
