"""A recorded run's decisions, or those of a controller's journal, played again on any farm, on the same tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from agents.recorded import recorded_policies
from autoscaling_env.config import Config, load_config
from autoscaling_env.errors import InputError, RunError
from autoscaling_env.run_folder import RunFolder
from experiments.comparison import Comparison, read_comparison
from experiments.environments import SIMULATED, farm_name, load_workload
from experiments.listening import Listener, Silent
from experiments.match import Match
from experiments.operations.replaying import replay_journal
from experiments.playing import play
from operate.journal.reader import is_journal

#: Columns of a run that can be played again.
NEEDED = {"agent", "episode", "episode_seed", "step", "requested_workers", "requested_delta", "applied_delta"}


def replay(
    run: Path,
    *,
    backend: str = SIMULATED,
    engine: str | None = None,
    config: Path | None = None,
    assignments: Sequence[str] = (),
    output_dir: Path = Path("runs"),
    listener: Listener | None = None,
    command: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    tasks: Path | None = None,
) -> Comparison:
    """Play the recorded worker counts of a run on a farm, on the same tasks, into a new run folder.

    Args:
        run: a run folder of ``compare``, ``evaluate`` or ``replay``, or a controller's journal
            (``experiments.operations.replaying``).
        backend: name of the farm.
        engine: simulation engine of a farm that has several.
        config: a YAML file over the run's own configuration.
        assignments: ``key=value`` over both.
        output_dir: where the run folder is made.
        listener: is told of progress and of every step.
        command: for the manifest.
        since: of a journal, only records from then on, with a zone.
        until: of a journal, only records before then, with a zone.
        tasks: of a journal, a recording of its tasks, whose work is drawn from.

    Raises:
        InputError: the run cannot be read, or what it recorded cannot be played truly.
    """
    farm = farm_name(backend, engine)
    if is_journal(run):
        layers = [config] if config else []
        return replay_journal(
            run,
            farm,
            layers,
            assignments,
            output_dir,
            listener or Silent(),
            command,
            since=since,
            until=until,
            tasks=tasks,
        )
    if tasks is not None:
        raise InputError(f"{run}: no journal of a controller; --tasks belongs to one, a run has its own tasks")
    if since is not None or until is not None:
        raise InputError(f"{run}: no journal of a controller; --since and --until belong to one")
    read_steps(run)  # before anything is written
    resolved = load_config(run / "config.yml", *([config] if config else []), assignments=assignments)
    folder = RunFolder.create(output_dir, "replay", datetime.now(UTC))
    with folder.kept_if_begun():
        play_again(run, resolved, farm, folder, listener=listener, command=command)
    return read_comparison(folder.path)


def play_again(
    run: Path,
    config: Config,
    farm: str,
    folder: RunFolder,
    *,
    listener: Listener | None = None,
    command: Sequence[str] = (),
) -> None:
    """Play the recorded decisions of ``run`` in ``farm``, into ``folder``."""
    listener = listener or Silent()
    steps = read_steps(run)
    seeds = tuple(dict.fromkeys(int(seed) for seed in steps.sort_values("episode")["episode_seed"]))
    match = Match(config, load_workload(config, listener), recorded_policies(steps), 0, seeds, farm)
    folder.write_start(config, command=list(command), seed=0, started=datetime.now(UTC))
    play(match, listener=listener).keep(folder, listener)


def read_steps(run: Path) -> pd.DataFrame:
    """Return the step records of a run.

    Raises:
        RunError: it has none, or they cannot be read.
    """
    path = run / "steps.parquet"
    if not path.is_file():
        raise RunError(f"{path}: not there; name a run of compare, evaluate or replay")
    steps = read_table(path)
    missing = NEEDED - set(steps.columns)
    if missing:
        raise RunError(f"{path}: no column {', '.join(sorted(missing))}; name a run of compare, evaluate or replay")
    return steps


def read_table(path: Path) -> pd.DataFrame:
    """Return a run's table. Raises ``RunError`` if it cannot be read."""
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
