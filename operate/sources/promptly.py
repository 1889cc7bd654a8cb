"""An answer in time, or a clear line: whatever happens at the other end, a tick does not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from autoscaling_env.errors import BackendError

Answer = TypeVar("Answer")

#: Seconds until an answer is given up.
WITHIN_S = 3.0
#: Questions that may hang at the same time; each is a thread.
MOST_HANGING = 4


class Promptly:
    """Asks in a thread of its own and waits no longer than promised.

    Sockets have timeouts, but names are looked up without any, and what comes a byte at a time never meets them.

    Args:
        where: who is asked, without passwords.
        hang_up: closes the connections, so that a question that hangs comes to an end and the next one begins anew.
        within_s: seconds until an answer is given up.
    """

    def __init__(self, where: str, hang_up: Callable[[], None], within_s: float = WITHIN_S) -> None:
        self._where = where
        self._hang_up = hang_up
        self._within_s = within_s
        self._hanging: list[Future[object]] = []

    def __call__(self, ask: Callable[[], Answer]) -> Answer:
        """Return what ``ask`` returns, or raise what it raises.

        Raises:
            BackendError: it did not come in time.
        """
        self._hanging = [each for each in self._hanging if not each.done()]
        if len(self._hanging) >= MOST_HANGING:
            raise BackendError(f"{self._where}: {len(self._hanging)} questions still hang; is its name looked up?")
        answer: Future[Answer] = Future()
        threading.Thread(target=_settle, args=(answer, ask), daemon=True).start()
        try:
            return answer.result(self._within_s)
        except TimeoutError:
            self._hanging.append(answer)  # type: ignore[arg-type]  # whatever it answers is not wanted any more
            self._hang_up()
            raise BackendError(
                f"{self._where}: no answer within {self._within_s:g} s: it is stalled or the network is slow"
            ) from None


def _settle(answer: Future[Answer], ask: Callable[[], Answer]) -> None:
    try:
        answer.set_result(ask())
    except BaseException as error:  # it is raised where somebody waits for it
        answer.set_exception(error)
