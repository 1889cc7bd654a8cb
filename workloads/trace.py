"""A recorded trace as a workload."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autoscaling_env.config.workload import TraceConfig
from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray, TaskBatch
from workloads.fitted_dispersion import dispersion_note
from workloads.fitting import Farm, fit, notes, selected
from workloads.recordings import Recording
from workloads.service import DeadlineModel, ServiceModel
from workloads.work import NamedWork


class TraceWorkload:
    """Draws episodes from a recording fitted to a farm, or replays it as recorded.

    What an episode's seed changes: which tasks are kept when thinning, which are repeated and when their
    copies come, where in its interval a counted task arrives, and service times that are not recorded.
    What it does not: the recorded rate over time, and recorded arrivals, service times and deadlines of
    the tasks that are kept. A recorded trace has no phases: ``phase_order_seed`` changes nothing.
    """

    def __init__(self, config: TraceConfig, found: str, recording: Recording, farm: Farm) -> None:
        """Fit the recording.

        Args:
            config: what was asked for.
            found: the name of the file's format.
            recording: what was read.
            farm: what it is fitted to.

        Raises:
            TraceError: the recording cannot be used this way.
        """
        recording = selected(config, recording)
        self._config, self._recording = config, recording
        self._service = ServiceModel(config.service)
        recorded_s = recording.mean_service_s
        self._mean_service_s = self._service.mean_s() if recorded_s is None else recorded_s * config.service_scale
        self._fit = fit(config, recording, self._mean_service_s, farm)
        said = notes(config, found, recording, self._fit, self._mean_service_s, farm)
        self._notes = (*said, *dispersion_note(recording, self._fit))
        self._deadline = DeadlineModel(config.deadline, 0.0, np.inf)
        self._segment_start_s = np.linspace(0.0, self._fit.duration_s, config.segments, endpoint=False)
        self._segment_start_s.setflags(write=False)

    @property
    def name(self) -> str:
        """What a table or plot calls it."""
        return self._config.name or Path(self._config.file).name.split(".")[0]

    @property
    def duration_s(self) -> float:
        """Seconds over which tasks arrive."""
        return self._fit.duration_s

    @property
    def mean_service_s(self) -> float:
        """Mean service time in seconds, recorded or of the service model."""
        return self._mean_service_s

    @property
    def work_recorded(self) -> bool:
        """Whether service times are the recorded ones."""
        return self._recording.mean_service_s is not None

    @property
    def began_s(self) -> float | None:
        """Unix time at which the recording begins; None where nobody knows."""
        return getattr(self._recording, "began_s", None)

    @property
    def work(self) -> NamedWork | None:
        """What its tasks are called, and their work as recorded; None where they have no names."""
        return getattr(self._recording, "work", None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the trace, one sentence each."""
        return self._notes

    @property
    def read(self) -> tuple[str, ...]:
        """What was read, one sentence each, without what was made of it."""
        return (self._notes[0], *self._recording.notes)

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        """Return the tasks of episode ``seed``; see the class for what comes from the seed."""
        drawn = self._recording.draw(self._fit.tasks, seed)
        arrival_s = drawn.arrival_s[: self._fit.kept] / self._fit.compress
        np.clip(arrival_s, 0.0, np.nextafter(self._fit.duration_s, 0.0), out=arrival_s)
        service_s = self._service_times(drawn.service_s, seed)
        deadline_s = self._deadline.of(service_s) if drawn.deadline_s is None else drawn.deadline_s[: self._fit.kept]
        return TaskBatch(arrival_s, service_s, deadline_s, self._segment_start_s, seed)

    def _service_times(self, recorded_s: FloatArray | None, seed: int) -> FloatArray:
        if recorded_s is None:
            return self._service.draw(stream(seed, "service"), self._fit.kept)
        return recorded_s[: self._fit.kept] * self._config.service_scale
