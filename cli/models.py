"""Trained and foreign decision makers by what the user calls them: a file, a run, or ``module:factory``."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from agents.foreign import foreign, told
from agents.learned import load_policy
from agents.training.selection import best_model
from agents.training.types import Silent
from autoscaling_env.errors import ModelError, RunError
from autoscaling_env.policy import Policy
from cli.console import note

FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def load_model(text: str) -> tuple[str, Policy]:
    """Return (name, policy) of a model file, a training run's best model, or ``module:factory``.

    Raises:
        ModelError: it cannot be loaded; the message says why.
    """
    if FACTORY.fullmatch(text) and not Path(text).exists():
        return text.partition(":")[2], _made(text)
    path = Path(text)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ModelError(f"{text}: is not a file; a device or pipe may never end")
    loaded = load_policy(_best_model(path) if path.is_dir() else path)
    return loaded.agent, loaded


class _Notes(Silent):
    """Says which damaged models were passed over."""

    def note(self, text: str) -> None:
        """Pass it on."""
        note(text)


def _best_model(run: Path) -> Path:
    try:
        return best_model(run, _Notes())
    except RunError:
        raise ModelError(f"{run}: no model in it; name a *.safetensors file or a training run") from None


def _made(text: str) -> Policy:
    module_name, _, factory_name = text.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        with told(f"{text}: importing {module_name}"):
            module = _imported(text, module_name)
    finally:
        sys.path.pop(0)
    if not hasattr(module, factory_name):
        raise ModelError(f"{text}: {module_name} has no {factory_name}")
    factory = getattr(module, factory_name)
    _check_factory(text, factory)
    return foreign(text, factory)


def _check_factory(text: str, factory: Any) -> None:
    if not callable(factory):
        raise ModelError(f"{text}: is a {type(factory).__name__}; name a function or class that makes the policy")
    try:
        inspect.signature(factory).bind()
    except TypeError as error:
        raise ModelError(f"{text}: is called without arguments, but {error}") from None
    except ValueError:
        return  # a built-in that does not tell what it takes


def _imported(text: str, module_name: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        raise ModelError(f"{text}: cannot be imported: {error}") from None


def named(models: tuple[str, ...], taken: set[str]) -> dict[str, Policy]:
    """Load several models; a name that is taken gets a number."""
    policies: dict[str, Policy] = {}
    for text in models:
        name, policy = load_model(text)
        wanted, number = name, 2
        while name in policies or name in taken:
            name, number = f"{wanted}-{number}", number + 1
        policies[name] = policy
    return policies
