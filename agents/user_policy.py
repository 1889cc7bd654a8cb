"""A user's policy: whatever it raises or returns instead of a decision is said in one line that names it."""

from __future__ import annotations

import operator
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autoscaling_env.actions import Actions, wanted_workers
from autoscaling_env.errors import AutoscalingError, ModelError
from autoscaling_env.policy import ActionPolicy, Policy
from autoscaling_env.types import Info, Observation


class UserPolicy:
    """Calls a policy and checks what comes of it.

    Args:
        name: of the policy, for messages.
        policy: has ``decide``, and says counts, or ``act``, and says actions.
    """

    def __init__(self, name: str, policy: Policy | ActionPolicy) -> None:
        self._name, self._policy = name, policy

    def reset(self) -> None:
        """Start an episode.

        Raises:
            ModelError: the policy raised something.
        """
        with errors_named(f"{self._name}: reset()"):
            self._policy.reset()

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the count that the policy wants; any whole number will do, NumPy's too.

        Raises:
            ModelError: the policy raised something, or returned neither a count nor an action of the environment.
        """
        if isinstance(self._policy, Policy):
            with errors_named(f"{self._name}: decide()"):
                wanted: Any = self._policy.decide(observation, info)
            return self._whole("decide", wanted, None)
        actions = Actions.of_info(info).count
        with errors_named(f"{self._name}: act()"):
            answer: Any = self._policy.act(observation, info)
        return wanted_workers(self._whole("act", answer, actions - 1), info)

    def _whole(self, method: str, answer: Any, last: int | None) -> int:
        try:
            number = operator.index(answer)
        except TypeError:
            number = -1
        if number < 0 or (last is not None and number > last):
            allowed = (
                "the number of workers, a whole number from 0" if last is None else f"a whole number from 0 to {last}"
            )
            kind = type(answer).__name__
            raise ModelError(f"{self._name}: {method}() returned {answer!r} ({kind}); return {allowed}")
        return number


def user_policy(name: str, factory: Callable[[], Any]) -> UserPolicy:
    """Return what a user's factory makes as a policy.

    Raises:
        ModelError: it raised something, or made something else.
    """
    with errors_named(name):
        policy = factory()
    if not isinstance(policy, Policy | ActionPolicy):
        lacks = "reset() or decide(observation, info) (or act, which returns an action)"
        raise ModelError(f"{name}: made a {type(policy).__name__}, which lacks {lacks}")
    return UserPolicy(name, policy)


@contextmanager
def errors_named(what: str) -> Iterator[None]:
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
