"""What ``compare``, ``evaluate`` and ``demo`` share: settings to compare in, one folder, tables, pictures, report."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from analysis.results import Results, read_aggregated
from autoscaling_env.config import Config
from autoscaling_env.policy import Policy
from autoscaling_env.run_folder import RunFolder
from cli.baseline_cache import BaselineCache
from cli.comparison import Comparison, run_comparison, write_comparison
from cli.models import named
from cli.policies import Setting, make_policy
from cli.settings import Overrides, backend_name, load_workload, resolve, scenario_overrides
from cli.show import draw, draw_all, print_paths, show_pairs, show_summary, summary_json


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to compare, whatever the setting.

    Attributes:
        kind: of the run folder.
        agents: canonical names of rules.
        models: files, runs or ``module:factory``.
        seed: of the evaluation episodes; None: the scenario's test seed, else 0.
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
    places = _places(wanted, overrides, scenarios)
    started = datetime.now(UTC)
    root = RunFolder.create(wanted.output_dir, wanted.kind, started)
    root.write_start(places[0].config, command=sys.argv, seed=places[0].test_seed, started=started)
    found: dict[str, Results] = {}
    for place in places:
        folder = RunFolder(root.path / place.name) if len(places) > 1 else root
        found[place.name] = compare_in(place, wanted, folder, cache=cache, quiet=as_json)
    finish(root.path, found, places[0].test_seed, as_json=as_json, title=title)
    return root.path


def compare_in(
    place: Place, wanted: Wanted, folder: RunFolder, *, cache: BaselineCache | None = None, quiet: bool = False
) -> Results:
    """Compare in one setting; return what its folder holds afterwards."""
    workload = load_workload(place.config, quiet=quiet)
    setting = Setting(place.config, workload, place.train_seed, folder.path)
    policies: dict[str, Policy] = {name: make_policy(name, setting) for name in wanted.agents}
    policies |= named(wanted.models, set(policies))
    comparison = Comparison(
        place.config,
        workload,
        policies,
        place.test_seed,
        wanted.episodes,
        backend_name(wanted.backend, wanted.engine),
        wanted.record_tasks,
    )
    if not (folder.path / "manifest.json").exists():
        folder.write_start(place.config, command=sys.argv, seed=place.test_seed, started=datetime.now(UTC))
    write_comparison(folder, run_comparison(comparison, cache=cache, quiet=quiet))
    return read_aggregated(folder.path / "aggregated_results.json")


def finish(
    folder: Path, found: Mapping[str, Results], seed: int, *, as_json: bool = False, title: str | None = None
) -> None:
    """Print tables and draw pictures of a comparison, from its files."""
    paths: dict[str, Path] = {}
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


def _places(wanted: Wanted, overrides: Overrides, scenarios: Sequence[str]) -> list[Place]:
    if not scenarios:
        config = resolve(overrides)
        seed = wanted.seed or 0
        name = config.workload.name or Path(getattr(config.workload, "file", "workload")).stem
        return [Place(name, config, seed, seed)]
    from workloads.scenarios import scenario_seeds

    places = []
    for name in scenarios:
        train_seed, test_seed = scenario_seeds(name)
        config = resolve(scenario_overrides(name, overrides))
        places.append(Place(name, config, train_seed, test_seed if wanted.seed is None else wanted.seed))
    return places
