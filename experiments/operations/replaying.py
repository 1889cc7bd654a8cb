"""A journal played again: the same arrivals and counts on any farm, into a run folder that can be replayed itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agents.recorded import Recorded
from autoscaling_env.config import Config, load_config
from autoscaling_env.config.problems import Source
from autoscaling_env.run_folder import RunFolder
from experiments.comparison import Comparison, read_comparison
from experiments.environments import load_workload
from experiments.listening import Listener
from experiments.match import Match
from experiments.operations.demand import Beliefs, Counts, Demand
from experiments.operations.played import Played, read_stretches
from experiments.operations.recorded_work import recorded_work
from experiments.operations.twin import seen_startups, twin_config
from experiments.playing import play
from workloads.writing import write_csv

#: The tasks, in the run folder.
TASKS = "arrivals.csv"
#: The seed of the work that is drawn, and of the episode.
SEED = 0


def replay_journal(
    journal: Path,
    farm: str,
    layers: Sequence[Path],
    assignments: Sequence[str],
    output_dir: Path,
    listener: Listener,
    command: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    tasks: Path | None = None,
) -> Comparison:
    """Play the longest stretch of a journal as one episode; what was left out is in the result's notes.

    The tasks become a trace in the run folder, ``arrivals.csv``, and the configuration names it. Their work is drawn
    with the recorded mean; nothing is calibrated (``experiments.operations.report`` does that). The episode ends with
    the last task, as of any run.

    Args:
        journal: the folder of a journal, or of a controller's state, or one file.
        farm: name of the farm.
        layers: YAML files over what follows from the journal.
        assignments: ``key=value`` over both.
        output_dir: where the run folder is made.
        listener: is told of progress and of every step.
        command: for the manifest.
        since: only records from then on, with a zone.
        until: only records before then, with a zone.
        tasks: a recording of the queue's tasks, whose work is drawn from; its mean stays the journal's.

    Raises:
        InputError: the journal holds nothing that can be played, or a value is wrong.
    """
    played = read_stretches(journal, since=since, until=until)
    stretch, settings = played.longest, played.settings
    beliefs = Beliefs.of(settings, work_s=None if tasks is None else recorded_work(tasks))
    demand = Demand("journal", Counts.of(stretch), beliefs)
    own = twin_config(settings, stretch, demand, seen_startups(stretch), recorded=True)
    folder = RunFolder.create(output_dir, "replay", datetime.now(UTC))
    with folder.kept_if_begun():
        config = load_config(_with_trace(own, folder.path / TASKS), *layers, assignments=assignments)
        write_csv(demand.draw(SEED), folder.path / TASKS)
        counts = {SEED: stretch.requested.tolist()}
        policies = {stretch.policy or "recorded": Recorded(counts)}
        match = Match(config, load_workload(config, listener), policies, SEED, (SEED,), farm)
        folder.write_start(config, command=list(command), seed=SEED, started=datetime.now(UTC))
        play(match, listener=listener).keep(folder, listener)
    return replace(read_comparison(folder.path), notes=(*_left_out(played), *played.notes))


def _with_trace(config: Config, file: Path) -> Source:
    """Return the configuration as a layer, its tasks those of a file."""
    workload = {"kind": "trace", "name": "journal", "file": str(file), "as_recorded": True}
    return Source("the journal", {**config.model_dump(mode="json"), "workload": workload}, {})


def _left_out(played: Played) -> list[str]:
    others = [stretch for stretch in played.stretches if stretch is not played.longest]
    if not others:
        return []
    steps, longest = sum(map(len, others)), played.longest
    said = (
        f"the longest of {len(played.stretches)} stretches is played, {len(longest)} steps from "
        f"{longest.first.at:%Y-%m-%d %H:%M:%S} on; {steps} steps in others are left out"
    )
    return [said]
