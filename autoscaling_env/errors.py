"""Errors a user can meet: each carries the value, the bound and the remedy in one line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AutoscalingError(Exception):
    """Base of every error this project raises on purpose; the command line prints it without a traceback."""

    exit_code = 1


class InputError(AutoscalingError):
    """Something the user gave (file, option, name) cannot be used. Exit code 2.

    ``problems`` holds every problem found, one line each, so that all are shown at once.
    """

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        self.problems: tuple[str, ...] = problems
        super().__init__("\n".join(problems))


class ConfigError(InputError):
    """A configuration file or ``--set`` assignment is wrong."""


class TraceError(InputError):
    """A workload trace cannot be read."""


class ModelError(InputError):
    """A model file is missing, damaged or of another kind."""


class RunError(InputError):
    """A run folder is missing, incomplete or of another version."""


class BackendError(AutoscalingError):
    """A farm cannot go on; the message says what happened and what to do."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the allowed name nearest to ``name``, or an empty string."""
    matches = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f" (did you mean {matches[0]!r}?)" if matches else ""


def unknown_name(what: str, name: str, allowed: Iterable[str]) -> str:
    """One line for an unknown name: the value, the nearest right one, and all that are allowed."""
    choices = sorted(allowed)
    return f"unknown {what} {name!r}{nearest(name, choices)}; choose from {', '.join(choices)}"
