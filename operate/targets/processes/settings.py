"""Which program is run, and how it is told to go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from autoscaling_env.config.base import Seconds, Section, Workers


def _tuple(value: object) -> object:
    """Files and the command line have lists."""
    return tuple(value) if isinstance(value, list) else value


class ProcessesConfig(Section):
    """Workers that are processes on this machine; they end with the controller."""

    kind: Literal["processes"] = "processes"
    """Processes on this machine, which end with the controller."""
    command: Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_tuple)]
    """The worker's program and its arguments; there is no shell."""
    env: dict[str, str] = Field(default_factory=dict)
    """Environment variables beside our own."""
    workers: Workers = 0
    """So many are started at the beginning."""
    drain_signal: Literal["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"] = "SIGTERM"
    """Tells a worker to finish its task and leave."""
    startup_time: Seconds = 0.0
    """Seconds after its start that a worker counts as ready."""
    drain_grace: Seconds = 30.0
    """Seconds that a worker may take to leave at the end of the controller; then it is killed."""
