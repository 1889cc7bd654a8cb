"""``autoscale doctor``: what is there, what is missing, and how to get it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import typer

from autoscaling_env.errors import InputError, unknown_name
from cli import options
from cli.settings import Overrides, resolve
from cli.show import show_rows

if TYPE_CHECKING:
    from autoscaling_env.config import Config

#: Farm -> what examines it.
EXAMINERS: dict[str, str] = {
    "local": "live.doctor:examine",
    "kubernetes": "live.platforms.kubernetes.doctor:examine",
    "openfaas": "live.platforms.openfaas.doctor:examine_openfaas",
}


def doctor(
    backend: options.BackendName = "local",
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    as_json: options.Json = False,
) -> None:
    """Look at everything a live farm needs; each finding comes with its remedy. Changes nothing.

    Example: autoscale doctor --set live.redis_url=redis://localhost:6379/3
    """
    resolved = resolve(Overrides(config=config, assignments=assignments or ()))
    findings = _examiner(backend)(resolved)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        rows = [
            {"What": finding.what, "": "ok" if finding.ok else "!!", "Found": finding.detail, "Remedy": finding.remedy}
            for finding in findings
        ]
        show_rows(f"doctor --backend {backend}", rows)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _examiner(backend: str) -> Callable[[Config], list[Any]]:
    if backend not in EXAMINERS:
        raise InputError(unknown_name("backend to examine", backend, EXAMINERS))
    module, _, function = EXAMINERS[backend].partition(":")
    return cast("Callable[[Config], list[Any]]", getattr(importlib.import_module(module), function))
