"""``autoscale replay``: a recorded run's actions on any farm, on the same tasks."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoscaling_env.errors import RunError
from cli import options
from cli.settings import backend_name, load_workload

if TYPE_CHECKING:
    import pandas as pd

    from agents.recorded import Recorded
    from autoscaling_env.config import Config
    from autoscaling_env.policy import Policy
    from autoscaling_env.run_folder import RunFolder


def replay(
    run: options.Run,
    backend: options.BackendName = "sim",
    engine: options.Engine = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    output_dir: options.OutputDir = Path("runs"),
    as_json: options.Json = False,
) -> None:
    """Feed a recorded run's actions to a farm, on the same tasks, and record what comes of them.

    Examples:

      autoscale replay runs/compare_run_20260101T000000Z --backend local

      autoscale replay runs/compare_run_LIVE --config farm.yml
    """
    from analysis.results import read_aggregated
    from autoscaling_env.config import load_config
    from autoscaling_env.run_folder import RunFolder
    from cli.finishing import finish

    farm = backend_name(backend, engine)
    read_steps(run)  # before anything is written
    files = [run / "config.yml", *([config] if config else [])]
    resolved = load_config(*files, assignments=assignments or ())
    folder = play_again(run, resolved, farm, RunFolder.create(output_dir, "replay", datetime.now(UTC)), quiet=as_json)
    found = {folder.path.name: read_aggregated(folder.path / "aggregated_results.json")}
    finish(folder.path, found, 0, as_json=as_json)


def play_again(run: Path, config: Config, farm: str, folder: RunFolder, *, quiet: bool) -> RunFolder:
    """Play the recorded actions of ``run`` in ``farm``, into ``folder``."""
    from cli.comparison import Comparison, run_seeds, write_comparison

    steps = read_steps(run)
    policies: dict[str, Policy] = {str(agent): _recorded(part) for agent, part in steps.groupby("agent", sort=False)}
    seeds = tuple(dict.fromkeys(int(seed) for seed in steps.sort_values("episode")["episode_seed"]))
    comparison = Comparison(config, load_workload(config, quiet=quiet), policies, 0, len(seeds), farm)
    folder.write_start(config, command=sys.argv, seed=0, started=datetime.now(UTC))
    write_comparison(folder, run_seeds(comparison, seeds, quiet=quiet))
    return folder


def _recorded(steps: pd.DataFrame) -> Recorded:
    from agents.recorded import Recorded

    own: dict[Any, pd.DataFrame] = dict(iter(steps.groupby("episode_seed")))
    return Recorded({int(seed): part["requested_delta"].tolist() for seed, part in own.items()})


def read_steps(run: Path) -> pd.DataFrame:
    """Return the step records of a run.

    Raises:
        RunError: it has none, or they cannot be read.
    """
    path = run / "steps.parquet"
    if not path.is_file():
        raise RunError(f"{path}: not there; name a run of compare, evaluate or replay")
    steps = read_table(path)
    missing = {"agent", "episode", "episode_seed", "step", "requested_delta"} - set(steps.columns)
    if missing:
        raise RunError(f"{path}: no column {', '.join(sorted(missing))}; name a run of compare, evaluate or replay")
    return steps


def read_table(path: Path) -> pd.DataFrame:
    """Return a run's table. Raises ``RunError`` if it cannot be read."""
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
