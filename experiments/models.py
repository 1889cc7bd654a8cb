"""Trained policies and those of users by what they are called: a file, a run, ``module:factory``, a plug-in."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, cast

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
        factory = _factory(text)
        _check_call(text, factory, "without arguments")
        return text.partition(":")[2], user_policy(text, factory)
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
    return _maker(name, factory)(config)


def policy_of(text: str) -> tuple[str, Callable[[Config], Policy]]:
    """Return the name of ``module:factory``, and what makes its policy; the factory may take the configuration.

    Raises:
        ModelError: as ``load_named``.
    """
    return text.partition(":")[2], _maker(text, _factory(text))


@contextmanager
def this_folder_first() -> Iterator[None]:
    """Let modules of the current folder be found."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path.pop(0)


def _best_model(run: Path, listener: TrainingListener) -> Path:
    try:
        return best_model(run, listener)
    except RunError:
        raise ModelError(f"{run}: no model in it; name a *{SUFFIX} file or a training run") from None


def _maker(name: str, factory: Callable[..., Any]) -> Callable[[Config], Policy]:
    """Return what makes a policy of a configuration; one that asks for none is made now, and its errors told now."""
    try:
        _check_call(name, factory, "")
    except ModelError:
        _check_call(name, factory, "without arguments, or with the configuration alone", None)
        return lambda config: user_policy(name, lambda: factory(config))
    made = user_policy(name, factory)
    return lambda config: made


def _factory(text: str) -> Callable[..., Any]:
    """Return what ``module:factory`` names."""
    module_name, _, factory_name = text.partition(":")
    with this_folder_first(), errors_named(f"{text}: importing {module_name}"):
        module = _imported(text, module_name)
    if not hasattr(module, factory_name):
        raise ModelError(f"{text}: {module_name} has no {factory_name}")
    factory = getattr(module, factory_name)
    if not callable(factory):
        raise ModelError(f"{text}: is a {type(factory).__name__}; name a function or class that makes the policy")
    return cast("Callable[..., Any]", factory)


def _check_call(text: str, factory: Callable[..., Any], how: str, *arguments: Any) -> None:
    """Raise ``ModelError`` where a factory cannot be called with these arguments; ``how`` says it in words."""
    try:
        inspect.signature(factory).bind(*arguments)
    except TypeError as error:
        raise ModelError(f"{text}: is called {how}: {error}") from None
    except ValueError:
        return  # a built-in that does not tell what it takes


def _imported(text: str, module_name: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        raise ModelError(f"{text}: cannot be imported: {error}") from None
