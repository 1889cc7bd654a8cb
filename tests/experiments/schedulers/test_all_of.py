"""One function for each of several pieces: none is lost, none begun after a stop, an error ends them all."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Self

import pytest

from autoscaling_env.errors import BackendError, InputError
from experiments.schedulers import Ended
from experiments.schedulers.all_of import call_all


class Direct:
    """Calls in this process, when it is waited for."""

    depth = 1

    def __init__(self, slots: int = 2, lost: str = "") -> None:
        self.slots, self.left, self._lost = slots, False, lost
        self.most = 0
        self._calls: deque[tuple[Callable[..., Any], Sequence[Any], str]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.left = True

    def submit(self, function: Callable[..., Any], arguments: Sequence[Any], name: str) -> None:
        self._calls.append((function, arguments, name))
        self.most = max(self.most, len(self._calls))

    def wait(self, timeout_s: float) -> Sequence[Ended]:
        function, arguments, name = self._calls.popleft()
        if self._lost:
            return [Ended(name, lost=self._lost)]
        try:
            return [Ended(name, value=function(*arguments))]
        except InputError as error:
            return [Ended(name, raised=error)]

    def describe(self) -> str:
        return "here"


def test_every_piece_is_done_once_and_told() -> None:
    seen: list[int] = []
    told: list[tuple[int, int]] = []
    direct = Direct()
    assert call_all(seen.append, [(i,) for i in range(5)], lambda: direct, progress=lambda *each: told.append(each))
    assert sorted(seen) == [0, 1, 2, 3, 4]
    assert told == [(i + 1, 5) for i in range(5)]
    assert direct.most == 2
    assert direct.left


def test_none_is_begun_after_a_stop() -> None:
    seen: list[int] = []
    stop = threading.Event()

    def work(number: int) -> None:
        seen.append(number)
        stop.set()

    assert not call_all(work, [(i,) for i in range(5)], Direct, progress=lambda *each: None, stop=stop)
    assert seen == [0]


def test_what_a_call_raises_is_raised_and_a_dead_process_told() -> None:
    def wrong(number: int) -> None:
        raise InputError(f"piece {number}")

    with pytest.raises(InputError, match="piece 0"):
        call_all(wrong, [(0,), (1,)], Direct, progress=lambda *each: None)
    with pytest.raises(BackendError, match="a process was killed; what was finished is kept"):
        call_all(wrong, [(0,)], lambda: Direct(lost="a process was killed"), progress=lambda *each: None)
