"""What a comparison is asked for, and the settings it is made in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.policy import Policy
from autoscaling_env.settings import with_overrides
from autoscaling_env.workload import Workload
from cli.models import named
from cli.policies import check_policies
from cli.settings import Overrides, load_workload, resolve, scenario_overrides, with_direct_actions


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to compare, whatever the setting.

    Attributes:
        kind: of the run folder.
        agents: canonical names of rules.
        models: files, runs or ``module:factory``.
        seed: of the evaluation episodes; None: the scenario's test seed, else 0.
        jobs: settings that are compared at the same time.
        direct: targets are reached at once instead of by one worker a step.
    """

    kind: str
    agents: tuple[str, ...]
    models: tuple[str, ...]
    seed: int | None
    episodes: int
    backend: str
    engine: str | None
    output_dir: Path
    record_tasks: bool = True
    direct: bool = False
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """One setting of a comparison: a scenario, or what the options say."""

    name: str
    config: Config
    train_seed: int
    test_seed: int


@dataclass(frozen=True, slots=True)
class Ready:
    """A place in which everything the user named has been found: nothing is written before that."""

    place: Place
    workload: Workload
    models: dict[str, Policy]


def prepare(place: Place, wanted: Wanted, *, quiet: bool) -> Ready:
    """Read the trace and the models, check the names; whatever is wrong is told here."""
    check_policies(wanted.agents, place.config)
    models = named(wanted.models, set(wanted.agents))
    return Ready(place, load_workload(place.config, quiet=quiet), models)


def _observing(wanted: Wanted, config: Config) -> Config:
    """With the policy ``external`` a cluster's count is left to whoever controls it: nothing is ever scaled by us."""
    if "external" not in wanted.agents or wanted.backend != "kubernetes":
        return config
    if len(wanted.agents) + len(wanted.models) > 1:
        raise InputError("external watches a cluster that others scale; compare it alone, then compare the runs")
    return with_overrides(config, {"live.kubernetes.control": "external"})


def places(wanted: Wanted, overrides: Overrides, scenarios: Sequence[str]) -> list[Place]:
    """Return the scenarios, or the one setting that the options describe; whatever is wrong with them is told here."""

    def configured(name: str | None) -> Config:
        config = _observing(wanted, resolve(scenario_overrides(name, overrides)))
        return with_direct_actions(config) if wanted.direct else config

    if not scenarios:
        config, seed = configured(None), wanted.seed or 0
        name = config.workload.name or Path(getattr(config.workload, "file", "workload")).stem
        return [Place(name, config, seed, seed)]
    from workloads.scenarios import scenario_seeds

    found = []
    for name in scenarios:
        train_seed, test_seed = scenario_seeds(name)
        found.append(Place(name, configured(name), train_seed, test_seed if wanted.seed is None else wanted.seed))
    return found
