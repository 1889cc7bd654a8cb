"""Trained policies and those of users by what they are called: a file, a run, ``module:factory``, a plug-in."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from agents.checkpoint import SUFFIX
from agents.learned import load_policy as load_model_file
from agents.training.selection import best_model
from agents.training.types import SilentTraining, TrainingListener
from agents.user_policy import errors_named, user_policy
from autoscaling_env.config import Config
from autoscaling_env.errors import ModelError, RunError
from autoscaling_env.plugins import load_policy_plugin
from autoscaling_env.policy import Policy

FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def is_factory(text: str) -> bool:
    """Whether a text is ``module:factory``; a file of that name comes first."""
    return FACTORY.fullmatch(text) is not None and not Path(text).exists()


def is_path(text: str) -> bool:
    """Whether a text means a file or folder: it is there, or looks like one."""
    return "/" in text or text.endswith((SUFFIX, ".zip")) or Path(text).exists()


def load_named(text: str, listener: TrainingListener | None = None) -> tuple[str, Policy]:
    """Return (name, policy) of a model file, a training run's best model, or ``module:factory``.

    Args:
        text: what the user wrote.
        listener: is told which damaged models of a run were passed over.

    Raises:
        ModelError: it cannot be loaded; the message says why.
    """
    if is_factory(text):
        return text.partition(":")[2], _made(text)
    path = Path(text)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ModelError(f"{text}: is not a file; a device or pipe may never end")
    if path.suffix == ".zip":
        raise ModelError(
            f"{text}: a zip, such as stable-baselines3 saves, holds pickles, which are never run: turn it into a "
            f"model file with `autoscale import sb3 {text}`"
        )
    loaded = load_model_file(_best_model(path, listener or SilentTraining()) if path.is_dir() else path)
    return loaded.agent, loaded


def installed_policy(name: str, config: Config) -> Policy:
    """Return the policy that a package announces as ``name``; its factory may take the configuration.

    Raises:
        ModelError: it cannot be imported or made; the message says why.
    """
    with errors_named(f"{name}: importing it"):
        factory = load_policy_plugin(name)
    if _takes(name, factory, ()):
        return user_policy(name, factory)
    _check_call(name, factory, (config,))
    return user_policy(name, lambda: factory(config))


def _best_model(run: Path, listener: TrainingListener) -> Path:
    try:
        return best_model(run, listener)
    except RunError:
        raise ModelError(f"{run}: no model in it; name a *{SUFFIX} file or a training run") from None


def _made(text: str) -> Policy:
    module_name, _, factory_name = text.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        with errors_named(f"{text}: importing {module_name}"):
            module = _imported(text, module_name)
    finally:
        sys.path.pop(0)
    if not hasattr(module, factory_name):
        raise ModelError(f"{text}: {module_name} has no {factory_name}")
    factory = getattr(module, factory_name)
    if not callable(factory):
        raise ModelError(f"{text}: is a {type(factory).__name__}; name a function or class that makes the policy")
    _check_call(text, factory, ())
    return user_policy(text, factory)


def _check_call(text: str, factory: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        inspect.signature(factory).bind(*arguments)
    except TypeError as error:
        how = "with the configuration alone" if arguments else "without arguments"
        raise ModelError(f"{text}: is called {how}: {error}") from None
    except ValueError:
        return  # a built-in that does not tell what it takes


def _takes(text: str, factory: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    try:
        _check_call(text, factory, arguments)
    except ModelError:
        return False
    return True


def _imported(text: str, module_name: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        raise ModelError(f"{text}: cannot be imported: {error}") from None
