"""What ``compare``, ``evaluate`` and ``demo`` share: settings to compare in, one folder, tables, pictures, report."""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from analysis.results import Results, read_aggregated
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.policy import Policy
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.settings import with_overrides
from autoscaling_env.workload import Workload
from cli.baseline_cache import BaselineCache
from cli.comparison import Comparison, run_comparison, write_comparison
from cli.console import progress
from cli.models import named
from cli.policies import Setting, check_policies, make_policy
from cli.settings import Overrides, backend_name, load_workload, resolve, scenario_overrides, with_direct_actions
from cli.show import draw, draw_all, print_paths, show_pairs, show_summary, summary_json


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


def compare_and_report(
    wanted: Wanted,
    overrides: Overrides,
    scenarios: Sequence[str],
    *,
    cache: BaselineCache | None = None,
    as_json: bool = False,
    title: str | None = None,
) -> Path:
    """Play, record, tabulate, draw; return the run folder."""
    farm = backend_name(wanted.backend, wanted.engine)
    ready = [prepare(place, wanted, quiet=as_json) for place in _places(wanted, overrides, scenarios)]
    started = datetime.now(UTC)
    root = RunFolder.create(wanted.output_dir, wanted.kind, started)
    first = ready[0].place
    root.write_start(first.config, command=sys.argv, seed=first.test_seed, started=started)
    if len(ready) == 1:
        found = {first.name: compare_in(ready[0], wanted, root, farm, cache=cache, quiet=as_json)}
    elif wanted.jobs == 1:
        found = {
            setting.place.name: compare_in(
                setting, wanted, RunFolder(root.path / setting.place.name), farm, cache=cache, quiet=as_json
            )
            for setting in ready
        }
    else:
        found = _side_by_side([setting.place for setting in ready], wanted, root, farm, cache, quiet=as_json)
    finish(root.path, found, first.test_seed, as_json=as_json, title=title)
    return root.path


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


def compare_in(
    ready: Ready,
    wanted: Wanted,
    folder: RunFolder,
    farm: str,
    *,
    cache: BaselineCache | None = None,
    quiet: bool = False,
) -> Results:
    """Compare in one setting; return what its folder holds afterwards."""
    place = ready.place
    setting = Setting(place.config, ready.workload, place.train_seed, folder.path)
    rules: dict[str, Policy] = {name: make_policy(name, setting) for name in wanted.agents}
    comparison = Comparison(
        place.config,
        ready.workload,
        rules | ready.models,
        place.test_seed,
        wanted.episodes,
        farm,
        wanted.record_tasks,
    )
    if not (folder.path / "manifest.json").exists():
        folder.write_start(place.config, command=sys.argv, seed=place.test_seed, started=datetime.now(UTC))
    write_comparison(folder, run_comparison(comparison, cache=cache, quiet=quiet))
    return read_aggregated(folder.path / "aggregated_results.json")


def _side_by_side(
    places: Sequence[Place], wanted: Wanted, root: RunFolder, farm: str, cache: BaselineCache | None, *, quiet: bool
) -> dict[str, Results]:
    """Compare in several settings at once, each in a process of its own; the results do not depend on it."""
    alone = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(wanted.jobs, mp_context=alone) as pool, progress(quiet=quiet) as bar:
        task = bar.add_task("scenarios", total=len(places))
        folders = {place.name: RunFolder(root.path / place.name) for place in places}
        jobs = [pool.submit(_elsewhere, place, wanted, folders[place.name], farm, cache) for place in places]
        for _ in as_completed(jobs):
            bar.update(task, advance=1)
        for job in jobs:
            job.result()
    return {name: read_aggregated(folder.path / "aggregated_results.json") for name, folder in folders.items()}


def _elsewhere(place: Place, wanted: Wanted, folder: RunFolder, farm: str, cache: BaselineCache | None) -> None:
    compare_in(prepare(place, wanted, quiet=True), wanted, folder, farm, cache=cache, quiet=True)


def finish(
    folder: Path,
    found: Mapping[str, Results],
    seed: int,
    *,
    as_json: bool = False,
    title: str | None = None,
    more: Mapping[str, Path] | None = None,
) -> None:
    """Print tables and draw pictures of a comparison, from its files; ``more`` pictures are named beside them."""
    paths: dict[str, Path] = dict(more or {})
    for name, results in found.items():
        paths |= draw(folder / name if len(found) > 1 else folder, results, name if len(found) > 1 else "")
    paths |= draw_all(folder, found, seed, title=title)
    if as_json:
        summaries = {name: summary_json(results) for name, results in found.items()}
        files = {name: str(path) for name, path in {"records": folder, **paths}.items()}
        data = {"scenarios": summaries, "files": files} if len(found) > 1 else next(iter(summaries.values()))
        typer.echo(json.dumps(data | {"files": files}, indent=1))
        return
    for name, results in found.items():
        show_summary(name, results)
        if len(results.agents) > 1:
            show_pairs(results, _yardstick(results), seed)
    print_paths({"records": folder, **paths})


def _yardstick(results: Results) -> str:
    """Against whom: the best constant if it is there, else the first agent."""
    agents = list(results.agents)
    return "static-best" if "static-best" in agents else agents[0]


def _observing(wanted: Wanted, config: Config) -> Config:
    """With the policy ``external`` a cluster's count is left to whoever controls it: nothing is ever scaled by us."""
    if "external" not in wanted.agents or wanted.backend != "kubernetes":
        return config
    if len(wanted.agents) + len(wanted.models) > 1:
        raise InputError("external watches a cluster that others scale; compare it alone, then compare the runs")
    return with_overrides(config, {"live.kubernetes.control": "external"})


def _places(wanted: Wanted, overrides: Overrides, scenarios: Sequence[str]) -> list[Place]:
    def configured(name: str | None) -> Config:
        config = _observing(wanted, resolve(scenario_overrides(name, overrides)))
        return with_direct_actions(config) if wanted.direct else config

    if not scenarios:
        config, seed = configured(None), wanted.seed or 0
        name = config.workload.name or Path(getattr(config.workload, "file", "workload")).stem
        return [Place(name, config, seed, seed)]
    from workloads.scenarios import scenario_seeds

    places = []
    for name in scenarios:
        train_seed, test_seed = scenario_seeds(name)
        places.append(Place(name, configured(name), train_seed, test_seed if wanted.seed is None else wanted.seed))
    return places
