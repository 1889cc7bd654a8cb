"""Processes on this machine, announced."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from autoscaling_env.farm_kind import Finding
from operate.kinds import TargetKind
from operate.targets.processes.settings import ProcessesConfig
from operate.targets.processes.target import ProcessTarget
from operate.template import WorkerTemplate


def examine(config: ProcessesConfig, acting: bool, lease: str = "") -> Sequence[Finding]:
    """Look whether the command is there, and whether a Lease is asked for, which processes cannot have."""
    program = config.command[0]
    place = shutil.which(program, path=config.env.get("PATH"))
    remedy = "" if place else f"correct target.command: no program {program!r} is found"
    findings = [Finding("the worker's program", place is not None, place or program, remedy)]
    if acting:
        findings.append(Finding("who else scales the workers", True, "nobody else: they are the controller's own"))
    if lease:
        remedy = 'set lease to "": processes end with their controller, so no second one can take over'
        findings.append(Finding("lease", False, f"{lease!r} has no meaning for processes", remedy))
    return findings


def template(config: ProcessesConfig) -> WorkerTemplate:
    """Return how a worker is started and stopped; at a scale-in none is killed, at the controller's end it may be."""
    return WorkerTemplate(
        where="target",
        command=config.command,
        environment=config.env,
        grace_s=config.drain_grace,
        stop_signal=config.drain_signal,
        grace_setting="drain_grace",
    )


KIND = TargetKind(
    name="processes",
    summary="processes on this machine, for a try-out and for tests",
    settings=ProcessesConfig,
    open=ProcessTarget.open,
    examine=examine,
    template=template,
)
