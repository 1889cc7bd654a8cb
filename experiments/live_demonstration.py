"""The same job on a real farm on this machine, beside the simulator's prediction of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autoscaling_env.config import Config
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.settings import with_overrides
from experiments.comparing import Settings, play_place
from experiments.comparison import Comparison, read_comparison
from experiments.environments import SIMULATED, farm_name
from experiments.listening import Listener
from experiments.live_runs import Gap, gap
from experiments.replaying import play_again
from experiments.setup import Place, Setup, resolve

AGENTS = ("reactivemaximum", "static-14")
#: Each phase of the reference workload, cut down: an episode in 17 real seconds instead of 24.
PHASE_S = 40
#: Episode seconds are played in so many real ones.
TIME_SCALE = 0.1


@dataclass(frozen=True, slots=True)
class LiveDemo:
    """A real farm beside the simulator's prediction of it."""

    comparison: Comparison
    gap: Gap


def demo_live(
    setup: Setup, *, output_dir: Path, listener: Listener | None = None, command: Sequence[str] = ()
) -> LiveDemo:
    """Real Redis, real processes; then the simulator's prediction for the same decisions on the same tasks."""
    backend = farm_name("local")
    config = _shortened(resolve(setup.with_settings({"live.time_scale": TIME_SCALE})))
    seed, started = setup.seed or 0, datetime.now(UTC)
    root = RunFolder.create(output_dir, "demo_live", started)
    settings = Settings(episodes=1, backend=backend, output_dir=output_dir, command=command)
    live, simulated = RunFolder(root.path / "live"), RunFolder(root.path / "simulated")
    with root.kept_if_begun():
        root.write_start(config, command=list(command), seed=seed, started=started)
        play_place(AGENTS, Place("live", config, seed, seed), settings, live, listener=listener)
    play_again(live.path, config, SIMULATED, simulated)
    measured = gap(simulated.path, live.path)
    title = "Demo: the real farm beside the simulator's prediction"
    return LiveDemo(read_comparison(root.path, seed=seed, title=title), measured)


def _shortened(config: Config) -> Config:
    phases = config.model_dump(mode="json")["workload"]["phases"]
    return with_overrides(config, {"workload.phases": [phase | {"duration_s": PHASE_S} for phase in phases]})
