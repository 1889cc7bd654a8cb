"""``autoscale doctor``: what is there, what is missing, and how to get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

import experiments
from cli import options
from cli.show import print_json, show_rows

if TYPE_CHECKING:
    from autoscaling_env.farm_kind import Finding


def doctor(
    backend: options.BackendName = "local",
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    as_json: options.Json = False,
) -> None:
    """Look at everything a farm needs; each finding comes with its remedy. Changes nothing.

    Example: autoscale doctor --set live.redis_url=redis://localhost:6379/3
    """
    findings = experiments.examine(backend, experiments.Setup(config=config, assignments=tuple(assignments or ())))
    show_findings(f"doctor --backend {backend}", findings, as_json=as_json)


def show_findings(title: str, findings: Sequence[Finding], *, as_json: bool) -> None:
    """Print what was found; exit code 1 where something is not as it should be."""
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [
            {"What": finding.what, "": "ok" if finding.ok else "!!", "Found": finding.detail, "Remedy": finding.remedy}
            for finding in findings
        ]
        show_rows(title, rows)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
