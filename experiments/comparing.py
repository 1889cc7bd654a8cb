"""Compares policies on the identical tasks, on one scenario or many, into one run folder."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from analysis.results import as_results
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.plugins import farm_kind
from autoscaling_env.policy import ActionPolicy, Policy
from autoscaling_env.rng import episode_seeds
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.workload import Workload
from experiments.baseline_cache import BaselineCache
from experiments.comparison import Comparison, read_comparison
from experiments.environments import SIMULATED, farm_name, load_workload
from experiments.listening import Listener, Silent
from experiments.match import Match
from experiments.playing import Records, play
from experiments.policies import EXTERNAL, Named, Setting, check_policies, find_policies, relabelled
from experiments.schedulers import LOCAL, scheduler_on
from experiments.schedulers.all_of import call_all
from experiments.setup import DEFAULT, Place, Setup, Where, place_of, setups_of

#: What a comparison by the shaped reward says where a step may change the count by any number.
JUMPS = (
    "the shaped reward pays for each worker added while overloaded, so with targets it ranks jumps above service: "
    "compare deadlines and worker-seconds, or use --objective cost"
)
#: Policies as users name them; or by the name that tables shall call it, how users name it or one that was made.
Policies = Sequence[str] | Mapping[str, str | Policy | ActionPolicy]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a comparison is played.

    Attributes:
        episodes: of each policy in each scenario.
        backend: name of the farm.
        engine: simulation engine of a farm that has several.
        record_tasks: record every task, too.
        jobs: scenarios that are compared at the same time, each in a process of its own.
        on: ``local``, or ``ray``: on a Ray cluster, whose machines must share ``output_dir``.
        address: of that cluster; None: one of its own with ``jobs`` cores.
        output_dir: where the run folder is made; None: nothing is written.
        kind: what the run folder is called after.
        title: of the report.
        baseline_cache: keep and reuse the records of rules here.
        command: for the manifest.
    """

    episodes: int = 10
    backend: str = SIMULATED
    engine: str | None = None
    record_tasks: bool = True
    jobs: int = 1
    on: str = LOCAL
    address: str | None = None
    output_dir: Path | None = None
    kind: str = "compare"
    title: str | None = None
    baseline_cache: Path | None = None
    command: Sequence[str] = ()


def compare(
    policies: Policies,
    where: Where = DEFAULT,
    settings: Settings | None = None,
    *,
    listener: Listener | None = None,
    stop: threading.Event | None = None,
    **changes: Any,
) -> Comparison:
    """Play policies on the identical tasks of every setup; return what was found.

    Args:
        policies: names as every command takes them (see ``experiments.policies``), or policies by name.
        where: a setup, a scenario's name, or several of them.
        settings: how it is played; ``changes`` are fields of it.
        listener: is told of progress and of every step.
        stop: when set, the comparison ends after the current step with what it has, as with Ctrl-C.
        changes: fields of ``Settings`` that differ, such as ``episodes=20``.

    Raises:
        InputError: every problem with names, settings and traces, one line each; nothing was written then.
        KeyboardInterrupt: it was stopped before an episode had a step.
    """
    settings = _changed(settings or Settings(), changes)
    job = _Job(policies, settings, listener or Silent(), stop)
    ready = [job.prepare(place_of(setup, job.observing())) for setup in setups_of(where)]
    if settings.output_dir is None:
        return job.in_memory(ready)
    return job.into_folder(ready, settings.output_dir)


def evaluate(
    policy: str,
    where: Setup | str = DEFAULT,
    settings: Settings | None = None,
    *,
    listener: Listener | None = None,
    stop: threading.Event | None = None,
    **changes: Any,
) -> Comparison:
    """Play one policy on the test episodes of a setup; arguments as for ``compare``."""
    settings = _changed(settings or Settings(kind="evaluate", episodes=20), changes)
    return compare([policy], where, settings, listener=listener, stop=stop)


def _changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    known = [one.name for one in fields(Settings)]
    if unknown := [name for name in changes if name not in known]:
        remedy = "what configures farm or environment goes into Setup(settings={'farm.initial_workers': 6})"
        raise InputError(*(f"{unknown_name('setting', name, known)}; {remedy}" for name in unknown))
    return replace(settings, **changes)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A place in which everything the user named has been found: nothing is written before that."""

    place: Place
    workload: Workload
    policies: Sequence[Named]
    past: Workload

    def setting(self, folder: Path, listener: Listener) -> Setting:
        """Return what policies may be built from."""
        place = self.place
        now = Setting(place.config, self.workload, place.train_seed, folder, listener)
        if place.history is None:
            return now
        return replace(now, history=replace(now, config=place.history, workload=self.past))


@dataclass(slots=True)
class _Job:
    """One call of ``compare``."""

    policies: Policies
    settings: Settings
    listener: Listener
    stop: threading.Event | None
    farm: str = field(init=False)
    cache: BaselineCache | None = field(init=False)
    records: dict[str, Records] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.farm = farm_name(self.settings.backend, self.settings.engine)
        cache = self.settings.baseline_cache
        self.cache = None if cache is None else BaselineCache(cache)
        if self.elsewhere and isinstance(self.policies, Mapping):
            given = f"jobs {self.settings.jobs}" if self.settings.on == LOCAL else f"on {self.settings.on!r}"
            raise InputError(f"{given}: processes of their own need policies by name")
        if self.settings.on != LOCAL or self.settings.address is not None:
            scheduler_on(self.settings.on, jobs=self.settings.jobs, address=self.settings.address)  # or it is told now

    @property
    def elsewhere(self) -> bool:
        """Whether scenarios are compared in other processes."""
        return self.settings.jobs > 1 or self.settings.on != LOCAL

    def named(self) -> Sequence[Named]:
        """Return the policies, models loaded."""
        if isinstance(self.policies, Mapping):
            return [relabelled(name, policy, self.listener) for name, policy in self.policies.items()]
        return find_policies(self.policies, self.listener)

    def observing(self) -> Mapping[str, Any]:
        """Return what leaves the count to others, where the policy ``external`` is asked for."""
        if EXTERNAL not in self.policies:
            return {}
        observing = farm_kind(self.farm).observing
        if observing and len(self.policies) > 1:
            raise InputError("external watches a cluster that others scale; compare it alone, then compare the runs")
        return observing

    def prepare(self, place: Place) -> _Ready:
        """Read the trace and the models, check the names; whatever is wrong is told here."""
        policies = self.named()
        check_policies(policies, place.config)
        if place.config.environment.action == "target" and place.config.reward.objective == "shaped":
            self.listener.note(JUMPS)
        workload = load_workload(place.config, self.listener)
        past = workload if place.history is None else load_workload(place.history)
        return _Ready(place, workload, policies, past)

    def in_memory(self, ready: Sequence[_Ready]) -> Comparison:
        """Play without writing anything that stays."""
        played = False
        with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
            played = self._one_by_one(ready, {each.place.name: Path(folder) / each.place.name for each in ready})
        if not self.records:
            raise KeyboardInterrupt
        results = {name: as_results(records.results) for name, records in self.records.items()}
        steps = {name: records.steps for name, records in self.records.items()}
        return Comparison(results, steps, ready[0].place.test_seed, interrupted=not played)

    def into_folder(self, ready: Sequence[_Ready], output_dir: Path) -> Comparison:
        """Play into a new run folder; results, pictures and report are made from its files."""
        first, started = ready[0].place, datetime.now(UTC)
        root = RunFolder.create(output_dir, self.settings.kind, started)
        root.write_start(first.config, command=list(self.settings.command), seed=first.test_seed, started=started)
        alone = len(ready) == 1
        folders = {each.place.name: root.path if alone else root.path / each.place.name for each in ready}
        together, played = self.elsewhere and not alone, False
        with suppress(KeyboardInterrupt), root.kept_if_begun():
            played = self._side_by_side(ready, folders) if together else self._one_by_one(ready, folders)
        if not any(root.path.rglob("aggregated_results.json")):
            self.listener.note(f"interrupted before an episode was finished: {root.path} has no results")
            raise KeyboardInterrupt
        if together and not played:
            self.listener.note(f"interrupted: the finished steps are kept in {root.path}")
        name = first.name if alone else None
        found = read_comparison(root.path, seed=first.test_seed, title=self.settings.title, name=name)
        return replace(found, interrupted=found.interrupted or not played)

    def _one_by_one(self, ready: Sequence[_Ready], folders: Mapping[str, Path]) -> bool:
        """Compare in one setting after the other; Ctrl-C ends it with what is there. False: it was cut short."""
        for each in ready:
            records = self.play(each, RunFolder(folders[each.place.name]))
            self.records[each.place.name] = records
            if records.interrupted:
                return False
        return True

    def play(self, ready: _Ready, folder: RunFolder) -> Records:
        """Compare in one place; write its records where something is written at all."""
        place, settings = ready.place, self.settings
        setting = ready.setting(folder.path, self.listener)
        match = Match(
            place.config,
            ready.workload,
            {named.name: named.make(setting) for named in ready.policies},
            place.test_seed,
            episode_seeds(place.test_seed, settings.episodes),
            self.farm,
            settings.record_tasks,
            frozenset(named.name for named in ready.policies if named.repeatable),
            place.history,
        )
        if settings.output_dir is not None and not (folder.path / "manifest.json").exists():
            command = list(settings.command)
            folder.write_start(place.config, command=command, seed=place.test_seed, started=datetime.now(UTC))
        records = play(match, cache=self.cache, listener=self.listener, stop=self.stop)
        if settings.output_dir is not None:
            records.keep(folder, self.listener)
        elif records.interrupted:
            self.listener.note("interrupted: the results are of the steps that were played; nothing is written")
        return records

    def _side_by_side(self, ready: Sequence[_Ready], folders: Mapping[str, Path]) -> bool:
        """Compare in several settings at once; the results do not depend on it. False: it was cut short."""
        pieces = [(self.policies, self.settings, each.place, folders[each.place.name]) for each in ready]
        tell, settings = partial(self.listener.progress, "scenarios"), self.settings
        somewhere = scheduler_on(settings.on, jobs=settings.jobs, address=settings.address)
        return call_all(_elsewhere, pieces, somewhere, progress=tell, stop=self.stop)


def play_place(
    policies: Policies, place: Place, settings: Settings, folder: RunFolder, *, listener: Listener | None = None
) -> Records:
    """Play policies in one place that was made out before, into ``folder``."""
    job = _Job(policies, settings, listener or Silent(), None)
    return job.play(job.prepare(place), folder)


def _elsewhere(policies: Policies, settings: Settings, place: Place, folder: Path) -> None:
    play_place(policies, place, settings, RunFolder(folder))
