"""``autoscale doctor``: what is there, what is missing, and how to get it."""

from __future__ import annotations

from dataclasses import asdict

import typer

import experiments
from cli import options
from cli.show import print_json, show_rows


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
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [
            {"What": finding.what, "": "ok" if finding.ok else "!!", "Found": finding.detail, "Remedy": finding.remedy}
            for finding in findings
        ]
        show_rows(f"doctor --backend {backend}", rows)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
