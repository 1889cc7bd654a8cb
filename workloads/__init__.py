"""Sources of tasks: phases of a rate, and recorded traces fitted to the farm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path

from autoscaling_env.config import Config
from autoscaling_env.config.workload import PhasesConfig, TraceConfig
from autoscaling_env.workload import Workload
from workloads.fitting import Farm
from workloads.phased import PhasedWorkload
from workloads.randomized import Make, RandomizedWorkload
from workloads.recordings import Recording
from workloads.trace import TraceWorkload
from workloads.varied import VariedPhases, varies

#: Called with (bytes done, bytes in all) while a trace is read.
Progress = Callable[[int, int], None]


def make_workload(config: Config, *, base_dir: Path | None = None, progress: Progress | None = None) -> Workload:
    """Return the workload the configuration asks for.

    Args:
        config: read for ``workload``; a trace is fitted to ``environment`` and ``farm.max_workers``.
        base_dir: where a trace's relative path starts; the working directory if left out.
        progress: called while a trace is read.

    Raises:
        InputError: the workload has no tasks, or its trace cannot be read.
    """
    make: Make = _phases
    if isinstance(config.workload, TraceConfig):
        make = _trace(config, config.workload, base_dir or Path(), progress)
    if any(key.startswith("workload.") for key in config.randomize.draws):
        return RandomizedWorkload(config, make)
    return make(config.workload)


def _phases(wanted: PhasesConfig) -> Workload:
    return VariedPhases(wanted) if varies(wanted) else PhasedWorkload(wanted)


def _trace(config: Config, wanted: TraceConfig, base_dir: Path, progress: Progress | None) -> Make:
    from workloads.traces import read_trace  # pandas is loaded for traces alone

    found, recording = read_trace(wanted, base_dir, progress)
    episode_s = config.environment.max_steps * config.environment.step_duration_s
    farm = Farm(episode_s, config.farm.max_workers)
    return partial(_fitted, found=found, recording=recording, farm=farm)


def _fitted(wanted: TraceConfig, found: str, recording: Recording, farm: Farm) -> Workload:
    return TraceWorkload(wanted, found, recording, farm)


def sample_trace_path() -> Path:
    """Return the packaged sample trace: generated, in the Azure 2021 format; see its README."""
    return Path(str(resources.files("workloads.samples") / "azure2021_generated.csv"))


__all__ = ["Progress", "make_workload", "sample_trace_path"]
