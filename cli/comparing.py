"""What ``compare``, ``evaluate`` and ``demo`` share: every setting is played into one run folder."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from analysis.results import Results, read_aggregated
from autoscaling_env.policy import Policy
from autoscaling_env.run_folder import RunFolder
from cli.baseline_cache import BaselineCache
from cli.comparison import Comparison, run_comparison, write_comparison
from cli.console import note, progress
from cli.finishing import finish
from cli.places import Place, Ready, Wanted, places, prepare
from cli.policies import Setting, make_policy
from cli.settings import Overrides, backend_name


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
    ready = [prepare(place, wanted, quiet=as_json) for place in places(wanted, overrides, scenarios)]
    started = datetime.now(UTC)
    root = RunFolder.create(wanted.output_dir, wanted.kind, started)
    first = ready[0].place
    root.write_start(first.config, command=sys.argv, seed=first.test_seed, started=started)
    if len(ready) == 1:
        found = _one_by_one(ready, {first.name: root}, wanted, farm, cache, quiet=as_json)
    else:
        folders = {setting.place.name: RunFolder(root.path / setting.place.name) for setting in ready}
        play = _one_by_one if wanted.jobs == 1 else _side_by_side
        found = play(ready, folders, wanted, farm, cache, quiet=as_json)
    if not found:
        note(f"interrupted before an episode was finished: {root.path} has no results")
        raise KeyboardInterrupt
    finish(root.path, found, first.test_seed, as_json=as_json, title=title)
    if len(found) < len(ready) or any(results.meta.get("interrupted") for results in found.values()):
        raise KeyboardInterrupt  # what was played is shown; the exit code says that it is not all
    return root.path


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


def _one_by_one(
    ready: Sequence[Ready],
    folders: Mapping[str, RunFolder],
    wanted: Wanted,
    farm: str,
    cache: BaselineCache | None,
    *,
    quiet: bool,
) -> dict[str, Results]:
    """Compare in one setting after the other; Ctrl-C ends it with what is there."""
    found: dict[str, Results] = {}
    with suppress(KeyboardInterrupt):
        for setting in ready:
            name = setting.place.name
            found[name] = compare_in(setting, wanted, folders[name], farm, cache=cache, quiet=quiet)
            if found[name].meta.get("interrupted"):
                break
    return found


def _side_by_side(
    ready: Sequence[Ready],
    folders: Mapping[str, RunFolder],
    wanted: Wanted,
    farm: str,
    cache: BaselineCache | None,
    *,
    quiet: bool,
) -> dict[str, Results]:
    """Compare in several settings at once, each in a process of its own; the results do not depend on it."""
    alone = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(wanted.jobs, mp_context=alone) as pool, progress(quiet=quiet) as bar:
        task = bar.add_task("scenarios", total=len(ready))
        jobs = [
            pool.submit(_elsewhere, setting.place, wanted, folders[setting.place.name], farm, cache)
            for setting in ready
        ]
        try:
            for job in as_completed(jobs):
                job.result()
                bar.update(task, advance=1)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)  # those that play have had the Ctrl-C, too, and write what they have
    files = {name: folder.path / "aggregated_results.json" for name, folder in folders.items()}
    return {name: read_aggregated(path) for name, path in files.items() if path.is_file()}


def _elsewhere(place: Place, wanted: Wanted, folder: RunFolder, farm: str, cache: BaselineCache | None) -> None:
    compare_in(prepare(place, wanted, quiet=True), wanted, folder, farm, cache=cache, quiet=True)
