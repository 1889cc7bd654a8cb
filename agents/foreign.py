"""Somebody else's policy: whatever it raises or returns instead of an action is told in one line that names it."""

from __future__ import annotations

import operator
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autoscaling_env.errors import AutoscalingError, ModelError
from autoscaling_env.policy import Policy
from autoscaling_env.types import Info, Observation


class ForeignPolicy:
    """Calls a policy and checks what comes of it.

    Args:
        name: of the policy, for messages.
    """

    def __init__(self, name: str, policy: Policy) -> None:
        self._name, self._policy = name, policy

    def reset(self) -> None:
        """Start an episode.

        Raises:
            ModelError: the policy raised something.
        """
        with told(f"{self._name}: reset()"):
            self._policy.reset()

    def act(self, observation: Observation, info: Info) -> int:
        """Return the policy's action; any whole number will do, NumPy's too.

        Raises:
            ModelError: the policy raised something, or returned no index into ``action_deltas``.
        """
        actions = len(info["action_deltas"])
        with told(f"{self._name}: act()"):
            answer: Any = self._policy.act(observation, info)
        try:
            action = operator.index(answer)
        except TypeError:
            action = -1
        if not 0 <= action < actions:
            raise ModelError(
                f"{self._name}: act() returned {answer!r} ({type(answer).__name__}); "
                f"return a whole number from 0 to {actions - 1}"
            )
        return action


def foreign(name: str, factory: Callable[[], Any]) -> ForeignPolicy:
    """Return what a factory makes as a policy.

    Raises:
        ModelError: it raised something, or made something else.
    """
    with told(name):
        policy = factory()
    if not isinstance(policy, Policy):
        raise ModelError(f"{name}: made a {type(policy).__name__}, which lacks reset() or act(observation, info)")
    return ForeignPolicy(name, policy)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn any error of the block into a ``ModelError`` of one line that says where it was raised."""
    try:
        yield
    except AutoscalingError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})"
        said = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")
        raise ModelError(f"{what} raised {said}{where}") from error
